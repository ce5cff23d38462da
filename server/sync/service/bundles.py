"""A run as its tablet pulls it: whole, immutable by version, with everything a day without network needs."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.billing.service import freeze_order_terms
from server.catalog.queries import ContainerOffer
from server.core import facts
from server.core.stamp import Stamp
from server.delivery.reasons import CONSENT_EN, CONSENT_FR, FAILURES, REASONS
from server.delivery.service import read_terms
from server.documents.model import Document, DocumentKind
from server.orders.model import Order
from server.orders.service import hold_all
from server.parties.model import Site
from server.planning.model import MatrixSource, Run, Stop
from server.sync.events import BUNDLE_BUILT
from server.sync.model import RunBundle
from server.sync.queries import RunReading, read_run
from server.sync.service.streams import unix_ms
from shared.problems import Problem, Text
from shared.wire.bundle import (
    BundleOrder,
    BundleRun,
    BundleStop,
    Collectable,
    ContainerClass,
    FileRef,
    Place,
    Window,
)
from shared.wire.terms import Goods, half_hash

_LOCK_FEED = text("SELECT pg_advisory_xact_lock(hashtextextended('feed:' || :owner, 0))")


class NoDriver(Problem):
    """A run without a driver cannot go to a tablet."""

    slug = "run-without-driver"
    status = 409
    title = Text("Tournée sans livreur", "Run without a driver")


def build_bundle(session: Session, run_id: UUID, *, stamp: Stamp) -> RunBundle:
    """Freeze the run's terms and put its present version on the carrier's feed; the newest one is kept if it is equal.

    The run is held first: of two that are built at once, the second one reads what the first one froze.

    Raises:
        NoDriver: nobody is to drive it.
    """
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))
    reading = read_run(session, run_id)
    if reading.run.driver_id is None:
        raise NoDriver(
            Text("Affectez d’abord un livreur à la tournée.", "Assign a driver to the run first."),
            where=reading.run.name,
        )
    _hold_rebated(session, reading)
    latest = session.scalars(
        select(RunBundle).where(RunBundle.run_id == run_id).order_by(RunBundle.version.desc()).limit(1)
    ).first()
    is_up_to_date = latest is not None and latest.version >= reading.run.version
    if latest is not None and is_up_to_date and latest.body == _encode(session, reading, latest.version, stamp):
        return latest
    version = max(reading.run.version, (latest.version + 1) if latest else 1)
    reading.run.version = version
    bundle = RunBundle(
        **reading.run.kin(),
        run_id=run_id,
        driver_id=reading.run.driver_id,
        version=version,
        position=_next_position(session, reading.run.owner_id),
        body=_encode(session, reading, version, stamp),
        made_at=stamp.at,
    )
    session.add(bundle)
    facts.record(session, BUNDLE_BUILT, run_id, stamp)
    return bundle


def _hold_rebated(session: Session, reading: RunReading) -> None:
    """Frozen terms may share an order's rebates again: they are held in the one order of all, not stop by stop."""
    rebated = [order.id for order in reading.orders.values() if order.rebates]
    if rebated:
        hold_all(session, order_ids=rebated)


def _next_position(session: Session, owner_id: UUID) -> int:
    """Positions are given under a lock that lasts until the commit, so that no late commit slips in below."""
    session.execute(_LOCK_FEED, {"owner": str(owner_id)})
    return (session.scalar(select(func.max(RunBundle.position)).where(RunBundle.owner_id == owner_id)) or 0) + 1


def _encode(session: Session, reading: RunReading, version: int, stamp: Stamp) -> bytes:
    run = reading.run
    return msgspec.json.encode(
        BundleRun(
            run_id=str(run.id),
            version=version,
            name=run.name,
            carrier_id=str(run.owner_id),
            carrier_name=reading.names[run.owner_id],
            runs_on=run.runs_on.isoformat(),
            timezone=reading.timezone,
            vehicle_name=reading.vehicle.name,
            driver_id=str(run.driver_id),
            driver_name=run.driver_name,
            depot=_place(reading.sites[reading.vehicle.depot_site_id]),
            starts_at_ms=unix_ms(run.starts_at),
            stops=tuple(_stop(session, reading, stop, stamp) for stop in run.stops),
            reasons=REASONS,
            failures=FAILURES,
            consent_fr=CONSENT_FR,
            consent_en=CONSENT_EN,
            distance_m=run.distance_m,
            route_e5=tuple((int(lat), int(lon)) for lat, lon in run.route_e5),
            distances_estimated=run.matrix_source is MatrixSource.ESTIMATE,
        )
    )


def _stop(session: Session, reading: RunReading, stop: Stop, stamp: Stamp) -> BundleStop:
    site = reading.sites[stop.site_id]
    orders = [reading.orders[ridden.order_id] for ridden in stop.orders]
    return BundleStop(
        stop_id=str(stop.id),
        position=stop.position,
        place=_place(site),
        planned_at_ms=unix_ms(stop.planned_at),
        service_s=stop.service_s,
        recipients=tuple(str(name)[:200] for name in site.recipients),
        orders=tuple(_order(session, reading, order, stamp) for order in orders),
        containers=tuple(_container(reading, offer) for offer in _offers_at(reading, orders)),
        collect=_collectables(reading, orders),
    )


def _order(session: Session, reading: RunReading, order: Order, stamp: Stamp) -> BundleOrder:
    terms = freeze_order_terms(session, order=order, stamp=stamp)
    goods, prices = read_terms(terms)
    return BundleOrder(
        order_id=str(order.id),
        order_number=order.number,
        seller_name=reading.names[order.owner_id],
        issuer_name=reading.names[order.issuer_id or order.owner_id],
        terms_hash=terms.hash,
        goods=goods,
        prices=prices if goods.deliver_with == "invoice" else None,
        prices_hash=half_hash(prices).hex(),
        files=tuple(_file(document) for document in _files_for(reading, order, goods)),
    )


def _files_for(reading: RunReading, order: Order, goods: Goods) -> list[Document]:
    """Papers with prices go along with orders that are delivered with an invoice alone (C29)."""
    shows_prices = goods.deliver_with == "invoice"
    files = reading.files.get(order.id, ())
    return [document for document in files if shows_prices or document.kind is DocumentKind.DELIVERY_SLIP]


def _file(document: Document) -> FileRef:
    return FileRef(
        kind=document.kind.value,
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        media_type=document.media_type,
        name=document.name,
    )


def _offers_at(reading: RunReading, orders: list[Order]) -> list[ContainerOffer]:
    owners = {reading.run.owner_id} | {order.owner_id for order in orders}
    return [offer for offer in reading.offers if offer.container.owner_id in owners]


def _container(reading: RunReading, offer: ContainerOffer) -> ContainerClass:
    container = offer.container
    is_creditor = container.owner_id == reading.run.owner_id or reading.issues_here(container.owner_id)
    creditor_id = container.owner_id if is_creditor else reading.run.owner_id
    return ContainerClass(
        container_class=container.code,
        owner_id=str(container.owner_id),
        owner_name=reading.names.get(container.owner_id, ""),
        creditor_id=str(creditor_id),
        name_fr=container.name_fr,
        name_en=container.name_en,
        unit_cents=offer.unit_cents,
        taxable=container.taxable,
    )


def _collectables(reading: RunReading, orders: list[Order]) -> tuple[Collectable, ...]:
    """Return what each issuer is still owed of the stop's invoices; what is paid or credited is not asked for again."""
    due = {
        invoice.id: invoice
        for order in orders
        if (invoice := reading.invoices.get(order.id)) is not None and order.deliver_with.value == "invoice"
    }
    amounts: dict[UUID, int] = {}
    for invoice in due.values():
        still = reading.open_cents.get(invoice.id, invoice.total_cents)
        amounts[invoice.owner_id] = amounts.get(invoice.owner_id, 0) + max(0, still)
    return tuple(
        Collectable(issuer_id=str(issuer_id), issuer_name=reading.names[issuer_id], amount_cents=amount)
        for issuer_id, amount in sorted(amounts.items())
        if amount
    )


def _place(site: Site) -> Place:
    return Place(
        site_id=str(site.id),
        name=site.name,
        street=site.street,
        city=site.city,
        postal_code=site.postal_code,
        lat_e7=site.lat_e7,
        lon_e7=site.lon_e7,
        phone=site.phone,
        access_note=site.access_note,
        windows=tuple(Window(opens_min=opens, closes_min=closes) for opens, closes in site.windows),
    )
