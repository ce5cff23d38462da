"""Which rules make a client's price on a day: list, then discount, then promotion; the closest to the client wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, any_, func, literal, or_, select
from sqlalchemy.orm import Session

from server.catalog.model import ProductFormat
from server.catalog.prices.model import ListPrice, PriceRule, RuleKind, StockAllocation
from server.catalog.prices.steps import PriceStep, ResolvedPrice, StepKind, amount_off, percent_off
from server.parties import queries as parties
from server.parties.terms import standing_discount
from shared.problems import Text

_BASE: Final = Text("Prix de base", "Base price")
_OWN: Final = Text("Remise du client", "Discount of the client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """So many sales units of a format; without discounts the list still counts (R049)."""

    sold: ProductFormat
    quantity: int
    with_discounts: bool = True


@dataclass(frozen=True, slots=True)
class Shelf:
    """A seller's rules that hold for one client on one day, with the prices of its lists by (rule, format)."""

    buyer_id: UUID
    rules: Sequence[PriceRule]
    listed: Mapping[tuple[UUID, UUID], Decimal]
    standing: tuple[int, str] = (0, "")  # hundredths of a percent that the client or its group always has, whose it is

    def price(self, wanted: Wanted) -> ResolvedPrice:
        """Return the price of one sales unit with its steps.

        Of each kind one rule applies at most. A rule that names the client wins over one of its group, that over one
        for everybody; then the lower price wins, then the newer rule. The discount that the client or its group always
        has (R049) counts where no discount rule fits.
        """
        steps = [_base(wanted.sold)]
        steps += self._best(RuleKind.LIST, wanted, steps[-1].unit_price)
        if wanted.with_discounts:
            steps += self._best(RuleKind.DISCOUNT, wanted, steps[-1].unit_price) or self._standing(steps[-1].unit_price)
            steps += self._best(RuleKind.PROMOTION, wanted, steps[-1].unit_price)
        return ResolvedPrice(tuple(steps))

    def _best(self, kind: RuleKind, wanted: Wanted, price: Decimal) -> list[PriceStep]:
        fitting = [
            (rule, after) for rule in self.rules if (after := self._after(rule, kind, wanted, price)) is not None
        ]
        if not fitting:
            return []
        rule, after = min(fitting, key=lambda one: (-self._closeness(one[0]), one[1], -one[0].set_at.timestamp()))
        return [_step(rule, after)]

    def _standing(self, price: Decimal) -> list[PriceStep]:
        points, group = self.standing
        if not points:
            return []
        off = Decimal(points).scaleb(-2)
        name = Text(f"Remise du groupe «\u00a0{group}\u00a0»", f"Discount of group “{group}”") if group else _OWN
        change = f"{off.normalize():f} %"
        return [PriceStep(kind=StepKind.DISCOUNT, unit_price=percent_off(price, off), name=name, change=change)]

    def _after(self, rule: PriceRule, kind: RuleKind, wanted: Wanted, price: Decimal) -> Decimal | None:
        if rule.kind is not kind or wanted.quantity < rule.min_quantity:
            return None
        if kind is RuleKind.LIST:
            return self.listed.get((rule.id, wanted.sold.id))
        if rule.format_ids and wanted.sold.id not in rule.format_ids:
            return None
        return _reduced(rule, price)

    def _closeness(self, rule: PriceRule) -> int:
        return closeness(rule, buyer_id=self.buyer_id)


def closeness(rule: PriceRule | StockAllocation | ProductFormat, *, buyer_id: UUID) -> int:
    """Return 2 for a rule that names the client, 1 for one of its groups, 0 for one for everybody."""
    if buyer_id in rule.buyer_ids:
        return 2
    return 1 if rule.group_ids else 0


def shelf_for(session: Session, *, seller_id: UUID, buyer_id: UUID, on: date) -> Shelf:
    """Return the rules of a seller, for whom the session acts, that hold for a client on a day."""
    group_id = parties.group_of(session, seller_id=seller_id, buyer_id=buyer_id)
    rules = session.scalars(
        select(PriceRule).where(
            PriceRule.owner_id == seller_id,
            PriceRule.archived_at.is_(None),
            PriceRule.valid_from <= on,
            or_(PriceRule.valid_until.is_(None), PriceRule.valid_until >= on),
            meant_for(PriceRule, buyer_id=buyer_id, group_id=group_id),
        )
    ).all()
    lists = [rule.id for rule in rules if rule.kind is RuleKind.LIST]
    priced = session.scalars(select(ListPrice).where(ListPrice.rule_id.in_(lists))) if lists else ()
    listed = {(one.rule_id, one.format_id): one.unit_price for one in priced}
    return Shelf(buyer_id, rules, listed, standing_discount(session, seller_id=seller_id, buyer_id=buyer_id))


def meant_for(
    table: type[PriceRule | StockAllocation | ProductFormat], *, buyer_id: UUID, group_id: UUID | None
) -> ColumnElement[bool]:
    """Return the condition that a row is meant for a client: it names it, or its group, or nobody."""
    named: list[ColumnElement[Any]] = [literal(buyer_id) == any_(table.buyer_ids)]
    if group_id is not None:
        named.append(literal(group_id) == any_(table.group_ids))
    nobody = (func.cardinality(table.group_ids) == 0) & (func.cardinality(table.buyer_ids) == 0)
    return or_(nobody, *named)


def allocations_for(
    session: Session, *, seller_id: UUID, buyer_id: UUID, format_ids: Iterable[UUID], on: date
) -> Mapping[UUID, StockAllocation]:
    """Return the allocation of each format that holds for a client on a day, the closest to it; others have none."""
    group_id = parties.group_of(session, seller_id=seller_id, buyer_id=buyer_id)
    rows = session.scalars(
        select(StockAllocation).where(
            StockAllocation.owner_id == seller_id,
            StockAllocation.format_id.in_(set(format_ids)),
            StockAllocation.valid_from <= on,
            StockAllocation.valid_until >= on,
            meant_for(StockAllocation, buyer_id=buyer_id, group_id=group_id),
        )
    ).all()
    ranked = sorted(rows, key=lambda one: (closeness(one, buyer_id=buyer_id), one.set_at))
    return {one.format_id: one for one in ranked}


def _base(sold: ProductFormat) -> PriceStep:
    return PriceStep(
        kind=StepKind.BASE, unit_price=sold.unit_price, name=_BASE, set_by=sold.priced_by, set_at=sold.priced_at
    )


def _reduced(rule: PriceRule, price: Decimal) -> Decimal:
    if rule.fixed_price is not None:
        return Decimal(rule.fixed_price)
    if rule.percent_off is not None:
        return percent_off(price, rule.percent_off)
    return amount_off(price, rule.amount_off or Decimal(0))


def _step(rule: PriceRule, after: Decimal) -> PriceStep:
    return PriceStep(
        kind=StepKind(rule.kind.value),
        unit_price=after,
        name=Text(rule.name_fr, rule.name_en),
        rule_id=rule.id,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
        set_by=rule.set_by,
        set_at=rule.set_at,
        change=_change(rule),
    )


def _change(rule: PriceRule) -> str:
    if rule.percent_off is not None:
        return f"{rule.percent_off.normalize():f} %"
    return f"{rule.amount_off:.4f}" if rule.amount_off is not None else ""
