"""Stock moves and containers, each as double entry: nothing appears, nothing vanishes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, stored_enum


class StockPlace(StrEnum):
    """Where goods of a seller are; a move names two."""

    MADE = "made"  # where stock comes from: brewed, bought or counted
    WAREHOUSE = "warehouse"
    TRANSIT = "transit"  # sent by one keeper, not yet received by the other
    TRUCK = "truck"
    CUSTOMER = "customer"
    LOST = "lost"


class StockReason(StrEnum):
    """Why goods moved: what the trade did, or what somebody said of a count."""

    TRADE = "trade"  # loaded, delivered, brought back
    RECEIVED = "received"
    COUNTED = "counted"
    BREAKAGE = "breakage"
    EXPIRED = "expired"
    SAMPLE = "sample"
    OTHER = "other"
    TRANSFER = "transfer"


class TransferState(StrEnum):
    """How far goods are on their way between two keepers."""

    SENT = "sent"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


class StockMove(Owned):
    """Goods of a seller from one place to another, because of one delivery line, loading, adjustment or transfer.

    A keeper holds a warehouse: None is the seller itself, else the carrier at whose depot the goods lie.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        UniqueConstraint("cause_id", "format_id", "source", "target"),
        Index(
            "ix_stock_move_kept", "owner_id", "target_keeper_id",
            postgresql_where=text("target = 'warehouse' AND target_keeper_id IS NOT NULL"),
        ),
    )  # fmt: skip
    append_only = True

    format_id: Mapped[UUID] = mapped_column(index=True)
    quantity: Mapped[int]
    source: Mapped[StockPlace]
    target: Mapped[StockPlace] = mapped_column(stored_enum(StockPlace, name="target_place"))
    source_keeper_id: Mapped[UUID | None]
    target_keeper_id: Mapped[UUID | None]
    reason: Mapped[StockReason] = mapped_column(default=StockReason.TRADE)
    note: Mapped[str] = mapped_column(default="")
    moved_by: Mapped[str] = mapped_column(default="")
    cause_id: Mapped[UUID]
    moved_at: Mapped[datetime]


class StockTransfer(Owned):
    """Goods of a seller on their way from one keeper's warehouse to another's; both read it."""

    __tablename__ = "stock_transfer"
    __table_args__ = (
        CheckConstraint("source_keeper_id IS DISTINCT FROM target_keeper_id", name="two_keepers"),
        Index(None, "owner_id", "state"),
    )

    source_keeper_id: Mapped[UUID | None]
    target_keeper_id: Mapped[UUID | None]
    state: Mapped[TransferState]
    note: Mapped[str] = mapped_column(default="")
    sent_by: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]


class TransferLine(Owned):
    """So much of a format in a transfer, and how much of it arrived once it is accepted."""

    __tablename__ = "transfer_line"
    __table_args__ = (UniqueConstraint("transfer_id", "format_id"),)

    transfer_id: Mapped[UUID]
    format_id: Mapped[UUID]
    quantity: Mapped[int]
    accepted: Mapped[int | None]


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
    handover_id: Mapped[UUID | None]  # the visit, or the record at hand, that says so
    moved_at: Mapped[datetime]
