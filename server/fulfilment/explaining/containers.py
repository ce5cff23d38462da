"""What a holder's containers come to at today's deposit, unfolded to every movement that made their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step
from server.billing.explaining.paging import FIRST, Page, listed, placed
from server.billing.explaining.steps import said, summed
from server.catalog.queries import known_prices_on
from server.core.acting import acting_org
from server.core.database import among
from server.core.days import day_text
from server.core.problems import NotFound
from server.core.stamp import Stamp
from server.delivery.model import Delivery
from server.orders.model import Order
from server.parties import queries as parties
from server.stock.model import ContainerEntry
from shared.problems import Text

CURRENCY: Final = "CAD"
DEPOSITS: Final = Text("Consignes", "Deposits")
_FREE: Final = Text("Sans consigne aujourd’hui", "No deposit today")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerAccount:
    """Whose containers of which class, at whom, and which page of the movements."""

    owner_id: UUID
    class_id: UUID
    holder_id: UUID
    page: Page = FIRST

    @property
    def link(self) -> str:
        """The page that unfolds it."""
        return f"/stock/contenants/{self.owner_id}/{self.class_id}/{self.holder_id}"


def explain_containers(session: Session, *, asked: ContainerAccount, stamp: Stamp) -> Explanation:
    """Return what an account of containers comes to at the deposit of the day: each movement at that price.

    Raises:
        NotFound: nothing of it ever moved, or it is somebody else's.

    Source: C30; law 21; the issue's « why this number ».
    """
    zone = parties.zone_or_ours(session, org_id=acting_org(session))
    today = stamp.at.astimezone(zone).date()
    unit_cents = known_prices_on(session, class_ids=[asked.class_id], day=today).get(asked.class_id)
    rows = session.execute(_moved(asked, unit_cents or 0)).all()
    if not rows:
        raise NotFound(
            Text("Aucun contenant n’y a bougé.", "No container ever moved there."), where=str(asked.holder_id)
        )
    orders = _orders(session, {row.handover_id for row in rows if row.handover_id})
    parts = listed(rows, page=asked.page, link=asked.link, step=_step(orders, unit_cents, zone), cents="cents")
    units = int(rows[0].all_units)
    count = f"{units} × {{}}"
    says = said(count, count, (unit_cents, CURRENCY)) if unit_cents is not None else _FREE
    return Explanation(currency=CURRENCY, totals=[summed(DEPOSITS, parts, says=says)], sources=[])


def _moved(asked: ContainerAccount, unit_cents: int) -> Select[Any]:
    found = (
        select(
            ContainerEntry.movement_id,
            ContainerEntry.handover_id,
            ContainerEntry.moved_at,
            ContainerEntry.quantity,
            (ContainerEntry.quantity * unit_cents).label("cents"),
            literal("moved").label("list"),
            func.sum(ContainerEntry.quantity).over().label("all_units"),
        )
        .where(
            ContainerEntry.owner_id == asked.owner_id,
            ContainerEntry.class_id == asked.class_id,
            ContainerEntry.holder_id == asked.holder_id,
        )
        .subquery()
    )
    order = (found.c.moved_at, found.c.movement_id)
    return placed(found, by=found.c.list, cents=found.c.cents, order=order, page=asked.page)


def _step(orders: Mapping[UUID, Order], unit_cents: int | None, zone: tzinfo) -> Callable[[Any], Step]:
    def step(row: Any) -> Step:
        on: date = row.moved_at.astimezone(zone).date()
        order = orders.get(row.handover_id) if row.handover_id else None
        count = f"{row.quantity:+d} × {{}}"
        return Step(
            label=_label(row, on),
            amount_cents=int(row.cents),
            says=said(count, count, (unit_cents, CURRENCY)) if unit_cents is not None else None,
            source=_source(order) if order else None,
        )

    return step


def _label(row: Any, on: date) -> Text:
    day = day_text(on)
    if row.quantity > 0:
        return Text(f"Sortis le {day.fr}", f"Out on {day.en}")
    return Text(f"Revenus le {day.fr}", f"Back on {day.en}")


def _source(order: Order) -> Source:
    text = Text(f"Commande {order.number}", f"Order {order.number}")
    return Source(kind="order", id=order.id, text=text, link=f"/commandes/{order.id}", billed=order.billing_type)


def _orders(session: Session, handover_ids: set[UUID]) -> dict[UUID, Order]:
    """Return an order of each visit or record at hand: who delivered then, and who says so, stands on its page."""
    rows = session.execute(
        select(func.coalesce(Delivery.visit_id, Delivery.hand_record_id), Order)
        .join(Order, Order.id == Delivery.order_id)
        .where(among(Delivery.visit_id, handover_ids) | among(Delivery.hand_record_id, handover_ids))
        .order_by(Order.number.desc())
    )
    return {row[0]: row[1] for row in rows}
