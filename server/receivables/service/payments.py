"""Money that customers pay: collected in the truck, recorded by hand, set against the oldest invoices first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core import facts
from server.core.acting import acting_for
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.delivery.model import Collection
from server.ledger import service as ledger
from server.ledger.entries import Received
from server.ledger.model import AllocationSource
from server.receivables import events
from server.receivables.model import Payment, PaymentMethod
from server.receivables.queries import allocations_from, open_invoices, payment_of_cause
from server.receivables.service.applying import undo
from shared.ids import new_id
from shared.states import PaymentState

MAX_PAYMENT_CENTS: Final = 10**11
MAX_REFERENCE: Final = 200


class BadPayment(Problem):
    """A payment's amount or reference cannot be."""

    slug = "bad-payment"
    title = Text("Paiement invalide", "Invalid payment")


def record_collection(
    session: Session, *, collection: Collection, stamp: Stamp, received_at: datetime | None = None
) -> Payment:
    """Return the pending payment of money that the driver took for one issuer; recording again gives the same one.

    It stands in transit as the customer's credit until ``confirm_payment``. ``received_at`` is when it was taken.

    Raises:
        BadPayment: no money, or far too much.

    Source: R084, C29.
    """
    issuer_id = collection.issuer_id
    with acting_for(session, issuer_id):
        known = payment_of_cause(session, issuer_id=issuer_id, cause_id=collection.id)
        if known is not None:
            return known
        head = letterhead(session, org_id=issuer_id)
        payment = _new_payment(
            issuer_id=issuer_id,
            party_ids=sorted({collection.owner_id, collection.buyer_id} - {issuer_id}),
            buyer_id=collection.buyer_id,
            method=PaymentMethod(collection.method),
            currency=head.currency,
            amount_cents=collection.amount_cents,
            received_on=head.day_of(received_at or stamp.at),
            reference=collection.reference,
            cause_id=collection.id,
            stamp=stamp,
        )
        payment.rounding_cents = collection.rounding_cents
        session.add(payment)
        on = payment.received_on
        ledger.post_payment(session, received=_received(payment), in_transit=True, posted_on=on, stamp=stamp)
        facts.record(session, events.PAYMENT_COLLECTED, payment.id, stamp, readers=tuple(payment.party_ids))
    return payment


def record_payment(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    method: PaymentMethod,
    amount_cents: int,
    received_on: date,
    key: UUID,
    stamp: Stamp,
    reference: str = "",
) -> Payment:
    """Return a payment received outside, set against the customer's oldest invoices; the rest stays its credit.

    ``key`` is the command's: repeating it gives the same payment.

    Raises:
        BadPayment: no money, far too much, or a reference that is too long.

    Source: R044, R084.
    """
    with acting_for(session, issuer_id):
        known = payment_of_cause(session, issuer_id=issuer_id, cause_id=key)
        if known is not None:
            return known
        payment = _new_payment(
            issuer_id=issuer_id,
            party_ids=[buyer_id],
            buyer_id=buyer_id,
            method=method,
            currency=letterhead(session, org_id=issuer_id).currency,
            amount_cents=amount_cents,
            received_on=received_on,
            reference=reference,
            cause_id=key,
            stamp=stamp,
        )
        session.add(payment)
        ledger.post_payment(session, received=_received(payment), in_transit=False, posted_on=received_on, stamp=stamp)
        _succeed(session, payment, on=received_on, stamp=stamp)
    return payment


def confirm_payment(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return a collected payment as received: banked, and set against the customer's oldest invoices.

    Confirming again changes nothing.

    Raises:
        IllegalMove: it failed or was refunded.

    Source: C29; section 4 (settlement of the run).
    """
    if payment.state in {PaymentState.SUCCEEDED, PaymentState.ALLOCATED}:
        return payment
    with acting_for(session, payment.owner_id):
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        _succeed(session, payment, on=on, stamp=stamp)
        ledger.post_banked(session, received=_received(payment), posted_on=on, stamp=stamp)
    return payment


def fail_payment(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return a payment as failed: its allocations undone, its money taken back; what was open is open again.

    Raises:
        IllegalMove: it failed before, or was refunded.

    Source: laws 13 and 15.
    """
    with acting_for(session, payment.owner_id):
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        was_pending = payment.state is PaymentState.PENDING
        payment.move_to(PaymentState.FAILED)
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        for allocation in allocations_from(session, source_id=payment.id):
            undo(session, allocation, payment, on=on, stamp=stamp)
        ledger.post_failed_payment(
            session, received=_received(payment), in_transit=was_pending, posted_on=on, stamp=stamp
        )
        facts.record(session, events.PAYMENT_FAILED, payment.id, stamp, readers=tuple(payment.party_ids))
    return payment


def _succeed(session: Session, payment: Payment, *, on: date, stamp: Stamp) -> None:
    payment.move_to(PaymentState.SUCCEEDED)
    session.flush()
    ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
    _allocate_oldest_first(session, payment, on=on, stamp=stamp)
    facts.record(session, events.PAYMENT_RECEIVED, payment.id, stamp, readers=tuple(payment.party_ids))


def _allocate_oldest_first(session: Session, payment: Payment, *, on: date, stamp: Stamp) -> None:
    left_cents = payment.amount_cents
    for invoice, still_cents in open_invoices(
        session, issuer_id=payment.owner_id, buyer_id=payment.buyer_id, currency=payment.currency
    ):
        amount_cents = min(left_cents, still_cents)
        if not amount_cents:
            break
        left_cents -= amount_cents
        ledger.allocate(
            session,
            source=AllocationSource.PAYMENT,
            source_id=payment.id,
            invoice_id=invoice.id,
            customer_id=payment.buyer_id,
            currency=payment.currency,
            amount_cents=amount_cents,
            on=on,
            stamp=stamp,
            readers=invoice.party_ids,
        )
    if left_cents < payment.amount_cents:
        payment.move_to(PaymentState.ALLOCATED)


def _new_payment(
    *,
    issuer_id: UUID,
    party_ids: list[UUID],
    buyer_id: UUID,
    method: PaymentMethod,
    currency: str,
    amount_cents: int,
    received_on: date,
    reference: str,
    cause_id: UUID,
    stamp: Stamp,
) -> Payment:
    if not 0 < amount_cents <= MAX_PAYMENT_CENTS:
        raise BadPayment(
            Text("Le montant doit être positif et raisonnable.", "The amount must be positive and reasonable."),
            where="amount_cents",
        )
    if len(reference) > MAX_REFERENCE:
        raise BadPayment(
            Text(
                f"La référence a {MAX_REFERENCE} caractères au plus.",
                f"A reference has {MAX_REFERENCE} characters at most.",
            ),
            where="reference",
        )
    return Payment(
        id=new_id(),
        owner_id=issuer_id,
        party_ids=party_ids,
        buyer_id=buyer_id,
        method=method,
        state=PaymentState.PENDING,
        currency=currency,
        amount_cents=amount_cents,
        rounding_cents=0,
        received_on=received_on,
        reference=reference,
        cause_id=cause_id,
        recorded_at=stamp.at,
    )


def _received(payment: Payment) -> Received:
    return Received(
        payment_id=payment.id,
        customer_id=payment.buyer_id,
        currency=payment.currency,
        amount_cents=payment.amount_cents,
        rounding_cents=payment.rounding_cents,
    )
