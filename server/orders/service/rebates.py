"""Rebates of an order, each off the lines of one taxation (R059)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from server.catalog.service import TAX_CODES
from server.core.days import day_text
from server.core.stamp import Stamp
from server.orders.model import Order, OrderLine
from server.orders.pricing import reprice
from server.orders.service.holding import held
from server.orders.service.lines import BadOrder
from server.orders.service.timeline import RESHARED, enter
from shared.money import format_money, half_up, share_by_largest_remainder, times
from shared.problems import Text
from shared.states import OrderState
from shared.wire.terms import TaxRule

MAX_REBATES: Final = 20
MAX_WORDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebate:
    """An amount off the lines that are charged exactly ``tax_codes``: taxed ones, untaxed ones, or those of one tax.

    Like an allowance of EN 16931, which belongs to one tax category and lowers its base.
    """

    words: str
    amount_cents: int
    tax_codes: tuple[str, ...] = ()

    def as_column(self) -> dict[str, Any]:
        """Return the rebate as the order keeps it."""
        return {"words": self.words, "amount_cents": self.amount_cents, "tax_codes": list(self.tax_codes)}


def rebates_of(order: Order) -> tuple[Rebate, ...]:
    """Return what the order keeps."""
    return tuple(
        Rebate(words=one["words"], amount_cents=one["amount_cents"], tax_codes=tuple(one["tax_codes"]))
        for one in order.rebates
    )


def share_rebates(order: Order, rebates: Iterable[Rebate], *, codes: Iterable[str]) -> None:
    """Give the order these rebates: each line takes its share, by largest remainder of what is left of it.

    ``codes`` are the taxes that the issuer charges; of the others neither rebates nor lines are told apart, but both
    keep them, for another issuer. ``order.lines`` must be loaded.

    Raises:
        BadOrder: too many, one without a name, not positive, or above the lines that it is taken from.
    """
    known = set(codes)
    kept = [_tidy(one) for one in rebates]
    if len(kept) > MAX_REBATES:
        raise _bad(f"Au plus {MAX_REBATES} rabais.", f"At most {MAX_REBATES} rebates.")
    left = [_net(line) for line in order.lines]
    taken = [0] * len(left)
    for rebate in kept:
        for at, share in enumerate(_shares(rebate, order.lines, left, known)):
            left[at] -= share
            taken[at] += share
    for line, cents in zip(order.lines, taken, strict=True):
        line.rebate_cents = cents
    order.rebates = [one.as_column() for one in kept]


def settle_rebates(session: Session, order: Order, *, taxes: Sequence[TaxRule], on: date, stamp: Stamp) -> None:
    """Share the order's rebates as ``taxes`` ask, before it is billed or its terms are frozen under them for a day.

    As ``reshare`` does; a total that is another by it stands in the timeline, with the day's taxes. Whoever does it for
    several orders holds them all before (``hold_all``). ``order.lines`` must be loaded.

    Raises:
        BadOrder: a rebate is above the lines of its taxation; its order can still be changed.

    Source: R053, R059, T2, T8; ADR 0048.
    """
    if _bears(order, taxes):
        return
    with held(session, order):
        before_cents = order.total_cents
        reshare(order, taxes=taxes, on=on)
        if order.total_cents != before_cents:
            enter(session, order, RESHARED, _told(order, before_cents, taxes, on), stamp)


def reshare(order: Order, *, taxes: Sequence[TaxRule], on: date) -> None:
    """Share the rebates of an order that the caller holds as ``taxes`` ask, and reckon it again under them.

    Only when they are not those that its total bears: another registration holds on that day. An order that rides on a
    run, or has left, keeps the agreed shares of a rebate that fits no more: nobody can lower it there, and no truck
    waits for it. ``order.lines`` must be loaded.

    Raises:
        BadOrder: a rebate is above the lines of its taxation; its order can still be changed.
    """
    if _bears(order, taxes):
        return
    try:
        share_rebates(order, rebates_of(order), codes=[rule.code for rule in taxes])
    except BadOrder:
        if order.state is OrderState.ACCEPTED:
            raise
        return
    reprice(order, taxes=taxes, on=on)


def _bears(order: Order, taxes: Sequence[TaxRule]) -> bool:
    """Say whether the order's rebates stand shared as these taxes ask; without any, or untaxed, they do."""
    borne = {code for line in order.lines for code in line.tax_codes}
    codes = {rule.code for rule in taxes}
    return not order.rebates or not order.taxed or borne & codes == borne & set(order.charged_taxes)


def _told(order: Order, before_cents: int, taxes: Sequence[TaxRule], on: date) -> Text:
    day = day_text(on)
    was, now = (_money(cents, order.currency) for cents in (before_cents, order.total_cents))
    names = Text(" + ".join(one.name_fr for one in taxes), " + ".join(one.name_en for one in taxes))
    return Text(
        f"Rabais répartis selon les taxes de l’émetteur du {day.fr} ({names.fr or 'aucune'}). "
        f"Total\u00a0: {was.fr} → {now.fr}.",
        f"Rebates shared by the issuer’s taxes of {day.en} ({names.en or 'none'}). Total: {was.en} → {now.en}.",
    )


def _money(cents: int, currency: str) -> Text:
    return Text(format_money(cents, currency, "fr"), format_money(cents, currency, "en"))


def _shares(rebate: Rebate, lines: Sequence[OrderLine], left: Sequence[int], known: set[str]) -> Sequence[int]:
    fits = [set(line.tax_codes) & known == set(rebate.tax_codes) & known for line in lines]
    weights = [cents if fit else 0 for cents, fit in zip(left, fits, strict=True)]
    if rebate.amount_cents > sum(weights):
        raise _bad(
            f"Le rabais «\u00a0{rebate.words}\u00a0» dépasse les articles de la même taxation. "
            "En réduire le montant ou choisir une autre taxation.",
            f"The rebate “{rebate.words}” is above the items of the same taxation. Lower it or choose other taxes.",
        )
    return share_by_largest_remainder(rebate.amount_cents, weights)


def _net(line: OrderLine) -> int:
    return max(0, half_up(times(Decimal(line.unit_price), Decimal(100 * line.quantity))) - line.discount_cents)


def _tidy(rebate: Rebate) -> Rebate:
    words = " ".join(rebate.words.split())
    if not 1 <= len(words) <= MAX_WORDS:
        raise _bad(f"Nommer le rabais, en {MAX_WORDS} caractères au plus.", "Name the rebate, in 200 characters.")
    if rebate.amount_cents <= 0:
        raise _bad("Le montant d’un rabais est positif.", "A rebate’s amount is positive.")
    codes = tuple(sorted(code for code in set(rebate.tax_codes) if code in TAX_CODES))
    return Rebate(words=words, amount_cents=rebate.amount_cents, tax_codes=codes)


def _bad(fr: str, en: str) -> BadOrder:
    return BadOrder(Text(fr, en), where="rebates")
