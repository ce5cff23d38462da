"""Reads over customers' accounts: who owes what on a day, and how old it is. The session acts for the issuer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, case, cast, func, or_, select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.core.acting import acting_org
from server.ledger.model import JournalEntry, Posting
from server.ledger.queries import IS_OWED
from server.parties.model import Client, Organisation, Relation
from server.receivables.model import CustomerAccount
from shared.problems import Text
from shared.states import InvoiceState


class Age(StrEnum):
    """How long past its due day an open amount is; ``unapplied`` is money and credit that pays nothing yet."""

    NOT_DUE = "not_due"
    TO_30 = "to_30"
    TO_60 = "to_60"
    TO_90 = "to_90"
    OLDER = "older"
    UNAPPLIED = "unapplied"


AGE_LABELS: Mapping[Age, Text] = {
    Age.NOT_DUE: Text("À échoir", "Not due"),
    Age.TO_30: Text("1 à 30 jours", "1 to 30 days"),
    Age.TO_60: Text("31 à 60 jours", "31 to 60 days"),
    Age.TO_90: Text("61 à 90 jours", "61 to 90 days"),
    Age.OLDER: Text("Plus de 90 jours", "Over 90 days"),
    Age.UNAPPLIED: Text("À affecter", "Unapplied"),
}
OVERDUE: Final = (Age.TO_30, Age.TO_60, Age.TO_90, Age.OLDER)
_LAST_DAY: Mapping[Age, int] = {Age.NOT_DUE: 0, Age.TO_30: 30, Age.TO_60: 60, Age.TO_90: 90}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One customer's account in one currency: its buckets sum to its balance (law 26)."""

    buyer_id: UUID
    buyer_name: str
    currency: str
    ages: Mapping[Age, int] = field(default_factory=dict)
    is_held: bool = False

    @property
    def balance_cents(self) -> int:
        """What the customer owes; negative when it is owed."""
        return sum(self.ages.values())

    @property
    def overdue_cents(self) -> int:
        """What is past its due day."""
        return sum(cents for age, cents in self.ages.items() if age in OVERDUE)


def accounts(session: Session, *, on: date, buyer_id: UUID | None = None, words: str = "") -> Sequence[Account]:
    """Return the accounts of the acting issuer's customers as they stood at the end of a day, by name.

    Whoever ever had a posting is there, settled or not; with ``buyer_id`` that customer alone, be it without any, with
    ``words`` those whose names hold them.

    Source: R078; laws 7 and 26.
    """
    found: dict[tuple[UUID, str], dict[Age, int]] = {}
    for customer_id, currency, age, cents in session.execute(_ages(session, on=on, buyer_id=buyer_id)):
        found.setdefault((customer_id, currency), dict.fromkeys(Age, 0))[Age(age)] = int(cents)
    if buyer_id is not None and not found:
        found[buyer_id, letterhead(session, org_id=acting_org(session)).currency] = dict.fromkeys(Age, 0)
    names = _names(session, {customer_id for customer_id, _ in found})
    held = set(session.scalars(select(CustomerAccount.buyer_id).where(CustomerAccount.held_since.is_not(None))))
    rows = [
        Account(
            buyer_id=customer_id,
            buyer_name=names.get(customer_id, ""),
            currency=currency,
            ages=ages,
            is_held=customer_id in held,
        )
        for (customer_id, currency), ages in found.items()
    ]
    wanted = words.casefold()
    return sorted(
        (row for row in rows if wanted in row.buyer_name.casefold()), key=lambda row: (row.buyer_name, row.buyer_id)
    )


def has_account(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> bool:
    """Say whether an organisation is a client of the issuer or was ever billed by it; the session acts for it."""
    client = select(Client.id).where(Client.owner_id == issuer_id, Client.buyer_id == buyer_id)
    relation = select(Relation.id).where(Relation.owner_id == issuer_id, Relation.buyer_id == buyer_id)
    billed = select(Invoice.id).where(
        Invoice.owner_id == issuer_id, Invoice.buyer_id == buyer_id, Invoice.state == InvoiceState.PUBLISHED
    )
    posted = select(Posting.id).where(Posting.owner_id == issuer_id, IS_OWED, Posting.customer_id == buyer_id)
    known = or_(client.exists(), relation.exists(), billed.exists(), posted.exists())
    return bool(session.scalar(select(known)))


def issuers_to_pay(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return who ever billed the acting buyer, with the names that it may read, by name."""
    rows = session.execute(
        select(Invoice.owner_id, func.coalesce(func.max(Organisation.name), ""))
        .outerjoin(Organisation, Organisation.id == Invoice.owner_id)
        .where(Invoice.buyer_id == acting_org(session), Invoice.state == InvoiceState.PUBLISHED)
        .group_by(Invoice.owner_id)
    )
    return sorted(((row[0], row[1]) for row in rows), key=lambda row: (row[1], row[0]))


def documents_on(*, issuer_id: UUID, on: date, buyer_id: UUID | None = None) -> Select[Any]:
    """Return the query of what each document of an issuer's accounts has open at the end of a day, with its age.

    Columns: ``customer_id``, ``currency``, ``document_id``, ``due_on`` (None but for invoices), ``age``, ``cents``.

    Source: laws 7 and 26.
    """
    documents = (
        select(
            Posting.customer_id,
            JournalEntry.currency,
            Posting.detail,
            func.sum(Posting.amount_cents).label("cents"),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.owner_id == issuer_id, IS_OWED, JournalEntry.posted_on <= on)
        .group_by(Posting.customer_id, JournalEntry.currency, Posting.detail)
    )
    if buyer_id is not None:
        documents = documents.where(Posting.customer_id == buyer_id)
    document = documents.subquery()
    due_on = func.coalesce(Invoice.due_on, Invoice.issued_on)
    age = case(
        (Invoice.id.is_(None), Age.UNAPPLIED.value),
        *((on - due_on <= days, one.value) for one, days in _LAST_DAY.items()),
        else_=Age.OLDER.value,
    )
    return select(
        document.c.customer_id,
        document.c.currency,
        cast(document.c.detail, Uuid).label("document_id"),
        due_on.label("due_on"),
        age.label("age"),
        document.c.cents,
    ).outerjoin(Invoice, Invoice.id == cast(document.c.detail, Uuid))


def _ages(session: Session, *, on: date, buyer_id: UUID | None) -> Any:
    """Σ of each document's postings, by what it is and how old: one pass over the issuer's postings."""
    found = documents_on(issuer_id=acting_org(session), on=on, buyer_id=buyer_id).subquery()
    return select(found.c.customer_id, found.c.currency, found.c.age, func.sum(found.c.cents)).group_by(
        found.c.customer_id, found.c.currency, found.c.age
    )


def _names(session: Session, org_ids: set[UUID]) -> dict[UUID, str]:
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(org_ids)))
    return {row[0]: row[1] for row in rows}
