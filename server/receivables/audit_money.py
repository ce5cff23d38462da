"""Walking an issuer's payments and refunds: each is in the journal as it came, was banked, failed or went back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.problems import Text
from server.ledger.audit import Head, LedgerFault, head_fault, heads_of, orphan_faults, posting_fault, sides_of
from server.ledger.entries import (
    EntryKind,
    Received,
    Side,
    banked_sides,
    payment_sides,
    refund_sides,
    reversed_sides,
)
from server.ledger.model import Account, Allocation, AllocationSource
from server.receivables.model import Payment, PaymentMethod, Refund, RefundState
from server.receivables.service.payments import received_of
from server.receivables.service.refunds import refunded_of
from shared.states import PaymentState

_CONFIRMED: Final = frozenset({PaymentState.SUCCEEDED, PaymentState.ALLOCATED, PaymentState.REFUNDED})


@dataclass(frozen=True, slots=True)
class _Posted:
    """What the journal has of one kind of entry, by document."""

    sides: Mapping[UUID, set[Side]]
    heads: Mapping[UUID, Head]

    def faults(self, issuer_id: UUID, document_id: UUID, sides: Iterable[Side], head: Head) -> Iterator[LedgerFault]:
        """Yield how the entry of a document is not what it should be; without sides there should be none."""
        wanted = tuple(sides)
        posted = self.sides.get(document_id, None if wanted else set())
        if fault := posting_fault(issuer_id, str(document_id), expected=wanted, posted=posted):
            yield fault
        found = self.heads.get(document_id) if wanted else None
        if fault := head_fault(issuer_id, str(document_id), expected=head, posted=found):
            yield fault


def payment_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield what does not hold of an issuer's payments: money that came, was banked, failed, and what it pays.

    Source: laws 1, 2, 13, 15; the table of the ledger.
    """
    payments = session.scalars(select(Payment).where(Payment.owner_id == issuer_id).order_by(Payment.id)).all()
    ids = [one.id for one in payments]
    kinds = (EntryKind.PAYMENT, EntryKind.PAYMENT_BANKED, EntryKind.PAYMENT_FAILED)
    came, banked, failed = (_posted(session, issuer_id, kind, ids) for kind in kinds)
    gone = refunded_cents(session, issuer_id=issuer_id, by_provider=True)
    by_hand = refunded_cents(session, issuer_id=issuer_id, by_provider=False)
    paying = _paying_cents(session, issuer_id)
    for one in payments:
        there = came.sides.get(one.id)
        in_transit = there is not None and Account.IN_TRANSIT in {side.account for side in there}
        yield from came.faults(issuer_id, one.id, *_came(one, in_transit=in_transit, posted=there is not None))
        yield from banked.faults(issuer_id, one.id, *_banked(one))
        yield from failed.faults(issuer_id, one.id, *_failed(one, gone.get(one.id, 0), in_transit=in_transit))
        if not _is_so(one, in_transit=in_transit, posted=there is not None, pays=paying.get(one.id, 0) > 0):
            yield _untrue(issuer_id, one.id)
        if one.state is PaymentState.REFUNDED and not _is_back(one, gone.get(one.id, 0), by_hand.get(one.id, 0)):
            yield _untrue(issuer_id, one.id)
    for kind in kinds:
        yield from orphan_faults(session, issuer_id=issuer_id, kind=kind, document=Payment)


def refund_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield what does not hold of an issuer's refunds: money that went back, and what came back of it.

    Source: laws 1, 2, 16.
    """
    refunds = session.scalars(select(Refund).where(Refund.owner_id == issuer_id).order_by(Refund.id)).all()
    ids = [one.id for one in refunds]
    kinds = (EntryKind.REFUND, EntryKind.REFUND_FAILED)
    given, undone = (_posted(session, issuer_id, kind, ids) for kind in kinds)
    for one in refunds:
        sides = refund_sides(refunded_of(one))
        yield from given.faults(issuer_id, one.id, sides, Head(one.currency, one.refunded_on, one.recorded_at))
        has_failed = one.failed_on is not None
        head = Head(one.currency, one.failed_on, one.failed_at)
        yield from undone.faults(issuer_id, one.id, reversed_sides(sides) if has_failed else (), head)
        waits_by_hand = one.state is RefundState.PENDING and one.method is not PaymentMethod.GATEWAY
        if has_failed != (one.state is RefundState.FAILED) or waits_by_hand:
            yield _untrue(issuer_id, one.id)
    for kind in kinds:
        yield from orphan_faults(session, issuer_id=issuer_id, kind=kind, document=Refund)


def refunded_cents(session: Session, *, issuer_id: UUID, by_provider: bool) -> Mapping[UUID, int]:
    """Return by source what went back, and did not fail to, the way of a provider; else by a person's hand."""
    is_theirs = Refund.method == PaymentMethod.GATEWAY
    rows = session.execute(
        select(Refund.source_id, func.sum(Refund.amount_cents))
        .where(Refund.owner_id == issuer_id, Refund.state != RefundState.FAILED)
        .where(is_theirs if by_provider else ~is_theirs)
        .group_by(Refund.source_id)
    )
    return {source_id: int(cents) for source_id, cents in rows}


def _posted(session: Session, issuer_id: UUID, kind: EntryKind, ids: list[UUID]) -> _Posted:
    return _Posted(
        sides_of(session, issuer_id=issuer_id, kind=kind, document_ids=ids),
        heads_of(session, issuer_id=issuer_id, kind=kind, document_ids=ids),
    )


def _came(one: Payment, *, in_transit: bool, posted: bool) -> tuple[tuple[Side, ...], Head]:
    head = Head(one.currency, one.received_on, one.recorded_at)
    if not posted and one.never_came:
        return (), head
    return payment_sides(received_of(one), into=Account.IN_TRANSIT if in_transit else Account.BANK), head


def _banked(one: Payment) -> tuple[tuple[Side, ...], Head]:
    sides = banked_sides(received_of(one)) if one.banked_on else ()
    return sides, Head(one.currency, one.banked_on, one.banked_at)


def _failed(one: Payment, gone_cents: int, *, in_transit: bool) -> tuple[tuple[Side, ...], Head]:
    head = Head(one.currency, one.failed_on, one.failed_at)
    if one.failed_on is None:
        return (), head
    whole = received_of(one)
    taken = Received(
        payment_id=one.id,
        customer_id=one.buyer_id,
        currency=one.currency,
        amount_cents=whole.amount_cents - gone_cents,
        rounding_cents=whole.rounding_cents,
    )
    out_of = Account.IN_TRANSIT if in_transit and one.banked_on is None else Account.BANK
    return reversed_sides(payment_sides(taken, into=out_of)), head


def _is_so(one: Payment, *, in_transit: bool, posted: bool, pays: bool) -> bool:
    """Say whether a payment's state is what its money came to: in the truck, there, paying, gone."""
    if pays != (one.state is PaymentState.ALLOCATED):
        return False
    if posted and (one.state is PaymentState.FAILED) != (one.failed_on is not None):
        return False
    if posted and one.state in {PaymentState.INITIATED, PaymentState.PENDING}:
        return in_transit and one.banked_on is None
    if in_transit and one.state in _CONFIRMED:
        return one.banked_on is not None
    return one.banked_on is None or (in_transit and one.state is PaymentState.FAILED)


def _is_back(one: Payment, gone_cents: int, by_hand_cents: int) -> bool:
    """Say whether all of it went back: people give no more than it, but a bank may take what they gave."""
    return by_hand_cents <= one.amount_cents <= gone_cents + by_hand_cents


def _paying_cents(session: Session, issuer_id: UUID) -> Mapping[UUID, int]:
    rows = session.execute(
        select(Allocation.source_id, func.sum(Allocation.amount_cents))
        .where(Allocation.owner_id == issuer_id, Allocation.source == AllocationSource.PAYMENT)
        .group_by(Allocation.source_id)
    )
    return {source_id: int(cents) for source_id, cents in rows}


def _untrue(issuer_id: UUID, document_id: UUID) -> LedgerFault:
    text = Text(
        "L’état n’est pas celui que disent ses écritures et ses affectations.",
        "The state is not what its postings and allocations say.",
    )
    return LedgerFault("state-differs", issuer_id, str(document_id), text)
