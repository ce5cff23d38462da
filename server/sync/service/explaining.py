"""« Why this number » of what waits for a person: amounts as sealed, as billed, and as they would become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Step
from server.delivery.model import Discrepancy
from server.fulfilment.explaining.discrepancies import explain_discrepancy
from server.sync.service.deciding import Foreseen
from server.sync.service.disputes import second_event
from server.sync.service.reading import ReadEvent, read_event

CURRENCY: Final = "CAD"


def shown_in(read: ReadEvent) -> Sequence[Step]:
    """Return what each order of an event says was shown to its signer."""
    return [step for order in read.orders for step in order.shown]


def explain_parked(read: ReadEvent, foreseen: Foreseen | None) -> Explanation:
    """Return what a parked event showed, and what each document would come to that applying it now would make."""
    would = foreseen.explained if foreseen else ()
    return Explanation(currency=CURRENCY, totals=[*shown_in(read), *would], sources=[])


def explain_dispute(session: Session, found: Discrepancy) -> Explanation:
    """Return the amounts of a discrepancy and, where two tablets told one stop, what the second one showed."""
    explained, second = explain_discrepancy(session, found=found), second_event(session, found)
    if second is None:
        return explained
    return replace(explained, totals=[*explained.totals, *shown_in(read_event(session, second[1]))])
