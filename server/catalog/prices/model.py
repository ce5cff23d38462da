"""Rules that change a base price, each for some clients and some days; and shares of what is scarce."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, unit_price

percent = Annotated[Any, mapped_column(Numeric(7, 4))]


class RuleKind(StrEnum):
    """What a rule does to a price."""

    LIST = "list"  # replaces it
    DISCOUNT = "discount"  # takes from it
    PROMOTION = "promotion"  # takes from it once more, or replaces it, for a while


class PriceRule(Owned):
    """A seller's price list, discount or promotion, from ``valid_from`` through ``valid_until``.

    It holds for the clients of ``group_ids`` and the ``buyer_ids``, for every client when both are empty; a discount
    or promotion on the formats of ``format_ids``, on all when there are none; a list on those that it prices. Changing
    a rule changes no order: a line keeps the steps of its price.
    """

    __tablename__ = "price_rule"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'list') = (percent_off IS NULL AND amount_off IS NULL AND fixed_price IS NULL)", name="says_how"
        ),
        CheckConstraint("num_nonnulls(percent_off, amount_off, fixed_price) <= 1", name="says_one_way"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days"),
        Index(
            "uq_price_rule_reference", "owner_id", "reference", unique=True, postgresql_where=text("reference <> ''")
        ),
    )

    kind: Mapped[RuleKind]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    group_ids: Mapped[list[UUID]] = mapped_column(default=list)
    buyer_ids: Mapped[list[UUID]] = mapped_column(default=list)
    format_ids: Mapped[list[UUID]] = mapped_column(default=list)
    percent_off: Mapped[percent | None]
    amount_off: Mapped[unit_price | None]
    fixed_price: Mapped[unit_price | None]
    min_quantity: Mapped[int] = mapped_column(default=1)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    set_by: Mapped[str] = mapped_column(default="")
    set_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class ListPrice(Owned):
    """What a price list asks for one sales unit of a format."""

    __tablename__ = "list_price"
    __table_args__ = (UniqueConstraint("rule_id", "format_id"),)

    rule_id: Mapped[UUID]
    format_id: Mapped[UUID] = mapped_column(index=True)
    unit_price: Mapped[unit_price]


class StockAllocation(Owned):
    """How much of a scarce format each client of an audience may order over some days, all its orders together."""

    __tablename__ = "stock_allocation"
    __table_args__ = (CheckConstraint("valid_until >= valid_from", name="days"),)

    format_id: Mapped[UUID] = mapped_column(index=True)
    group_ids: Mapped[list[UUID]] = mapped_column(default=list)
    buyer_ids: Mapped[list[UUID]] = mapped_column(default=list)
    quantity: Mapped[int]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    set_by: Mapped[str] = mapped_column(default="")
    set_at: Mapped[datetime]
