"""Sellers while their orders ride: they change them by the product's own door, and void what stands in its way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from server.rehearsal.decisions import Credited, Published, Replanned, Revised, Voided
from server.rehearsal.dispatch import Dispatch
from server.rehearsal.injected import Chance

_PERSISTS: Final = 0.7
_DEARER: Final = (Decimal("-3.3300"), Decimal("-0.0150"), Decimal("0.0550"), Decimal("2.7500"))
_OFF_CENTS: Final = (0, 155, 777)


class Sellers:
    """Draws what they want from a chance of its own, so that days on which they want nothing stay as they were."""

    def __init__(self, dispatch: Dispatch, chance: Chance) -> None:
        """Change orders of the runs that the dispatch sends."""
        self._dispatch, self._chance = dispatch, chance
        self._around, self._rows = dispatch.around, dispatch.ground.rows
        self._wakes = dispatch.around.weather

    def perhaps_change(self, run_id: UUID) -> None:
        """Strike a line, change prices, discounts or units of an order of a run that has not left, and send it."""
        if not self._chance.hits(self._around.weather.order_changed):
            return
        found = self._rows.all(
            'SELECT o.id, o.owner_id, l.id, l.quantity, l.unit_price FROM "order" o JOIN order_line l'
            " ON l.order_id = o.id JOIN stop_order so ON so.order_id = o.id JOIN stop s ON s.id = so.stop_id"
            " WHERE s.run_id = %s AND o.state = 'planned' ORDER BY o.id, l.position",
            run_id,
        )
        if not found:
            return
        order, seller, *_ = self._chance.random.choice(found)
        if self.change(seller, str(order), **self._wanted([row[2:] for row in found if row[0] == order])):
            self._dispatch.send(run_id)

    def change(self, seller: UUID, order: str, **wanted: Any) -> bool:
        """Change an order; where an invoice stands, void it first or let it be. Say whether anything has to be sent."""
        standing = self._rows.all(
            "SELECT i.owner_id FROM invoice i JOIN invoice_order o ON o.invoice_id = i.id"
            " WHERE o.order_id = %s AND o.live_final",
            UUID(order),
        )
        if self._revise(seller, order, wanted):
            self._dispatch.unfed += [f"order {order} was changed under its invoice" for _ in standing]
            return True
        if not standing:
            return False
        if not self._chance.hits(_PERSISTS):
            self._around.injected.count("invoice left standing")
            return False
        issuer = standing[0][0]
        refusal = self._dispatch.decide("invoice voided", lambda at: Voided(at=at, issuer=issuer, order=order))
        return refusal is None and (self._revise(seller, order, wanted) or True)

    def look(self) -> None:
        """Do now and then what is left to do of what came back: decide of a credit, plan again, bill by hand."""
        if self._chance.hits(self._wakes.credits_decided):
            self._decide_credits()
        if self._chance.hits(self._wakes.replanned):
            self._replan()
        if self._chance.hits(self._wakes.order_changed):
            self._bill_by_hand()

    def _decide_credits(self) -> None:
        """Approve or refuse what waits for an order; of one whose delivery was corrected, nobody refuses any more."""
        found = self._rows.all(
            "SELECT o.order_id::text, c.owner_id, EXISTS (SELECT FROM delivery d WHERE d.order_id = o.order_id"
            " AND d.revision > 1) FROM credit_note c JOIN invoice_order o ON o.invoice_id = c.invoice_id"
            " WHERE c.state = 'proposed' ORDER BY 1"
        )
        if found:
            order, issuer, is_corrected = self._chance.random.choice(found)
            approves = self._chance.hits(0.5) or is_corrected
            self._dispatch.decide(
                "credit decided", lambda at: Credited(at=at, issuer=issuer, order=order, approves=approves)
            )

    def _replan(self) -> None:
        found = self._rows.all("SELECT id::text FROM \"order\" WHERE state = 'not_delivered' ORDER BY id")
        if found:
            ((order,),) = [self._chance.random.choice(found)]
            self._dispatch.decide("order planned again", lambda at: Replanned(at=at, order=order))

    def _bill_by_hand(self) -> None:
        """Bill what was delivered and is billed by nobody."""
        found = self._rows.all(
            "SELECT o.id::text, o.issuer_id FROM \"order\" o WHERE o.state IN ('delivered', 'partly_delivered')"
            " AND o.billing_state = 'uninvoiced' AND o.billing_type <> 'external' AND o.supplement_of_id IS NULL"
            " ORDER BY o.id"
        )
        if found:
            order, issuer = found[0]
            self._dispatch.decide("billed by hand", lambda at: Published(at=at, issuer=issuer, order=order))

    def _revise(self, seller: UUID, order: str, wanted: dict[str, Any]) -> bool:
        def revised(at: Any) -> Revised:
            return Revised(at=at, seller=seller, order=order, **wanted)

        if self._dispatch.decide("order revised", revised) is not None:
            return False
        kinds = {"struck": "line struck", "prices": "price changed", "discounts": "discount changed"}
        for name in [one for one in kinds if wanted.get(one)]:
            self._around.injected.count(kinds[name])
        return True

    def _wanted(self, lines: list[tuple[UUID, int, Decimal]]) -> dict[str, Any]:
        """Draw one or two kinds of change; an order keeps one line."""
        random = self._chance.random
        line, quantity, price = random.choice(lines)
        kinds = random.sample(("struck", "prices", "discounts", "off_cents", "units"), random.choice((1, 1, 2)))
        said: dict[str, Any] = {
            "struck": frozenset({line} if len(lines) > 1 else ()),
            "prices": {line: price + random.choice(_DEARER)},
            "discounts": {line: random.choice(_OFF_CENTS)},
            "off_cents": random.choice(_OFF_CENTS),
            "units": {line: max(1, quantity + random.choice((-2, -1, 1, 2)))},
        }
        return {kind: said[kind] for kind in kinds}
