"""A finished stop: what was signed, by whom, and whether its driver may still correct it."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.signed import Signed
from driver_app.viewmodels import texts, words
from driver_app.viewmodels.proof import ProofRow, rows_of
from shared.problems import Language


@dataclass(frozen=True, slots=True)
class SignedView:
    """The screen of a finished stop; ``note`` says what else the driver should know."""

    title: str
    subtitle: str
    rows: tuple[ProofRow, ...]
    note: str
    can_correct: bool


def present_signed(signed: Signed, timezone: str, language: Language) -> SignedView:
    """Say what the card of a finished stop shows."""
    can_correct = signed.entry is not None and signed.entry.state != "received"
    note = texts.CORRECTION_IS_SIGNED if can_correct else texts.OFFICE_CORRECTS
    parts = [note.say(language)] if signed.is_as_read else [texts.CHANGED_SINCE.say(language), note.say(language)]
    return SignedView(
        title=f"{signed.stop.position}. {signed.stop.place.name}",
        subtitle=_subtitle(signed, timezone, language),
        rows=rows_of(signed.statement),
        note=" ".join(parts),
        can_correct=can_correct,
    )


def _subtitle(signed: Signed, timezone: str, language: Language) -> str:
    name = signed.visit.signer_name if signed.visit else ""
    by = f"{texts.RECEIVED_BY.say(language)} {name}" if name else ""
    unsigned = texts.UNSIGNED.say(language) if signed.visit and not name else ""
    at = words.hour(signed.entry.sealed_wall_ms, timezone, language) if signed.entry else ""
    return " · ".join(filter(None, (signed.statement.failure, by, unsigned, at)))
