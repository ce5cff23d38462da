"""How published invoices stand: what is still open of each, and the word for it (R044, R085)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.joined import JoinedInvoice
from server.billing.model import Invoice
from server.billing.queries import voided_among
from server.core.acting import acting_for, acting_org
from server.ledger.model import Allocation, AllocationSource
from shared.problems import Text
from shared.states import InvoiceState


class Standing(StrEnum):
    """How a published invoice stands; derived from credits and allocations, never stored (R044, R085)."""

    TO_PAY = "to_pay"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    ANNULLED = "annulled"


STANDING_LABELS: Mapping[Standing, Text] = {
    Standing.TO_PAY: Text("À payer", "To pay"),
    Standing.PARTLY_PAID: Text("Payée en partie", "Partly paid"),
    Standing.PAID: Text("Payée", "Paid"),
    Standing.OVERDUE: Text("En souffrance", "Overdue"),
    Standing.CREDITED: Text("Créditée", "Credited"),
    Standing.WRITTEN_OFF: Text("Radiée", "Written off"),
    Standing.ANNULLED: Text("Annulée", "Annulled"),
}


@dataclass(frozen=True, slots=True)
class InvoiceStanding:
    """An invoice, whose attributes it has, with how it stands; before publication both are None.

    Whoever reads the invoice reads this, as on its page: what an issuer may hide is a customer's balance (R079).
    """

    invoice: Invoice
    payment_state: Standing | None
    open_cents: int | None

    def __getattr__(self, name: str) -> Any:
        """Return what the invoice says."""
        return getattr(self.invoice, name)


@dataclass(frozen=True, slots=True)
class JoinedStanding:
    """One agent invoice for several orders, whose attributes it has, with how its sections stand."""

    joined: JoinedInvoice
    sections: Sequence[InvoiceStanding]

    @property
    def open_cents(self) -> int | None:
        """What is still to be paid of it; None before publication."""
        return None if self.joined.is_provisional else sum(one.open_cents or 0 for one in self.sections)

    @property
    def payment_state(self) -> Standing | None:
        """How its sections stand together: annulled ones do not count while another stands; None before publication."""
        said = {one.payment_state for one in self.sections if one.payment_state}
        said = said - {Standing.ANNULLED} or said
        if len(said) <= 1:
            return next(iter(said), None)
        if not self.open_cents:
            return next(one for one in _SETTLED if one in said)
        return Standing.OVERDUE if Standing.OVERDUE in said else Standing.PARTLY_PAID

    def __getattr__(self, name: str) -> Any:
        """Return what the invoice says."""
        return getattr(self.joined, name)


_SETTLED = (Standing.WRITTEN_OFF, Standing.PAID, Standing.CREDITED)


def standing_of(session: Session, invoice: Invoice, *, on: date) -> InvoiceStanding:
    """Return an invoice with how it stands on a day."""
    return with_standings(session, [invoice], on=on)[0]


def joined_standing(session: Session, joined: JoinedInvoice, *, on: date) -> JoinedStanding:
    """Return one agent invoice for several orders with how each section stands on a day."""
    return JoinedStanding(joined, with_standings(session, joined.sections, on=on))


def with_standings(session: Session, invoices: Sequence[Invoice], *, on: date) -> list[InvoiceStanding]:
    """Return these invoices with how each stands on a day, read by as many statements for one as for a hundred."""
    known = standings(session, invoices=invoices, on=on)
    return [InvoiceStanding(one, *known.get(one.id, (None, None))) for one in invoices]


def standings(session: Session, *, invoices: Iterable[Invoice], on: date) -> Mapping[UUID, tuple[Standing, int]]:
    """Return how each published invoice stands on a day, with the cents still open.

    Readable by whoever may read the invoices: the buyer sees the same words as the issuer (R085).
    """
    wanted = {one.id: one for one in invoices if one.state is InvoiceState.PUBLISHED}
    taken = _taken_of(session, wanted.values())
    voided = voided_among(session, invoice_ids=wanted)
    return {one.id: _standing(one, taken[one.id], voided=one.id in voided, on=on) for one in wanted.values()}


type _Taken = Mapping[AllocationSource, int]


def _taken_of(session: Session, invoices: Iterable[Invoice]) -> Mapping[UUID, _Taken]:
    """Return what was taken of each invoice, as its issuer knows it.

    Its buyer reads the same rows. Whoever else reads an invoice (its producer, its carrier) may not read every credit
    that was set against it, but what is open of it all the same (R085, law 33).
    """
    me, ours, others = acting_org(session), set[UUID](), dict[UUID, set[UUID]]()
    for one in invoices:
        (ours if me in {one.owner_id, one.buyer_id} else others.setdefault(one.owner_id, set())).add(one.id)
    found = dict(_allocated(session, ours))
    for owner_id in sorted(others):
        with acting_for(session, owner_id):
            found |= _allocated(session, others[owner_id])
    return found


def _allocated(session: Session, invoice_ids: Iterable[UUID]) -> Mapping[UUID, _Taken]:
    """Return what payments, credits and write-offs took of each invoice, undoings deducted."""
    wanted = list(invoice_ids)
    rows = session.execute(
        select(Allocation.invoice_id, Allocation.source, func.sum(Allocation.amount_cents))
        .where(Allocation.invoice_id.in_(wanted))
        .group_by(Allocation.invoice_id, Allocation.source)
    )
    found: dict[UUID, dict[AllocationSource, int]] = {one: {} for one in wanted}
    for invoice_id, source, cents in rows:
        found[invoice_id][source] = int(cents)
    return found


def _standing(invoice: Invoice, taken: _Taken, *, voided: bool, on: date) -> tuple[Standing, int]:
    still = invoice.total_cents - sum(taken.values())
    if voided:
        return Standing.ANNULLED, still
    if still <= 0:
        return _settled_by(invoice, taken), still
    if invoice.due_on is not None and invoice.due_on < on:
        return Standing.OVERDUE, still
    return (Standing.PARTLY_PAID if any(taken.values()) else Standing.TO_PAY), still


def _settled_by(invoice: Invoice, taken: _Taken) -> Standing:
    """What is free owes nothing from the first day: nobody credited it."""
    if taken.get(AllocationSource.WRITE_OFF):
        return Standing.WRITTEN_OFF
    is_paid = taken.get(AllocationSource.PAYMENT) or not invoice.total_cents
    return Standing.PAID if is_paid else Standing.CREDITED
