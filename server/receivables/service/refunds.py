"""Money that goes back: out of what a payment, or a credit note, still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import CreditNote
from server.core import facts
from server.core.acting import acting_for
from server.core.problems import Conflict, Problem, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.entries import Refunded
from server.ledger.model import AllocationSource
from server.ledger.queries import open_cents
from server.receivables import events
from server.receivables.model import BY_HAND, Payment, PaymentMethod, Refund, RefundState
from server.receivables.queries import allocations_from, origin_of
from server.receivables.service.allocating import read_anew
from server.receivables.service.repeated import require_same_refund
from shared.ids import new_id
from shared.states import CreditState, PaymentState

MAX_REASON: Final = 500


class BadReason(Problem):
    """A refund or a write-off says why."""

    slug = "bad-reason"
    title = Text("Motif manquant", "Reason missing")


class NothingHeld(Conflict):
    """A payment that did not arrive, or a credit that is not issued, gives nothing back."""

    slug = "nothing-held"
    title = Text("Rien à rembourser", "Nothing to refund")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How much goes back, by which way, and why; ``has_gone`` when a provider or a bank took it without being asked."""

    amount_cents: int
    method: PaymentMethod
    reason: str
    is_chargeback: bool = False
    has_gone: bool = False


def refund(session: Session, *, source: Payment | CreditNote, wish: Wish, key: UUID, stamp: Stamp) -> Refund:
    """Return the refund of a part of what a payment or a credit note still holds.

    One by hand is done at once. One by a provider waits: its money is set aside at once, so that nothing else takes
    it, and ``finish_refund`` says how it ended. What has gone without being asked for here is booked whole: beyond what
    is held, e.g. after a refund by hand, its customer owes it. ``key`` is the command's: repeating it gives the same
    refund.

    Raises:
        NothingHeld: the money is not there.
        OverRefunded: more than it still holds (law 16).
        BadReason: no words, or too many.
        KeyUsed: the key gave back something else.

    Source: the table of the ledger; section 4 (réussie → remboursée, émise → remboursée).
    """
    with acting_for(session, source.owner_id):
        ledger.lock_command(session, issuer_id=source.owner_id, key=key)
        known = _of_cause(session, source.owner_id, key)
        if known is not None:
            require_same_refund(known, (source.id, wish.amount_cents, wish.method, reason_of(wish.reason)))
            return known
        ledger.lock_accounts(session, pairs=[(source.owner_id, source.buyer_id)])
        read_anew(session, source)
        _require_held(source, has_gone=wish.has_gone)
        on = letterhead(session, org_id=source.owner_id).day_of(stamp.at)
        made = _new_refund(source, wish, key, on=on, stamp=stamp)
        session.add(made)
        refunded = refunded_of(made)
        ledger.post_refund(session, refunded=refunded, posted_on=on, stamp=stamp, has_gone=wish.has_gone)
        if made.state is RefundState.DONE:
            _say_done(session, made, source, stamp)
    return made


def refund_by_hand(session: Session, *, source: Payment | CreditNote, wish: Wish, key: UUID, stamp: Stamp) -> Refund:
    """Return the refund of money that a person gave back.

    Raises:
        NothingHeld: asked by a way that is no person's; and as ``refund``.
    """
    if wish.method not in BY_HAND:
        raise NothingHeld(
            Text("Choisir chèque, Interac, comptant ou virement.", "Choose cheque, Interac, cash or transfer."),
            where="method",
        )
    return refund(session, source=source, wish=wish, key=key, stamp=stamp)


def require_online(session: Session, payment: Payment) -> None:
    """Refuse to give back at a provider what it never received; what a won dispute gave back, it did.

    Raises:
        NothingHeld: the payment came by another way.
    """
    if payment.method is not PaymentMethod.GATEWAY or not origin_of(session, payment).provider_ref:
        raise NothingHeld(
            Text("Ce paiement n’est pas venu en ligne.", "This payment did not come online."), where="method"
        )


def finish_refund(session: Session, *, refund: Refund, arrived: bool, stamp: Stamp) -> Refund:
    """Return a provider's refund as done, or as failed: then its source holds the money again.

    Asked again with the same end, it changes nothing.

    Raises:
        IllegalMove: it failed before.
    """
    with acting_for(session, refund.owner_id):
        ledger.lock_accounts(session, pairs=[(refund.owner_id, refund.buyer_id)])
        read_anew(session, refund)
        wanted = RefundState.DONE if arrived else RefundState.FAILED
        if refund.state is wanted:
            return refund
        refund.move_to(wanted)
        source = _source(session, refund)
        read_anew(session, source)
        if arrived:
            _say_done(session, refund, source, stamp)
            return refund
        on = letterhead(session, org_id=refund.owner_id).day_of(stamp.at)
        refund.failed_on, refund.failed_at = on, stamp.at
        ledger.post_failed_refund(session, refunded=refunded_of(refund), posted_on=on, stamp=stamp)
        session.flush()
        if isinstance(source, Payment) and source.state is PaymentState.REFUNDED and not _is_gone(session, source):
            source.move_to(PaymentState.SUCCEEDED)
        facts.record(session, events.REFUND_FAILED, refund.id, stamp, readers=tuple(refund.party_ids))
    return refund


def refund_key(refund: Refund) -> str:
    """Return the key under which a refund is asked for at a provider."""
    return f"refund-{refund.id}"


def is_at_provider(refund: Refund) -> bool:
    """Say whether a provider gives it: neither a person by hand, nor the buyer's bank against its will."""
    return refund.method is PaymentMethod.GATEWAY and not refund.is_chargeback


def pending_refunds(session: Session, payment: Payment) -> Sequence[Refund]:
    """Return a payment's refunds that its provider has not ended yet, oldest first; the session acts for its issuer."""
    mine = select(Refund).where(Refund.owner_id == payment.owner_id, Refund.source_id == payment.id)
    return session.scalars(mine.where(Refund.state == RefundState.PENDING).order_by(Refund.recorded_at)).all()


def refunded_of(refund: Refund) -> Refunded:
    """Return what the journal needs to know of a refund."""
    return Refunded(
        refund_id=refund.id,
        source=refund.source,
        source_id=refund.source_id,
        customer_id=refund.buyer_id,
        currency=refund.currency,
        amount_cents=refund.amount_cents,
    )


def reason_of(words: str) -> str:
    """Return a reason without what the database cannot keep.

    Raises:
        BadReason: empty, or longer than ``MAX_REASON``.
    """
    said = words.replace("\x00", "").strip()
    if not 1 <= len(said) <= MAX_REASON:
        raise BadReason(
            Text(f"Écrire le motif, {MAX_REASON} caractères au plus.", f"Write why, {MAX_REASON} characters at most."),
            where="reason",
        )
    return said


def _new_refund(source: Payment | CreditNote, wish: Wish, key: UUID, *, on: date, stamp: Stamp) -> Refund:
    is_payment = isinstance(source, Payment)
    return Refund(
        id=new_id(),
        owner_id=source.owner_id,
        party_ids=[source.buyer_id],
        buyer_id=source.buyer_id,
        source=AllocationSource.PAYMENT if is_payment else AllocationSource.CREDIT_NOTE,
        source_id=source.id,
        method=wish.method,
        state=RefundState.PENDING if wish.method is PaymentMethod.GATEWAY else RefundState.DONE,
        currency=source.currency,
        amount_cents=wish.amount_cents,
        refunded_on=on,
        reason=reason_of(wish.reason),
        cause_id=key,
        provider_ref="",
        is_chargeback=wish.is_chargeback,
        recorded_at=stamp.at,
    )


def _say_done(session: Session, refund: Refund, source: Payment | CreditNote, stamp: Stamp) -> None:
    session.flush()
    if isinstance(source, Payment) and source.state is not PaymentState.REFUNDED and _is_gone(session, source):
        source.move_to(PaymentState.REFUNDED)
    facts.record(session, events.REFUND_MADE, refund.id, stamp, readers=tuple(refund.party_ids))


def _is_gone(session: Session, payment: Payment) -> bool:
    """Say whether a payment holds nothing and pays nothing: all of it went back, or more than that."""
    still_cents = open_cents(session, issuer_id=payment.owner_id, document_ids=[payment.id])[payment.id]
    return still_cents >= 0 and not allocations_from(session, source_id=payment.id)


def _source(session: Session, refund: Refund) -> Payment | CreditNote:
    if refund.source is AllocationSource.PAYMENT:
        return session.get_one(Payment, refund.source_id)
    return session.get_one(CreditNote, refund.source_id)


def _of_cause(session: Session, issuer_id: UUID, key: UUID) -> Refund | None:
    return session.scalars(select(Refund).where(Refund.owner_id == issuer_id, Refund.cause_id == key)).one_or_none()


def _require_held(source: Payment | CreditNote, *, has_gone: bool) -> None:
    came = {PaymentState.SUCCEEDED, PaymentState.ALLOCATED} | ({PaymentState.REFUNDED} if has_gone else set())
    there = source.state in came if isinstance(source, Payment) else source.state is CreditState.ISSUED
    if not there:
        raise NothingHeld(
            Text(
                "Ce paiement n’est pas encaissé, ou ce crédit n’est pas émis\u00a0: rien à rembourser.",
                "This payment is not received, or this credit is not issued: nothing to refund.",
            ),
            where=str(source.id),
        )
