"""What goods cost: invoices, credits on their lines, supplementary orders and returned containers.

The tablet previews with these functions and the server decides with them, from the same frozen terms. Amounts are
cents of the terms' currency; quantities are whole sales units. Deposits stand beside the net, never in it; a taxable
deposit joins the tax base of its line's codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from shared.line_terms import LineBeyond, LineTerms, Priceable, TermsMismatch, pair_terms
from shared.money import half_up, half_up_ratio, share_by_largest_remainder, share_exactly, times
from shared.priced import (
    ContainerReturn,
    CreditedContainers,
    DepositCredit,
    PricedDocument,
    PricedLine,
    sum_by_code,
)
from shared.problems import Problem, Text
from shared.wire.terms import Goods, Prices, TaxRule

__all__ = [
    "ContainerReturn",
    "CreditedContainers",
    "DepositCredit",
    "PricedDocument",
    "PricedLine",
    "QuantityOutOfRange",
    "TermsMismatch",
    "credit_lines",
    "credit_of",
    "price_beyond",
    "price_containers",
    "price_extra",
    "price_lines",
    "price_order",
]


class QuantityOutOfRange(Problem):
    """A quantity is negative, above what its line allows, or of a line that does not exist."""

    slug = "quantity-out-of-range"
    title = Text("Quantité hors limites", "Quantity out of range")


def price_order(goods: Goods, prices: Prices, quantities: Mapping[str, int] | None = None) -> PricedDocument:
    """Return the invoice of an order, or of the part of it that ``quantities`` names by line.

    Without ``quantities`` everything ordered is priced; with them, a line that is absent or 0 is not on the document.
    A line's discounts follow its quantity, half up; each tax is rounded once for the document, then shared.

    Raises:
        TermsMismatch: goods and prices do not fit each other.
        QuantityOutOfRange: an unknown line, or a quantity below 0 or above the ordered one.

    Source: T1 to T4.
    """
    terms = pair_terms(goods, prices)
    ordered = {line_id: line.ordered for line_id, line in terms.items()}
    wanted = ordered if quantities is None else quantities
    _require_within(wanted, ordered)
    return price_lines([(line, wanted.get(line_id, 0)) for line_id, line in terms.items()], prices.taxes)


def price_extra(goods: Goods, prices: Prices, extras: Mapping[str, int]) -> PricedDocument:
    """Return the supplementary order of what was accepted beyond the order, by line (R023).

    Unit prices, line discounts per unit, taxes and deposits are the order's own; the document's discount was granted
    for the order and does not stretch.

    Raises:
        TermsMismatch: goods and prices do not fit each other.
        QuantityOutOfRange: an unknown line or a negative quantity.
    """
    terms = pair_terms(goods, prices)
    _require_within(extras, dict.fromkeys(terms))
    plain = [(replace(line, document_discount_cents=0), extras.get(line_id, 0)) for line_id, line in terms.items()]
    return price_lines(plain, prices.taxes)


def price_beyond(
    goods: Goods, prices: Prices, *, already: Mapping[str, int], more: Mapping[str, int]
) -> PricedDocument:
    """Return the document of ``more`` units by line of an order of which ``already`` were invoiced.

    Nets, discounts and deposits are what these units add to the line, so that with what was invoiced they come to the
    line's own amounts; taxes are rounded once for this document, as for any other (T3).

    Raises:
        TermsMismatch: goods and prices do not fit each other.
        QuantityOutOfRange: an unknown line, a negative quantity, or more than is ordered.
    """
    terms = pair_terms(goods, prices)
    left = {line_id: line.ordered - already.get(line_id, 0) for line_id, line in terms.items()}
    _require_within(more, left)
    chosen = [(LineBeyond(line, already.get(line_id, 0)), more.get(line_id, 0)) for line_id, line in terms.items()]
    return price_lines(chosen, prices.taxes)


def credit_lines(
    goods: Goods,
    prices: Prices,
    invoiced: PricedDocument,
    *,
    already: Mapping[str, int],
    crediting: Mapping[str, int],
) -> PricedDocument:
    """Return the credit, in positive amounts, of ``crediting`` units by line on an invoice of this order.

    ``already`` counts the units that earlier credits took. Any split of credits in any order ends at exactly the
    invoice's nets, taxes and deposits, and no part is negative; the invoice's own amounts are shared, never a rate
    applied afresh.

    Raises:
        TermsMismatch: the invoice has a line that the order has not.
        QuantityOutOfRange: a line that was not invoiced, or more than what is left of it.

    Source: T5, T6; laws 8, 9, 10.
    """
    _require_of_order(invoiced, pair_terms(goods, prices))
    return credit_of(invoiced, already=already, crediting=crediting)


def credit_of(invoiced: PricedDocument, *, already: Mapping[str, int], crediting: Mapping[str, int]) -> PricedDocument:
    """Return the credit of ``crediting`` units by line from the invoice's own amounts alone, as ``credit_lines`` does.

    Raises:
        QuantityOutOfRange: a line that was not invoiced, or more than what is left of it.

    Source: T5, T6; laws 8, 9, 10.
    """
    left = {line.line_id: line.quantity - already.get(line.line_id, 0) for line in invoiced.lines}
    _require_within(already, {line.line_id: line.quantity for line in invoiced.lines})
    _require_within(crediting, left)
    credited = [
        _credited(line, already.get(line.line_id, 0), crediting.get(line.line_id, 0)) for line in invoiced.lines
    ]
    return PricedDocument.of([line for line in credited if line.quantity])


def price_containers(returns: Iterable[ContainerReturn], *, taxes: Sequence[TaxRule] = ()) -> DepositCredit:
    """Return what returned containers are worth, at the prices of their day.

    ``taxes`` are the creditor's rules, empty for one who is not registered; they apply to taxable classes alone.

    Raises:
        QuantityOutOfRange: a negative quantity.

    Source: C30; law 21.
    """
    counted = [kind for kind in returns if kind.quantity]
    _require_within({kind.container_class: kind.quantity for kind in counted}, None)
    amounts = [kind.quantity * kind.unit_cents for kind in counted]
    bases = [amount if kind.taxable else 0 for kind, amount in zip(counted, amounts, strict=True)]
    shares = {rule.code: _shared_tax(rule, bases) for rule in taxes if any(bases)}
    lines = tuple(
        CreditedContainers(
            container_class=kind.container_class,
            quantity=kind.quantity,
            unit_cents=kind.unit_cents,
            deposit_cents=amounts[at],
            taxes={code: share[at] for code, share in shares.items() if kind.taxable},
        )
        for at, kind in enumerate(counted)
    )
    totals = sum_by_code(line.taxes for line in lines)
    return DepositCredit(lines, sum(amounts), totals, sum(amounts) + sum(totals.values()))


def price_lines(chosen: Sequence[tuple[Priceable, int]], rules: Sequence[TaxRule]) -> PricedDocument:
    """Return the document of these quantities by line: the one place where nets meet their taxes.

    Lines of quantity 0 are left out. Each tax is rounded once on the base of the lines that carry it, then shared.

    Source: T2 to T4; every order, supplement and published fact is priced here.
    """
    chosen = [(terms, quantity) for terms, quantity in chosen if quantity]
    nets = [terms.net_cents(quantity) for terms, quantity in chosen]
    net_taxes = [dict[str, int]() for _ in chosen]
    deposit_taxes = [dict[str, int]() for _ in chosen]
    for rule in rules:
        carriers = [at for at, (terms, _) in enumerate(chosen) if rule.code in terms.tax_codes]
        deposits = [chosen[at][0].deposit_cents(chosen[at][1], taxable_only=True) for at in carriers]
        shares = _shared_tax(rule, [nets[at] for at in carriers] + deposits)
        for position, at in enumerate(carriers):
            net_taxes[at][rule.code] = shares[position]
            if deposits[position]:
                deposit_taxes[at][rule.code] = shares[len(carriers) + position]
    return PricedDocument.of(
        [
            PricedLine(
                line_id=terms.line_id,
                quantity=quantity,
                net_cents=nets[at],
                taxes=net_taxes[at],
                deposit_cents=terms.deposit_cents(quantity),
                deposit_tax=deposit_taxes[at],
                document_discount_cents=terms.document_discount_of(quantity),
            )
            for at, (terms, quantity) in enumerate(chosen)
        ]
    )


def _shared_tax(rule: TaxRule, bases: Sequence[int]) -> tuple[int, ...]:
    """Round the tax once on the whole base (T3), then share it (T4), with lines below zero by their exact taxes."""
    rate = Decimal(rule.rate)
    tax = half_up(times(Decimal(sum(bases)), rate))
    if any(base < 0 for base in bases):
        return share_exactly(tax, [times(Decimal(base), rate) for base in bases])
    return share_by_largest_remainder(tax, bases)


def _credited(line: PricedLine, already: int, quantity: int) -> PricedLine:
    def part(amount: int) -> int:
        before, after = already * amount, (already + quantity) * amount
        return half_up_ratio(after, line.quantity) - half_up_ratio(before, line.quantity)

    return PricedLine(
        line_id=line.line_id,
        quantity=quantity,
        net_cents=part(line.net_cents),
        taxes={code: part(cents) for code, cents in line.taxes.items()},
        deposit_cents=part(line.deposit_cents),
        deposit_tax={code: part(cents) for code, cents in line.deposit_tax.items()},
        document_discount_cents=part(line.document_discount_cents),
    )


def _require_of_order(invoiced: PricedDocument, terms: Mapping[str, LineTerms]) -> None:
    foreign = next((line.line_id for line in invoiced.lines if line.line_id not in terms), None)
    if foreign is not None:
        raise TermsMismatch(
            Text(
                "La facture a une ligne que la commande n’a pas. Créditer la facture de cette commande.",
                "The invoice has a line that the order has not. Credit the invoice of this order.",
            ),
            where=foreign,
        )


def _require_within(quantities: Mapping[str, int], limits: Mapping[str, int | None] | None) -> None:
    for line_id, quantity in quantities.items():
        if not quantity and limits is not None and line_id not in limits:
            continue
        limit = None if limits is None else limits.get(line_id, 0)
        if quantity < 0 or (limit is not None and quantity > limit):
            raise QuantityOutOfRange(
                Text(
                    f"La quantité {quantity} est refusée\u00a0: il faut de 0 à {limit if limit is not None else '…'}.",
                    f"The quantity {quantity} is refused: it must be from 0 to {limit if limit is not None else '…'}.",
                ),
                where=line_id,
                quantity=quantity,
            )
