"""Everything that a day left in the database, read organisation by organisation, each seeing what it may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.model import CreditNote, Invoice, InvoiceOrder
from server.core.transaction import transaction
from server.delivery.model import ContainerReturn, Correction, Delivery, Proof, Terms, VarianceNotice, Visit
from server.delivery.service import read_terms
from server.example.check.finding import Scope
from server.orders.model import Order
from server.parties.model import BillingType, Organisation
from server.planning.model import Run, Stop
from server.planning.queries import runs_of_day
from shared.delivered_line import DeliveredLine
from shared.states import CreditState, InvoiceState, RunState
from shared.wire.terms import Goods, Prices


@dataclass(frozen=True)
class Books:
    """The carrier's view of a day, and every issuer's own documents.

    ``corrected`` are the deliveries that a correction made.
    """

    scope: Scope
    runs: Sequence[Run]
    orders: Mapping[UUID, Order]
    supplements: Sequence[Order]
    deliveries: Sequence[Delivery]
    corrected: frozenset[UUID]
    visits: Mapping[UUID, Visit]
    terms: Mapping[UUID, tuple[Goods, Prices]]
    notices: Sequence[VarianceNotice]
    returns: Sequence[ContainerReturn]
    proofs: Sequence[Proof]
    invoices: Mapping[UUID, Invoice]
    invoices_of: Mapping[UUID, Sequence[Invoice]]
    credit_notes: Sequence[CreditNote]
    names: Mapping[UUID, str]

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """The stops of every run."""
        return tuple(stop for run in self.runs for stop in run.stops)

    @cached_property
    def riding(self) -> tuple[UUID, ...]:
        """The order of each ride, once for each stop that it rides on."""
        return tuple(one.order_id for stop in self.stops for one in stop.orders)

    @cached_property
    def sellers(self) -> tuple[UUID, ...]:
        """The suppliers of the day's orders."""
        return tuple(sorted({order.owner_id for order in self.orders.values()}))

    @cached_property
    def issuers(self) -> tuple[UUID, ...]:
        """Everybody who may have issued something."""
        return tuple(sorted({self.scope.carrier_id, *self.sellers}))

    @cached_property
    def standing(self) -> tuple[Delivery, ...]:
        """The deliveries that count: of each order at each stop the last revision, or all that claim to be it."""
        last: dict[tuple[UUID, UUID], int] = {}
        for one in self.deliveries:
            last[self._place(one)] = max(last.get(self._place(one), 0), one.revision)
        return tuple(one for one in self.deliveries if one.revision == last[self._place(one)])

    @cached_property
    def unexplained(self) -> tuple[Delivery, ...]:
        """The deliveries whose revision no correction made, or that stand behind a revision that is not there."""
        revisions = {(self._place(one), one.revision) for one in self.deliveries}
        return tuple(
            one
            for one in self.deliveries
            if (one.revision > 1) != (one.id in self.corrected)
            or any((self._place(one), number) not in revisions for number in range(1, one.revision))
        )

    def _place(self, delivery: Delivery) -> tuple[UUID, UUID]:
        visit = self.visits.get(delivery.source_id)
        return delivery.order_id, visit.stop_id if visit else delivery.source_id

    @cached_property
    def deliveries_of(self) -> Mapping[UUID, Sequence[Delivery]]:
        """The deliveries of each order that count."""
        found: dict[UUID, list[Delivery]] = {}
        for one in self.standing:
            found.setdefault(one.order_id, []).append(one)
        return found

    def is_external(self, order_id: UUID) -> bool:
        """Say whether an order is invoiced outside."""
        return self.orders[order_id].billing_type is BillingType.EXTERNAL


def read_books(scope: Scope) -> Books:
    """Return the books of a day; each row is read by an organisation that may read it."""
    with transaction(acting=scope.carrier_id) as session:
        runs = [run for run in runs_of_day(session, runs_on=scope.runs_on) if run.state is not RunState.CANCELLED]
        riding = [one.order_id for run in runs for stop in run.stops for one in stop.orders]
        orders = _orders(session, riding, scope)
        deliveries = session.scalars(
            select(Delivery)
            .where(Delivery.order_id.in_(orders), Delivery.owner_id == scope.carrier_id)
            .options(selectinload(Delivery.lines))
            .order_by(Delivery.id)
        ).all()
        visit_ids = {one.visit_id for one in deliveries if one.visit_id is not None}
        visits = session.scalars(select(Visit).where(Visit.run_id.in_([run.id for run in runs]))).all()
        terms = session.scalars(select(Terms).where(Terms.id.in_([one.terms_id for one in deliveries]))).all()
        parts = _parts(session, [one.id for one in deliveries], visit_ids)
        corrected = session.scalars(select(Correction.delivery_id).where(Correction.order_id.in_(orders))).all()
        sellers = {order.owner_id for order in orders.values()}
        names = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(sellers)))
        known = dict(names.all())
        session.expunge_all()
    supplements = [order for order in orders.values() if order.supplement_of_id is not None]
    invoices, covering, issued = _issued({scope.carrier_id, *sellers}, set(orders), visit_ids)
    return Books(
        scope=scope,
        runs=runs,
        orders={order_id: order for order_id, order in orders.items() if order.supplement_of_id is None},
        supplements=supplements,
        deliveries=deliveries,
        corrected=frozenset(corrected),
        visits={visit.id: visit for visit in visits},
        terms={one.id: read_terms(one) for one in terms},
        notices=parts[0],
        returns=parts[1],
        proofs=parts[2],
        invoices=invoices,
        invoices_of=covering,
        credit_notes=issued,
        names=known,
    )


def lines_of(delivery: Delivery) -> tuple[DeliveredLine, ...]:
    """Return the lines of a delivery as the delivery rules take them."""
    return tuple(
        DeliveredLine(
            line_id=str(line.order_line_id),
            ordered=line.ordered,
            delivered=line.delivered,
            not_shipped=line.not_shipped,
            lost=line.lost,
            returned=line.returned,
            extra=line.extra,
            reason=line.reason,
        )
        for line in delivery.lines
    )


def _orders(session: Session, riding: Sequence[UUID], scope: Scope) -> dict[UUID, Order]:
    """Return the orders that ride, those that should, and what was taken beyond them."""
    rows = session.scalars(
        select(Order)
        .where(
            Order.carrier_id == scope.carrier_id,
            Order.id.in_(riding) | (Order.planned_on == scope.runs_on) | Order.supplement_of_id.in_(riding),
        )
        .options(selectinload(Order.lines))
        .order_by(Order.number)
    )
    return {order.id: order for order in rows}


def _parts(
    session: Session, delivery_ids: Sequence[UUID], visit_ids: set[UUID]
) -> tuple[Sequence[VarianceNotice], Sequence[ContainerReturn], Sequence[Proof]]:
    notices = session.scalars(select(VarianceNotice).where(VarianceNotice.delivery_id.in_(delivery_ids))).all()
    returns = session.scalars(select(ContainerReturn).where(ContainerReturn.visit_id.in_(visit_ids))).all()
    proofs = session.scalars(select(Proof).where(Proof.delivery_id.in_(delivery_ids)).order_by(Proof.id)).all()
    return notices, returns, proofs


def _issued(
    issuers: set[UUID], order_ids: set[UUID], visit_ids: set[UUID]
) -> tuple[dict[UUID, Invoice], dict[UUID, list[Invoice]], list[CreditNote]]:
    """Return each issuer's published invoices of these orders, by id and by order, and its issued credit notes."""
    invoices: dict[UUID, Invoice] = {}
    covering: dict[UUID, list[Invoice]] = {}
    issued: list[CreditNote] = []
    for issuer_id in sorted(issuers):
        with transaction(acting=issuer_id) as session:
            rows = session.execute(
                select(InvoiceOrder.order_id, Invoice)
                .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
                .where(Invoice.owner_id == issuer_id, InvoiceOrder.order_id.in_(order_ids))
            )
            for order_id, invoice in rows:
                covering.setdefault(order_id, []).append(invoice)
                if invoice.state is InvoiceState.PUBLISHED:
                    invoices[invoice.id] = invoice
            notes = session.scalars(
                select(CreditNote)
                .where(
                    CreditNote.owner_id == issuer_id,
                    CreditNote.state == CreditState.ISSUED,
                    CreditNote.invoice_id.in_(invoices) | CreditNote.cause_id.in_(visit_ids),
                )
                .options(selectinload(CreditNote.lines))
                .order_by(CreditNote.number)
            ).all()
            issued += notes
            session.expunge_all()
    return invoices, covering, issued
