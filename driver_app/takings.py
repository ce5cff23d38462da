"""What the driver should have in the cash box."""

from __future__ import annotations

from driver_app.statement import rounding_of
from driver_app.store import drafts, states
from driver_app.store.database import Session
from driver_app.store.drafts import StopDraft
from driver_app.store.states import StopProgress


def expected_cash_cents(session: Session, run_id: str) -> int:
    """Return the coins and notes taken at the signed stops of a run, each amount rounded to five cents.

    A stop that is being corrected counts as it was signed.
    """
    signed = (_signed(session, stop) for stop in states.stops_of(session, run_id).values())
    taken = [item for draft in signed if draft for item in draft.collections if item.method == "cash"]
    return sum(item.amount_cents + rounding_of(item.method, item.amount_cents) for item in taken)


def _signed(session: Session, stop: StopProgress) -> StopDraft | None:
    draft = drafts.load(session, run_id=stop.run_id, stop_id=stop.stop_id)
    if draft is None or stop.is_finished:
        return draft
    return draft.standing.draft if draft.standing else None
