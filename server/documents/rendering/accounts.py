"""Statements of account: opening, movements with their running balance, closing."""

from __future__ import annotations

import msgspec

from server.core.problems import Problem, Text
from server.documents.rendering import words
from server.documents.rendering.compose import address, masthead, pairs, start_sheet
from server.documents.rendering.figures import day, format_money
from server.documents.rendering.papers import Statement, StatementRow
from server.documents.rendering.sheet import Cell, Column, Pair, Sheet, Table, Total
from shared.problems import Language


class UnbalancedStatement(Problem):
    """Opening and movements do not make the closing (law 25)."""

    slug = "unbalanced-statement"
    status = 500
    title = Text("État de compte non balancé", "Unbalanced statement")


def statement_sheet(paper: Statement, language: Language) -> Sheet:
    """Return a statement, or a part of a long one, each movement linked to its document and proof.

    Raises:
        UnbalancedStatement: opening and rows do not make the closing.
    """
    _check(paper)
    head = masthead(words.ISSUER, paper.issuer, language)
    period = f"{day(paper.first_day, language)} – {day(paper.last_day, language)}"
    sheet = start_sheet(words.STATEMENT, period, head, qr=paper.qr, language=language, issuer_name=paper.issuer.name)
    part = f"{paper.part} {words.OF.say(language)} {paper.parts}" if paper.parts > 1 else ""
    return msgspec.structs.replace(
        sheet,
        facts=(
            *pairs(language, (words.PART, part)),
            *(Pair(label=age.say(language), value=_money(cents, paper, language)) for age, cents in paper.ages),
        ),
        addresses=(address(words.CUSTOMER, paper.buyer, language),),
        blocks=(_table(paper, language),),
    )


def _table(paper: Statement, language: Language) -> Table:
    first = words.OPENING if paper.part == 1 else words.CARRIED
    last = words.CLOSING if paper.part == paper.parts else words.CARRIED
    opening = (
        Cell(text=day(paper.first_day, language)),
        Cell(text=first.say(language), tone="strong"),
        Cell(),
        Cell(),
        Cell(text=_money(paper.opening_cents, paper, language), tone="strong"),
    )
    return Table(
        columns=(
            Column(label=words.DATE.say(language), width_mm=33),
            Column(label=words.MOVEMENT.say(language)),
            Column(label=words.DEBIT.say(language), width_mm=26, align="right"),
            Column(label=words.CREDIT_SIDE.say(language), width_mm=26, align="right"),
            Column(label=words.BALANCE.say(language), width_mm=28, align="right"),
        ),
        rows=(opening, *(_row(row, paper, language) for row in paper.rows)),
        totals=(Total(label=last.say(language), amount=_money(paper.closing_cents, paper, language), strong=True),),
        aside_title=words.PAYMENT.say(language) if paper.footer else "",
        aside=tuple(paper.footer.splitlines()),
    )


def _row(row: StatementRow, paper: Statement, language: Language) -> tuple[Cell, ...]:
    debit = _money(row.amount_cents, paper, language) if row.amount_cents > 0 else ""
    credit = _money(-row.amount_cents, paper, language) if row.amount_cents < 0 else ""
    words_cell = Cell(text=row.words.say(language), link=row.link)
    if row.proof_link:
        words_cell = msgspec.structs.replace(words_cell, below=(words.PROOF.say(language),), below_link=row.proof_link)
    return (
        Cell(text=day(row.on, language)),
        words_cell,
        Cell(text=debit),
        Cell(text=credit),
        Cell(text=_money(row.balance_cents, paper, language)),
    )


def _money(cents: int, paper: Statement, language: Language) -> str:
    return format_money(cents, paper.currency, language)


def _check(paper: Statement) -> None:
    closing_cents = paper.opening_cents + sum(row.amount_cents for row in paper.rows)
    if closing_cents != paper.closing_cents:
        raise UnbalancedStatement(
            Text(
                f"Ouverture et mouvements font {closing_cents} cents, la clôture {paper.closing_cents}.",
                f"Opening and movements make {closing_cents} cents, the closing {paper.closing_cents}.",
            ),
            where="closing_cents",
        )
