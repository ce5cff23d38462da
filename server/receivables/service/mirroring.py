"""What a provider, or a buyer's bank, gave back without us: refunds here too, so that the books say what is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from server.receivables.service.payments import taken_back
from server.receivables.service.refunds import Wish, finish_refund, is_at_provider, refund, refund_key
from shared.states import PaymentState


def mirror_refunds(session: Session, holders: Sequence[Payment], given: Sequence[GivenBack], stamp: Stamp) -> None:
    """Let the books agree with what went back at the provider, refund by refund; that part alone is open again.

    One of ours ends as it ended there: arrived, or failed, be it after it had arrived, and then the payment holds its
    money again. One that was given there becomes ours, taken off what was allocated last; failed, what was taken off
    for it pays again.

    ``holders`` hold the charge in the books, the last one gives first. The session acts for the issuer and holds the
    account. Source: laws 13, 14, 15 and 16.
    """
    by_id = {one.id: one for one in holders}
    for there in given:
        mine = [one for payment in holders for one in _standing(session, payment) if _is(one, there)]
        if not mine and there.arrived is not False:
            mine = _mirror(session, holders, there, stamp)
        for one in mine:
            one.provider_ref = there.ref
        if there.arrived is not None:
            _end(session, by_id, mine, arrived=there.arrived, stamp=stamp)


def was_booked(session: Session, payment: Payment, there: GivenBack) -> bool:
    """Say whether the books know a provider's refund as one of this payment, however it ended."""
    return any(_is(one, there) for one in _all(session, payment))


def _is(mine: Refund, there: GivenBack) -> bool:
    return is_at_provider(mine) and (there.ref == mine.provider_ref or there.key == refund_key(mine))


def _mirror(session: Session, holders: Sequence[Payment], there: GivenBack, stamp: Stamp) -> list[Refund]:
    """Book what was freed for it apart from the rest, which the account held: the journal remembers which was which."""
    made: list[Refund] = []
    for payment, part_cents in _shares(session, holders, there.amount_cents):
        freed_cents = min(part_cents, _free_up_to(session, payment, part_cents, stamp))
        keys = {_freed_for(payment, there.ref): freed_cents, _held_for(payment, there.ref): part_cents - freed_cents}
        for key, cents in keys.items():
            if cents > 0:
                wish = _gone(cents, "Remboursé chez le fournisseur")
                made.append(refund(session, source=payment, wish=wish, key=key, stamp=stamp))
    return made


def _shares(session: Session, holders: Sequence[Payment], amount_cents: int) -> list[tuple[Payment, int]]:
    """Return how much of an amount each holder gives: the last one first, the first one what is beyond all of them."""
    shares: list[tuple[Payment, int]] = []
    for payment in reversed(holders):
        is_last = payment is holders[0]
        part_cents = amount_cents if is_last else min(amount_cents, max(0, taken_back(session, payment).amount_cents))
        amount_cents -= part_cents
        if part_cents > 0:
            shares.append((payment, part_cents))
    return shares


def _freed_for(payment: Payment, ref: str) -> UUID:
    return uuid5(payment.id, f"refunded:{ref}")


def _held_for(payment: Payment, ref: str) -> UUID:
    return uuid5(payment.id, f"refunded-of-held:{ref}")


def _end(
    session: Session, holders: Mapping[UUID, Payment], mine: Sequence[Refund], *, arrived: bool, stamp: Stamp
) -> None:
    """What a person took off the invoices, or left on the account, waits for that person; what we freed pays again."""
    for one in mine:
        finish_refund(session, refund=one, arrived=arrived, stamp=stamp)
    for one in mine:
        payment = holders[one.source_id]
        if not arrived and one.cause_id == _freed_for(payment, one.provider_ref):
            _pay_on(session, payment, one.amount_cents, stamp)


def mirror_chargebacks(session: Session, holders: Sequence[Payment], charged_back_cents: int, stamp: Stamp) -> None:
    """Let the books agree with what the buyer's bank took back of a payment, when it left the rest.

    Only that part is open again: the rest goes on paying what it paid. What a dispute that was won returns is the
    payment's again, and pays. What was refunded by hand is not there to be taken: that part its customer owes.

    ``holders`` hold the charge in the books, the last one gives first. The session acts for the issuer and holds the
    account. Source: laws 13 and 15.
    """
    beyond_cents = charged_back_cents - sum(_taken_cents(session, one) for one in holders)
    if beyond_cents > 0:
        for payment, part_cents in _shares(session, holders, beyond_cents):
            _bear(session, payment, part_cents, stamp)
    for payment in reversed(holders):
        back_cents = min(-beyond_cents, _taken_cents(session, payment))
        if back_cents > 0:
            _bear(session, payment, -back_cents, stamp)
            beyond_cents += back_cents


def _bear(session: Session, payment: Payment, beyond_cents: int, stamp: Stamp) -> None:
    """Take so much more of a payment, or give so much back to it."""
    # what somebody left on the account stays there, but for what the bank took of it
    apart_cents = max(0, _held_cents(session, payment) - max(0, beyond_cents))
    for one in reversed(_taken(session, payment)):
        if beyond_cents >= 0:
            break
        finish_refund(session, refund=one, arrived=False, stamp=stamp)
        beyond_cents += one.amount_cents
    if beyond_cents > 0:
        _free_up_to(session, payment, beyond_cents, stamp)
        _take(session, payment, beyond_cents, stamp)
    _pay_on(session, payment, _held_cents(session, payment) - apart_cents, stamp)


def _taken(session: Session, payment: Payment) -> list[Refund]:
    return [one for one in _standing(session, payment) if one.is_chargeback]


def _taken_cents(session: Session, payment: Payment) -> int:
    return sum(one.amount_cents for one in _taken(session, payment))


def _take(session: Session, payment: Payment, amount_cents: int, stamp: Stamp) -> None:
    turn = len(_all(session, payment))
    wish = _gone(amount_cents, "Contestation bancaire", is_chargeback=True)
    key = uuid5(payment.id, f"charged-back:{turn}")
    taken = refund(session, source=payment, wish=wish, key=key, stamp=stamp)
    finish_refund(session, refund=taken, arrived=True, stamp=stamp)


def _gone(amount_cents: int, reason: str, *, is_chargeback: bool = False) -> Wish:
    return Wish(
        amount_cents=amount_cents,
        method=PaymentMethod.GATEWAY,
        reason=reason,
        is_chargeback=is_chargeback,
        has_gone=True,
    )


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


def _free_up_to(session: Session, payment: Payment, wanted_cents: int, stamp: Stamp) -> int:
    """Let a payment hold so much, taken off what was allocated last, and return how much that freed.

    What is not needed goes on paying what it paid.
    """
    before_cents = _held_cents(session, payment)
    on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
    for allocation in reversed(allocations_from(session, source_id=payment.id)):
        if _held_cents(session, payment) >= wanted_cents:
            break
        take_off(session, allocation, customer_id=payment.buyer_id, currency=payment.currency, on=on, stamp=stamp)
        settle_state(session, payment)
        _set_again(session, payment, allocation.invoice_id, _held_cents(session, payment) - wanted_cents, stamp)
    return _held_cents(session, payment) - before_cents


def _set_again(session: Session, payment: Payment, invoice_id: UUID, amount_cents: int, stamp: Stamp) -> None:
    """An annulled invoice takes nothing back (C6): then it pays on as when its money came."""
    still = open_cents(session, issuer_id=payment.owner_id, document_ids=[invoice_id])[invoice_id]
    part_cents = 0 if voided_among(session, invoice_ids=[invoice_id]) else min(amount_cents, still)
    if part_cents > 0:
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        set_against(session, payment, [Part(invoice_id, part_cents)], on=on, stamp=stamp)
        amount_cents -= part_cents
    _pay_on(session, payment, amount_cents, stamp)
