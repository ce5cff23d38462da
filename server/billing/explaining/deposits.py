"""What is owed on a container class: deposits invoiced, less those credited, revaluations, and the price of today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.billing.explaining.paging import FIRST, Page, listed, placed
from server.billing.explaining.papers import from_credit, from_invoice
from server.billing.explaining.steps import Explanation, Source, Step, said, summed
from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.billing.revaluing.counting import moved_units
from server.billing.revaluing.model import DepositRevaluation
from server.billing.revaluing.reading import DepositStanding, deposit_standings
from server.core.acting import acting_org
from server.core.database import among
from server.core.days import day_text
from server.core.problems import NotFound
from server.core.stamp import Stamp
from server.ledger.entries import EntryKind
from server.ledger.model import Account, JournalEntry, Posting
from shared.problems import Text

KINDS: Final[Mapping[EntryKind, Text]] = {
    EntryKind.INVOICE: Text("Consignes facturées", "Deposits invoiced"),
    EntryKind.CREDIT_NOTE: Text("Consignes créditées", "Deposits credited"),
    EntryKind.DEPOSIT_REVALUATION: Text("Réévaluations", "Revaluations"),
}
BOOKS: Final = Text("Au livre", "In the books")
WORTH: Final = Text("Valeur du jour", "Worth today")
GAP: Final = Text("Écart", "Gap")
_NOTHING: Final = Text("Rien ne l’a touché", "Nothing touched it")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositsAsked:
    """Which class, on which page of its lists, at the end of which day: now, without one."""

    class_id: UUID
    on: date | None = None
    page: Page = FIRST

    @property
    def link(self) -> str:
        """The page that unfolds it."""
        return f"/comptes/consignes/{self.class_id}{f'?jour={self.on}' if self.on else ''}"


def explain_deposits(session: Session, *, asked: DepositsAsked, stamp: Stamp) -> Explanation:
    """Return what the acting issuer owes on a container class in its books, and now at the price of the day.

    Each step is the sum of its parts. Of a day that is over there are the books alone.

    Raises:
        NotFound: it never owed anything on it.

    Source: law 20; the issue's « why this number ».
    """
    me = acting_org(session)
    currency = letterhead(session, org_id=me).currency
    standing = next((one for one in deposit_standings(session, stamp=stamp) if one.class_id == asked.class_id), None)
    books = _books(session, me, currency, asked)
    if standing is None and not _is_known(session, me, asked.class_id):
        raise NotFound(
            Text("Rien n’est dû sur ce contenant.", "Nothing is owed on this container."), where=str(asked.class_id)
        )
    if standing is None or standing.due_cents is None or asked.on is not None:
        return Explanation(currency=currency, totals=[books], sources=[])
    worth = _worth(session, me, standing)
    totals = [books, worth, _gap(worth, books)] if standing.gap_cents else [books, worth]
    return Explanation(currency=currency, totals=totals, sources=[])


def _books(session: Session, issuer_id: UUID, currency: str, asked: DepositsAsked) -> Step:
    rows = session.execute(_postings(issuer_id, currency, asked)).all()
    names = {one.id: one for one in _sources(session, {row.document_id for row in rows})}
    kinds = [
        _kind(EntryKind(kind), list(found), names, asked)
        for kind, found in groupby(rows, lambda row: row.document_kind)
    ]
    label = BOOKS
    if asked.on is not None:
        on = day_text(asked.on)
        label = Text(f"{BOOKS.fr} au {on.fr}", f"{BOOKS.en} as of {on.en}")
    return summed(label, kinds, says=None if kinds else _NOTHING)


def _worth(session: Session, issuer_id: UUID, standing: DepositStanding) -> Step:
    """The containers charged, less those credited, each at today's deposit."""
    price = (standing.unit_cents or 0, standing.currency)
    charged, given = moved_units(session, issuer_id=issuer_id, currency=standing.currency, class_id=standing.class_id)
    counted = (
        (Text("Contenants facturés", "Containers invoiced"), charged),
        (Text("Contenants crédités", "Containers credited"), -given),
    )
    parts = [
        Step(label=label, amount_cents=units * price[0], says=_times(units, price)) for label, units in counted if units
    ]
    return summed(WORTH, parts, says=_times(standing.units, price))


def _times(units: int, price: tuple[int, str]) -> Text:
    return said(f"{units} × {{}}", f"{units} × {{}}", price)


def _gap(worth: Step, books: Step) -> Step:
    less = Text(f"Moins\u00a0: {BOOKS.fr.lower()}", f"Less: {BOOKS.en.lower()}")
    return summed(GAP, [replace(worth, parts=()), Step(label=less, amount_cents=-books.amount_cents)])


def _of_class(issuer_id: UUID, class_id: UUID) -> Sequence[Any]:
    return (
        Posting.owner_id == issuer_id,
        Posting.account == Account.CONTAINER_DEPOSITS,
        Posting.detail == str(class_id),
    )


def _is_known(session: Session, issuer_id: UUID, class_id: UUID) -> bool:
    return session.scalar(select(Posting.id).where(*_of_class(issuer_id, class_id)).limit(1)) is not None


def _postings(issuer_id: UUID, currency: str, asked: DepositsAsked) -> Select[Any]:
    """This page's documents of each kind, by day; what is owed is a credit, so it counts as positive here."""
    wanted = (
        select(
            JournalEntry.document_kind,
            JournalEntry.document_id,
            JournalEntry.posted_on,
            func.sum(-Posting.amount_cents).label("cents"),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(*_of_class(issuer_id, asked.class_id), JournalEntry.currency == currency)
        .group_by(JournalEntry.document_kind, JournalEntry.document_id, JournalEntry.posted_on)
    )
    found = (wanted.where(JournalEntry.posted_on <= asked.on) if asked.on else wanted).subquery()
    order = (found.c.posted_on, found.c.document_id)
    return placed(found, by=found.c.document_kind, cents=found.c.cents, order=order, page=asked.page)


def _kind(kind: EntryKind, rows: Sequence[Any], names: Mapping[UUID, Source], asked: DepositsAsked) -> Step:
    steps = listed(rows, page=asked.page, link=asked.link, step=lambda row: _document(row, names), cents="cents")
    return summed(KINDS[kind], steps)


def _document(row: Any, names: Mapping[UUID, Source]) -> Step:
    source, on = names.get(row.document_id), day_text(row.posted_on)
    words = source.text if source else Text("Document", "Document")
    label = Text(f"{words.fr}, {on.fr}", f"{words.en}, {on.en}")
    return Step(label=label, amount_cents=int(row.cents), source=source)


def _sources(session: Session, document_ids: set[UUID]) -> Iterator[Source]:
    yield from map(from_invoice, session.scalars(select(Invoice).where(among(Invoice.id, document_ids))))
    yield from map(from_credit, session.scalars(select(CreditNote).where(among(CreditNote.id, document_ids))))
    for made in session.scalars(select(DepositRevaluation).where(among(DepositRevaluation.id, document_ids))):
        stood = (made.standing_cents, made.currency)
        text = said(
            f"{made.units} × {{}} moins {{}}", f"{made.units} × {{}} less {{}}", (made.unit_cents, made.currency), stood
        )
        yield Source(kind="revaluation", id=made.id, text=text, link="/comptes/consignes")
