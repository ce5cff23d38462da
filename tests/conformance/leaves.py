"""What another client seals: canonical bytes, leaves, tree and amounts, written from ``docs/protocol.md`` alone."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

type Json = dict[str, Any]


# Canonical bytes, hashes, signatures


def canonical(value: Any) -> bytes:
    """Return JSON by RFC 8785 without floats."""
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_written(key)}:{_written(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    raise TypeError(f"{value!r} has no canonical form")


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def sign(key: Ed25519PrivateKey, kind: str, digest: bytes) -> str:
    return key.sign(b"tournee/1/" + kind.encode() + digest).hex()


def is_signed(public_key: str, kind: str, digest: bytes, signature: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), b"tournee/1/" + kind.encode() + digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_uuid(unix_ms: int) -> str:
    """Return a UUID of version 7."""
    value = unix_ms << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Sealer:
    """Leaves, groups, tree. Its methods are what a client may get wrong one by one."""

    def canonical(self, value: Any) -> bytes:
        """Return the bytes that are hashed."""
        return canonical(value)

    def width(self, used: int) -> int:
        """Return the next power of two, 8 at least."""
        return max(8, 1 << (used - 1).bit_length()) if used else 8

    def padding(self, used: int) -> list[bytes]:
        """Return random nodes up to the width."""
        return [secrets.token_bytes(32) for _ in range(self.width(used) - used)]

    def group_root(self, leaves: Sequence[bytes], padding: Sequence[bytes]) -> bytes:
        """Return the counted root of a group."""
        nodes = [sha256(b"\x00", leaf) for leaf in leaves] + list(padding)
        return sha256(b"\x02", len(leaves).to_bytes(4, "big"), merkle(nodes))

    def upper(self, nodes: Sequence[bytes]) -> list[bytes]:
        """Return the upper level in its order."""
        return sorted(nodes)

    def seal(self, records: Mapping[str, Sequence[Json]]) -> tuple[str, Json]:
        """Return the root, and what travels beside the event."""
        groups, roots = [], []
        for key, leaves in records.items():
            salted = [self.canonical(leaf | {"salt": secrets.token_hex(16)}) for leaf in leaves]
            padding = self.padding(len(salted))
            roots.append(self.group_root(salted, padding))
            texts = [leaf.decode() for leaf in salted]
            groups.append({"key": key, "leaves": texts, "padding": [node.hex() for node in padding]})
        above = self.padding(len(roots))
        root = merkle(self.upper([*roots, *above]))
        return root.hex(), {"groups": groups, "group_padding": [node.hex() for node in above]}


def merkle(nodes: Sequence[bytes]) -> bytes:
    level = list(nodes)
    while len(level) > 1:
        level = [sha256(b"\x01", *level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0]


# What the signer is shown


def rounded(value: Fraction) -> int:
    size = (abs(value) * 2 + 1) // 2
    return int(size) if value >= 0 else -int(size)


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    if not amount:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    first = sorted(range(len(parts)), key=lambda at: parts[at] - exact[at])
    for at in first[: amount - sum(parts)]:
        parts[at] += 1
    return parts


def net(price: Json, ordered: int, quantity: int, discount: int) -> int:
    full = Fraction(price["unit_price"]) * 100 * quantity
    off = rounded(Fraction(discount * quantity, ordered)) if ordered else 0
    return max(0, rounded(full - off))


def document(order: Json, quantities: Mapping[str, int], *, with_discount: bool = True) -> dict[str, Json]:
    """Return each line's amounts: ``net``, ``deposit``, and its tax shares by name."""
    prices = {line["line_id"]: line for line in order["prices"]["lines"]}
    ordered = {line["line_id"]: line["quantity"] for line in order["goods"]["lines"]}
    weights = [net(prices[one], count, count, prices[one]["discount_cents"]) for one, count in ordered.items()]
    share = dict(zip(ordered, shared(order["prices"]["document_discount_cents"], weights), strict=True))
    lines: dict[str, Json] = {}
    for one, quantity in quantities.items():
        if quantity:
            discount = prices[one]["discount_cents"] + (share[one] if with_discount else 0)
            lines[one] = {"net": net(prices[one], ordered[one], quantity, discount), "deposit": 0, "taxable": 0}
            for inside in prices[one]["deposits"]:
                cents = quantity * inside["containers"] * inside["unit_cents"]
                lines[one]["deposit"] += cents
                lines[one]["taxable"] += cents if inside["taxable"] else 0
    for tax in order["prices"]["taxes"]:
        taxed = [one for one in ordered if one in lines and tax["code"] in prices[one]["tax_codes"]]
        bases = [lines[one]["net"] for one in taxed] + [lines[one]["taxable"] for one in taxed]
        parts = shared(rounded(sum(bases) * Fraction(tax["rate"])), bases)
        for at, one in enumerate(taxed):
            lines[one][f"{tax['code']} on net"] = parts[at]
            lines[one][f"{tax['code']} on deposit"] = parts[len(taxed) + at]
    for line in lines.values():
        del line["taxable"]
    return lines


def total(lines: Mapping[str, Json]) -> int:
    return sum(sum(line.values()) for line in lines.values())


def shown(order: Json, lines: Sequence[Json]) -> Json:
    """Return the four fields of an order's leaf that repeat the amounts."""
    goods, prices = order["goods"], order["prices"]
    if prices is None or goods["billing_type"] == "external" or goods["deliver_with"] == "po":
        return _shown("none")
    supplement = total(document(order, {line["line_id"]: line["extra"] for line in lines}, with_discount=False))
    if prices["invoice_standing"] == "published":
        return _credited(order, lines, supplement)
    if goods["settlement_policy"] != "none" or prices["invoice_standing"] != "none":
        invoice = document(order, {line["line_id"]: line["delivered"] for line in lines})
        if invoice:
            return _shown("invoice", invoice=total(invoice), supplement=supplement)
    return _shown("supplement" if any(line["extra"] for line in lines) else "none", supplement=supplement)


def _credited(order: Json, lines: Sequence[Json], supplement: int) -> Json:
    ordered = {line["line_id"]: line["ordered"] for line in lines}
    invoice = document(order, ordered)
    before = {line["line_id"]: line["credited_quantity"] for line in order["prices"]["lines"]}
    credit, is_any = 0, False
    for line in lines:
        one, count = line["line_id"], line["ordered"]
        short = max(0, line["not_shipped"] + line["lost"] + line["returned"] - before[one])
        is_any = is_any or short > 0
        for cents in invoice.get(one, {}).values():
            credit += rounded(Fraction((before[one] + short) * cents, count)) - rounded(
                Fraction(before[one] * cents, count)
            )
    limit = order["prices"]["credit_threshold_cents"]
    kind = "credit_pending" if limit is not None and credit > limit else "credit"
    if order["goods"]["settlement_policy"] == "none" or not is_any:
        kind = "invoice"
    credit = credit if kind == "credit" else 0
    return _shown(kind, invoice=total(invoice), credit=credit, supplement=supplement)


def _shown(kind: str, *, invoice: int = 0, credit: int = 0, supplement: int = 0) -> Json:
    return {
        "shown": kind, "shown_total_cents": invoice, "shown_credit_cents": credit, "shown_supplement_cents": supplement
    }  # fmt: skip


# A visit in leaves


def outcome(lines: Sequence[Json], failure: str) -> str:
    if not any(line["not_shipped"] + line["lost"] + line["returned"] for line in lines):
        return "complete"
    if any(line["delivered"] or line["extra"] for line in lines):
        return "partial"
    return failure or ("refused" if any(line["returned"] for line in lines) else "failed")


def line_leaf(goods: Json, counted: Mapping[str, Any], failure: str) -> Json:
    ordered = goods["quantity"]
    gone = {where: counted.get(where, 0) for where in ("not_shipped", "lost", "returned")}
    if failure:
        counted = {"reason": failure if ordered else ""}
        gone = {"not_shipped": 0, "lost": 0, "returned": ordered}
    return {
        "kind": "line",
        "line_id": goods["line_id"],
        "ordered": ordered,
        "delivered": ordered - sum(gone.values()),
        **gone,
        "extra": counted.get("extra", 0),
        "reason": counted.get("reason", ""),
        "photos": list(counted.get("photos", [])),
    }


def records_of(run: Json, stop: Json, did: Mapping[str, Any]) -> dict[str, list[Json]]:
    """Return the leaves by group. ``did`` has ``lines`` by id, ``failure``, ``containers``, ``cash`` and ``photos``."""
    failure = did.get("failure", "")
    unmet = next((one["outcome"] for one in run["failures"] if one["code"] == failure), "")
    records: dict[str, list[Json]] = {}
    for order in stop["orders"]:
        lines = [
            line_leaf(line, did.get("lines", {}).get(line["line_id"], {}), failure) for line in order["goods"]["lines"]
        ]
        head = {"kind": "order", "order_id": order["order_id"], "terms_hash": order["terms_hash"]}
        head |= {"outcome": outcome(lines, unmet), **shown(order, lines)}
        records[f"order:{order['order_id']}"] = [head, *lines]
    for (code, owner), count in did.get("containers", {}).items():
        kind = next(one for one in stop["containers"] if (one["container_class"], one["owner_id"]) == (code, owner))
        leaf = {name: kind[name] for name in ("owner_id", "creditor_id", "container_class", "unit_cents")}
        records.setdefault(f"containers:{owner}", []).append({"kind": "containers", "returned": count, **leaf})
    money = [
        {
            "kind": "collection", "issuer_id": issuer, "method": "cash", "amount_cents": cents,
            "rounding_cents": 5 * rounded(Fraction(cents, 5)) - cents, "reference": "",
        }
        for issuer, cents in did.get("cash", {}).items()
    ]  # fmt: skip
    photos = [{"kind": "photo", "sha256": one, "note": note} for one, note in did.get("photos", {}).items()]
    return records | {"carrier": money + photos}


def pack_strokes(width: int, height: int, strokes: Sequence[Sequence[tuple[int, int]]]) -> bytes:
    numbers = [width, height, len(strokes)]
    for stroke in strokes:
        numbers.append(len(stroke))
        before = (0, 0)
        for point in stroke:
            steps = (point[0] - before[0], point[1] - before[1])
            numbers += [2 * step if step >= 0 else -2 * step - 1 for step in steps]
            before = point
    return b"TSG1" + b"".join(map(_in_sevens, numbers))


def _in_sevens(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _in_sevens(number >> 7)


def picture_of(strokes: Sequence[Sequence[tuple[int, int]]], width: int, height: int) -> bytes:
    """Return a PNG with the strokes' points: a picture, if not a beautiful one."""
    rows = [bytearray(b"\xff" * width) for _ in range(height)]
    for stroke in strokes:
        for x, y in stroke:
            rows[y][x] = 0
    pixels = zlib.compress(b"".join(b"\x00" + bytes(row) for row in rows))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held)) for name, held in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
