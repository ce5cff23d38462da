"""What the office adds to a signed visit: circumstances in words, corrections made since, pictures purged since."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from shared.wire.limits import Identifier, Long, OptionalIdentifier, Quantity, Sequence, Sha256, Short

FATES: Final = ("delivered", "not_shipped", "lost", "returned")
"""Where the units of a line that was ordered are; ``extra`` stands on top."""


class _Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class ProofCount(_Said, frozen=True, kw_only=True):
    """One line as it was counted, in sales units."""

    delivered: Quantity
    not_shipped: Quantity
    lost: Quantity
    returned: Quantity
    extra: Quantity
    reason: Short


class ProofChange(_Said, frozen=True, kw_only=True):
    """One line of the order, before and after a correction."""

    line_id: Identifier
    before: ProofCount
    after: ProofCount


class ProofCorrection(_Said, frozen=True, kw_only=True):
    """A further revision of this order's delivery: who said so, when, from what, why, and each line that changed.

    ``event_id`` names the signed visit that it rests on; empty where a person of the office counted anew.
    """

    revision: Sequence
    source: Literal["tablet", "office", "dispute"]
    by_name: Short
    made_ms: int
    reason: Long
    event_id: OptionalIdentifier
    changes: tuple[ProofChange, ...]


class ProofPurged(_Said, frozen=True, kw_only=True):
    """A piece that was purged: its hash stays signed. The rule kept it for full years after the year of delivery."""

    sha256: Sha256
    purged_ms: int
    kept_years: Quantity


class ProofOffice(_Said, frozen=True, kw_only=True):
    """What the office adds in words to what the tablet signed; the seal covers it, the tablet's signature does not.

    ``delivered_ms`` is the tablet's clock corrected, in doubt by ``uncertainty_s``; ``skewed`` says that its wall clock
    was over five minutes off. ``consent`` is the sentence whose hash the event holds, empty if the office has it not.
    ``revision`` is the one that the signed event itself made of the delivery, 1 unless the event corrects an earlier
    one; ``corrections`` are all revisions from the second up to the one that this proof is of, oldest first.
    """

    driver_name: Short
    run_name: Short
    place_name: Short
    place_lines: tuple[Short, ...]
    timezone: Short
    delivered_ms: int
    uncertainty_s: int
    skewed: bool
    received_ms: int
    consent: Long
    revision: Sequence = 1
    corrections: tuple[ProofCorrection, ...] = ()
    purged: tuple[ProofPurged, ...] = ()
