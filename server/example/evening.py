"""The evening: what people decide once every tablet is back. Each decision is taken once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.model import CreditNote
from server.billing.queries import live_invoices
from server.billing.service import approve_credit, publish_for_order, publish_pending
from server.core.transaction import transaction
from server.delivery.jobs import seal_day
from server.delivery.model import Delivery
from server.example.cast import CARRIER_ID, RUN_DAY, SUPPLIERS
from server.example.dispatching import runs_of
from server.example.stamping import stamp
from server.orders import service as orders
from server.orders.model import Order
from server.parties import queries as parties
from server.parties.model import BillingType, Emission
from server.planning import service as planning
from server.receivables.model import Payment
from server.receivables.service import confirm_payment
from shared.states import CreditState, OrderState, PaymentState, RunState

ISSUERS = (CARRIER_ID, *(supplier.id for supplier in SUPPLIERS))


def close_day() -> None:
    """Approve what waits, invoice by hand, bank the cash, open again what came back, close the runs."""
    for issuer_id in ISSUERS:
        _approve_credits(issuer_id)
        _publish_by_hand(issuer_id)
        _bank_cash(issuer_id)
    _reopen()
    for run in runs_of():
        _close(run.id, run.state)


def seal_proofs_of_day() -> None:
    """Put every proof under the day's signed root at once; the product waits for midnight."""
    with transaction(acting=CARRIER_ID) as session:
        zone = parties.zone_of(session, org_id=CARRIER_ID)
    seal_day(owner_id=str(CARRIER_ID), subject_id=stamp().at.astimezone(zone).date().isoformat())


def _approve_credits(issuer_id: UUID) -> None:
    with transaction(acting=issuer_id) as session:
        waiting = session.scalars(
            select(CreditNote)
            .where(CreditNote.owner_id == issuer_id, CreditNote.state == CreditState.PROPOSED)
            .options(selectinload(CreditNote.lines))
        ).all()
        for note in waiting:
            approve_credit(session, credit=note, stamp=stamp())
        publish_pending(session, stamp=stamp())


def _publish_by_hand(seller_id: UUID) -> None:
    with transaction(acting=seller_id) as session:
        delivered = session.scalars(
            select(Order)
            .where(
                Order.owner_id == seller_id,
                Order.planned_on == RUN_DAY,
                Order.emission == Emission.MANUAL,
                Order.billing_type != BillingType.EXTERNAL,
                Order.supplement_of_id.is_(None),
                Order.state.in_((OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)),
            )
            .options(selectinload(Order.lines))
            .order_by(Order.number)
        ).all()
        standing = live_invoices(session, [order.id for order in delivered])
        for order in delivered:
            if order.id not in standing:
                quantities = _delivered(session, order.id)
                publish_for_order(session, order=order, quantities=quantities, stamp=stamp())
        publish_pending(session, stamp=stamp())


def _delivered(session: Session, order_id: UUID) -> dict[str, int]:
    deliveries = session.scalars(
        select(Delivery).where(Delivery.order_id == order_id).options(selectinload(Delivery.lines))
    )
    return {str(line.order_line_id): line.delivered for one in deliveries for line in one.lines if line.delivered}


def _bank_cash(issuer_id: UUID) -> None:
    with transaction(acting=issuer_id) as session:
        pending = select(Payment).where(Payment.owner_id == issuer_id, Payment.state == PaymentState.PENDING)
        for payment in session.scalars(pending.order_by(Payment.id)).all():
            confirm_payment(session, payment=payment, stamp=stamp())


def _reopen() -> None:
    with transaction(acting=CARRIER_ID) as session:
        undelivered = session.scalars(
            select(Order)
            .where(
                Order.carrier_id == CARRIER_ID,
                Order.planned_on == RUN_DAY,
                Order.state == OrderState.NOT_DELIVERED,
            )
            .order_by(Order.number)
        ).all()
        for order in undelivered:
            orders.reopen(session, order=order, stamp=stamp())


def _close(run_id: UUID, state: RunState) -> None:
    with transaction(acting=CARRIER_ID) as session:
        if state is RunState.SYNCED:
            planning.settle_run(session, run_id=run_id, stamp=stamp())
        if state in {RunState.SYNCED, RunState.SETTLED}:
            planning.close_run(session, run_id=run_id, stamp=stamp())
