"""Whose keys sealed a proof, what was revoked since, and what cannot be known from a file alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from server.delivery.proofs.archive import unpack
from server.delivery.proofs.broken import Check, broken, require
from server.delivery.proofs.contents import FORMER, ProofContents
from server.delivery.proofs.day import DayInclusion, read_inclusion
from server.delivery.proofs.formers import FormerSeal, former_file
from shared.keyring import KeyList


class Doubt(StrEnum):
    """What is not wrong with the file, and still to be known by whoever relies on it."""

    KEY_UNKNOWN = "key-unknown"  # nobody named the carrier's key beforehand
    REVOCATIONS_UNKNOWN = "revocations-unknown"  # no key list, or one older than the seal
    SERVER_KEY_REVOKED = "server-key-revoked"
    DEVICE_REVOKED = "device-revoked"  # and the office received the event afterwards
    CORRECTED = "corrected"  # the office counted anew after the signature
    ATTACHMENT_MISSING = "attachment-missing"
    ATTACHMENT_PURGED = "attachment-purged"
    CLOCK_SKEWED = "clock-skewed"


DISTRUSTED: Final = frozenset({Doubt.SERVER_KEY_REVOKED, Doubt.DEVICE_REVOKED})


def check_key_list(contents: ProofContents, keys: KeyList | None, formers: Sequence[FormerSeal]) -> None:
    """Ask the carrier's published list whether the key that sealed is its own, and sealed in its time.

    A list from before the proof was sealed anew does not know its key yet: then the former seal by the list's newest
    key is asked, whose endorsement leads to that one.

    Raises:
        ProofBroken: it is not, or did not.
    """
    if keys is None:
        return
    known, sealed_ms = keys.find(contents.keys.server_key), contents.sealed_ms
    if known is None and keys.issued_ms < contents.sealed_ms:
        newest = keys.server_keys[-1]
        before = [one.sealed_ms for one in formers if one.server_key == newest.link.public_key]
        known, sealed_ms = (newest, before[-1]) if before else (None, sealed_ms)
    if known is None:
        raise broken("keys.json", "une clé qui n’est pas publiée", "a key that is not published", Check.KEYS)
    in_time = known.link.from_ms <= sealed_ms and (not known.until_ms or sealed_ms <= known.until_ms)
    require(in_time, "manifest.json", "scellée hors du temps de sa clé", "sealed outside its key's time", Check.KEYS)
    mine = keys.carrier_id in {"", contents.keys.carrier_id}
    require(mine, "keys.json", "la liste d’un autre transporteur", "another carrier's list", Check.KEYS)


def doubts_about(contents: ProofContents, keys: KeyList | None, *, is_key_known: bool) -> Iterator[Doubt]:
    """Yield what is not wrong with the file, and still to be known."""
    if not is_key_known:
        yield Doubt.KEY_UNKNOWN
    if keys is None or not keys.carrier_id or keys.issued_ms < contents.sealed_ms:
        yield Doubt.REVOCATIONS_UNKNOWN
    if keys is not None:
        yield from _revocations(contents, keys)
    if contents.office.revision <= len(contents.office.corrections):
        yield Doubt.CORRECTED
    if contents.purged.symmetric_difference(contents.missing):
        yield Doubt.ATTACHMENT_MISSING
    if contents.purged:
        yield Doubt.ATTACHMENT_PURGED
    if contents.office.skewed:
        yield Doubt.CLOCK_SKEWED


def _revocations(contents: ProofContents, keys: KeyList) -> Iterator[Doubt]:
    """What the office received from a tablet before its revocation stays good; its signed receipt says when."""
    sealing = keys.find(contents.keys.server_key)
    if sealing is not None and sealing.revoked_ms:
        yield Doubt.SERVER_KEY_REVOKED
    device = keys.revocation_of(contents.keys.device_key)
    if device is not None and contents.keys.receipt.server_ms >= device.revoked_ms:
        yield Doubt.DEVICE_REVOKED


def read_day(payload: bytes, day: bytes | None, contents: ProofContents, keys: KeyList | None) -> DayInclusion | None:
    """Return the file beside the proof, if there is one, signed by the same carrier's key.

    It names the proof as it was at the end of its day: where that was sealed anew since, the earlier seal's file.

    Raises:
        BrokenDay, ProofBroken: it does not tie the proof to that carrier's day.
    """
    if day is None:
        return None
    found = read_inclusion(day, proof=_file_of_day(payload, day, contents))
    links = [contents.keys.receipt_key, *(link.public_key for link in contents.keys.succession)]
    known = found.key in links if keys is None else keys.find(found.key) is not None
    require(known, "key", "signée par une autre clé", "signed by another key", Check.DAY)
    mine = found.root.carrier_id == contents.keys.carrier_id
    require(mine, "carrier_id", "le jour d’un autre transporteur", "another carrier's day", Check.DAY)
    return found


def _file_of_day(payload: bytes, day: bytes, contents: ProofContents) -> bytes:
    """Return that one of the proof's files, present and former, that the day's file names; the present one if none."""
    if not contents.former:
        return payload
    files = unpack(payload)
    numbers = range(sum(name.startswith(FORMER) and name.endswith("/manifest.json") for name in files))
    earlier = (former_file(files, number) for number in numbers)
    named = (file for file in earlier if file and hashlib.sha256(file).hexdigest().encode() in day)
    return next(named, payload)
