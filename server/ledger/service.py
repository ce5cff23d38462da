"""Write into an issuer's journal: entries that sum to zero, and allocations within what is open.

Every verb acts as the issuer: the caller has set the acting organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.gathering import write_now
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.ledger.entries import (
    Billed,
    EntryKind,
    Received,
    Refunded,
    Side,
    allocation_sides,
    banked_sides,
    credit_sides,
    invoice_sides,
    payment_sides,
    refund_sides,
    revaluation_sides,
    reversed_sides,
)
from server.ledger.journal import post
from server.ledger.model import Account, Allocation, AllocationSource
from server.ledger.queries import open_cents
from shared.ids import new_id
from shared.money import format_money

_LOCK_COMMAND = text("SELECT pg_advisory_xact_lock(hashtextextended('command:' || :name, 0))")
_LOCK_ACCOUNTS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('account:' || pair, 0)) FROM unnest(CAST(:pairs AS text[])) AS pair"
)


class OverAllocated(Problem):
    """More would be set against an invoice than its source still holds or than is open (law 11)."""

    slug = "over-allocated"
    status = 409
    title = Text("Affectation trop grande", "Allocation too large")


class OverRefunded(Problem):
    """More would go back to a customer than the payment or credit note still holds (law 16)."""

    slug = "over-refunded"
    status = 409
    title = Text("Remboursement trop grand", "Refund too large")


class AlreadyUndone(Problem):
    """The allocation was undone, or is itself an undoing."""

    slug = "allocation-undone"
    status = 409
    title = Text("Affectation déjà annulée", "Allocation already undone")


def lock_command(session: Session, *, issuer_id: UUID, key: UUID) -> None:
    """Let a command that is told twice at once wait for itself: who comes second finds what the first one made.

    Taken before everything else of its transaction, accounts included, and but one of them.
    """
    session.execute(_LOCK_COMMAND, {"name": f"{issuer_id}:{key}"})


def lock_accounts(session: Session, *, pairs: Iterable[tuple[UUID, UUID]]) -> None:
    """Keep other transactions from allocating for these (issuer, customer) pairs until this one ends.

    Taken in one order everywhere, and before the counters of numbers, so that two transactions cannot deadlock.
    """
    names = sorted({f"{issuer_id}:{customer_id}" for issuer_id, customer_id in pairs})
    session.execute(_LOCK_ACCOUNTS, {"pairs": names})


def post_invoice(session: Session, *, billed: Billed, posted_on: date, stamp: Stamp) -> None:
    """Write the entry of a published invoice."""
    post(
        session,
        kind=EntryKind.INVOICE,
        document_id=billed.document_id,
        currency=billed.currency,
        posted_on=posted_on,
        sides=invoice_sides(billed),
        stamp=stamp,
    )


def post_credit(session: Session, *, billed: Billed, posted_on: date, stamp: Stamp) -> None:
    """Write the entry of an issued credit note."""
    post(
        session,
        kind=EntryKind.CREDIT_NOTE,
        document_id=billed.document_id,
        currency=billed.currency,
        posted_on=posted_on,
        sides=credit_sides(billed),
        stamp=stamp,
    )


def post_payment(session: Session, *, received: Received, in_transit: bool, posted_on: date, stamp: Stamp) -> None:
    """Write the entry of money received: customer credit until it is allocated."""
    into = Account.IN_TRANSIT if in_transit else Account.BANK
    sides = payment_sides(received, into=into)
    _post_money(session, EntryKind.PAYMENT, received, sides, posted_on=posted_on, stamp=stamp)


def post_banked(session: Session, *, received: Received, posted_on: date, stamp: Stamp) -> None:
    """Write the entry that moves money of a truck to the bank."""
    sides = banked_sides(received)
    _post_money(session, EntryKind.PAYMENT_BANKED, received, sides, posted_on=posted_on, stamp=stamp)


def post_failed_payment(
    session: Session, *, received: Received, in_transit: bool, posted_on: date, stamp: Stamp
) -> None:
    """Write the entry that takes a payment back; its allocations are undone before."""
    into = Account.IN_TRANSIT if in_transit else Account.BANK
    sides = reversed_sides(payment_sides(received, into=into))
    _post_money(session, EntryKind.PAYMENT_FAILED, received, sides, posted_on=posted_on, stamp=stamp)


def post_refund(session: Session, *, refunded: Refunded, posted_on: date, stamp: Stamp, has_gone: bool = False) -> None:
    """Write the entry of money given back: Dr customer credit, or the note's receivable / Cr bank.

    What has gone already, taken by a provider or a bank, is posted whole: beyond what its source holds it is owed. The
    caller holds ``lock_accounts`` for the issuer and the customer.

    Raises:
        OverRefunded: the amount is not positive, or above what the source still holds.

    Source: the table of the ledger; law 16.
    """
    session.flush()
    still = open_cents(session, issuer_id=acting_org(session), document_ids=(refunded.source_id,))
    held_cents = max(0, -still[refunded.source_id])
    if not (0 < refunded.amount_cents <= held_cents or (has_gone and refunded.amount_cents > 0)):
        raise _over_refunded(refunded, held_cents)
    sides = refund_sides(refunded)
    _post_refund(session, EntryKind.REFUND, refunded, sides, posted_on=posted_on, stamp=stamp)


def post_failed_refund(session: Session, *, refunded: Refunded, posted_on: date, stamp: Stamp) -> None:
    """Write the entry that gives a refund that never arrived back to its source."""
    sides = reversed_sides(refund_sides(refunded))
    _post_refund(session, EntryKind.REFUND_FAILED, refunded, sides, posted_on=posted_on, stamp=stamp)


def post_revaluation(
    session: Session, *, revaluation_id: UUID, class_id: UUID, currency: str, amount_cents: int, on: date, stamp: Stamp
) -> None:
    """Write the entry that brings the liability of a container class to the price of a day (law 20)."""
    post(
        session,
        kind=EntryKind.DEPOSIT_REVALUATION,
        document_id=revaluation_id,
        currency=currency,
        posted_on=on,
        sides=revaluation_sides(class_id=class_id, amount_cents=amount_cents),
        stamp=stamp,
    )


def allocate(
    session: Session,
    *,
    source: AllocationSource,
    source_id: UUID,
    invoice_id: UUID,
    customer_id: UUID,
    currency: str,
    amount_cents: int,
    on: date,
    stamp: Stamp,
    readers: Iterable[UUID] = (),
) -> Allocation:
    """Set a part of a payment or credit note, or a write-off, against an invoice, and return the allocation.

    The caller holds ``lock_accounts`` for the issuer and the customer.

    Raises:
        OverAllocated: the amount is not positive, above what the source holds or above what the invoice has open.

    Source: laws 6, 11 and 12.
    """
    issuer_id = acting_org(session)
    write_now(session)
    still = open_cents(session, issuer_id=issuer_id, document_ids=(source_id, invoice_id))
    held_cents = still[invoice_id] if source is AllocationSource.WRITE_OFF else -still[source_id]
    limit_cents = min(held_cents, still[invoice_id])
    if not 0 < amount_cents <= limit_cents:
        is_spent = held_cents < still[invoice_id]
        raise _over_allocated(amount_cents, max(0, limit_cents), currency, invoice_id, is_spent=is_spent)
    allocation = Allocation(
        id=new_id(),
        owner_id=issuer_id,
        party_ids=sorted(set(readers)),
        source=source,
        source_id=source_id,
        invoice_id=invoice_id,
        amount_cents=amount_cents,
        allocated_on=on,
        recorded_at=stamp.at,
    )
    session.add(allocation)
    _post_allocation(session, allocation, customer_id, currency, stamp)
    return allocation


def undo_allocation(
    session: Session, *, allocation: Allocation, customer_id: UUID, currency: str, on: date, stamp: Stamp
) -> Allocation:
    """Give back what an allocation took, on both sides exactly, and return the row that says so.

    Raises:
        AlreadyUndone: it is an undoing itself.

    Source: law 13; undoing twice is refused by the database.
    """
    if allocation.reverses_id is not None:
        raise AlreadyUndone(
            Text("Une annulation ne s’annule pas. Affecter de nouveau.", "An undoing is not undone. Allocate again."),
            where=str(allocation.id),
        )
    undoing = Allocation(
        id=new_id(),
        **allocation.kin(),
        source=allocation.source,
        source_id=allocation.source_id,
        invoice_id=allocation.invoice_id,
        amount_cents=-allocation.amount_cents,
        allocated_on=on,
        reverses_id=allocation.id,
        recorded_at=stamp.at,
    )
    session.add(undoing)
    _post_allocation(session, undoing, customer_id, currency, stamp)
    return undoing


def _post_allocation(session: Session, allocation: Allocation, customer_id: UUID, currency: str, stamp: Stamp) -> None:
    sides = allocation_sides(
        source=allocation.source,
        source_id=allocation.source_id,
        invoice_id=allocation.invoice_id,
        customer_id=customer_id,
        amount_cents=allocation.amount_cents,
    )
    post(
        session,
        kind=EntryKind.ALLOCATION,
        document_id=allocation.id,
        currency=currency,
        posted_on=allocation.allocated_on,
        sides=sides,
        stamp=stamp,
    )


def _post_refund(
    session: Session, kind: EntryKind, refunded: Refunded, sides: tuple[Side, ...], *, posted_on: date, stamp: Stamp
) -> None:
    post(
        session,
        kind=kind,
        document_id=refunded.refund_id,
        currency=refunded.currency,
        posted_on=posted_on,
        sides=sides,
        stamp=stamp,
    )


def _post_money(
    session: Session, kind: EntryKind, received: Received, sides: tuple[Side, ...], *, posted_on: date, stamp: Stamp
) -> None:
    post(
        session,
        kind=kind,
        document_id=received.payment_id,
        currency=received.currency,
        posted_on=posted_on,
        sides=sides,
        stamp=stamp,
    )


def _over_allocated(
    amount_cents: int, limit_cents: int, currency: str, invoice_id: UUID, *, is_spent: bool
) -> OverAllocated:
    why, why_en = "ce que la facture a encore d’ouvert.", "what the invoice still has open."
    if is_spent:
        why = "ce qui n’est pas déjà affecté. Désaffecter d’abord ce qui paie une autre facture."
        why_en = "what is not set yet. Take it first off the other invoice that it pays."
    asked, most = (format_money(cents, currency, "fr") for cents in (amount_cents, limit_cents))
    asked_en, most_en = (format_money(cents, currency, "en") for cents in (amount_cents, limit_cents))
    return OverAllocated(
        Text(
            f"{asked} ne peuvent être affectés\u00a0: il faut un montant positif, au plus {most}, {why}",
            f"{asked_en} cannot be allocated: the amount must be positive and at most {most_en}, {why_en}",
        ),
        where=str(invoice_id),
    )


def _over_refunded(refunded: Refunded, held_cents: int) -> OverRefunded:
    asked, most = (format_money(cents, refunded.currency, "fr") for cents in (refunded.amount_cents, held_cents))
    asked_en, most_en = (format_money(cents, refunded.currency, "en") for cents in (refunded.amount_cents, held_cents))
    return OverRefunded(
        Text(
            f"{asked} ne peuvent être remboursés\u00a0: il faut un montant positif, au plus {most}. "
            "Désaffecter d’abord ce qui paie une facture.",
            f"{asked_en} cannot be refunded: the amount must be positive and at most {most_en}. "
            "Take it off the invoices that it pays first.",
        ),
        where=str(refunded.source_id),
    )
