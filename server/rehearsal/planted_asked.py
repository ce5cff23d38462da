"""Planted mistakes about what is put before a dispatcher; a delivery and its money are the same with each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import server.fulfilment.service.questions
import server.sync.service.applying
from server.delivery.queries import revisions
from server.rehearsal.office import Office
from server.rehearsal.patches import Patch
from server.rehearsal.planting import Plant, nothing


def _dispute_unheard(_: Office) -> Iterator[Patch]:
    """What a second tablet says otherwise is passed over."""
    yield Patch(server.fulfilment.service.questions, "open_discrepancy", nothing)


def _first_word_stands(_: Office) -> Iterator[Patch]:
    """A second tablet is held to what the first one said before it was corrected."""

    def first_word(session: Any, *, order_id: Any, stop_id: Any) -> Any:
        return next((delivery for delivery, _ in revisions(session, order_id=order_id, stop_id=stop_id)), None)

    yield Patch(server.fulfilment.service.questions, "latest_delivery", first_word)


def _clock_unsaid(_: Office) -> Iterator[Patch]:
    """Nobody hears that a tablet's clock was wrong."""
    yield Patch(server.sync.service.applying, "_note_skew", nothing)


ASKED: Final[Mapping[str, Plant]] = {
    "dispute-unheard": _dispute_unheard,
    "first-word-stands": _first_word_stands,
    "clock-unsaid": _clock_unsaid,
}
