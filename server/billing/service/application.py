"""Setting credits against invoices: first their own, then the customer's next ones (C11, R083)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.numbering import issue_day
from server.billing.queries import waiting_credits
from server.billing.service.clearing import VOIDED_BY_HAND, clear_voided, readers_of, undo_write_offs
from server.core.gathering import write_now
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import AllocationSource
from server.ledger.queries import open_cents

type Waiting = Sequence[tuple[CreditNote, int]]


def credits_waiting_for(session: Session, *, issuer_id: UUID, documents: Sequence[Invoice | CreditNote]) -> Waiting:
    """Return the credits that the customers of these invoices still hold, with their cents, oldest first.

    The session acts for the issuer and holds its accounts' lock, so that nobody else takes of them.
    """
    invoices = [one for one in documents if isinstance(one, Invoice) and one.total_cents]
    buyer_ids = {one.buyer_id for one in invoices}
    return [
        held
        for currency in sorted({one.currency for one in invoices})
        for held in waiting_credits(session, issuer_id=issuer_id, buyer_ids=buyer_ids, currency=currency)
    ]


def apply_credits(
    session: Session,
    *,
    issuer_id: UUID,
    documents: Sequence[Invoice | CreditNote],
    waiting: Waiting,
    stamp: Stamp,
    elsewhere: Mapping[UUID, int] | None = None,
) -> None:
    """Apply each new credit to its own invoice, then what waited or is left to each new invoice of its customer.

    ``elsewhere`` are the cents of a note that its writer sets against other invoices.
    The session acts for the issuer, holds its accounts' lock, and the documents are numbered and posted.

    Source: R082, R083, C11; laws 6, 11, 12.
    """
    notes = [one for one in documents if isinstance(one, CreditNote)]
    left = [*waiting, *(_apply_to_own(session, issuer_id, notes, elsewhere or {}, stamp) if notes else ())]
    if any(one.kind is CreditKind.VOID for one in notes):  # what waited may be set by now, and what was set may wait
        write_now(session)
        left = [*credits_waiting_for(session, issuer_id=issuer_id, documents=documents)]
    _apply_waiting(session, [one for one in documents if isinstance(one, Invoice)], left, stamp)


def _apply_to_own(
    session: Session, issuer_id: UUID, notes: Sequence[CreditNote], elsewhere: Mapping[UUID, int], stamp: Stamp
) -> Waiting:
    """Return what is left of each note, e.g. all of a deposit credit, which has no invoice of its own."""
    own = {one.invoice_id for one in notes if one.invoice_id}
    still = dict(open_cents(session, issuer_id=issuer_id, document_ids=own)) if own else {}
    left: list[tuple[CreditNote, int]] = []
    for note in notes:
        amount_cents = 0
        if note.invoice_id:
            if _clears(note, still[note.invoice_id]):
                clear_voided(session, void=note, stamp=stamp)
                still = dict(open_cents(session, issuer_id=issuer_id, document_ids=own))
            wanted_cents = max(0, note.total_cents - elsewhere.get(note.id, 0))
            if wanted_cents > still[note.invoice_id]:
                lacking_cents = wanted_cents - still[note.invoice_id]
                still[note.invoice_id] += undo_write_offs(session, note=note, wanted_cents=lacking_cents, stamp=stamp)
            amount_cents = min(wanted_cents, still[note.invoice_id])
            still[note.invoice_id] -= amount_cents
            _apply(
                session, note, note.invoice_id, amount_cents, readers=note.party_ids, on=issue_day(note), stamp=stamp
            )
        left.append((note, note.total_cents - amount_cents))
    return left


def _clears(note: CreditNote, still_cents: int) -> bool:
    """A person's void takes all off its invoice; a delivery's leaves what is paid, if it can, and waits (C11)."""
    if note.kind is not CreditKind.VOID:
        return False
    return note.cause_kind == VOIDED_BY_HAND or note.total_cents < still_cents


def _apply_waiting(session: Session, invoices: Sequence[Invoice], waiting: Waiting, stamp: Stamp) -> None:
    open_of = {one.id: one.total_cents for one in invoices}
    for note, held_cents in waiting:
        left_cents = held_cents
        for invoice in invoices:
            if (invoice.buyer_id, invoice.currency) == (note.buyer_id, note.currency):
                amount_cents = min(left_cents, open_of[invoice.id])
                left_cents -= amount_cents
                open_of[invoice.id] -= amount_cents
                readers = readers_of(note, invoice)
                _apply(session, note, invoice.id, amount_cents, readers=readers, on=issue_day(invoice), stamp=stamp)


def _apply(
    session: Session,
    note: CreditNote,
    invoice_id: UUID,
    amount_cents: int,
    *,
    readers: Iterable[UUID],
    on: date,
    stamp: Stamp,
) -> None:
    if amount_cents <= 0:
        return
    ledger.allocate(
        session,
        source=AllocationSource.CREDIT_NOTE,
        source_id=note.id,
        invoice_id=invoice_id,
        customer_id=note.buyer_id,
        currency=note.currency,
        amount_cents=amount_cents,
        on=on,
        stamp=stamp,
        readers=readers,
    )
