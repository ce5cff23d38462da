"""What an issuer owes on containers: charged less credited, in containers and in cents, from what it issued alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func, select
from sqlalchemy.orm import Session

from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceLine
from server.ledger.model import Account, JournalEntry, Posting
from shared.states import CreditState, InvoiceState


@dataclass(frozen=True, slots=True)
class Held:
    """Containers of one class that an issuer charged and did not credit yet, and the liability that is posted.

    Both are negative at whoever gives back what others charged: a claim on them.
    """

    units: int = 0
    liability_cents: int = 0


def held_before(session: Session, *, issuer_id: UUID, currency: str, day: date | None) -> Mapping[UUID, Held]:
    """Return what an issuer owes on each container class before a day begins, or by now when it is None.

    Counted are the containers on published invoices less those on issued credit notes, whether their goods were
    credited or the empties came back; the cents are the postings, earlier revaluations included. Both are settled for
    good once the day's first document has its date, since issue dates never go backwards.

    Source: law 20.
    """
    units: dict[UUID, int] = {}
    for class_id, count in _counts(session, issuer_id, currency, day):
        units[class_id] = units.get(class_id, 0) + count
    cents = _liabilities(session, issuer_id, currency, day)
    return {one: Held(units.get(one, 0), cents.get(one, 0)) for one in sorted(units.keys() | cents.keys())}


def moved_units(session: Session, *, issuer_id: UUID, currency: str, class_id: UUID) -> tuple[int, int]:
    """Return how many containers of a class an issuer charged and how many it credited, up to now."""
    counts = [count for one, count in _counts(session, issuer_id, currency, None) if one == class_id]
    return sum(max(count, 0) for count in counts), -sum(min(count, 0) for count in counts)


def _counts(session: Session, issuer_id: UUID, currency: str, day: date | None) -> Iterator[tuple[UUID, int]]:
    class_id = InvoiceLine.deposits[0]["class_id"].astext
    containers = InvoiceLine.deposits[0]["containers"].astext.cast(BigInteger)
    charged = (
        select(class_id, func.sum(InvoiceLine.quantity * containers))
        .join(Invoice, (Invoice.id == InvoiceLine.invoice_id) & (Invoice.revision == InvoiceLine.revision))
        .where(Invoice.owner_id == issuer_id, Invoice.state == InvoiceState.PUBLISHED, Invoice.currency == currency)
        .where(func.jsonb_array_length(InvoiceLine.deposits) > 0)
        .group_by(class_id)
    )
    given_back = (
        select(CreditLine.container_class_id, -func.sum(CreditLine.quantity * func.coalesce(containers, 1)))
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .outerjoin(InvoiceLine, InvoiceLine.id == CreditLine.invoice_line_id)
        .where(CreditNote.owner_id == issuer_id, CreditNote.state == CreditState.ISSUED)
        .where(CreditNote.currency == currency, CreditLine.container_class_id.is_not(None))
        .where(CreditLine.deposit_cents > 0)
        .group_by(CreditLine.container_class_id)
    )
    if day is not None:
        charged = charged.where(Invoice.issued_on < day)
        given_back = given_back.where(CreditNote.issued_on < day)
    yield from _summed(session.execute(charged))
    yield from _summed(session.execute(given_back))


def _summed(rows: Iterable[Any]) -> Iterator[tuple[UUID, int]]:
    for class_id, count in rows:
        if class_id:
            yield UUID(str(class_id)), int(count)


def _liabilities(session: Session, issuer_id: UUID, currency: str, day: date | None) -> dict[UUID, int]:
    wanted = (
        select(Posting.detail, -func.sum(Posting.amount_cents))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.owner_id == issuer_id, Posting.account == Account.CONTAINER_DEPOSITS, Posting.detail != "")
        .where(JournalEntry.currency == currency)
        .group_by(Posting.detail)
    )
    if day is not None:
        wanted = wanted.where(JournalEntry.posted_on < day)
    return {UUID(detail): int(cents) for detail, cents in session.execute(wanted)}
