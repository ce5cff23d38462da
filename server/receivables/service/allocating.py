"""Setting payments against invoices, taking them off again, and setting them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstanceState, Session

from server.billing.joined import sections_beside
from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.billing.queries import invoice as read_invoice
from server.billing.queries import voided_among
from server.billing.service.clearing import close_voided
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, NotFound, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import last_undone_on, open_cents
from server.receivables import events
from server.receivables.model import Payment, Refund, WriteOff
from server.receivables.queries import allocations_from, open_invoices
from shared.states import PaymentState


class NotOneAccount(Conflict):
    """Source and invoice are not of one issuer, one customer and one currency (law 12)."""

    slug = "not-one-account"
    title = Text("Comptes différents", "Different accounts")


class NotAllocable(Conflict):
    """A payment that did not arrive, or that went back, pays nothing."""

    slug = "payment-not-allocable"
    title = Text("Paiement non affectable", "Payment cannot be allocated")


@dataclass(frozen=True, slots=True)
class Part:
    """So many cents for one invoice."""

    invoice_id: UUID
    amount_cents: int


def allocate_payment(session: Session, *, payment: Payment, parts: Sequence[Part], stamp: Stamp) -> list[Allocation]:
    """Set parts of a payment's rest against these open invoices, and return the allocations.

    Raises:
        NotAllocable: the money is not there.
        NotOneAccount, NotFound: an invoice of another issuer, customer or currency.
        OverAllocated: more than the payment still holds or an invoice has open.

    Source: R120; laws 11 and 12.
    """
    with acting_for(session, payment.owner_id):
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        read_anew(session, payment)
        _require_there(payment)
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        return set_against(session, payment, parts, on=on, stamp=stamp)


def set_against(
    session: Session, payment: Payment, parts: Sequence[Part], *, on: date, stamp: Stamp
) -> list[Allocation]:
    """Set these parts of a payment; the session acts for the issuer and holds the account.

    Money of a past day pays an invoice from the day on which what had paid it then was taken off: open at no day is
    below zero (law 6).
    """
    today = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
    freed = last_undone_on(session, invoice_ids={part.invoice_id for part in parts}) if on < today else {}
    made = [
        _allocate(session, payment, part, on=max(on, freed.get(part.invoice_id, on)), stamp=stamp) for part in parts
    ]
    if made:
        payment.move_to(PaymentState.ALLOCATED)
        facts.record(session, events.PAYMENT_ALLOCATED, payment.id, stamp, readers=tuple(payment.party_ids))
    return made


def oldest_first(
    session: Session, payment: Payment, *, first: UUID | None = None, most_cents: int | None = None
) -> list[Part]:
    """Return how what a payment still holds, or so much of it, pays the open invoices, ``first`` before the oldest.

    A section of a joined invoice brings the others: its client paid the whole (C15).
    """
    left_cents = -open_cents(session, issuer_id=payment.owner_id, document_ids=[payment.id])[payment.id]
    left_cents = left_cents if most_cents is None else min(left_cents, most_cents)
    rows = open_invoices(session, issuer_id=payment.owner_id, buyer_id=payment.buyer_id, currency=payment.currency)
    parts: list[Part] = []
    ahead = {one.id for one in sections_beside(session, session.get_one(Invoice, first))} if first else set()
    for invoice, still_cents in sorted(rows, key=lambda row: row[0].id not in ahead):
        amount_cents = min(left_cents, still_cents)
        if amount_cents <= 0:
            break
        left_cents -= amount_cents
        parts.append(Part(invoice.id, amount_cents))
    return parts


def undo_allocation(session: Session, *, allocation_id: UUID, stamp: Stamp) -> Allocation:
    """Give back what one allocation took, on both sides exactly, and return the row that says so.

    Asked again, it returns the undoing that stands.

    Raises:
        NotFound: the acting issuer has no such allocation.
        AlreadyUndone: it is an undoing itself.
        NotAllocable: it is a credit on its own invoice, which is annulled.

    Source: law 13.
    """
    allocation = _own_allocation(session, allocation_id)
    source, customer_id, currency = _source_of(session, allocation)
    _require_loose(session, source, allocation)
    ledger.lock_accounts(session, pairs=[(allocation.owner_id, customer_id)])
    known = session.scalars(select(Allocation).where(Allocation.reverses_id == allocation_id)).one_or_none()
    if known is not None:
        return known
    on = letterhead(session, org_id=allocation.owner_id).day_of(stamp.at)
    undone = take_off(session, allocation, customer_id=customer_id, currency=currency, on=on, stamp=stamp)
    if isinstance(source, Payment):
        settle_state(session, source)
    facts.record(session, events.ALLOCATION_UNDONE, allocation.id, stamp, readers=tuple(allocation.party_ids))
    return undone


def settle_state(session: Session, payment: Payment) -> None:
    """Say of a payment from which allocations were taken whether it still pays something."""
    read_anew(session, payment)
    if payment.state is PaymentState.ALLOCATED and not allocations_from(session, source_id=payment.id):
        payment.move_to(PaymentState.SUCCEEDED)


def reallocate_payment(session: Session, *, payment: Payment, parts: Sequence[Part], stamp: Stamp) -> list[Allocation]:
    """Take a payment off all that it pays and set it against these invoices instead, in one step.

    Raises:
        As ``allocate_payment``; then nothing has moved.

    Source: section 4 (affectée → réaffectée); law 13.
    """
    with acting_for(session, payment.owner_id):
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        read_anew(session, payment)
        on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
        free(session, payment, on=on, stamp=stamp)
        _require_there(payment)
        return set_against(session, payment, parts, on=on, stamp=stamp)


def free(session: Session, payment: Payment, *, on: date, stamp: Stamp) -> None:
    """Undo all that a payment pays; the session acts for the issuer and holds the account."""
    for allocation in allocations_from(session, source_id=payment.id):
        take_off(session, allocation, customer_id=payment.buyer_id, currency=payment.currency, on=on, stamp=stamp)
    session.flush()
    settle_state(session, payment)


def take_off(
    session: Session, allocation: Allocation, *, customer_id: UUID, currency: str, on: date, stamp: Stamp
) -> Allocation:
    """Give back what an allocation took, and return the row that says so; an annulled invoice does not open by it.

    The session acts for the issuer and holds the account.
    """
    undone = ledger.undo_allocation(
        session, allocation=allocation, customer_id=customer_id, currency=currency, on=on, stamp=stamp
    )
    session.flush()
    close_voided(session, invoice_id=allocation.invoice_id, on=on, stamp=stamp)
    session.flush()
    return undone


def read_anew(session: Session, row: Payment | CreditNote | Refund) -> None:
    """Read a row again under its account's lock; what this transaction itself changed of it stays."""
    state: InstanceState[Any] = inspect(row)
    if state.persistent and not session.is_modified(row):
        session.refresh(row)


def require_one_account(source: Payment | CreditNote, invoice: Invoice) -> None:
    """Refuse to set money of one account against an invoice of another.

    Raises:
        NotOneAccount: not one seller, one customer, one currency (law 12).
    """
    if (source.owner_id, source.buyer_id, source.currency) != (invoice.owner_id, invoice.buyer_id, invoice.currency):
        raise NotOneAccount(
            Text(
                "Argent et facture doivent être du même émetteur, du même client et de la même devise.",
                "Money and invoice must be of one issuer, one customer and one currency.",
            ),
            where=invoice.number,
        )


def allocation_day(invoice: Invoice, on: date) -> date:
    """Return the day of an allocation: never before the invoice's own."""
    return max(on, invoice.issued_on or on)


def _allocate(session: Session, payment: Payment, part: Part, *, on: date, stamp: Stamp) -> Allocation:
    invoice = read_invoice(session, invoice_id=part.invoice_id)
    require_one_account(payment, invoice)
    return ledger.allocate(
        session,
        source=AllocationSource.PAYMENT,
        source_id=payment.id,
        invoice_id=invoice.id,
        customer_id=payment.buyer_id,
        currency=payment.currency,
        amount_cents=part.amount_cents,
        on=allocation_day(invoice, on),
        stamp=stamp,
        readers=invoice.party_ids,
    )


def _require_loose(session: Session, source: Payment | CreditNote | WriteOff, allocation: Allocation) -> None:
    is_own = isinstance(source, CreditNote) and source.invoice_id == allocation.invoice_id
    if is_own and voided_among(session, invoice_ids=[allocation.invoice_id]):
        raise NotAllocable(
            Text(
                "La facture de cette note est annulée et la garde. Publier une nouvelle facture, s’il le faut.",
                "This note’s invoice is annulled and keeps it. Publish a new invoice, if need be.",
            ),
            where=str(allocation.invoice_id),
        )


def _require_there(payment: Payment) -> None:
    if payment.state not in {PaymentState.SUCCEEDED, PaymentState.ALLOCATED}:
        raise NotAllocable(
            Text(
                "Ce paiement n’est pas encaissé\u00a0: il ne paie aucune facture.",
                "This payment is not received: it pays no invoice.",
            ),
            where=str(payment.id),
        )


def _own_allocation(session: Session, allocation_id: UUID) -> Allocation:
    found = session.get(Allocation, allocation_id)
    if found is None or found.owner_id != acting_org(session):
        raise NotFound(
            Text("Cette affectation n’existe pas.", "There is no such allocation."), where=str(allocation_id)
        )
    return found


def _source_of(session: Session, allocation: Allocation) -> tuple[Payment | CreditNote | WriteOff, UUID, str]:
    found: Payment | CreditNote | WriteOff
    if allocation.source is AllocationSource.PAYMENT:
        found = session.get_one(Payment, allocation.source_id)
    elif allocation.source is AllocationSource.CREDIT_NOTE:
        found = session.get_one(CreditNote, allocation.source_id)
    else:
        found = session.get_one(WriteOff, allocation.source_id)
    return found, found.buyer_id, found.currency
