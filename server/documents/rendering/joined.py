"""One agent invoice for several orders as a sheet: a table for each order, then what they come to together (C15)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.documents.rendering import words
from server.documents.rendering.commerce import addresses, banner_of, invoice_dates, require_one_number, with_aside
from server.documents.rendering.compose import goods_table, masthead, pairs, require_sum, start_sheet, totals
from server.documents.rendering.figures import format_money
from server.documents.rendering.papers import InvoiceSection, JoinedInvoice
from server.documents.rendering.parts import Amounts, DepositAmount, TaxAmount
from server.documents.rendering.sheet import Cell, Column, Sheet, Table
from shared.problems import Language


def joined_invoice_sheet(paper: JoinedInvoice, language: Language) -> Sheet:
    """Return a joined invoice; a provisional one carries its banner and no number (C1, C15).

    Raises:
        NoNumber: not exactly one of ``number`` and ``reference`` is given.
        UnbalancedPaper: the amounts do not add up, in a section or over all.
    """
    require_one_number(paper.number, paper.reference)
    provisional = not paper.number
    banner, banner_note = banner_of(language, provisional=provisional, part_of="")
    sheet = start_sheet(
        words.PROVISIONAL_INVOICE if provisional else words.INVOICE,
        paper.reference or paper.number,
        masthead(words.ISSUER, paper.issuer, language),
        qr=paper.qr,
        language=language,
        issuer_name=paper.issuer.name,
    )
    return msgspec.structs.replace(
        sheet,
        banner=banner,
        banner_note=banner_note,
        facts=pairs(
            language,
            *invoice_dates(paper, language),
            (words.SECTIONS, str(len(paper.sections))),
        ),
        addresses=addresses(language, (words.BILLED_TO, paper.buyer), (words.SHIPPED_TO, paper.ship_to)),
        blocks=(*(_section(paper, one, language) for one in paper.sections), _whole(paper, language)),
    )


def _section(paper: JoinedInvoice, section: InvoiceSection, language: Language) -> Table:
    table = goods_table(section.lines, section.amounts, language, total=words.SECTION_TOTAL)
    numbered = section.number if paper.reference else f"{words.SECTION.say(language)} {section.number}"
    title = f"{section.seller.name} — {words.ORDER.say(language)} {section.order_number} — {numbered}"
    table = msgspec.structs.replace(table, title=title)
    return with_aside(table, words.MESSAGE, section.note, language)


def _whole(paper: JoinedInvoice, language: Language) -> Table:
    """Return what each section comes to, and under it the sums that the client pays."""
    require_sum(sum(one.amounts.net_cents for one in paper.sections), paper.amounts.net_cents, "amounts.net_cents")
    require_sum(
        sum(one.amounts.total_cents for one in paper.sections), paper.amounts.total_cents, "amounts.total_cents"
    )
    columns = (
        Column(label=words.SECTION.say(language), width_mm=46),
        Column(label=words.SELLER.say(language)),
        Column(label=words.NET.say(language), width_mm=27, align="right"),
        Column(label=words.TOTAL.say(language), width_mm=27, align="right"),
    )
    table = Table(
        title=words.ALL_SECTIONS.say(language),
        columns=columns,
        rows=tuple(_row(one, language) for one in paper.sections),
        totals=totals(paper.amounts, language, words.TOTAL_DUE if paper.number else words.TOTAL_PROVISIONAL),
    )
    return with_aside(table, words.PAYMENT, paper.footer, language)


def _row(section: InvoiceSection, language: Language) -> tuple[Cell, ...]:
    amounts = section.amounts
    return (
        Cell(text=section.number),
        Cell(text=section.seller.name, below=(f"{words.ORDER.say(language)} {section.order_number}",)),
        Cell(text=format_money(amounts.net_cents, amounts.currency, language)),
        Cell(text=format_money(amounts.total_cents, amounts.currency, language)),
    )


def sum_amounts(every: Sequence[Amounts]) -> Amounts:
    """Return the sums of the sections' amounts: their taxes are added, never reckoned anew."""
    taxes: dict[tuple[str, str], TaxAmount] = {}
    deposits: dict[tuple[str, int], DepositAmount] = {}
    for tax in (tax for one in every for tax in one.taxes):
        key = (tax.code, str(tax.rate))
        taxes[key] = _added(taxes[key], tax, "base_cents", "amount_cents") if key in taxes else tax
    for row in (row for one in every for row in one.deposits):
        of_class = (row.name.fr, row.unit_cents)
        deposits[of_class] = (
            _added(deposits[of_class], row, "quantity", "amount_cents") if of_class in deposits else row
        )
    return Amounts(
        net_cents=sum(one.net_cents for one in every),
        total_cents=sum(one.total_cents for one in every),
        taxes=tuple(taxes.values()),
        deposits=tuple(deposits.values()),
        currency=every[0].currency,
    )


def _added[Row: TaxAmount | DepositAmount](row: Row, more: Row, *names: str) -> Row:
    return msgspec.structs.replace(row, **{name: getattr(row, name) + getattr(more, name) for name in names})
