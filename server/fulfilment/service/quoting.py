"""What an order would come to: made or changed for real, read, and undone: a form shows the server's figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, explain_order
from server.core.acting import acting_for, savepoint
from server.core.stamp import Stamp
from server.fulfilment.service.orders import revise_order
from server.fulfilment.service.waiting import terms_of, under_minimum
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order, OrderLine
from server.parties.model import Site
from shared.money import half_up, times
from shared.problems import Text
from shared.states import OrderState

_NOT_RESERVED = (OrderState.DRAFT, OrderState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An order's amounts in cents and what its maker should know; ``nets`` by line, in the order of the items.

    ``explained`` is what its total is made of.
    """

    nets: tuple[int, ...]
    net_cents: int
    tax_cents: int
    deposit_cents: int
    total_cents: int
    currency: str
    items: int
    min_items: int
    min_value_cents: int
    warnings: tuple[Text, ...]
    explained: Explanation


class _Undone(Exception):
    """What was made has been read."""


def quote_new(session: Session, *, stamp: Stamp, **wanted: Any) -> Quote:
    """Return what a new order would come to; ``wanted`` is what ``create_order`` takes. Nothing stays of it.

    Raises:
        NoRelation, NoAgreement, Forbidden, NotFound, BadOrder: as ``create_order``.
    """
    return _tried(session, lambda: orders.create_order(session, stamp=stamp, **wanted), stamp)


def quote_revised(session: Session, *, order: Order, stamp: Stamp, **content: Any) -> Quote:
    """Return what an order would come to if it were changed; ``content`` is what ``revise`` takes. Nothing stays.

    Raises:
        Forbidden, Conflict, StaleOrder, BadOrder: as ``revise_order``.
    """
    return _tried(session, lambda: revise_order(session, order=order, stamp=stamp, **content), stamp)


def _tried(session: Session, make: Callable[[], Order], stamp: Stamp) -> Quote:
    found: list[Quote] = []
    try:
        with savepoint(session):
            found.append(_quote(session, make(), stamp))
            _undo()
    except _Undone:
        pass
    return found[0]


def _undo() -> None:
    raise _Undone


def _quote(session: Session, order: Order, stamp: Stamp) -> Quote:
    terms = terms_of(session, order)
    return Quote(
        nets=tuple(_net(line) for line in order.lines),
        net_cents=order.net_cents,
        tax_cents=order.tax_cents,
        deposit_cents=order.deposit_cents,
        total_cents=order.total_cents,
        currency=order.currency,
        items=sum(line.quantity for line in order.lines),
        min_items=terms.min_items,
        min_value_cents=terms.min_value_cents,
        warnings=tuple(_warnings(session, order, stamp, is_short=under_minimum(order, terms))),
        explained=replace(explain_order(session, order_id=order.id), sources=()),  # of an order that nobody will find
    )


def _net(line: OrderLine) -> int:
    return half_up(times(Decimal(line.unit_price), Decimal(100 * line.quantity))) - line.less_cents


def _warnings(session: Session, order: Order, stamp: Stamp, *, is_short: bool) -> list[Text]:
    said = []
    if is_short:
        said.append(
            Text(
                "Sous le minimum du groupe\u00a0: le vendeur devra l’accepter à la main.",
                "Under the group’s minimum: the seller will have to accept it by hand.",
            )
        )
    if order.state in _NOT_RESERVED and not _is_covered(session, order):
        said.append(Text("Le stock ne couvre pas tout.", "The stock does not cover everything."))
    if _is_unlicensed(session, order.site_id, order.distribution, stamp):
        said.append(Text("Le permis du lieu est échu.", "The place’s permit has expired."))
    return said


def _is_covered(session: Session, order: Order) -> bool:
    with acting_for(session, order.owner_id):
        return orders.is_covered(session, order=order)


def _is_unlicensed(session: Session, site_id: UUID, distribution: DistributionMethod, stamp: Stamp) -> bool:
    site = session.get(Site, site_id)
    expires_on = site.permit_expires_on if site else None
    return distribution is not DistributionMethod.PICKUP and expires_on is not None and expires_on < stamp.at.date()
