"""Proof files that were corrected, purged or sealed anew since their signature, made by the product."""

from __future__ import annotations

from typing import Any

from server.delivery.proofs import (
    ProofChange,
    ProofContents,
    ProofCorrection,
    ProofCount,
    ProofOffice,
    ProofPurged,
    seal_anew,
    verify_proof,
)
from server.delivery.proofs.contents import ATTESTATION_KIND, attestation_digest
from shared.keyring import KeyLink, endorse
from shared.sealing import public_bytes, sign
from tests.factories.proofs import NAMES, NEXT, SEALED_MS, SERVER, make_signed, replace_contents

DAY_MS = 86_400_000
REASON = "Une caisse retrouvée intacte derrière le comptoir"
AUTHOR = "Ariane Roy"
SIGNED = make_signed()
LINE = verify_proof(SIGNED.file()).order.lines[0].line_id


def count(delivered: int, lost: int, **more: Any) -> ProofCount:
    """Return how one line is counted."""
    rest = {"not_shipped": 0, "returned": 0, "extra": 0, "reason": "breakage" if lost else ""} | more
    return ProofCount(delivered=delivered, lost=lost, **rest)


def correction(revision: int, before: ProofCount, after: ProofCount, **changes: Any) -> ProofCorrection:
    """Return the office's correction of the first order's one line."""
    said: dict[str, Any] = {
        "revision": revision,
        "source": "office",
        "by_name": AUTHOR,
        "made_ms": SEALED_MS + revision * DAY_MS,
        "reason": REASON,
        "event_id": "",
        "changes": (ProofChange(line_id=LINE, before=before, after=after),),
    }
    return ProofCorrection(**said | changes)


def corrected_office(*corrections: ProofCorrection, revision: int = 1) -> ProofOffice:
    """Return what the office says of the signed visit, with its corrections: two by default, 7 → 8 → 10 cases."""
    told = corrections or (correction(2, count(7, 3), count(8, 2)), correction(3, count(8, 2), count(10, 0)))
    return replace_contents(SIGNED.contents.office, corrections=told, revision=revision)


def make_corrected() -> bytes:
    """Return the proof of a delivery that the office corrected twice."""
    return SIGNED.file(office=corrected_office(), sealed_ms=SEALED_MS + 4 * DAY_MS)


def under_next(contents: ProofContents, **changes: Any) -> ProofContents:
    """Return the contents as the next key seals them, a week later."""
    keys, new = contents.keys, public_bytes(NEXT).hex()
    digest = attestation_digest(device_id=keys.device_id, carrier_id=keys.carrier_id, device_key=keys.device_key)
    link = endorse(KeyLink(public_key=new, from_ms=SEALED_MS + 5 * DAY_MS), SERVER)
    fresh = replace_contents(
        keys, server_key=new, attestation=sign(NEXT, ATTESTATION_KIND, digest).hex(), succession=(link,)
    )
    return replace_contents(contents, keys=fresh, sealed_ms=SEALED_MS + 7 * DAY_MS, **changes)


def make_resealed() -> bytes:
    """Return the proof sealed anew by the next key, the seal of the former inside."""
    return seal_anew(SIGNED.file(), under_next(SIGNED.contents), key=NEXT)


def make_purged() -> bytes:
    """Return the proof sealed anew by the next key when its photo and strokes were purged."""
    gone = tuple(ProofPurged(sha256=name, purged_ms=SEALED_MS + 7 * DAY_MS, kept_years=6) for name in NAMES)
    office = replace_contents(SIGNED.contents.office, purged=gone)
    contents = under_next(SIGNED.contents, office=office, attachments={}, missing=tuple(sorted(NAMES)))
    return seal_anew(SIGNED.file(), contents, key=NEXT)
