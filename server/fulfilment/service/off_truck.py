"""What a driver may order for a customer from the goods of its own run: a draft, for its seller's side to submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.listing import full_name
from server.catalog.model import Product, ProductFormat
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order, OrderLine
from server.parties import queries as parties
from server.planning.model import Run, Stop, StopOrder
from shared.states import RunState

_ON_THE_ROAD: Final = (RunState.READY, RunState.UNDER_WAY)


class NotOffTruck(Problem):
    """A driver orders what is not on its truck, or for somebody whom its run does not visit."""

    slug = "not-off-truck"
    status: ClassVar[int] = 403
    title = Text("Hors de votre tournée", "Not of your run")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTruck:
    """A format that a run carries, of which seller, in the words of its catalogue."""

    seller_id: UUID
    seller_name: str
    format_id: UUID
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OffTruck:
    """A stop of the driver's run, and what is on the truck: sellers by name, formats by name; no prices (C29)."""

    run: Run
    stop: Stop
    goods: Sequence[OnTruck]


def off_truck(session: Session, *, stop_id: UUID, driver_id: UUID) -> OffTruck:
    """Return what a driver may order at a stop of a run of its own that is on the road.

    Raises:
        NotFound: there is no such stop on such a run.
    """
    found = session.execute(
        select(Run, Stop)
        .join(Stop, Stop.run_id == Run.id)
        .where(
            Stop.id == stop_id,
            Run.owner_id == acting_org(session),
            Run.driver_id == driver_id,
            Run.state.in_(_ON_THE_ROAD),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(
            Text("Cet arrêt n’est pas d’une tournée en route à vous.", "This stop is of no run of yours on the road."),
            where="stop_id",
        )
    return OffTruck(run=found[0], stop=found[1], goods=_on_truck(session, found[0].id))


def require_off_truck(
    session: Session, *, driver_id: UUID, named: orders.OrderParties, items: Sequence[orders.OrderItem]
) -> None:
    """Let a driver order for a place that its own run on the road visits, of what it carries, at the seller's prices.

    Raises:
        NotOffTruck: the place, the seller or a format is not of such a run.

    Source: requirements, section 3 (create order: the driver, off-truck draft).
    """
    stops = session.scalars(
        select(Stop.id)
        .join(Run, Run.id == Stop.run_id)
        .where(
            Run.owner_id == acting_org(session),
            Run.driver_id == driver_id,
            Run.state.in_(_ON_THE_ROAD),
            Stop.site_id == named.site_id,
            Stop.buyer_id == named.buyer_id,
        )
    ).all()
    if named.carrier_id != acting_org(session) or not stops:
        raise not_off_truck("site_id")
    goods = [one for stop_id in stops for one in off_truck(session, stop_id=stop_id, driver_id=driver_id).goods]
    carried = {one.format_id for one in goods if one.seller_id == named.seller_id}
    for item in items:
        if item.format_id not in carried or item.unit_price is not None or item.discount_cents or item.tax_codes:
            raise not_off_truck("items")


def draft_off_truck(
    session: Session,
    *,
    here: OffTruck,
    quantities: Mapping[UUID, int],
    maker_name: str,
    stamp: Stamp,
    key: UUID | None = None,
) -> list[Order]:
    """Return a draft for each seller whose goods are asked for, none where nothing is; nobody delivered anything yet.

    Asked again with its ``key``, what was made is returned.

    Raises:
        NotOffTruck: a format is not on the truck.
        BadOrder, NoRelation, NoAgreement: as ``orders.service.create_order``.
    """
    sellers = {one.format_id: one.seller_id for one in here.goods}
    if not set(quantities) <= set(sellers):
        raise not_off_truck("items")
    made = []
    for seller_id in sorted({sellers[one] for one in quantities}):
        wanted = {one: units for one, units in quantities.items() if sellers[one] == seller_id}
        made.append(
            orders.create_order(
                session,
                parties_of=orders.OrderParties(
                    seller_id=seller_id,
                    buyer_id=here.stop.buyer_id,
                    site_id=here.stop.site_id,
                    carrier_id=here.run.owner_id,
                ),
                items=[orders.OrderItem(format_id=one, quantity=units) for one, units in wanted.items()],
                distribution=DistributionMethod.DISTRIBUTOR,
                maker_name=maker_name,
                key=key,
                stamp=stamp,
            )
        )
    return made


def _on_truck(session: Session, run_id: UUID) -> list[OnTruck]:
    riding = select(StopOrder.order_id).join(Stop, Stop.id == StopOrder.stop_id).where(Stop.run_id == run_id)
    carried = session.execute(
        select(OrderLine.owner_id, OrderLine.format_id)
        .where(OrderLine.order_id.in_(riding), OrderLine.format_id.is_not(None))
        .distinct()
    ).all()
    names = parties.names(session, org_ids={row.owner_id for row in carried})
    found = []
    for seller_id, name in sorted(names.items(), key=lambda one: (one[1], one[0])):
        wanted = [row.format_id for row in carried if row.owner_id == seller_id]
        with acting_for(session, seller_id):
            rows = session.execute(
                select(Product, ProductFormat)
                .join(ProductFormat, ProductFormat.product_id == Product.id)
                .where(ProductFormat.id.in_(wanted), ProductFormat.archived_at.is_(None))
                .order_by(Product.name_fr, ProductFormat.name_fr, ProductFormat.id)
            ).all()
        found += [
            OnTruck(seller_id=seller_id, seller_name=name, format_id=row[1].id, name=full_name(row[0], row[1]))
            for row in rows
        ]
    return found


def not_off_truck(where: str) -> NotOffTruck:
    """Return the refusal of what a driver may not draft, at the field that says so."""
    return NotOffTruck(
        Text(
            "Un livreur note un brouillon pour un client de sa tournée en route, de ce que porte son camion. "
            "Demander le reste à un répartiteur.",
            "A driver drafts for a customer of its run on the road, of what its truck carries. "
            "Ask a dispatcher for the rest.",
        ),
        where=where,
    )
