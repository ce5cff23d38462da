"""The evening: what people decide once every tablet is back. Each decision is taken once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.billing.model import CreditNote
from server.billing.service import approve_credit, publish_pending
from server.core.transaction import transaction
from server.delivery.jobs import seal_day
from server.example.cast import CARRIER_ID, RUN_DAY, SUPPLIERS
from server.example.dispatching import runs_of
from server.example.stamping import stamp
from server.fulfilment.service.invoicing import publish_by_hand
from server.fulfilment.service.orders import replan_order
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


def _publish_by_hand(issuer_id: UUID) -> None:
    with transaction(acting=issuer_id) as session:
        delivered = session.scalars(
            select(Order)
            .where(
                Order.issuer_id == issuer_id,
                Order.planned_on == RUN_DAY,
                Order.emission == Emission.MANUAL,
                Order.billing_type != BillingType.EXTERNAL,
                Order.supplement_of_id.is_(None),
                Order.state.in_((OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)),
            )
            .options(selectinload(Order.lines))
            .order_by(Order.number)
        ).all()
        for order in delivered:
            publish_by_hand(session, order=order, stamp=stamp())
        publish_pending(session, stamp=stamp())


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
            .options(selectinload(Order.lines))
            .order_by(Order.number)
        ).all()
        for order in undelivered:
            replan_order(session, order=order, stamp=stamp())
        publish_pending(session, stamp=stamp())


def _close(run_id: UUID, state: RunState) -> None:
    with transaction(acting=CARRIER_ID) as session:
        if state is RunState.SYNCED:
            planning.settle_run(session, run_id=run_id, stamp=stamp())
        if state in {RunState.SYNCED, RunState.SETTLED}:
            planning.close_run(session, run_id=run_id, stamp=stamp())
