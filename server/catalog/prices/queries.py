"""Reads over price rules and allocations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.catalog.prices.model import ListPrice, PriceRule, RuleKind, StockAllocation
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.parties.model import CustomerGroup


def rules(
    session: Session, *, kind: RuleKind | None = None, archived: bool = False, offset: int = 0, limit: int = 200
) -> tuple[Sequence[PriceRule], int]:
    """Return the acting supplier's rules, the last to begin first, and how many there are."""
    wanted = select(PriceRule).where(PriceRule.owner_id == acting_org(session))
    wanted = wanted.where(PriceRule.archived_at.is_not(None) if archived else PriceRule.archived_at.is_(None))
    if kind is not None:
        wanted = wanted.where(PriceRule.kind == kind)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = wanted.order_by(PriceRule.valid_from.desc(), PriceRule.id.desc()).offset(offset).limit(limit)
    return session.scalars(page).all(), total


def rule(session: Session, *, rule_id: UUID) -> PriceRule:
    """Return one rule of the acting supplier.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    found = session.get(PriceRule, rule_id)
    if found is None or found.owner_id != acting_org(session):
        raise NotFound(Text("Cette règle de prix n’existe pas.", "There is no such price rule."), where=str(rule_id))
    return found


def prices_of_lists(session: Session, *, rule_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[UUID, Decimal]]:
    """Return what each list asks for each of its formats, by list and format."""
    found: dict[UUID, dict[UUID, Decimal]] = {rule_id: {} for rule_id in rule_ids}
    for one in session.scalars(select(ListPrice).where(ListPrice.rule_id.in_(rule_ids)).order_by(ListPrice.format_id)):
        found[one.rule_id][one.format_id] = one.unit_price
    return found


def chosen_groups(session: Session) -> Sequence[CustomerGroup]:
    """Return the acting supplier's groups that a rule may name, all but « Tous », by name."""
    mine = select(CustomerGroup).where(CustomerGroup.owner_id == acting_org(session))
    return session.scalars(mine.where(CustomerGroup.is_everyone.is_(False)).order_by(CustomerGroup.name)).all()


def allocations(session: Session) -> Sequence[StockAllocation]:
    """Return the acting supplier's allocations, those that end last first."""
    mine = select(StockAllocation).where(StockAllocation.owner_id == acting_org(session))
    return session.scalars(mine.order_by(StockAllocation.valid_until.desc(), StockAllocation.id).limit(500)).all()
