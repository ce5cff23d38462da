"""Statements of account on paper: drafted in a transaction, rendered outside of any."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pypdf import PdfWriter
from sqlalchemy.orm import Session

from server.billing.letterhead import issuer_and_buyer_text, letterhead
from server.core.acting import acting_org
from server.core.settings import settings
from server.documents.drafting.words import party_of_card
from server.documents.rendering.papers import Statement, StatementRow
from server.documents.rendering.parts import paper_currency
from server.documents.rendering.pool import RenderPool
from server.documents.rendering.render import render
from server.receivables.accounts import AGE_LABELS, Account, accounts
from server.receivables.movements import Line, Movement
from server.receivables.statements import Statement as AccountStatement
from server.receivables.statements import proofs_of_invoices, statement
from shared.problems import Language, Text

ROWS_A_PART: Final = 500
type Period = tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDraft:
    """A statement that is filled and not yet rendered, in parts of ``ROWS_A_PART`` rows."""

    papers: Sequence[Statement]
    language: Language
    name: str
    at: datetime

    def rendered(self) -> bytes:
        """Return its PDF; a long one is rendered part by part in a process of its own, and the parts are joined.

        Raises:
            RenderingTooSlow, RendererDied: as the pool.
        """
        if len(self.papers) == 1:
            return render(self.papers[0], language=self.language, issued_at=self.at)
        writer = PdfWriter()
        with RenderPool() as pool:
            for paper in self.papers:
                writer.append(io.BytesIO(pool.render(paper, language=self.language, issued_at=self.at)))
        writer.add_metadata({"/Title": self.name})
        joined = io.BytesIO()
        writer.write(joined)
        return joined.getvalue()


def draft_statement(session: Session, *, buyer_id: UUID, period: Period, at: datetime) -> StatementDraft:
    """Return a customer's statement of a period at the acting issuer, as its papers.

    Source: R086; law 25.
    """
    issuer_id = acting_org(session)
    head = letterhead(session, org_id=issuer_id)
    first_day, last_day = period
    found = statement(session, buyer_id=buyer_id, currency=head.currency, first_day=first_day, last_day=last_day)
    cards = issuer_and_buyer_text(session, issuer_id=issuer_id, buyer_id=buyer_id, on=last_day)
    proofs = proofs_of_invoices(session, {one.invoice_id for one in found.lines if one.invoice_id})
    rows = [_row(line, proofs) for line in found.lines]
    pages = [rows[at : at + ROWS_A_PART] for at in range(0, len(rows), ROWS_A_PART)] or [[]]
    language: Language = "en" if cards["buyer"].get("language") == "en" else "fr"
    footer = head.footer_en if language == "en" else head.footer_fr
    account = next(iter(accounts(session, on=last_day, buyer_id=buyer_id)), None)
    papers: list[Statement] = []
    carried_cents = found.opening_cents
    for number, page in enumerate(pages, start=1):
        closing_cents = carried_cents + sum(row.amount_cents for row in page)
        papers.append(
            Statement(
                qr=f"{settings().public_url}/a-payer/{issuer_id}/releve?du={first_day}&au={last_day}",
                currency=paper_currency(found.currency),
                issuer=party_of_card(cards["issuer"]),
                buyer=party_of_card(cards["buyer"]),
                first_day=first_day,
                last_day=last_day,
                opening_cents=carried_cents,
                closing_cents=closing_cents,
                rows=tuple(page),
                ages=_ages(account) if number == 1 else (),
                part=number,
                parts=len(pages),
                footer=footer if number == len(pages) else "",
            )
        )
        carried_cents = closing_cents
    return StatementDraft(papers=papers, language=language, name=_name(head.code, found), at=at)


def _ages(account: Account | None) -> tuple[tuple[Text, int], ...]:
    if account is None:
        return ()
    return tuple((AGE_LABELS[age], cents) for age, cents in account.ages.items() if cents)


def _row(line: Line, proofs: Mapping[UUID, Sequence[UUID]]) -> StatementRow:
    url = settings().public_url
    proof_ids = proofs.get(line.invoice_id, ()) if line.invoice_id and line.movement is Movement.INVOICE else ()
    return StatementRow(
        on=line.on,
        words=line.words,
        amount_cents=line.amount_cents,
        balance_cents=line.balance_cents,
        link=f"{url}{_path(line)}" if _path(line) else "",
        proof_link=f"{url}/preuves/{proof_ids[0]}" if proof_ids else "",
    )


def _path(line: Line) -> str:
    if line.credit_id:
        return f"/credits/{line.credit_id}"
    if line.payment_id:
        return f"/paiements/{line.payment_id}"
    return f"/factures/{line.invoice_id}" if line.invoice_id else ""


def _name(code: str, found: AccountStatement) -> str:
    return f"{code or 'releve'}-{found.first_day}-{found.last_day}.pdf"
