"""What ``tournee verify`` says of an untouched proof: for programs, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from server.delivery.proofs import Check, VerifiedProof
from server.delivery.proofs.office import ProofCorrection, ProofCount, ProofPurged
from server.delivery.proofs.words import DOUBTS, OFFICE_WORD
from shared.problems import Text
from shared.sealing import key_id

_SOURCES: Final = {
    "tablet": Text("par la tablette", "by the tablet"),
    "office": Text("au bureau", "at the office"),
    "dispute": Text("d’après une autre tablette", "from another tablet"),
}
OFFICE_WORD_KEYS: Final = (
    "sealed_ms", "seller", "buyer", "driver", "delivered_ms", "uncertainty_s", "received_ms", "revision", "corrections",
    "counted", "purged_attachments",
)  # fmt: skip
"""What ``summary`` says by the carrier's word alone: its seal covers it, the tablet's signature does not."""


def summary(found: VerifiedProof) -> dict[str, Any]:
    """Return everything that the proof says, as ``--json`` prints it; ``docs/proofs.md`` says what each key means."""
    subject, office, finished = found.contents.subject, found.contents.office, found.finished
    return {
        "untouched": True,
        "trusted": found.is_trusted,
        "checks": _checks(found),
        "doubts": [doubt.value for doubt in found.doubts],
        "key_known": found.is_key_known,
        "server_key": found.server_key,
        "manifest_sha256": found.manifest_sha256,
        "sealed_ms": found.contents.sealed_ms,
        "order_number": subject.order_number,
        "seller": subject.seller_name,
        "buyer": subject.buyer_name,
        "outcome": found.order.leaf.outcome,
        "signer": finished.signer_name,
        "signer_role": finished.signer_role,
        "driver": office.driver_name,
        "app_version": finished.app_version,
        "delivered_ms": office.delivered_ms,
        "uncertainty_s": office.uncertainty_s,
        "received_ms": office.received_ms,
        "place": None if finished.place is None else _place(finished.place),
        "corrects": finished.corrects,
        "event": {
            "seq": found.envelope.seq,
            "id": found.envelope.event_id,
            "hash": found.contents.event.hash,
            "prev_hash": found.envelope.prev_hash,
            "device": found.envelope.device_id,
        },
        "lines": [_line(line) for line in found.order.lines],
        "revision": office.revision + len(office.corrections[office.revision - 1 :]),
        "corrections": [msgspec.to_builtins(one) for one in office.corrections],
        "counted": [{"line_id": name} | msgspec.to_builtins(count) for name, count in found.counted.items()],
        "missing_attachments": [one for one in found.contents.missing if one not in found.contents.purged],
        "purged_attachments": [msgspec.to_builtins(one) for one in office.purged],
        "former_seals": [
            {"server_key": one.server_key, "sealed_ms": one.sealed_ms, "manifest_sha256": one.manifest_sha256}
            for one in found.formers
        ],
        "office_word": list(OFFICE_WORD_KEYS),
    }


def _place(place: Any) -> dict[str, int]:
    return {"lat_e7": place.lat_e7, "lon_e7": place.lon_e7, "accuracy_m": place.accuracy_m}


def _line(line: Any) -> dict[str, Any]:
    names = ("line_id", "ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")
    return {name: getattr(line, name) for name in names} | {"photos": list(line.photos)}


def day(found: VerifiedProof, stamped_ms: int | None) -> dict[str, Any] | None:
    """Return the day's root that the proof is under, None where no file of it was given."""
    if found.day is None:
        return None
    root = found.day.root
    return {"day": root.day, "root": root.root, "has_stamp": bool(found.day.token), "stamped_ms": stamped_ms}


def words(found: VerifiedProof, stamped_ms: int | None) -> str:
    """Return what a person reads, in two languages."""
    subject, fingerprint = found.contents.subject, key_id(bytes.fromhex(found.server_key))
    descriptions = {line.line_id: line.description_fr for line in found.goods.lines}
    lines = [
        f"  {descriptions[line.line_id]} ; signé : {line.delivered}/{line.ordered} · signed: "
        f"{line.delivered}/{line.ordered}" + (f" + {line.extra}" if line.extra else "")
        for line in found.order.lines
    ]
    signer = found.finished.signer_name or "—"
    role = f" ({found.finished.signer_role})" if found.finished.signer_role else ""
    return "\n".join(
        [
            "✓ Preuve intacte · untouched proof",
            f"  {subject.order_number}, {subject.seller_name} → {subject.buyer_name}",
            f"  Signée par · signed by {signer}{role} ; événement · event {found.envelope.seq}",
            *lines,
            *_correction_words(found, descriptions),
            *(_purged_words(one) for one in found.contents.office.purged),
            *_seal_words(found),
            f"  Clé du serveur · server key {fingerprint}",
            *_day_words(found, stamped_ms),
            *(f"  ! {DOUBTS[doubt].fr}\n    {DOUBTS[doubt].en}" for doubt in found.doubts),
            f"  {OFFICE_WORD.fr}\n  {OFFICE_WORD.en}",
        ]
    )


def _day_words(found: VerifiedProof, stamped_ms: int | None) -> list[str]:
    if found.day is None:
        return []
    stamp = "horodatée · time-stamped" if stamped_ms else "horodatage non vérifié · time-stamp not checked"
    said = stamp if found.day.token else "sans horodatage externe · without an outside time-stamp"
    return [f"  Dans la racine du · in the root of {found.day.root.day} ({said})"]


def _checks(found: VerifiedProof) -> list[str]:
    absent = {Check.DAY: found.day is None}
    return [check.value for check in Check if not absent.get(check, False)]


def _correction_words(found: VerifiedProof, descriptions: dict[str, str]) -> Iterator[str]:
    for one in found.contents.office.corrections:
        source, on = _SOURCES[one.source], _when(one.made_ms)
        by = f", {one.by_name}" if one.by_name else ""
        reason = f" – {one.reason}" if one.reason else ""
        yield f"  Révision {one.revision} · revision {one.revision}: {source.fr} · {source.en}{by}, {on}{reason}"
        yield from _change_words(one, descriptions)


def _change_words(one: ProofCorrection, descriptions: dict[str, str]) -> Iterator[str]:
    for change in one.changes:
        before, after = _units(change.before), _units(change.after)
        yield f"    {descriptions[change.line_id]} : {before} → {after}"


def _units(count: ProofCount) -> str:
    fates = {
        "non chargé · not shipped": count.not_shipped,
        "perdu · lost": count.lost,
        "retourné · returned": count.returned,
    }
    said = [f"{units} {name}" for name, units in fates.items() if units]
    return str(count.delivered + count.extra) + (f" ({', '.join(said)})" if said else "")


def _purged_words(one: ProofPurged) -> str:
    on = _when(one.purged_ms)[:10]
    return (
        f"  Pièce purgée le {on} selon la règle de conservation : {one.kept_years} ans pleins après l’année de la "
        f"livraison · piece purged on {on} by the retention rule: {one.kept_years} full years after the year of the "
        f"delivery ({one.sha256[:16]}…)"
    )


def _seal_words(found: VerifiedProof) -> Iterator[str]:
    """The seals of the past with their fingerprints, and each key that was endorsed since."""
    if not found.formers:
        return
    for one in found.formers:
        key, hashed = key_id(bytes.fromhex(one.server_key)), one.manifest_sha256[:16]
        yield f"  Scellée · sealed {_when(one.sealed_ms)}, clé · key {key}, empreinte · hash {hashed}…"
    for link in found.contents.keys.succession:
        key = key_id(bytes.fromhex(link.public_key))
        yield f"  Clé endossée par la précédente · key endorsed by the former {_when(link.from_ms)}: {key}"
    yield f"  Preuve scellée à neuf · sealed anew {_when(found.contents.sealed_ms)}"


def _when(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
