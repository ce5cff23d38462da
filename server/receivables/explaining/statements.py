"""A statement, unfolded: the opening to what moved before, the movements of its period by kind, and its closing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step
from server.billing.explaining.paging import FIRST, Page, listed, placed
from server.billing.explaining.steps import SourceKind, summed
from server.core.acting import acting_org
from server.core.days import day_text
from server.ledger.entries import EntryKind
from server.ledger.model import JournalEntry
from server.receivables.movements import Line
from server.receivables.statements import AccountEntries
from shared.problems import Text

KINDS: Final[Mapping[EntryKind, Text]] = {
    EntryKind.INVOICE: Text("Factures", "Invoices"),
    EntryKind.CREDIT_NOTE: Text("Notes de crédit", "Credit notes"),
    EntryKind.PAYMENT: Text("Paiements", "Payments"),
    EntryKind.PAYMENT_FAILED: Text("Paiements refusés", "Failed payments"),
    EntryKind.REFUND: Text("Remboursements et contestations bancaires", "Refunds and chargebacks"),
    EntryKind.REFUND_FAILED: Text("Remboursements non remis", "Failed refunds"),
    EntryKind.ALLOCATION: Text("Radiations", "Write-offs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Which statement, and where: this explanation, the statement and what explains the account have pages."""

    first_day: date
    last_day: date
    link: str
    statement_link: str
    account_link: str
    page: Page = FIRST


def explain_statement(session: Session, *, buyer_id: UUID, currency: str, period: Period) -> Explanation:
    """Return how a statement's opening, movements and closing come about; each step is the sum of its parts.

    The session acts for the issuer. Source: R086; law 25; the issue's « why this number ».
    """
    account = AccountEntries(session, acting_org(session), buyer_id, currency)
    opening = _opening(account, period)
    rows = session.execute(_movements(account, period)).all()
    lines = {line.document_id: line for line in account.told([row[:5] for row in rows])}
    kinds = [
        _kind(EntryKind(kind), list(found), lines, period)
        for kind, found in groupby(rows, lambda row: row.document_kind)
    ]
    movements = summed(Text("Mouvements de la période", "Movements of the period"), kinds)
    parts = [
        Step(label=opening.label, amount_cents=opening.amount_cents),
        Step(label=movements.label, amount_cents=movements.amount_cents),
    ]
    on = day_text(period.last_day)
    closing = summed(Text(f"Solde de clôture au {on.fr}", f"Closing balance on {on.en}"), parts)
    totals = [_leads(opening, account, period, period.first_day - timedelta(days=1)), movements]
    return Explanation(
        currency=currency, totals=[*totals, _leads(closing, account, period, period.last_day)], sources=[]
    )


def _leads(step: Step, account: AccountEntries, period: Period, on: date) -> Step:
    """Return the step with the way to what was open at the end of a day."""
    day = day_text(on)
    text = Text(f"Ce qui était ouvert au {day.fr}", f"What was open on {day.en}")
    source = Source(kind="account", id=account.buyer_id, text=text, link=f"{period.account_link}?jour={on}")
    return Step(label=step.label, amount_cents=step.amount_cents, says=step.says, parts=step.parts, source=source)


def _opening(account: AccountEntries, period: Period) -> Step:
    """Everything that moved before, by kind: what closed the day before."""
    before = account.entries(moving=True).where(JournalEntry.posted_on < period.first_day).subquery()
    rows = account.session.execute(
        select(
            before.c.document_kind,
            func.sum(before.c.amount_cents).label("cents"),
            func.count().label("count"),
            func.min(before.c.posted_on).label("since"),
        )
        .group_by(before.c.document_kind)
        .order_by(before.c.document_kind)
    ).all()
    on, eve = day_text(period.first_day), period.first_day - timedelta(days=1)
    says = Text(f"Clôture du {day_text(eve).fr}", f"Closing of {day_text(eve).en}")
    parts = [_before(account, row, eve, period) for row in rows]
    return summed(Text(f"Solde d’ouverture au {on.fr}", f"Opening balance on {on.en}"), parts, says=says)


def _before(account: AccountEntries, row: Any, eve: date, period: Period) -> Step:
    words, since = KINDS[EntryKind(row.document_kind)], day_text(row.since)
    text = Text(f"{words.fr} depuis le {since.fr} ({row.count})", f"{words.en} since {since.en} ({row.count})")
    link = f"{period.statement_link}?du={row.since}&au={eve}"
    source = Source(kind="statement", id=account.buyer_id, text=text, link=link)
    return Step(label=text, amount_cents=int(row.cents), source=source)


def _movements(account: AccountEntries, period: Period) -> Select[Any]:
    """This page's movements of each kind, by day."""
    entries = account.entries(moving=True)
    moved = entries.where(JournalEntry.posted_on.between(period.first_day, period.last_day)).subquery()
    order = (moved.c.posted_on, moved.c.document_id)
    return placed(moved, by=moved.c.document_kind, cents=moved.c.amount_cents, order=order, page=period.page)


def _kind(kind: EntryKind, rows: Sequence[Any], lines: Mapping[UUID, Line], period: Period) -> Step:
    link = f"{period.link}?du={period.first_day}&au={period.last_day}"
    parts = listed(
        rows, page=period.page, link=link, step=lambda row: _line(lines[row.document_id]), cents="amount_cents"
    )
    return summed(KINDS[kind], parts)


def _line(line: Line) -> Step:
    on = day_text(line.on)
    label = Text(f"{line.words.fr}, {on.fr}", f"{line.words.en}, {on.en}")
    kinds: Sequence[tuple[SourceKind, UUID | None, str]] = (
        ("credit_note", line.credit_id, "credits"),
        ("payment", line.payment_id, "paiements"),
        ("invoice", line.invoice_id, "factures"),
    )
    sources = (Source(kind=kind, id=id_, text=label, link=f"/{at}/{id_}") for kind, id_, at in kinds if id_)
    return Step(label=label, amount_cents=line.amount_cents, source=next(sources, None))
