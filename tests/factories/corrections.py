"""Correcting deliveries for tests: by hand through the API, and what the books must say afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from werkzeug.test import TestResponse

from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceLine, InvoiceOrder
from server.billing.queries import billed_documents
from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.delivery.queries import latest_delivery
from server.identity.model import OrganisationKind, Role
from server.orders.model import Order, OrderLine
from server.planning import service as planning
from server.receivables.audit import book_faults
from server.stock.model import ContainerEntry, StockMove, StockPlace
from server.sync.service.bundles import build_bundle
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from shared.states import CreditState, InvoiceState, OrderState
from shared.visit import VisitCollection, VisitContainers
from tests.factories.hand_tablet import HandTablet, Yard
from tests.factories.web import Client, Organisation, make_member, program_of, tablet_of
from tests.factories.world import stamp

COUNTED = ("ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")


def billed_cents(session: Session, *, order_id: UUID) -> int:
    """Return what an order is billed now: its published final invoice and what supplements it, less every credit."""
    documents = billed_documents(session, order_id=order_id)
    return sum(one.total_cents if isinstance(one, Invoice) else -one.total_cents for one in documents)


def office(yard: Yard, role: Role = Role.DISPATCHER) -> Client:
    """Return a program of somebody at the carrier's office."""
    return program_of(yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), role))


def strangers_tablet(yard: Yard) -> tuple[HandTablet, UUID]:
    """Return the tablet of a driver who was never given the run, and its driver."""
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), Role.DRIVER)
    return HandTablet(tablet_of(yard.app, driver), yard.tablet.run), driver.user_id


def give_run(yard: Yard, driver_id: UUID) -> None:
    """Repair what was missing: the run is given to the driver."""
    with transaction(yard.world.carrier_id) as session:
        planning.assign_driver(session, run_id=yard.run_id, driver_id=driver_id, driver_name="Maude", stamp=stamp())
        build_bundle(session, yard.run_id, stamp=stamp())


def delivery_of(yard: Yard, order_id: str | UUID) -> Delivery:
    """Return the revision that stands of an order's delivery, with its lines."""
    with transaction(yard.world.carrier_id) as session:
        found = latest_delivery(session, order_id=UUID(str(order_id)))
        assert found is not None
        session.expunge_all()
        return found


def counted_again(delivery: Delivery, changes: Mapping[UUID, DeliveredLine]) -> list[dict[str, Any]]:
    """Return every line of a delivery as a correction's body has it, with some of them counted anew."""
    lines = [changes.get(line.order_line_id, line) for line in delivery.lines]
    return [
        {"order_line_id": str(was.order_line_id)} | {name: getattr(now, name) for name in COUNTED}
        for was, now in zip(delivery.lines, lines, strict=True)
    ]


def correct(
    client: Client,
    delivery: Delivery,
    changes: Mapping[UUID, DeliveredLine],
    *,
    key: UUID | None = None,
    reason: str = "Recompté avec le client",
) -> TestResponse:
    """Correct a delivery by hand."""
    body = {"key": str(key or new_id()), "reason": reason, "lines": counted_again(delivery, changes)}
    return client.post(f"/api/v1/deliveries/{delivery.id}/corrections", json=body)


def recount(line: Any, delivered: int, *, extra: int = 0, kind: str = "lost") -> DeliveredLine:
    """Return a line of which ``delivered`` were accepted, the rest ``lost``, ``returned`` or ``not_shipped``."""
    missing = line.ordered - delivered
    reason = {"lost": "missing", "returned": "refused_item", "not_shipped": "forgotten"}[kind] if missing else ""
    return DeliveredLine(
        str(line.order_line_id), line.ordered, delivered, **{kind: missing}, extra=extra, reason=reason
    )


def billed_units(issuer_id: UUID, order_id: UUID) -> dict[UUID, int]:
    """Return invoiced − credited units of every line of an order, over all published documents (law 19)."""
    with transaction(issuer_id) as session:
        covered = select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == order_id)
        invoiced = session.execute(
            select(InvoiceLine.order_line_id, func.sum(InvoiceLine.quantity))
            .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
            .where(
                Invoice.id.in_(covered),
                Invoice.state == InvoiceState.PUBLISHED,
                InvoiceLine.revision == Invoice.revision,
            )
            .group_by(InvoiceLine.order_line_id)
        )
        units = {row[0]: int(row[1]) for row in invoiced}
        credited = session.execute(
            select(CreditLine.order_line_id, func.sum(CreditLine.quantity))
            .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
            .where(CreditNote.invoice_id.in_(covered), CreditNote.state == CreditState.ISSUED)
            .group_by(CreditLine.order_line_id)
        )
        for line_id, taken in credited:
            units[line_id] -= int(taken)
        return {line_id: quantity for line_id, quantity in units.items() if quantity}


def supplement_units(seller_id: UUID, order_id: UUID) -> int:
    """Return the units of the supplementary orders that stand for an order."""
    with transaction(seller_id) as session:
        rows = session.scalars(
            select(OrderLine.quantity)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.supplement_of_id == order_id, Order.state != OrderState.CANCELLED)
        )
        return sum(rows)


def assert_supplements_billed(delivery: Delivery) -> None:
    """R005, R041: what was taken beyond the order is billed to the cent where it stands, not at all once withdrawn."""
    with transaction(delivery.seller_id) as session:
        made = session.scalars(select(Order).where(Order.supplement_of_id == delivery.order_id)).all()
        wanted = {one.id: 0 if one.state is OrderState.CANCELLED else one.total_cents for one in made}
    with transaction(delivery.issuer_id) as session:
        assert {order_id: billed_cents(session, order_id=order_id) for order_id in wanted} == wanted


def assert_books_agree(yard: Yard, order_id: str | UUID) -> None:
    """Law 19 in units, goods at the customer's, containers lent, and the issuer's whole books."""
    delivery = delivery_of(yard, order_id)
    wanted = {line.order_line_id: line.delivered for line in delivery.lines if line.delivered}
    assert billed_units(delivery.issuer_id, delivery.order_id) == wanted
    assert supplement_units(delivery.seller_id, delivery.order_id) == sum(line.extra for line in delivery.lines)
    assert_supplements_billed(delivery)
    with transaction(delivery.issuer_id) as session:
        assert [f"{one.kind} {one.where}" for one in book_faults(session, issuer_id=delivery.issuer_id)] == []
    assert goods_at(delivery.seller_id, StockPlace.CUSTOMER) == accepted_units(yard, delivery.seller_id)
    assert lent_containers(yard, delivery.buyer_id) == containers_of(yard, delivery.buyer_id)


def accepted_units(yard: Yard, seller_id: UUID) -> int:
    """Return the units of a seller that customers accepted, by the revisions that stand."""
    with transaction(yard.world.carrier_id) as session:
        order_ids = set(session.scalars(select(Delivery.order_id).where(Delivery.seller_id == seller_id)))
    standing = [delivery_of(yard, order_id) for order_id in order_ids]
    return sum(line.delivered + line.extra for one in standing for line in one.lines)


def goods_at(seller_id: UUID, place: StockPlace) -> int:
    """Return how many units of a seller are at a place."""
    with transaction(seller_id) as session:
        moves = session.scalars(select(StockMove).where(StockMove.owner_id == seller_id)).all()
    return sum(move.quantity * ((move.target is place) - (move.source is place)) for move in moves)


def lent_containers(yard: Yard, holder_id: UUID) -> int:
    """Return how many containers of everybody a holder has."""
    owners = {yard.world.carrier_id, *(seller.id for seller in yard.world.sellers)}
    total = 0
    for owner_id in owners:
        with transaction(owner_id) as session:
            entries = session.scalars(
                select(ContainerEntry.quantity).where(
                    ContainerEntry.owner_id == owner_id, ContainerEntry.holder_id == holder_id
                )
            )
            total += sum(entries)
    return total


def containers_of(yard: Yard, buyer_id: UUID) -> int:
    """Return how many containers the standing deliveries of a buyer brought."""
    total = 0
    for seller in yard.world.sellers:
        with transaction(seller.id) as session:
            orders = session.scalars(
                select(Order)
                .where(Order.owner_id == seller.id, Order.buyer_id == buyer_id, Order.supplement_of_id.is_(None))
                .options(selectinload(Order.lines))
            ).all()
            per_unit = {line.id: line.containers_a_unit for order in orders for line in order.lines}
        for order in orders:
            with transaction(yard.world.carrier_id) as session:
                delivery = latest_delivery(session, order_id=order.id)
                lines = list(delivery.lines) if delivery else []
            total += sum((line.delivered + line.extra) * per_unit[line.order_line_id] for line in lines)
    return total


def only_order(yard: Yard) -> UUID:
    """Return the first order of the next stop."""
    return UUID(yard.tablet.stop().orders[0].order_id)


def delivered_in_full(yard: Yard) -> Delivery:
    """Deliver the next stop in full and return the delivery of its first order."""
    yard.tablet.visit(yard.tablet.stop())
    assert yard.tablet.push()["results"][0]["status"] == "applied"
    return delivery_of(yard, only_order(yard))


def order_of(yard: Yard, order_id: UUID) -> Order:
    """Return an order as it stands."""
    with transaction(yard.world.carrier_id) as session:
        return session.get_one(Order, order_id)


def billed(delivery: Delivery) -> int:
    """Return what the order of a delivery is billed now, in cents."""
    with transaction(delivery.issuer_id) as session:
        return billed_cents(session, order_id=delivery.order_id)


def notes_of(issuer_id: UUID) -> list[CreditNote]:
    """Return an issuer's credit notes, oldest first."""
    with transaction(issuer_id) as session:
        rows = select(CreditNote).where(CreditNote.owner_id == issuer_id).order_by(CreditNote.created_at)
        return list(session.scalars(rows))


def correction_of(tablet: HandTablet, event_id: str, **said: object) -> None:
    """Seal a visit of the next stop that corrects a former one."""
    tablet.visit(tablet.stop(), payload={"corrects": event_id}, **said)


def first_event(tablet: HandTablet) -> str:
    """Return the id of the first event that a tablet sealed."""
    return event_id_of(tablet, 1)


def event_id_of(tablet: HandTablet, seq: int) -> str:
    """Return the id of an event that a tablet sealed."""
    return str(msgspec.json.decode(tablet.events[seq - 1].body)["event_id"])


def empties_and_cash(tablet: HandTablet, *, kegs: int, cents: int) -> dict[str, object]:
    """Return what a visit says of 50 L kegs taken back and of cash for the first seller of the stop."""
    stop = tablet.stop()
    seller_id = stop.orders[0].goods.seller_id
    keg = next(one for one in stop.containers if one.container_class == "keg_50l" and one.owner_id == seller_id)
    back = VisitContainers(
        owner_id=keg.owner_id,
        creditor_id=keg.creditor_id,
        container_class=keg.container_class,
        returned=kegs,
        unit_cents=keg.unit_cents,
    )
    return {
        "containers": [back] if kegs else [],
        "collections": [VisitCollection(issuer_id=seller_id, method="cash", amount_cents=cents)] if cents else [],
    }
