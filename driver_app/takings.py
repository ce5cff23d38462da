"""What the driver should have in the cash box."""

from __future__ import annotations

from driver_app.statement import rounding_of
from driver_app.store import drafts, states
from driver_app.store.database import Session


def expected_cash_cents(session: Session, run_id: str) -> int:
    """Return the coins and notes taken at the finished stops of a run, each amount rounded to five cents."""
    finished = [stop_id for stop_id, stop in states.stops_of(session, run_id).items() if stop.is_finished]
    found = (drafts.load(session, run_id=run_id, stop_id=stop_id) for stop_id in finished)
    taken = [item for draft in found if draft for item in draft.collections if item.method == "cash"]
    return sum(item.amount_cents + rounding_of(item.method, item.amount_cents) for item in taken)
