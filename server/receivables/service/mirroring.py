"""What a provider, or a buyer's bank, gave back without us: refunds here too, so that the books say what is held."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.queries import voided_among
from server.core.stamp import Stamp
from server.ledger.queries import open_cents
from server.receivables.model import Payment, PaymentMethod, Refund, RefundState
from server.receivables.providers import GivenBack
from server.receivables.queries import allocations_from
from server.receivables.service.allocating import Part, oldest_first, read_anew, set_against, settle_state, take_off
from server.receivables.service.refunds import Wish, finish_refund, is_at_provider, refund, refund_key
from shared.states import PaymentState


def mirror_refunds(session: Session, payment: Payment, given: Sequence[GivenBack], stamp: Stamp) -> None:
    """Let the books agree with what went back at the provider, refund by refund; that part alone is open again.

    One of ours ends as it ended there: arrived, or failed, be it after it had arrived, and then the payment holds its
    money again. One that was given there becomes ours, taken off what was allocated last; failed, its money pays again.

    The session acts for the issuer and holds the account. Source: laws 13, 14, 15 and 16.
    """
    for there in given:
        mine = _ours(session, payment, there)
        if mine is not None:
            mine.provider_ref = there.ref
        elif there.arrived is not False:
            mine = _mirror(session, payment, there, stamp)
        if mine is not None and there.arrived is not None:
            _end(session, payment, mine, arrived=there.arrived, stamp=stamp)


def _ours(session: Session, payment: Payment, there: GivenBack) -> Refund | None:
    standing = [one for one in _standing(session, payment) if is_at_provider(one)]
    return next((one for one in standing if there.ref == one.provider_ref or there.key == refund_key(one)), None)


def _mirror(session: Session, payment: Payment, there: GivenBack, stamp: Stamp) -> Refund:
    _free_up_to(session, payment, there.amount_cents, stamp)
    wish = Wish(amount_cents=there.amount_cents, method=PaymentMethod.GATEWAY, reason="Remboursé chez le fournisseur")
    key = _given_there(payment, there.ref)
    made = refund(session, source=payment, wish=wish, key=key, stamp=stamp)
    made.provider_ref = there.ref
    return made


def _given_there(payment: Payment, ref: str) -> UUID:
    return uuid5(payment.id, f"refunded:{ref}")


def _end(session: Session, payment: Payment, mine: Refund, *, arrived: bool, stamp: Stamp) -> None:
    """What a person took off the invoices to refund it waits for that person; what we took off pays again."""
    finish_refund(session, refund=mine, arrived=arrived, stamp=stamp)
    if not arrived and mine.cause_id == _given_there(payment, mine.provider_ref):
        _pay_on(session, payment, mine.amount_cents, stamp)


def mirror_chargebacks(session: Session, payment: Payment, charged_back_cents: int, stamp: Stamp) -> None:
    """Let the books agree with what the buyer's bank took back of a payment, when it left the rest.

    Only that part is open again: the rest goes on paying what it paid. What a dispute that was won returns is the
    payment's again, and pays.

    The session acts for the issuer and holds the account. Source: laws 13 and 15.
    """
    taken = [one for one in _standing(session, payment) if one.is_chargeback]
    beyond_cents = charged_back_cents - sum(one.amount_cents for one in taken)
    if not beyond_cents:
        return
    # what somebody left on the account stays there, but for what the bank took of it
    apart_cents = max(0, _held_cents(session, payment) - max(0, beyond_cents))
    for one in reversed(taken):
        if beyond_cents >= 0:
            break
        finish_refund(session, refund=one, arrived=False, stamp=stamp)
        beyond_cents += one.amount_cents
    if beyond_cents > 0:
        _free_up_to(session, payment, beyond_cents, stamp)
        _take(session, payment, beyond_cents, stamp)
    _pay_on(session, payment, _held_cents(session, payment) - apart_cents, stamp)


def _take(session: Session, payment: Payment, amount_cents: int, stamp: Stamp) -> None:
    turn = len(_all(session, payment))
    wish = Wish(
        amount_cents=amount_cents, method=PaymentMethod.GATEWAY, reason="Contestation bancaire", is_chargeback=True
    )
    key = uuid5(payment.id, f"charged-back:{turn}")
    taken = refund(session, source=payment, wish=wish, key=key, stamp=stamp)
    finish_refund(session, refund=taken, arrived=True, stamp=stamp)


def _pay_on(session: Session, payment: Payment, amount_cents: int, stamp: Stamp) -> None:
    """Set so much of what the payment holds again, as it was when its money came."""
    session.flush()
    read_anew(session, payment)
    if amount_cents <= 0 or payment.state not in {PaymentState.SUCCEEDED, PaymentState.ALLOCATED}:
        return
    on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
    parts = oldest_first(session, payment, first=payment.invoice_id, most_cents=amount_cents)
    set_against(session, payment, parts, on=on, stamp=stamp)


def _held_cents(session: Session, payment: Payment) -> int:
    session.flush()
    return -open_cents(session, issuer_id=payment.owner_id, document_ids=[payment.id])[payment.id]


def _standing(session: Session, payment: Payment) -> Sequence[Refund]:
    return [one for one in _all(session, payment) if one.state is not RefundState.FAILED]


def _all(session: Session, payment: Payment) -> Sequence[Refund]:
    mine = select(Refund).where(Refund.owner_id == payment.owner_id, Refund.source_id == payment.id)
    return session.scalars(mine.order_by(Refund.recorded_at, Refund.id)).all()


def _free_up_to(session: Session, payment: Payment, wanted_cents: int, stamp: Stamp) -> None:
    """Let a payment hold so much, taken off what was allocated last; what is not needed goes on paying what it paid."""
    on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
    for allocation in reversed(allocations_from(session, source_id=payment.id)):
        if _held_cents(session, payment) >= wanted_cents:
            return
        take_off(session, allocation, customer_id=payment.buyer_id, currency=payment.currency, on=on, stamp=stamp)
        settle_state(session, payment)
        _set_again(session, payment, allocation.invoice_id, _held_cents(session, payment) - wanted_cents, stamp)


def _set_again(session: Session, payment: Payment, invoice_id: UUID, amount_cents: int, stamp: Stamp) -> None:
    """An annulled invoice takes nothing back (C6): then it pays on as when its money came."""
    still = open_cents(session, issuer_id=payment.owner_id, document_ids=[invoice_id])[invoice_id]
    part_cents = 0 if voided_among(session, invoice_ids=[invoice_id]) else min(amount_cents, still)
    if part_cents > 0:
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        set_against(session, payment, [Part(invoice_id, part_cents)], on=on, stamp=stamp)
        amount_cents -= part_cents
    _pay_on(session, payment, amount_cents, stamp)
