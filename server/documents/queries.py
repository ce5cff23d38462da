"""What papers are drafted from: whole subjects, each in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, literal, or_, select
from sqlalchemy.orm import Session, selectinload

from server.billing import queries as billing
from server.billing.joined import JoinedInvoice, joined_among
from server.billing.model import CreditNote, Invoice
from server.catalog.model import ContainerClass
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.delivery.model import Delivery, VarianceNotice, Visit
from server.documents.drafting.goods import Cast
from server.documents.model import Document, DocumentKind
from server.orders.model import Order
from server.parties.model import Organisation, Site
from server.planning.model import Run, Stop, StopOrder, Vehicle


@dataclass(frozen=True, slots=True)
class RunSubject:
    """A run with everything that its papers print."""

    run: Run
    vehicle: Vehicle
    orders: Mapping[UUID, Order]
    invoices: Mapping[UUID, Invoice]
    cast: Cast
    carrier: Organisation
    containers: Mapping[str, Text]
    joined: Mapping[UUID, JoinedInvoice]


@dataclass(frozen=True, slots=True)
class DeliverySubject:
    """A delivery with everything that its papers print; one that was recorded by hand has no visit, run and stop."""

    delivery: Delivery
    visit: Visit | None
    order: Order
    run: Run | None
    stop: Stop | None
    cast: Cast
    carrier: Organisation
    notice: VarianceNotice | None


def run_subject(session: Session, run_id: UUID) -> RunSubject:
    """Return what a run's papers are drafted from, as its carrier sees it."""
    run = session.scalars(
        select(Run).where(Run.id == run_id).options(selectinload(Run.stops).selectinload(Stop.orders))
    ).one()
    vehicle = session.scalars(select(Vehicle).where(Vehicle.id == run.vehicle_id)).one()
    orders = _orders(session, [one.order_id for stop in run.stops for one in stop.orders])
    invoices = billing.live_invoices(session, orders)
    billing.with_lines(session, list(invoices.values()))
    sites = {stop.site_id for stop in run.stops} | {vehicle.depot_site_id}
    cast = cast_of(session, orders.values(), sites=sites, organisations={run.owner_id})
    carrier, joined = cast.organisations[run.owner_id], joined_among(session, invoices.values())
    return RunSubject(run, vehicle, orders, invoices, cast, carrier, containers(session), joined)


def delivery_subject(session: Session, delivery_id: UUID) -> DeliverySubject:
    """Return what a delivery's papers are drafted from, as its carrier sees it."""
    delivery = session.scalars(
        select(Delivery)
        .where(Delivery.id == delivery_id)
        .options(selectinload(Delivery.lines), selectinload(Delivery.by_hand))
    ).one()
    visit = session.get(Visit, delivery.visit_id) if delivery.visit_id else None
    run = session.get_one(Run, visit.run_id) if visit else None
    stop = session.get_one(Stop, visit.stop_id) if visit else None
    order = _orders(session, [delivery.order_id])[delivery.order_id]
    sites = {visit.site_id if visit else order.site_id}
    cast = cast_of(session, [order], sites=sites, organisations={delivery.owner_id})
    notice = session.scalars(select(VarianceNotice).where(VarianceNotice.delivery_id == delivery_id)).one_or_none()
    carrier = cast.organisations[delivery.owner_id]
    return DeliverySubject(delivery, visit, order, run, stop, cast, carrier, notice)


def cast_of(
    session: Session, orders: Iterable[Order], *, sites: set[UUID] | None = None, organisations: set[UUID] | None = None
) -> Cast:
    """Return the organisations and sites that these orders name, and the given ones."""
    wanted = set(organisations or ())
    places = set(sites or ())
    for order in orders:
        wanted |= {one for one in (order.owner_id, order.buyer_id, order.carrier_id, order.issuer_id) if one}
        places.add(order.site_id)
    found = session.scalars(select(Organisation).where(Organisation.id.in_(wanted))).all()
    located = session.scalars(select(Site).where(Site.id.in_(places))).all()
    return Cast({one.id: one for one in found}, {one.id: one for one in located})


def containers(session: Session) -> dict[str, Text]:
    """Return the names of the container classes that the acting organisation sees, by code."""
    return {one.code: Text(one.name_fr, one.name_en) for one in session.scalars(select(ContainerClass))}


def order_with_lines(session: Session, order_id: UUID) -> Order:
    """Return an order with its lines.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = _orders(session, [order_id]).get(order_id)
    if found is None:
        raise NotFound(Text("Cette commande n’existe pas.", "There is no such order."), where=str(order_id))
    return found


def delivery_of_order(session: Session, order_id: UUID) -> Delivery | None:
    """Return the last delivery of an order with its lines, if there is one."""
    return session.scalars(
        select(Delivery)
        .where(Delivery.order_id == order_id)
        .options(selectinload(Delivery.lines), selectinload(Delivery.by_hand))
        .order_by(Delivery.received_at.desc(), Delivery.id)
        .limit(1)
    ).first()


def invoice_of_credit(session: Session, note: CreditNote) -> Invoice | None:
    """Return the invoice that a credit note belongs to, if any."""
    return session.get(Invoice, note.invoice_id) if note.invoice_id else None


def latest(session: Session, *, owner_id: UUID, kind: DocumentKind, subject_id: UUID, language: str) -> Document | None:
    """Return the last revision of a paper, if there is one."""
    return session.scalars(
        select(Document)
        .where(
            Document.owner_id == owner_id,
            Document.kind == kind,
            Document.subject_id == subject_id,
            Document.language == language,
        )
        .order_by(Document.revision.desc())
        .limit(1)
    ).first()


@dataclass(frozen=True, slots=True)
class Ridden:
    """Kinds of papers of which somebody sees those of own runs alone."""

    driver_id: UUID
    kinds: frozenset[DocumentKind]


def document(session: Session, *, document_id: UUID, ridden: Ridden | None = None) -> Document:
    """Return a paper that the acting organisation owns or reads; a driver's must be of a run of theirs.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    org_id = acting_org(session)
    chosen = select(Document).where(
        Document.id == document_id, or_(Document.owner_id == org_id, literal(org_id) == any_(Document.party_ids))
    )
    if ridden is not None:
        chosen = chosen.where(_seen(ridden))
    found = session.scalars(chosen).one_or_none()
    if found is None:
        raise missing(document_id)
    return found


def rides_with(session: Session, *, order_id: UUID, driver_id: UUID) -> bool:
    """Say whether an order is on a run of this driver."""
    riding = (
        select(StopOrder.id)
        .join(Stop, Stop.id == StopOrder.stop_id)
        .join(Run, Run.id == Stop.run_id)
        .where(StopOrder.order_id == order_id, Run.driver_id == driver_id)
    )
    return session.scalar(select(riding.exists())) or False


def missing(document_id: UUID) -> NotFound:
    """Return the refusal of a paper that does not exist for the caller."""
    return NotFound(Text("Ce document n’existe pas.", "There is no such document."), where=str(document_id))


def of_run(session: Session, run_id: UUID) -> Sequence[Document]:
    """Return every paper of a run that the acting organisation may read, newest revisions only."""
    rows = session.scalars(select(Document).where(Document.run_id == run_id).order_by(Document.revision))
    newest = {(row.kind, row.subject_id, row.language): row for row in rows}
    return sorted(newest.values(), key=lambda row: (row.kind.value, row.name))


def of_order(session: Session, order_id: UUID) -> Sequence[Document]:
    """Return every paper of an order that the acting organisation may read, all revisions, oldest first."""
    return session.scalars(
        select(Document).where(Document.order_id == order_id).order_by(Document.made_at, Document.revision)
    ).all()


def _seen(ridden: Ridden) -> ColumnElement[bool]:
    runs = select(Run.id).where(Run.driver_id == ridden.driver_id)
    riding = select(StopOrder.order_id).join(Stop, Stop.id == StopOrder.stop_id).where(Stop.run_id.in_(runs))
    return or_(Document.kind.not_in(list(ridden.kinds)), Document.run_id.in_(runs), Document.order_id.in_(riding))


def _orders(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    rows = session.scalars(select(Order).where(Order.id.in_(order_ids)).options(selectinload(Order.lines)))
    return {row.id: row for row in rows}


def all_documents(
    *, kinds: Iterable[DocumentKind], order_id: UUID | None, run_id: UUID | None, ridden: Ridden | None
) -> Select[Document]:
    """Return the query of every readable paper of these kinds, or of one order's, run's or driver's."""
    query = select(Document).where(Document.kind.in_(list(kinds)))
    if order_id is not None:
        query = query.where(Document.order_id == order_id)
    if run_id is not None:
        query = query.where(Document.run_id == run_id)
    return query if ridden is None else query.where(_seen(ridden))
