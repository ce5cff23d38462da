"""Balances of goods and containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import case, func, or_, select, union_all
from sqlalchemy.orm import Session

from server.core.problems import NotFound, Text
from server.stock.model import ContainerEntry, StockMove, StockPlace, StockTransfer, TransferLine, TransferState

_REACHED = (StockPlace.WAREHOUSE, StockPlace.TRUCK, StockPlace.TRANSIT)


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


def in_hand(session: Session, *, format_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return what the seller still has of each format, in warehouses and on trucks: reservations are taken from it."""
    total: dict[UUID, int] = {}
    wanted = set(format_ids)
    for place in (StockPlace.WAREHOUSE, StockPlace.TRUCK):
        for format_id, quantity in on_hand(session, format_ids=wanted, place=place).items():
            total[format_id] = total.get(format_id, 0) + quantity
    return total


def kept(session: Session, *, format_id: UUID, keeper_id: UUID | None) -> int:
    """Return what a keeper's warehouse has of a format; None is the seller's own."""
    return kept_by_place(session, format_ids=[format_id]).get((format_id, StockPlace.WAREHOUSE, keeper_id), 0)


def kept_by_place(session: Session, *, format_ids: Iterable[UUID]) -> dict[tuple[UUID, StockPlace, UUID | None], int]:
    """Return the sales units by format, place and keeper, of the places that a seller can still reach."""
    ends = union_all(
        select(StockMove.format_id, StockMove.target.label("place"), StockMove.target_keeper_id.label("keeper"),
               StockMove.quantity.label("units")).where(StockMove.format_id.in_(set(format_ids))),
        select(StockMove.format_id, StockMove.source.label("place"), StockMove.source_keeper_id.label("keeper"),
               (-StockMove.quantity).label("units")).where(StockMove.format_id.in_(set(format_ids))),
    ).subquery()  # fmt: skip
    rows = session.execute(
        select(ends.c.format_id, ends.c.place, ends.c.keeper, func.sum(ends.c.units))
        .where(ends.c.place.in_([one.value for one in _REACHED]))
        .group_by(ends.c.format_id, ends.c.place, ends.c.keeper)
    )
    return {(row[0], StockPlace(row[1]), row[2]): int(row[3]) for row in rows if row[3]}


def moves(session: Session, *, format_id: UUID | None, offset: int, limit: int) -> Sequence[StockMove]:
    """Return the movements that the acting organisation reads, the last first; of one format when it is named."""
    wanted = select(StockMove).order_by(StockMove.moved_at.desc(), StockMove.id.desc())
    if format_id is not None:
        wanted = wanted.where(StockMove.format_id == format_id)
    return session.scalars(wanted.offset(offset).limit(limit)).all()


def transfers(
    session: Session, *, state: TransferState | None = None, offset: int = 0, limit: int = 100
) -> Sequence[tuple[StockTransfer, Sequence[TransferLine]]]:
    """Return transfers that the acting organisation reads, of one state if named, the last first, with their lines."""
    wanted = select(StockTransfer).order_by(StockTransfer.sent_at.desc(), StockTransfer.id.desc())
    if state is not None:
        wanted = wanted.where(StockTransfer.state == state)
    found = session.scalars(wanted.offset(offset).limit(limit)).all()
    lines = _lines_of(session, [one.id for one in found])
    return [(one, lines.get(one.id, [])) for one in found]


def transfer(session: Session, *, transfer_id: UUID) -> tuple[StockTransfer, Sequence[TransferLine]]:
    """Return one transfer that the acting organisation reads, with its lines.

    Raises:
        NotFound: there is none, or it is a stranger's.
    """
    found = session.get(StockTransfer, transfer_id)
    if found is None:
        raise NotFound(Text("Ce transfert n’existe pas.", "There is no such transfer."), where=str(transfer_id))
    return found, _lines_of(session, [found.id]).get(found.id, [])


def _lines_of(session: Session, transfer_ids: Sequence[UUID]) -> Mapping[UUID, list[TransferLine]]:
    found: dict[UUID, list[TransferLine]] = {}
    lines = select(TransferLine).where(TransferLine.transfer_id.in_(transfer_ids)).order_by(TransferLine.id)
    for line in session.scalars(lines):
        found.setdefault(line.transfer_id, []).append(line)
    return found


def container_accounts(session: Session) -> Sequence[tuple[UUID, UUID, UUID, int]]:
    """Return owner, class, holder and balance of each account that one reads (C30); zeros are left out."""
    rows = session.execute(
        select(
            ContainerEntry.owner_id,
            ContainerEntry.class_id,
            ContainerEntry.holder_id,
            func.sum(ContainerEntry.quantity),
        )
        .group_by(ContainerEntry.owner_id, ContainerEntry.class_id, ContainerEntry.holder_id)
        .having(func.sum(ContainerEntry.quantity) != 0)
        .order_by(ContainerEntry.class_id, func.sum(ContainerEntry.quantity).desc(), ContainerEntry.holder_id)
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in rows]


def container_balance(session: Session, *, class_id: UUID, holder_id: UUID) -> int:
    """Return how many containers of a class a holder has more received than given back."""
    total = session.scalar(
        select(func.sum(ContainerEntry.quantity)).where(
            ContainerEntry.class_id == class_id, ContainerEntry.holder_id == holder_id
        )
    )
    return int(total or 0)
