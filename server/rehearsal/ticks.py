"""What a tablet shows as received, held against the receipts that it has."""

from __future__ import annotations

from collections.abc import Iterator

from driver_app.store import outbox, settings
from driver_app.store.database import Session
from server.rehearsal.cab import Cab


def ticked(cab: Cab) -> int:
    """Return how many events a tablet shows as received."""
    return cab.tablet.store.read(settings.position).acked


def unfounded(cab: Cab) -> Iterator[str]:
    """Yield what a tablet ticks without a receipt, and single events that it ticks behind what it shows."""
    position = ticked(cab)
    for entry in cab.tablet.store.read(outbox.entries):
        if entry.state == "received" and entry.seq > position:
            yield f"{cab.name} ticks event {entry.seq} behind its {position}"
    if position > cab.tablet.store.read(_furthest_receipt):
        yield f"{cab.name} ticks {position} events without a receipt for them"


def _furthest_receipt(session: Session) -> int:
    return int(session.db.execute("SELECT coalesce(max(last_seq), 0) FROM receipt").fetchone()[0])
