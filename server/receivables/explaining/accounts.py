"""What a customer owes on a day, unfolded: ages, and in each the invoices, credits and payments that are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step
from server.billing.explaining.paging import FIRST, Page, listed, placed
from server.billing.explaining.papers import credit_words, from_credit, from_invoice, invoice_words
from server.billing.explaining.steps import summed
from server.billing.model import CreditNote, Invoice
from server.core.acting import acting_org
from server.core.database import among
from server.core.days import day_text
from server.receivables.accounts import AGE_LABELS, OVERDUE, Age, documents_on
from server.receivables.explaining.takers import paid_by
from server.receivables.model import Payment
from shared.money import format_money
from shared.problems import Text

BALANCE: Final = Text("Solde", "Balance")
LATE: Final = Text("En souffrance", "Overdue")
_NOTHING: Final = Text("Rien d’ouvert", "Nothing open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is unfolded, and where.

    ``on`` is the day at whose end it stands, ``link`` the page that unfolds it, to which what is left out leads.
    """

    on: date
    link: str
    age: Age | None = None
    page: Page = FIRST


def explain_account(session: Session, *, buyer_id: UUID, currency: str, asked: Asked) -> Explanation:
    """Return what a customer of the acting issuer owes and what of it is overdue; each step is the sum of its parts.

    With an ``age`` that bucket alone. Of each list one page: what stands before and after is one step each.

    Source: R078; laws 7 and 26; the issue's « why this number ».
    """
    rows = session.execute(_documents(acting_org(session), buyer_id, currency, asked)).all()
    names = _names(session, {row.document_id for row in rows})
    ages = {age: _bucket(age, list(found), names, currency, asked) for age, found in groupby(rows, lambda row: row.age)}
    if asked.age is not None:
        return Explanation(currency=currency, totals=[_only(ages, asked.age)], sources=[])
    on = day_text(asked.on)
    balance = summed(Text(f"Solde au {on.fr}", f"Balance as of {on.en}"), _of(ages, tuple(Age)), says=_says(ages))
    return Explanation(currency=currency, totals=[balance, summed(LATE, _of(ages, OVERDUE))], sources=[])


def _says(ages: Mapping[str, Step]) -> Text | None:
    return None if ages else _NOTHING


def _of(ages: Mapping[str, Step], wanted: Sequence[Age]) -> list[Step]:
    return [ages[age.value] for age in wanted if age.value in ages]


def _only(ages: Mapping[str, Step], age: Age) -> Step:
    return ages.get(age.value) or Step(label=AGE_LABELS[age], amount_cents=0, says=_NOTHING)


def _documents(issuer_id: UUID, buyer_id: UUID, currency: str, asked: Asked) -> Select[Any]:
    """The open documents of this page of each age, the longest due first."""
    every = documents_on(issuer_id=issuer_id, on=asked.on, buyer_id=buyer_id).subquery()
    found = select(every).where(every.c.cents != 0, every.c.currency == currency).subquery()
    order = (found.c.due_on, found.c.document_id)
    return placed(found, by=found.c.age, cents=found.c.cents, order=order, page=asked.page)


def _bucket(age: str, rows: Sequence[Any], names: Mapping[UUID, Source], currency: str, asked: Asked) -> Step:
    link = f"{asked.link}?jour={asked.on}&devise={currency}&age={age}"
    parts = listed(rows, page=asked.page, link=link, step=lambda row: _document(row, names), cents="cents")
    return summed(AGE_LABELS[Age(age)], parts)


def _document(row: Any, names: Mapping[UUID, Source]) -> Step:
    source = names.get(row.document_id)
    label = source.text if source else Text("Document", "Document")
    return Step(label=label, amount_cents=int(row.cents), source=source)


def _names(session: Session, document_ids: set[UUID]) -> dict[UUID, Source]:
    return {one.id: one for one in (*_invoices(session, document_ids), *_held(session, document_ids))}


def _invoices(session: Session, document_ids: set[UUID]) -> Iterator[Source]:
    for one in session.scalars(select(Invoice).where(among(Invoice.id, document_ids))):
        text = _of_amount(invoice_words(one), one.total_cents, one.currency)
        due_on = one.due_on or one.issued_on
        if due_on is not None:
            due = day_text(due_on)
            text = Text(f"{text.fr}, échéance le {due.fr}", f"{text.en}, due {due.en}")
        yield from_invoice(one, text)


def _held(session: Session, document_ids: set[UUID]) -> Iterator[Source]:
    for note in session.scalars(select(CreditNote).where(among(CreditNote.id, document_ids))):
        yield from_credit(note, _of_amount(credit_words(note), note.total_cents, note.currency))
    for paid in session.scalars(select(Payment).where(among(Payment.id, document_ids))):
        on, text = day_text(paid.received_on), _of_amount(paid_by(paid), paid.amount_cents, paid.currency)
        text = Text(f"{text.fr}, le {on.fr}", f"{text.en}, {on.en}")
        yield Source(kind="payment", id=paid.id, text=text, link=f"/paiements/{paid.id}")


def _of_amount(name: Text, cents: int, currency: str) -> Text:
    fr, en = format_money(cents, currency, "fr"), format_money(cents, currency, "en")
    return Text(f"{name.fr} de {fr}", f"{name.en} of {en}")
