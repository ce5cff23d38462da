"""Every order is delivered exactly once, or undelivered exactly once and open again; external ones get a notice.

Of a delivery that was corrected the last revision counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from server.delivery.model import Delivery, VisitOutcome
from server.example.check.books import Books, lines_of
from server.example.check.finding import Finding, finding
from server.orders.model import Order
from shared.delivery import shortages
from shared.problems import Text
from shared.states import InvoiceState, OrderState, StopState

_STATES: Final = {
    VisitOutcome.COMPLETE: OrderState.DELIVERED,
    VisitOutcome.PARTIAL: OrderState.PARTLY_DELIVERED,
    VisitOutcome.REFUSED: OrderState.ACCEPTED,
    VisitOutcome.FAILED: OrderState.ACCEPTED,
}
"""Where an order stands after each outcome; accepted is open again for another day (C27)."""


def check_delivered_once(books: Books) -> Finding:
    """Each order rides once and has one delivery, which its state agrees with; each stop ended."""
    undelivered = sum(1 for one in books.standing if _STATES[one.outcome] is OrderState.ACCEPTED)
    total = len(books.orders)
    return finding(
        "delivered-once",
        Text("Chaque commande livrée une seule fois", "Each order delivered exactly once"),
        Text(
            f"{total} commandes, {total - undelivered} livrées, {undelivered} non livrées et rouvertes",
            f"{total} orders, {total - undelivered} delivered, {undelivered} undelivered and open again",
        ),
        (*_absence_faults(books), *_ride_faults(books), *_stop_faults(books)),
    )


def check_external(books: Books) -> Finding:
    """External orders: a variance notice for each short delivery and for no other, and never an invoice."""
    external = [one for one in books.standing if books.is_external(one.order_id)]
    short = {one.id: sum(part.quantity for part in shortages(lines_of(one))) for one in external}
    short = {delivery_id: units for delivery_id, units in short.items() if units}
    counted = {one.id for one in external}
    noticed = {one.delivery_id: one.short_units for one in books.notices if one.delivery_id in counted}
    faults = [f"{delivery_id}: {noticed.get(delivery_id, 0)} ≠ {short.get(delivery_id, 0)}"
              for delivery_id in sorted(noticed.keys() | short.keys())
              if noticed.get(delivery_id) != short.get(delivery_id)]  # fmt: skip
    faults += [f"{order.number}: facture · invoice" for order in books.orders.values() if _is_billed(books, order)]
    return finding(
        "external",
        Text("Commandes facturées à l’externe", "Orders invoiced outside"),
        Text(
            f"{len(external)} livraisons, {len(short)} avec manquants, {len(noticed)} avis d’écart, aucune facture",
            f"{len(external)} deliveries, {len(short)} short, {len(noticed)} variance notices, no invoice",
        ),
        faults,
    )


def _is_billed(books: Books, order: Order) -> bool:
    return books.is_external(order.id) and bool(books.invoices_of.get(order.id))


def _absence_faults(books: Books) -> Iterator[str]:
    """Nothing is proven by a day that was not lived."""
    if not books.runs or not books.orders:
        yield f"{books.scope.runs_on}: aucune tournée; lancer « tournee day run » · no run; run “tournee day run”"


def _ride_faults(books: Books) -> Iterator[str]:
    rides = Counter(books.riding)
    for delivery in books.unexplained:
        yield f"{books.orders[delivery.order_id].number}: révision sans correction · revision {delivery.revision}"
    for order in books.orders.values():
        made = books.deliveries_of.get(order.id, ())
        if rides[order.id] != 1:
            yield f"{order.number}: {rides[order.id]} × en tournée · on a run"
        if len(made) != 1:
            yield f"{order.number}: {len(made)} livraisons · deliveries"
        else:
            yield from _state_faults(books, order, made[0])


def _state_faults(books: Books, order: Order, delivery: Delivery) -> Iterator[str]:
    if order.state is not _STATES[delivery.outcome]:
        yield f"{order.number}: {order.state} ({delivery.outcome})"
    ordered = {str(line.id): line.quantity for line in order.lines}
    counted = lines_of(delivery)
    if {line.line_id: line.ordered for line in counted} != ordered or not all(line.is_balanced for line in counted):
        yield f"{order.number}: lignes · lines"
    if order.state is OrderState.ACCEPTED and any(
        invoice.state is InvoiceState.PROVISIONAL for invoice in books.invoices_of.get(order.id, ())
    ):
        yield f"{order.number}: facture provisoire · provisional invoice"


def _stop_faults(books: Books) -> Iterator[str]:
    visited = Counter(visit.stop_id for visit in books.visits.values() if visit.corrects_id is None)
    for stop in books.stops:
        if visited[stop.id] != 1 or stop.state is not StopState.SYNCED:
            yield f"{stop.id}: {visited[stop.id]} visites · visits, {stop.state}"
