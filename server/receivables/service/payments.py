"""Money that customers pay: collected in the truck, recorded by hand, set against the oldest invoices first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core import facts
from server.core.acting import acting_for
from server.core.problems import Conflict, Problem, Text
from server.core.stamp import Stamp
from server.delivery.model import Collection
from server.ledger import service as ledger
from server.ledger.entries import Received
from server.receivables import events
from server.receivables.model import Payment, PaymentMethod, Refund, RefundState
from server.receivables.queries import payment_of_cause
from server.receivables.service.allocating import Part, free, oldest_first, read_anew, set_against
from server.receivables.service.customers import require_customer
from server.receivables.service.refunds import finish_refund, pending_refunds
from server.receivables.service.repeated import require_same_payment
from shared.ids import new_id
from shared.money import cash_rounding
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
        payment = new_payment(
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
        ledger.post_payment(session, received=received_of(payment), in_transit=True, posted_on=on, stamp=stamp)
        facts.record(session, events.PAYMENT_COLLECTED, payment.id, stamp, readers=tuple(payment.party_ids))
    return payment


class NotByHand(Conflict):
    """An online payment is confirmed and failed by its provider alone."""

    slug = "payment-not-by-hand"
    title = Text("Paiement en ligne", "Online payment")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment received outside. ``parts`` say which invoices it pays; None pays the oldest due first.

    ``amount_cents`` is what it settles: in cash, what was handed over is that amount to the nearest five cents (T7).
    """

    buyer_id: UUID
    method: PaymentMethod
    amount_cents: int
    received_on: date
    reference: str = ""
    parts: Sequence[Part] | None = None


def record_payment(session: Session, *, issuer_id: UUID, paid: NewPayment, key: UUID, stamp: Stamp) -> Payment:
    """Return a payment received outside, set against invoices; the rest stays the customer's credit.

    ``key`` is the command's: repeating it gives the same payment.

    Raises:
        BadPayment: no money, far too much, a day to come, or a reference that is too long.
        NoAccount: the buyer is no customer of the issuer.
        OverAllocated, NotOneAccount: ``parts`` ask for more than there is, or for somebody else's invoice.
        KeyUsed: the key recorded another payment.

    Source: R044, R084, T7.
    """
    with acting_for(session, issuer_id):
        ledger.lock_command(session, issuer_id=issuer_id, key=key)
        known = payment_of_cause(session, issuer_id=issuer_id, cause_id=key)
        if known is not None:
            asked = (paid.buyer_id, paid.method, paid.amount_cents, paid.received_on, paid.reference)
            require_same_payment(session, known, asked, paid.parts)
            return known
        require_customer(session, issuer_id=issuer_id, buyer_id=paid.buyer_id)
        head = letterhead(session, org_id=issuer_id)
        _require_past(paid.received_on, head.day_of(stamp.at))
        payment = new_payment(
            issuer_id=issuer_id,
            party_ids=[paid.buyer_id],
            buyer_id=paid.buyer_id,
            method=paid.method,
            currency=head.currency,
            amount_cents=paid.amount_cents,
            received_on=paid.received_on,
            reference=paid.reference,
            cause_id=key,
            stamp=stamp,
        )
        payment.rounding_cents = cash_rounding(paid.amount_cents) if paid.method is PaymentMethod.CASH else 0
        session.add(payment)
        on = paid.received_on
        ledger.post_payment(session, received=received_of(payment), in_transit=False, posted_on=on, stamp=stamp)
        succeed(session, payment, on=on, stamp=stamp, parts=paid.parts)
    return payment


def confirm_payment(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return a collected payment as received: banked, and set against the customer's oldest invoices.

    Confirming again changes nothing.

    Raises:
        IllegalMove: it failed or was refunded.

    Source: C29; section 4 (settlement of the run).
    """
    with acting_for(session, payment.owner_id):
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        read_anew(session, payment)
        if payment.state in {PaymentState.SUCCEEDED, PaymentState.ALLOCATED, PaymentState.REFUNDED}:
            return payment
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        succeed(session, payment, on=on, stamp=stamp)
        payment.banked_on, payment.banked_at = on, stamp.at
        ledger.post_banked(session, received=received_of(payment), posted_on=on, stamp=stamp)
    return payment


def confirm_collected(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return money of a truck as received; an accountant counted it (C29).

    Raises:
        NotByHand: its provider decides, not a person.
        IllegalMove: it failed or was refunded.
    """
    _require_by_hand(payment)
    return confirm_payment(session, payment=payment, stamp=stamp)


def fail_by_hand(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return a payment that did not hold, e.g. a cheque without funds; failed before, it stays as it is.

    Raises:
        NotByHand: its provider decides, not a person.
    """
    _require_by_hand(payment)
    if payment.state is PaymentState.FAILED:
        return payment
    return fail_payment(session, payment=payment, stamp=stamp)


def _require_by_hand(payment: Payment) -> None:
    if payment.method is PaymentMethod.GATEWAY:
        raise NotByHand(
            Text(
                "Le fournisseur de paiement dit lui-même si ce paiement tient. Rembourser, s’il le faut.",
                "The payment provider itself says whether this payment holds. Refund it, if need be.",
            ),
            where=str(payment.id),
        )


def fail_payment(session: Session, *, payment: Payment, stamp: Stamp) -> Payment:
    """Return a payment as failed: its allocations undone, its money taken back; what was open is open again.

    What its provider, or the buyer's bank, took back of it before is not taken a second time; a refund that still waits
    there gives nothing any more. What a person gave back by hand is gone, and owed.

    Raises:
        IllegalMove: it failed before.

    Source: laws 13 and 15.
    """
    with acting_for(session, payment.owner_id):
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        session.flush()
        read_anew(session, payment)
        was_pending, was_posted = payment.state is PaymentState.PENDING, payment.is_posted
        free(session, payment, on=on, stamp=stamp)
        for waiting in pending_refunds(session, payment):
            finish_refund(session, refund=waiting, arrived=False, stamp=stamp)
        payment.move_to(PaymentState.FAILED)
        if was_posted:
            taken = taken_back(session, payment)
            payment.failed_on, payment.failed_at = on, stamp.at
            ledger.post_failed_payment(session, received=taken, in_transit=was_pending, posted_on=on, stamp=stamp)
        facts.record(session, events.PAYMENT_FAILED, payment.id, stamp, readers=tuple(payment.party_ids))
    return payment


def succeed(
    session: Session,
    payment: Payment,
    *,
    on: date,
    stamp: Stamp,
    parts: Sequence[Part] | None = None,
    first: UUID | None = None,
) -> None:
    """Say that the money is there, and let it pay ``parts``, or the oldest invoices after ``first``.

    The session acts for the issuer, and the payment is posted.
    """
    payment.move_to(PaymentState.SUCCEEDED)
    session.flush()
    ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
    chosen = oldest_first(session, payment, first=first) if parts is None else parts
    set_against(session, payment, chosen, on=on, stamp=stamp)
    facts.record(session, events.PAYMENT_RECEIVED, payment.id, stamp, readers=tuple(payment.party_ids))


def taken_back(session: Session, payment: Payment) -> Received:
    """Return what is lost when a payment does not hold: all of it but what went back the way that it came.

    A cheque bounces whole, whatever was refunded of it by another: that part its customer owes from then on. The
    session acts for the issuer.

    Source: law 15.
    """
    session.flush()
    gone_cents = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
            Refund.owner_id == payment.owner_id,
            Refund.source_id == payment.id,
            Refund.method == PaymentMethod.GATEWAY,
            Refund.state != RefundState.FAILED,
        )
    )
    whole = received_of(payment)
    return replace(whole, amount_cents=whole.amount_cents - int(gone_cents or 0))


def _require_past(day: date, today: date) -> None:
    if day > today:
        raise BadPayment(
            Text(
                "Un paiement reçu porte la date d’aujourd’hui ou d’un jour passé.",
                "A received payment is of today or of a past day.",
            ),
            where="received_on",
        )


def new_payment(
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
    """Return a new payment that waits, within its bounds.

    Raises:
        BadPayment: no money, far too much, or a reference that is too long.
    """
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


def received_of(payment: Payment) -> Received:
    """Return what the journal needs to know of a payment."""
    return Received(
        payment_id=payment.id,
        customer_id=payment.buyer_id,
        currency=payment.currency,
        amount_cents=payment.amount_cents,
        rounding_cents=payment.rounding_cents,
    )
