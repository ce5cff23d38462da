"""What the papers of commerce have in common: addresses, the table of goods, the totals, the sheet itself."""

from __future__ import annotations

from decimal import Decimal

from server.core.problems import Problem
from server.documents.rendering import words
from server.documents.rendering.figures import NBSP, colon, count, format_money, percent, unit_price
from server.documents.rendering.parts import Amounts, GoodsLine, Party, TaxAmount
from server.documents.rendering.qr import qr_svg
from server.documents.rendering.sheet import Address, Cell, Column, Pair, Sheet, Table, Total
from shared.problems import Language, Text


class UnbalancedPaper(Problem):
    """Amounts that do not add up: printing them would put a false document into the world."""

    slug = "unbalanced-paper"
    title = Text("Les montants ne s’additionnent pas", "The amounts do not add up")


def address(label: Text, party: Party, language: Language) -> Address:
    """Return a party as it is printed: name, street, town, ways to reach it."""
    town = " ".join(part for part in (party.city, f"({party.region})" if party.region else "") if part)
    town = f"{town}{NBSP * 2}{party.postal_code}".strip(NBSP)
    contact = " · ".join(part for part in (party.phone, party.email) if part)
    lines = tuple(line for line in (party.street, town, contact) if line)
    return Address(label=label.say(language), name=party.name, lines=lines)


def masthead(label: Text, party: Party, language: Language) -> Address:
    """Return who makes the paper, with the tax registrations that must stand on it."""
    plain = address(label, party, language)
    numbers = tuple(f"{colon(tax.name.say(language), language)} {tax.number}" for tax in party.registrations)
    return Address(label=plain.label, name=plain.name, lines=plain.lines + numbers)


def beside(*said: Text | None, language: Language) -> str:
    """Return the badge of a paper: those words that there are, one beside the other."""
    return " · ".join(one.say(language) for one in said if one)


def start_sheet(title: Text, number: str, head: Address, *, qr: str, language: Language, issuer_name: str) -> Sheet:
    """Return a sheet with its heading, QR code and running line, and no content yet."""
    return Sheet(
        language=language,
        title=title.say(language),
        number=number,
        head=head,
        qr_svg=qr_svg(qr),
        qr_alt=words.QR_ALT.say(language),
        page=words.PAGE.say(language),
        page_of=words.OF.say(language),
        running=f"{issuer_name} · {title.say(language)} {number}",
    )


def pairs(language: Language, *facts: tuple[Text, str]) -> tuple[Pair, ...]:
    """Return the facts that have a value."""
    return tuple(Pair(label=label.say(language), value=value) for label, value in facts if value)


def goods_table(
    lines: tuple[GoodsLine, ...],
    amounts: Amounts | None,
    language: Language,
    *,
    quantity: Text = words.QUANTITY,
    total: Text = words.TOTAL,
    write_in: bool = False,
) -> Table:
    """Return the lines with what stands under them.

    Without ``amounts`` no price is shown. Received quantities stand beside ordered ones as soon as one is known;
    ``write_in`` draws boxes for them instead.

    Raises:
        UnbalancedPaper: lines, taxes and deposits do not add up to the total.
    """
    if amounts is not None:
        check_amounts(lines, amounts)
    shows_received = write_in or any(line.received is not None for line in lines)
    columns = _goods_columns(language, quantity, priced=amounts is not None, received=shows_received)
    rows = tuple(
        (*_goods_cells(line, language, received=shows_received), *_price_cells(line, amounts, language))
        for line in lines
    )
    return Table(columns=columns, rows=rows, totals=totals(amounts, language, total) if amounts else ())


def check_amounts(lines: tuple[GoodsLine, ...], amounts: Amounts) -> None:
    """Refuse amounts that do not add up (law 3 of billing).

    Raises:
        UnbalancedPaper: with the place of the first sum that is wrong.
    """
    nets = sum(line.net_cents or 0 for line in lines) - amounts.discount_cents
    require_sum(nets, amounts.net_cents, "amounts.net_cents")
    deposits = sum(deposit.amount_cents for deposit in amounts.deposits)
    taxes = sum(tax.amount_cents for tax in amounts.taxes)
    require_sum(amounts.net_cents + taxes + deposits, amounts.total_cents, "amounts.total_cents")


def totals(amounts: Amounts, language: Language, total: Text) -> tuple[Total, ...]:
    """Return the rows from the subtotal to the total, deposits apart from the price and before the total."""

    def money(cents: int) -> str:
        return format_money(cents, amounts.currency, language)

    def row(label: str, cents: int, below: str = "", *, strong: bool = False) -> Total:
        return Total(label=label, amount=money(cents), below=below, strong=strong)

    discount = (row(words.DISCOUNT.say(language), -amounts.discount_cents),) if amounts.discount_cents else ()
    taxes = tuple(
        row(_tax_label(tax, language), tax.amount_cents, _tax_base(tax, amounts, language)) for tax in amounts.taxes
    )
    deposits = tuple(
        row(
            f"{words.DEPOSITS.say(language)} — {deposit.name.say(language)}",
            deposit.amount_cents,
            f"{count(deposit.quantity, language)} × {money(deposit.unit_cents)}",
        )
        for deposit in amounts.deposits
    )
    return (
        *discount,
        row(words.SUBTOTAL.say(language), amounts.net_cents),
        *taxes,
        *deposits,
        row(total.say(language), amounts.total_cents, strong=True),
    )


def require_sum(found: int, told: int, where: str) -> None:
    """Refuse a sum that the document does not say.

    Raises:
        UnbalancedPaper: names the place.
    """
    if found != told:
        raise UnbalancedPaper(
            Text(
                f"La somme donne {found} cents et le document dit {told}. Recalculez le document avant de l’imprimer.",
                f"The sum gives {found} cents and the document says {told}. Recompute the document before printing.",
            ),
            where=where,
        )


def _tax_label(tax: TaxAmount, language: Language) -> str:
    return f"{tax.name.say(language)} ({percent(tax.rate, language)})"


def _tax_base(tax: TaxAmount, amounts: Amounts, language: Language) -> str:
    if tax.base_cents == amounts.net_cents:
        return ""
    return f"{words.ON.say(language)} {format_money(tax.base_cents, amounts.currency, language)}"


def _goods_columns(language: Language, quantity: Text, *, priced: bool, received: bool) -> tuple[Column, ...]:
    first = words.ORDERED if received else quantity
    columns = [
        Column(label=words.PRODUCT.say(language)),
        Column(label=words.UNIT.say(language), width_mm=24),
        Column(label=first.say(language), width_mm=20 if received else 14, align="right"),
    ]
    if received:
        columns.append(Column(label=words.RECEIVED.say(language), width_mm=18, align="right"))
    if priced:
        columns.append(Column(label=words.UNIT_PRICE.say(language), width_mm=23, align="right"))
        columns.append(Column(label=words.NET.say(language), width_mm=25, align="right"))
    return tuple(columns)


def _goods_cells(line: GoodsLine, language: Language, *, received: bool) -> tuple[Cell, ...]:
    reason = (line.reason.say(language),) if line.reason else ()
    order = (f"{words.ORDER.say(language)} {line.order_number}",) if line.order_number else ()
    cells = (
        Cell(text=line.description.say(language), below=order + reason + _steps(line, language)),
        Cell(text=line.unit.say(language), tone="quiet"),
        Cell(text=count(line.quantity, language)),
    )
    return (*cells, _received_cell(line, language)) if received else cells


def _steps(line: GoodsLine, language: Language) -> tuple[str, ...]:
    """Say how the price came about, one step after the other (R049)."""
    if not line.steps:
        return ()
    said = (
        f"{step.name.say(language)}{_change(step.change, language)} {unit_price(Decimal(step.unit_price), language)}"
        for step in line.steps
    )
    return (" → ".join(said),)


def _change(change: str, language: Language) -> str:
    if not change:
        return ""
    number, is_percent, _ = change.partition("%")
    less = (
        percent(Decimal(number.strip()).scaleb(-2), language) if is_percent else unit_price(Decimal(number), language)
    )
    return f" (−{less})"


def _received_cell(line: GoodsLine, language: Language) -> Cell:
    if line.received is None:
        return Cell(box=True)
    return Cell(text=count(line.received, language), tone="plain" if line.received == line.quantity else "warn")


def _price_cells(line: GoodsLine, amounts: Amounts | None, language: Language) -> tuple[Cell, ...]:
    if amounts is None:
        return ()
    price = "" if line.unit_price is None else unit_price(Decimal(line.unit_price), language)
    discount = ""
    if line.discount_cents:
        less = format_money(-line.discount_cents, amounts.currency, language)
        discount = f"{words.DISCOUNT.say(language).lower()} {less}"
    net = format_money(line.net_cents or 0, amounts.currency, language)
    return (
        Cell(text=price),
        Cell(text=net, below=tuple(part for part in (discount, _tax_mark(line, amounts, language)) if part)),
    )


def _tax_mark(line: GoodsLine, amounts: Amounts, language: Language) -> str:
    """Name a line's taxes only where the lines of the paper differ from the whole."""
    charged = {tax.code for tax in amounts.taxes}
    if charged == set(line.tax_codes) or not charged:
        return ""
    names = [tax.name.say(language) for tax in amounts.taxes if tax.code in line.tax_codes]
    return " + ".join(names) or words.UNTAXED.say(language)
