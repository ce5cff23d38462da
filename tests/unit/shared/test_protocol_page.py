"""The protocol's page says what the code does: its examples are computed again, its bounds compared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core.settings import Settings
from server.sync.service.pushing import MAX_DOCUMENTS
from server.sync.service.strays import MAX_STRAY_BYTES, MAX_STRAYS
from shared.canonical import canonical_bytes
from shared.delivery import DeliveredLine, preview_settlement
from shared.disclosure import Group, VisitTree
from shared.sealing import GENESIS, chain_hash, public_bytes, sign
from shared.sealing_event import open_event, visit_of
from shared.signature import pack_strokes
from shared.visit import leaf_groups, read_visit
from shared.wire import bundle, enrol, event, hello, limits, push, terms
from shared.wire.event import Envelope, EventType, SealedEvent
from shared.wire.terms import Goods, Prices, half_hash, terms_hash

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def cell(row: str) -> str:
    """Return what a row of a table says in code type."""
    found = re.search(rf"^\| {row} \| `?([^`|]+?)`? \|$", PAGE, re.MULTILINE)
    assert found is not None, row
    return found[1]


def test_the_canonical_example_is_canonical_and_its_hash_and_signature_hold() -> None:
    """Protocol: canonical bytes, chain and signatures, with a key that everyone can make."""
    example = re.search(r"```json canonical\n(.*)\n```", PAGE)
    assert example is not None
    body = example[1].encode()
    digest = chain_hash(GENESIS, body)
    assert canonical_bytes(json.loads(body)) == body
    assert (cell("public key"), cell("hash")) == (public_bytes(KEY).hex(), digest.hex())
    assert cell("signature as `head`") == sign(KEY, "head", digest).hex()


def test_the_trees_example_leads_to_its_roots() -> None:
    """Protocol: leaf, padding, number of leaves, sorted upper level."""
    leaf = re.search(r"of one leaf `(\{.*?\})`", PAGE)
    assert leaf is not None
    group = Group("carrier", (leaf[1].encode(),), tuple(bytes([n]) * 32 for n in range(1, 8)))
    tree = VisitTree((group,), tuple(bytes([0xF0 + n]) * 32 for n in range(1, 8)))
    assert (cell("group's root"), cell("root")) == (group.root.hex(), tree.root.hex())


@pytest.mark.parametrize(
    ("row", "bound"),
    [
        ("events in a push", str(limits.MAX_EVENTS)),
        ("a push of several events, unpacked", f"{limits.MAX_BATCH_BYTES // 1024} KB"),
        ("a push of one event, unpacked", f"{limits.MAX_LONE_EVENT_BYTES // 1024**2} MB"),
        ("documents after which a batch is taken in part", str(MAX_DOCUMENTS)),
        ("greetings and pushes of a tablet a minute", str(Settings().pushes_per_minute)),
        ("quarantined batches of a tablet", str(MAX_STRAYS)),
        ("quarantined bytes of a tablet", f"{MAX_STRAY_BYTES // 1024**2} MB"),
        ("one event's body", f"{limits.MAX_EVENT_BYTES // 1024} KB"),
        ("one leaf", f"{limits.MAX_LEAF_BYTES // 1024} KB"),
        ("files that an answer names as missing", str(limits.MAX_MISSING_FILES)),
        ("orders at a stop", str(limits.MAX_ORDERS_A_STOP)),
        ("lines of an order", str(limits.MAX_LINES_AN_ORDER)),
        ("stops of a run", str(limits.MAX_STOPS)),
    ],
)
def test_the_bounds_are_the_codes_own(row: str, bound: str) -> None:
    """Limits on everything, written where a client's author looks."""
    assert cell(row) == bound


def test_every_field_and_type_is_named() -> None:
    """A field that is added to a message is added to the page."""
    words = {*Envelope.__struct_fields__, *get_args(EventType.__value__)}
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def block(name: str) -> str:
    """Return what a fenced block of the page holds."""
    found = re.search(rf"```json {name}\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None, name
    return found[1]


def example_terms() -> tuple[Goods, Prices]:
    """Return the page's order with its prices."""
    goods, prices = block("goods").encode(), block("prices").encode()
    assert canonical_bytes(json.loads(goods)) == goods
    assert canonical_bytes(json.loads(prices)) == prices
    return msgspec.json.decode(goods, type=Goods), msgspec.json.decode(prices, type=Prices)


def example_visit() -> tuple[SealedEvent, VisitTree]:
    """Return the page's visit as it travels, and its tree."""
    leaves = tuple(leaf.encode() for leaf in block("leaves").splitlines())
    key = f"order:{json.loads(leaves[0])['order_id']}"
    groups = (Group(key, leaves, (b"\xaa" * 32,) * (8 - len(leaves))), Group("carrier", (), (b"\xbb" * 32,) * 8))
    tree = VisitTree(groups, (b"\xcc" * 32,) * 6)
    sealed = SealedEvent(
        body=block("visit"),
        hash=cell("hash of the visit"),
        signature=cell("signature as `visit.finished`"),
        groups=leaf_groups(tree),
        group_padding=tuple(node.hex() for node in tree.padding),
    )
    return sealed, tree


def test_the_whole_visit_is_one_that_the_office_opens_and_reads() -> None:
    """The protocol's page: roots, body, hash and both signatures of the example hold, and its leaves are readable."""
    sealed, tree = example_visit()
    envelope = open_event(sealed, public_bytes(KEY))
    visit, said = visit_of(envelope), read_visit(sealed.groups)
    assert (visit.root, cell("root of the visit")) == (tree.root.hex(), tree.root.hex())
    assert [cell("root of group `order:`"), cell("root of group `carrier`")] == [one.root.hex() for one in tree.groups]
    assert cell("signature as `head` of the push") == sign(KEY, "head", bytes.fromhex(sealed.hash)).hex()
    strokes = pack_strokes(400, 200, [[(20, 100), (120, 40), (180, 160)]])
    assert (cell("strokes"), visit.signature_sha256) == (strokes.hex(), hashlib.sha256(strokes).hexdigest())
    goods, prices = example_terms()
    assert said.orders[0].leaf.terms_hash == cell("terms' hash") == terms_hash(half_hash(goods), half_hash(prices))
    shown = preview_settlement(goods, prices, said.orders[0].delivered_lines)
    assert said.orders[0].leaf.shown_total_cents == shown.shown_total_cents > 0


def test_the_amounts_of_the_page_are_those_that_are_billed() -> None:
    """R016, R017: what the signer is shown, by the rules that a client's author reads."""
    goods, prices = example_terms()
    rows = re.findall(
        r"^\| (\d) and (\d) \| (\d|–) \| `(\w+)` \| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE
    )
    assert {row[4] for row in rows} == {"none", "invoice", "credit", "credit_pending"}
    for cases, kegs, extra, standing, *shown in rows:
        counted = [
            DeliveredLine(line.line_id, line.quantity, int(taken), returned=line.quantity - int(taken))
            for line, taken in zip(goods.lines, (cases, kegs), strict=True)
        ]
        counted[0] = dataclasses.replace(counted[0], extra=0 if extra == "–" else int(extra))
        seen = preview_settlement(goods, msgspec.structs.replace(prices, invoice_standing=standing), counted)
        cents = [seen.shown_total_cents, seen.shown_credit_cents, seen.shown_supplement_cents]
        assert [seen.shown, *map(str, cents)] == shown


def structs_of(*modules: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the messages of a module that travel."""
    return [
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one.__module__ == module.__name__
    ]


def test_every_message_stands_on_the_page_field_by_field() -> None:
    """The protocol's page: whoever writes another client finds each field of each message here."""
    structs = structs_of(bundle, enrol, event, hello, push, terms)
    assert len(structs) > 30
    assert [
        f"{one.__name__}.{name}" for one in structs for name in one.__struct_fields__ if f"`{name}`" not in PAGE
    ] == []
