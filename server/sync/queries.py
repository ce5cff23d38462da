"""What a bundle is made of: reads over the contexts below, each one query for the whole run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.model import Invoice
from server.billing.queries import live_invoices
from server.catalog.queries import ContainerOffer, offers_on
from server.core.acting import acting_for, acting_org
from server.documents.model import Document, DocumentKind
from server.identity.model import Device
from server.ledger.queries import open_cents
from server.orders.model import Order
from server.parties.model import BillingType, Organisation, Site
from server.planning.model import Run, Stop, Vehicle
from server.sync.model import Attachment
from shared.states import InvoiceState

_FOR_TABLET = (DocumentKind.INVOICE, DocumentKind.PROVISIONAL_INVOICE, DocumentKind.DELIVERY_SLIP)


@dataclass(frozen=True, slots=True)
class RunReading:
    """Everything that a run's bundle says, by id; ``open_cents`` says what published invoices still ask for."""

    run: Run
    vehicle: Vehicle
    orders: Mapping[UUID, Order]
    sites: Mapping[UUID, Site]
    names: Mapping[UUID, str]
    invoices: Mapping[UUID, Invoice]
    offers: tuple[ContainerOffer, ...]
    files: Mapping[UUID, tuple[Document, ...]]
    timezone: str
    open_cents: Mapping[UUID, int]

    def issues_here(self, seller_id: UUID) -> bool:
        """Say whether the seller issues invoices on the platform (C30)."""
        return any(
            order.billing_type is BillingType.PLATFORM for order in self.orders.values() if order.owner_id == seller_id
        )


def read_run(session: Session, run_id: UUID) -> RunReading:
    """Return what the run's bundle is made of, as the carrier sees it."""
    run = session.scalars(
        select(Run).where(Run.id == run_id).options(selectinload(Run.stops).selectinload(Stop.orders))
    ).one()
    vehicle = session.scalars(select(Vehicle).where(Vehicle.id == run.vehicle_id)).one()
    order_ids = [ridden.order_id for stop in run.stops for ridden in stop.orders]
    orders = session.scalars(select(Order).where(Order.id.in_(order_ids)).options(selectinload(Order.lines))).all()
    site_ids = {stop.site_id for stop in run.stops} | {vehicle.depot_site_id}
    sites = session.scalars(select(Site).where(Site.id.in_(site_ids))).all()
    carrier = session.scalars(select(Organisation).where(Organisation.id == run.owner_id)).one()
    invoices = live_invoices(session, order_ids)
    return RunReading(
        run=run,
        vehicle=vehicle,
        orders={order.id: order for order in orders},
        sites={site.id: site for site in sites},
        names=_names(session, orders, run.owner_id),
        invoices=invoices,
        offers=offers_on(session, {run.owner_id} | {order.owner_id for order in orders}, on=run.runs_on),
        files=_files(session, order_ids),
        timezone=carrier.timezone,
        open_cents=_open_cents(session, invoices.values()),
    )


def _names(session: Session, orders: Sequence[Order], carrier_id: UUID) -> dict[UUID, str]:
    wanted = {carrier_id} | {one for order in orders for one in (order.owner_id, order.issuer_id) if one is not None}
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def _open_cents(session: Session, invoices: Iterable[Invoice]) -> dict[UUID, int]:
    """Read each issuer's own journal; a provisional invoice is not posted yet and asks for its total."""
    published: dict[UUID, list[UUID]] = defaultdict(list)
    for invoice in invoices:
        if invoice.state is InvoiceState.PUBLISHED:
            published[invoice.owner_id].append(invoice.id)
    found: dict[UUID, int] = {}
    for issuer_id, invoice_ids in sorted(published.items()):
        with acting_for(session, issuer_id):
            found.update(open_cents(session, issuer_id=issuer_id, document_ids=invoice_ids))
    return found


def _files(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Document, ...]]:
    rows = session.scalars(
        select(Document)
        .where(Document.order_id.in_(order_ids), Document.kind.in_(_FOR_TABLET))
        .order_by(Document.order_id, Document.kind, Document.revision)
    )
    latest: dict[tuple[UUID, DocumentKind], Document] = {}
    for document in rows:
        if document.order_id is not None:
            latest[document.order_id, document.kind] = document
    grouped: dict[UUID, list[Document]] = defaultdict(list)
    for (order_id, _kind), document in latest.items():
        grouped[order_id].append(document)
    return {order_id: tuple(found) for order_id, found in grouped.items()}


def attachment_of(session: Session, sha256: str) -> Attachment | None:
    """Return the carrier's attachment of this name, if any of it was kept."""
    return session.scalars(
        select(Attachment).where(Attachment.owner_id == acting_org(session), Attachment.sha256 == sha256)
    ).one_or_none()


def device_of(session: Session, device_id: UUID) -> Device:
    """Return a tablet that the doors let in."""
    return session.scalars(select(Device).where(Device.id == device_id)).one()


def file_named(session: Session, sha256: str) -> Document | None:
    """Return a paper of these bytes that the carrier may read, if there is one."""
    return session.scalars(select(Document).where(Document.sha256 == sha256).limit(1)).one_or_none()
