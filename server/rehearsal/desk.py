"""People at the office while drivers are out: they correct deliveries, look at what waits, and change orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from server.rehearsal.decisions import Choice, Corrected, Decided, Decision
from server.rehearsal.dispatch import Dispatch
from server.rehearsal.injected import Chance
from server.rehearsal.sellers import Sellers

_SHORT: Final = {"breakage": "lost", "missing": "lost", "forgotten": "not_shipped", "refused_item": "returned"}
_MOST_AT_ONCE: Final = 6


class Desk:
    """Draws what people decide from a chance of its own, so that the drivers' day stays as it was."""

    def __init__(self, dispatch: Dispatch, chance: Chance, sellers: Sellers) -> None:
        """Sit down beside the dispatch, whose backups hold the decisions, too; ``sellers`` change the orders."""
        self._dispatch, self._chance, self._sellers = dispatch, chance, sellers
        self._around = dispatch.around
        self._rows = dispatch.ground.rows
        self._wakes = dispatch.around.weather

    def look(self) -> None:
        """Do now and then one thing of each kind."""
        weather = self._around.weather
        if self._chance.hits(weather.office_decides):
            self.decide()
        if self._chance.hits(weather.office_corrects):
            self._correct()

    def clear(self) -> None:
        """In the evening, look at what still waits, each stop's first event first, and correct what customers tell."""
        for _ in range(_MOST_AT_ONCE if self._wakes.office_decides else 0):
            if not self.decide():
                break
        for _ in range(_MOST_AT_ONCE):
            if self._chance.hits(self._wakes.office_corrects):
                self._correct()

    def hears_of_second_thoughts(self) -> bool:
        """Say whether a driver thinks again of a stop that lies behind, perhaps after the office has."""
        return self._chance.hits(self._around.weather.office_corrects)

    def perhaps_revise(self, run_id: UUID) -> None:
        """Let a seller change an order of a run that has not left, and send it; its tablets may be gone already."""
        if not self._chance.hits(self._around.weather.order_revised):
            return
        found = self._rows.all(
            'SELECT o.id, o.owner_id, l.id, l.quantity FROM "order" o JOIN order_line l ON l.order_id = o.id'
            " JOIN stop_order so ON so.order_id = o.id JOIN stop s ON s.id = so.stop_id WHERE s.run_id = %s"
            " AND o.state = 'planned' AND o.billing_state = 'uninvoiced' ORDER BY o.id, l.position",
            run_id,
        )
        if not found:
            return
        order, seller, _, _ = self._chance.random.choice(found)
        units = {line: self._other(quantity) for of, _, line, quantity in found if of == order}
        if self._sellers.change(seller, str(order), units=units):
            self._dispatch.send(run_id)

    def decide(self) -> bool:
        """Look at an event that waits; say whether there was one."""
        found = self._rows.all(
            "SELECT DISTINCT ON (device_id, coalesce(stop_id, event_id)) device_id, seq FROM device_event"
            " WHERE outcome = 'parked' ORDER BY device_id, coalesce(stop_id, event_id), seq"
        )
        if not found:
            return False
        device, seq = self._chance.random.choice(sorted((str(device), seq) for device, seq in found))
        choice: Choice = "set_aside" if self._chance.hits(0.5) else "applied" if seq % 3 else "replaced"
        return self._decide("office decides", lambda at: Decided(at=at, device=device, seq=seq, choice=choice))

    def _correct(self) -> None:
        """Correct one delivery as somebody told it on the telephone."""
        found = self._rows.all(
            "SELECT DISTINCT ON (d.order_id) d.order_id, d.id FROM delivery d"
            " ORDER BY d.order_id, d.received_at DESC, d.revision DESC, d.id DESC"
        )
        if not found:
            return
        order, delivery = self._chance.random.choice(found)
        lines = tuple(self._counted(*row) for row in self._lines(delivery))
        key = UUID(bytes=self._chance.random.randbytes(16), version=4)
        self._decide("office corrects", lambda at: Corrected(at=at, order=str(order), lines=lines, key=key))

    def _lines(self, delivery: UUID) -> list[tuple[Any, ...]]:
        return self._rows.all(
            "SELECT order_line_id, ordered, delivered, not_shipped, lost, returned, extra, reason FROM delivery_line"
            " WHERE delivery_id = %s ORDER BY position",
            delivery,
        )

    def _counted(self, line: UUID, ordered: int, *counted: Any) -> dict[str, Any]:
        random = self._chance.random
        words = ("delivered", "not_shipped", "lost", "returned", "extra", "reason")
        stands = {"line_id": str(line), "ordered": ordered, **dict(zip(words, counted, strict=True))}
        if random.random() < 0.4:
            return stands
        whole = stands | dict.fromkeys(words[1:5], 0) | {"delivered": ordered, "reason": ""}
        if random.random() < 0.4:
            return whole | {"extra": random.randint(0, 2)}
        reason, missing = random.choice(sorted(_SHORT)), random.randint(1, ordered)
        return whole | {_SHORT[reason]: missing, "delivered": ordered - missing, "reason": reason}

    def _other(self, quantity: int) -> int:
        return max(1, quantity + self._chance.random.choice((-2, -1, 0, 1)))

    def _decide(self, kind: str, decision_at: Callable[[datetime], Decision]) -> bool:
        return self._dispatch.decide(kind, decision_at) is None
