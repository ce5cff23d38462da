"""Making room on an invoice for its own credits: what it holds of others gives way, and finds its place elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing import events
from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.numbering import issue_day
from server.billing.queries import credits_of
from server.core import facts
from server.core.gathering import write_now
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import allocations_from, open_cents, standing_on
from shared.states import CreditState

VOIDED_BY_HAND: Final = "void"
"""The cause of the credit that annuls an invoice by a person's word, as credit notes keep it."""

type WhenFreed = Callable[[Session, UUID], None]

_WHEN_FREED: Final[list[WhenFreed]] = []


def when_freed(tell: WhenFreed) -> WhenFreed:
    """Have the keeper of payments told, in the same transaction, of each one that an annulled invoice let go."""
    _WHEN_FREED.append(tell)
    return tell


def readers_of(note: CreditNote, invoice: Invoice) -> set[UUID]:
    """Return who reads what a note gives to an invoice beside their issuer: the buyer, and whoever reads both (law 33).

    Under agent billing two sellers have a note and an invoice in one account, and neither is the other's to read.
    """
    return {note.buyer_id} | (set(note.party_ids) & set(invoice.party_ids))


def undo_write_offs(session: Session, *, note: CreditNote, wanted_cents: int, stamp: Stamp) -> int:
    """Take so many cents, or what there is, of write-offs off a note's own invoice, newest first; return how many.

    What is credited need not be given up, and what was given up was never paid: it must not become the customer's.

    Source: laws 6, 13; ADR 0053.
    """
    room, freed_cents = _Room(session, note, issue_day(note), stamp), 0
    write_now(session)
    for one in reversed(standing_on(session, invoice_id=room.invoice_id)):
        if one.source is AllocationSource.WRITE_OFF and freed_cents < wanted_cents:
            room.undo(one)
            freed_cents += one.amount_cents
            if freed_cents > wanted_cents:  # what is left of it stays given up
                room.set_of(one, session.get_one(Invoice, room.invoice_id), freed_cents - wanted_cents)
                freed_cents = wanted_cents
    return freed_cents


def clear_voided(session: Session, *, void: CreditNote, stamp: Stamp) -> None:
    """Leave a voided invoice with its own earlier credits alone, whole, so that ``void`` closes it.

    Payments, other credits and write-offs are taken off it. Its own credits are taken off the invoices that they went
    to when it was paid, and what came free pays these instead, so that none of them opens again. What was refunded of
    its own credits cannot come back; so much of what came free stays on it.

    Source: C6; section 4 (publiée → annulée: payments re-freed); laws 6, 13, 27; ADR 0053.
    """
    room = _Room(session, void, issue_day(void), stamp)
    issued = [one for one in credits_of(session, invoice_id=room.invoice_id) if one.state is CreditState.ISSUED]
    own = [one for one in issued if one is not void]
    loose = list(room.take_off({one.id for one in own}))
    away = list(room.take_back(own))
    write_now(session)
    room.set_whole(own)
    targets = [(room.invoice_id, room.open_cents() - void.total_cents)]
    room.pay_instead(loose, [*targets, *((one.invoice_id, one.amount_cents) for one in away)])
    write_now(session)
    _tell(session, loose, void, stamp)


def close_voided(session: Session, *, invoice_id: UUID, on: date, stamp: Stamp) -> None:
    """Close an annulled invoice again from which a payment was taken: its own credits come back, wherever they are.

    What they paid elsewhere is open again, since its money is gone. Nothing happens to an invoice that stands.

    Source: C6, C11; law 6; ADR 0053.
    """
    issued = [one for one in credits_of(session, invoice_id=invoice_id) if one.state is CreditState.ISSUED]
    void = next((one for one in issued if one.kind is CreditKind.VOID), None)
    room = _Room(session, void, on, stamp) if void else None
    if room is None or not room.open_cents():
        return
    for _one in room.take_back(issued):
        pass
    write_now(session)
    room.set_whole(issued)


@dataclass(frozen=True, slots=True)
class _Room:
    """What moves on an invoice for a credit of its own on a day; within one account all of it."""

    session: Session
    note: CreditNote
    on: date
    stamp: Stamp

    @property
    def invoice_id(self) -> UUID:
        """The note's own invoice."""
        if self.note.invoice_id is None:
            raise LookupError(self.note.id)
        return self.note.invoice_id

    def open_cents(self) -> int:
        """What is open of it."""
        write_now(self.session)
        return open_cents(self.session, issuer_id=self.note.owner_id, document_ids=[self.invoice_id])[self.invoice_id]

    def take_off(self, own_ids: set[UUID]) -> Iterator[Allocation]:
        """Undo what is set on it and is not of its own credits."""
        write_now(self.session)
        for one in standing_on(self.session, invoice_id=self.invoice_id):
            if one.source_id not in own_ids:
                self.undo(one)
                yield one

    def take_back(self, own: Iterable[CreditNote]) -> Iterator[Allocation]:
        """Undo what its own credits pay elsewhere."""
        for note in own:
            for one in allocations_from(self.session, source_id=note.id):
                if one.invoice_id != self.invoice_id:
                    self.undo(one)
                    yield one

    def set_whole(self, own: Sequence[CreditNote]) -> None:
        """Set all that its own credits hold on it."""
        document_ids = [one.id for one in own]
        held = open_cents(self.session, issuer_id=self.note.owner_id, document_ids=document_ids) if own else {}
        for one in own:
            if held[one.id] < 0:
                target = self.session.get_one(Invoice, self.invoice_id)
                self._set(AllocationSource.CREDIT_NOTE, one.id, target, -held[one.id], one.party_ids)

    def pay_instead(self, loose: Iterable[Allocation], targets: Iterable[tuple[UUID, int]]) -> None:
        """Set what came free against these invoices, in their order, up to so many cents of each."""
        free = {one: one.amount_cents for one in loose if one.source is not AllocationSource.WRITE_OFF}
        for invoice_id, most_cents in targets:
            wanted_cents, invoice = most_cents, self.session.get_one(Invoice, invoice_id)
            for one, held_cents in list(free.items()):
                amount_cents = min(held_cents, wanted_cents)
                if amount_cents > 0:
                    self.set_of(one, invoice, amount_cents)
                    free[one] = held_cents - amount_cents
                    wanted_cents -= amount_cents

    def set_of(self, of: Allocation, invoice: Invoice, amount_cents: int) -> None:
        """Set a part of what an undone allocation gave back against an invoice."""
        readers = set(invoice.party_ids)
        if of.source is AllocationSource.CREDIT_NOTE:
            readers = readers_of(self.session.get_one(CreditNote, of.source_id), invoice)
        self._set(of.source, of.source_id, invoice, amount_cents, readers)

    def undo(self, allocation: Allocation) -> None:
        """Give back what an allocation took."""
        ledger.undo_allocation(
            self.session,
            allocation=allocation,
            customer_id=self.note.buyer_id,
            currency=self.note.currency,
            on=max(allocation.allocated_on, self.on),
            stamp=self.stamp,
        )

    def _set(
        self, source: AllocationSource, source_id: UUID, invoice: Invoice, amount_cents: int, readers: Iterable[UUID]
    ) -> None:
        ledger.allocate(
            self.session,
            source=source,
            source_id=source_id,
            invoice_id=invoice.id,
            customer_id=self.note.buyer_id,
            currency=self.note.currency,
            amount_cents=amount_cents,
            on=max(self.on, invoice.issued_on or self.on),
            stamp=self.stamp,
            readers=readers,
        )


def _tell(session: Session, loose: Iterable[Allocation], void: CreditNote, stamp: Stamp) -> None:
    freed = sorted({one.source_id for one in loose if one.source is AllocationSource.PAYMENT})
    for payment_id in freed:
        for tell in _WHEN_FREED:
            tell(session, payment_id)
    if freed and void.invoice_id:
        facts.record(session, events.INVOICE_FREED, void.invoice_id, stamp, readers=tuple(void.party_ids))
