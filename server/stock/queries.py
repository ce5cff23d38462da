"""Balances of goods and containers."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from server.stock.model import ContainerEntry, StockMove, StockPlace


def on_hand(
    session: Session, *, format_ids: Iterable[UUID], place: StockPlace = StockPlace.WAREHOUSE
) -> dict[UUID, int]:
    """Return the sales units of each format at a place; formats that never moved are absent."""
    signed = case((StockMove.target == place, StockMove.quantity), else_=-StockMove.quantity)
    rows = session.execute(
        select(StockMove.format_id, func.sum(signed))
        .where(StockMove.format_id.in_(set(format_ids)), or_(StockMove.source == place, StockMove.target == place))
        .group_by(StockMove.format_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def container_balance(session: Session, *, class_id: UUID, holder_id: UUID) -> int:
    """Return how many containers of a class a holder has more received than given back."""
    total = session.scalar(
        select(func.sum(ContainerEntry.quantity)).where(
            ContainerEntry.class_id == class_id, ContainerEntry.holder_id == holder_id
        )
    )
    return int(total or 0)
