"""Stock moves and containers, each as double entry: nothing appears, nothing vanishes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, stored_enum


class StockPlace(StrEnum):
    """Where goods of a seller are; a move names two."""

    MADE = "made"  # where stock comes from: brewed, bought or counted
    WAREHOUSE = "warehouse"
    TRUCK = "truck"
    CUSTOMER = "customer"
    LOST = "lost"


class StockMove(Owned):
    """Goods of a seller from one place to another, because of one delivery line or one loading."""

    __tablename__ = "stock_move"
    __table_args__ = (UniqueConstraint("cause_id", "format_id", "source", "target"),)
    append_only = True

    format_id: Mapped[UUID] = mapped_column(index=True)
    quantity: Mapped[int]
    source: Mapped[StockPlace]
    target: Mapped[StockPlace] = mapped_column(stored_enum(StockPlace, name="target_place"))
    cause_id: Mapped[UUID]
    moved_at: Mapped[datetime]


class ContainerEntry(Owned):
    """One side of a movement of containers: account (holder, owner, class); each movement's sides sum to zero."""

    __tablename__ = "container_entry"
    __table_args__ = (
        UniqueConstraint("movement_id", "holder_id", "class_id"),
        Index(None, "owner_id", "class_id", "holder_id"),
    )
    append_only = True

    movement_id: Mapped[UUID]
    class_id: Mapped[UUID]
    holder_id: Mapped[UUID]
    quantity: Mapped[int]
    visit_id: Mapped[UUID | None]
    moved_at: Mapped[datetime]
