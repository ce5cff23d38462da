"""What a tablet under way does between two rounds of its sync, and what the office has not confirmed."""

from __future__ import annotations

from driver_app.actions.arrive import arrive
from driver_app.actions.counting import add_photo
from driver_app.actions.finish import finish_stop
from driver_app.store import outbox
from driver_app.strokes import draw_signing
from driver_app.sync.engine import backlog
from driver_app.viewmodels.sync import present_sync
from tests.factories.tablets import Cab

DAYS_MS = 24 * 3600 * 1000


class Metered:
    """A network that costs money."""

    is_metered = True


def deliver(cab: Cab, position: int, *, photo: bytes = b"") -> None:
    """Deliver one stop in full; its event may leave the tablet at once."""
    arrive(cab.tablet, **cab.at(position), now=cab.now)
    if photo:
        add_photo(cab.tablet, **cab.at(position), jpeg=photo, now=cab.now)
    signing = draw_signing("Éloïse Gagné", "gérante")
    finish_stop(cab.tablet, **cab.at(position), signing=signing, language="fr", now=cab.now)
    cab.clock.advance(10_001)


def waiting(cab: Cab) -> tuple[int, int]:
    """Return how many events and files the office has not confirmed."""
    left = cab.tablet.store.read(backlog)
    return left.events, left.files


def states(cab: Cab) -> list[str]:
    """Return the log's states in order."""
    return [entry.state for entry in cab.tablet.store.read(outbox.entries)]


def pass_days(cab: Cab, days: int) -> None:
    """Let days go by on the tablet and at the office."""
    cab.clock.advance(days * DAYS_MS)
    cab.office.now_ms += days * DAYS_MS


def pill(cab: Cab, language: str = "fr") -> tuple[str, str]:
    """Return what the screens say of the sync."""
    view = present_sync(cab.tablet.store.read(backlog), is_online=True, language=language)
    return view.text, view.notice
