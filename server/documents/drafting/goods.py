"""Slips, notices, run sheets and load lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from server.billing.model import Invoice
from server.delivery.model import Delivery, DeliveryLine, HandRecord
from server.documents.drafting.words import party_of_organisation, party_of_site, reason, unit
from server.documents.rendering import papers
from server.documents.rendering.parts import DeliveredRow, GoodsLine, Moment, Party, Window
from server.orders.model import LineKind, Order, OrderLine
from server.parties.model import Organisation, Site
from server.parties.wording import badge_of
from server.planning.model import MatrixSource, Run, Stop, Vehicle
from shared.problems import Text


@dataclass(frozen=True, slots=True)
class Cast:
    """The organisations and sites of a run's papers, by id."""

    organisations: Mapping[UUID, Organisation]
    sites: Mapping[UUID, Site]

    def party(self, org_id: UUID) -> Party:
        """Return an organisation as it is printed."""
        return party_of_organisation(self.organisations[org_id])

    def place(self, site_id: UUID) -> Party:
        """Return a site as it is printed."""
        return party_of_site(self.sites[site_id])


def draft_slip(
    order: Order, cast: Cast, *, run: Run, stop: Stop, qr: str, delivery: Delivery | None = None
) -> papers.DeliverySlip:
    """Return the delivery slip of one order on a run, without prices."""
    slip = _slip(order, cast, carrier_id=run.owner_id, on=run.runs_on, qr=qr, delivery=delivery)
    return msgspec.structs.replace(slip, run_name=run.name, position=stop.position)


def draft_slip_by_hand(
    order: Order, cast: Cast, *, record: HandRecord, delivery: Delivery, qr: str
) -> papers.DeliverySlip:
    """Return the slip of a delivery that no tablet saw; it says who recorded it, and that nobody signed."""
    slip = _slip(order, cast, carrier_id=delivery.owner_id, on=record.delivered_on, qr=qr, delivery=delivery)
    return msgspec.structs.replace(slip, by_hand=said_by_hand(record))


def _slip(
    order: Order, cast: Cast, *, carrier_id: UUID, on: date, qr: str, delivery: Delivery | None
) -> papers.DeliverySlip:
    return papers.DeliverySlip(
        qr=qr,
        order_number=order.number,
        billed=badge_of(order.billing_type),
        seller=cast.party(order.owner_id),
        buyer=cast.place(order.site_id),
        carrier=cast.party(carrier_id),
        deliver_on=on,
        lines=_lines(order, delivery),
        note=order.note,
    )


def said_by_hand(record: HandRecord) -> Text:
    """Return what a paper says of a delivery that was recorded by hand."""
    why = f" {record.words}" if record.words else ""
    return Text(
        f"Consignée à la main par {record.by_name}. Aucune signature n’a été prise et aucun sceau n’atteste ce qui est "
        f"écrit ici.{why}",
        f"Recorded by hand by {record.by_name}. No signature was taken, and no seal vouches for what is written here."
        f"{why}",
    )


def draft_run_sheet(
    run: Run,
    vehicle: Vehicle,
    cast: Cast,
    *,
    orders: Mapping[UUID, Order],
    collect: Mapping[UUID, Sequence[tuple[str, int]]],
    timezone: str,
    qr: str,
) -> papers.RunSheet:
    """Return the driver's list; ``collect`` holds issuer names and cents by stop."""
    return papers.RunSheet(
        qr=qr,
        run_name=run.name,
        runs_on=run.runs_on,
        timezone=timezone,
        carrier=cast.party(run.owner_id),
        depot=cast.place(vehicle.depot_site_id),
        driver_name=run.driver_name,
        vehicle_name=vehicle.name,
        starts_at=run.starts_at,
        ends_at=run.ends_at or run.starts_at,
        distance_m=run.distance_m,
        estimated=run.matrix_source is MatrixSource.ESTIMATE,
        stops=tuple(_run_stop(stop, cast, orders, collect.get(stop.id, ())) for stop in run.stops),
        version=run.version,
    )


def draft_load_list(
    run: Run, vehicle: Vehicle, cast: Cast, *, orders: Mapping[UUID, Order], qr: str
) -> papers.LoadList:
    """Return what to load, last stop first."""
    stops = tuple(_load_stop(stop, cast, orders) for stop in run.stops)
    weight_g = sum(line.weight_g * line.quantity for order in orders.values() for line in order.lines)
    return papers.LoadList(
        qr=qr,
        run_name=run.name,
        runs_on=run.runs_on,
        carrier=cast.party(run.owner_id),
        vehicle_name=vehicle.name,
        stops=stops,
        weight_g=weight_g,
        version=run.version,
    )


_STRUCK_OUT = Text("Ligne retirée de la commande depuis", "Line struck out of the order since")


def draft_variance_notice(
    delivery: Delivery, order: Order, cast: Cast, *, signer_role: str, timezone: str, uncertainty_s: int, qr: str
) -> papers.VarianceNotice:
    """Return the notice to a seller who invoices outside (C14)."""
    return papers.VarianceNotice(
        qr=qr,
        reference=f"AE-{order.number}",
        order_number=order.number,
        seller=cast.party(order.owner_id),
        buyer=cast.place(order.site_id),
        carrier=cast.party(delivery.owner_id),
        delivered_at=Moment(at=delivery.delivered_at, uncertainty_s=uncertainty_s),
        timezone=timezone,
        rows=delivered_rows(delivery, order),
        signer_name=delivery.signer_name,
        signer_role=signer_role,
        by_hand=said_by_hand(delivery.by_hand) if delivery.by_hand else None,
        billed=badge_of(order.billing_type),
    )


def delivered_rows(delivery: Delivery, order: Order) -> tuple[DeliveredRow, ...]:
    """Return what happened to each line of the order."""
    lines = {line.id: line for line in order.lines}
    return tuple(_delivered_row(one, lines.get(one.order_line_id)) for one in delivery.lines)


def _delivered_row(one: DeliveryLine, line: OrderLine | None) -> DeliveredRow:
    """A line that its seller struck out once the truck had left is shown as what it was for the customer: a line."""
    return DeliveredRow(
        description=Text(line.description_fr, line.description_en) if line else _STRUCK_OUT,
        unit=unit(line.sales_unit if line else "unit"),
        ordered=one.ordered,
        delivered=one.delivered,
        not_shipped=one.not_shipped,
        lost=one.lost,
        returned=one.returned,
        extra=one.extra,
        reason=reason(one.reason),
    )


def _lines(order: Order, delivery: Delivery | None) -> tuple[GoodsLine, ...]:
    received = {line.order_line_id: line for line in delivery.lines} if delivery else {}
    return tuple(_line(line, received.get(line.id)) for line in order.lines)


def _line(line: OrderLine, received: DeliveryLine | None) -> GoodsLine:
    return GoodsLine(
        description=Text(line.description_fr, line.description_en),
        unit=unit(line.sales_unit),
        quantity=line.quantity,
        received=received.delivered + received.extra if received else None,
        reason=reason(received.reason) if received else None,
    )


def _run_stop(
    stop: Stop, cast: Cast, orders: Mapping[UUID, Order], collect: Sequence[tuple[str, int]]
) -> papers.RunStop:
    site = cast.sites[stop.site_id]
    return papers.RunStop(
        position=stop.position,
        place=party_of_site(site),
        planned_at=stop.planned_at,
        service_s=stop.service_s,
        windows=tuple(Window(opens_min=opens, closes_min=closes) for opens, closes in site.windows),
        orders=tuple(_handed_over(orders[one.order_id], cast) for one in stop.orders),
        collect=tuple(collect),
        access_note=site.access_note,
    )


def _handed_over(order: Order, cast: Cast) -> papers.HandedOver:
    seller = cast.organisations[order.owner_id]
    return papers.HandedOver(number=order.number, seller_name=seller.name, billed=badge_of(order.billing_type))


def _load_stop(stop: Stop, cast: Cast, orders: Mapping[UUID, Order]) -> papers.LoadStop:
    lines = [
        papers.LoadLine(
            product=str(line.format_id or line.id),
            description=Text(line.description_fr, line.description_en),
            unit=unit(line.sales_unit),
            quantity=line.quantity,
            seller_name=cast.organisations[orders[one.order_id].owner_id].name,
        )
        for one in stop.orders
        for line in orders[one.order_id].lines
        if line.kind is not LineKind.CHARGE
    ]
    return papers.LoadStop(position=stop.position, name=cast.sites[stop.site_id].name, lines=tuple(lines))


def invoice_collectables(
    invoices: Mapping[UUID, Invoice], run: Run, names: Mapping[UUID, str]
) -> dict[UUID, list[tuple[str, int]]]:
    """Return, by stop, what each issuer's invoices amount to."""
    found: dict[UUID, list[tuple[str, int]]] = {}
    for stop in run.stops:
        amounts: dict[UUID, int] = {}
        for one in stop.orders:
            if (invoice := invoices.get(one.order_id)) is not None:
                amounts[invoice.owner_id] = amounts.get(invoice.owner_id, 0) + invoice.total_cents
        found[stop.id] = [(names[issuer_id], cents) for issuer_id, cents in sorted(amounts.items())]
    return found
