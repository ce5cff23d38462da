"""Goods and containers move; every movement names both ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.gathering import write_later
from server.core.memory import remembered
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.stock.model import ContainerEntry, StockMove, StockPlace, StockReason
from shared.ids import new_id

MAX_MOVED: Final = 1_000_000
_DEPOTS: Final = "depots"
_KEEPS: Final = text("SELECT own_depots(CAST(:owners AS uuid[]), CAST(:carrier_id AS uuid))")
_KEPT: Final = frozenset({StockPlace.WAREHOUSE, StockPlace.TRUCK, StockPlace.TRANSIT})


class BadMove(Problem):
    """A movement of goods or containers cannot be."""

    slug = "bad-stock-move"
    title = Text("Mouvement invalide", "Invalid movement")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsMove:
    """So many sales units of a format from one place to another."""

    format_id: UUID
    quantity: int
    source: StockPlace
    target: StockPlace


def move_goods(
    session: Session,
    *,
    seller_id: UUID,
    moves: Iterable[GoodsMove],
    cause_id: UUID,
    stamp: Stamp,
    moved_at: datetime | None = None,
    reader_ids: Iterable[UUID] = (),
    carrier_id: UUID | None = None,
    keepers: tuple[UUID | None, UUID | None] | None = None,
    reason: StockReason = StockReason.TRADE,
    note: str = "",
    moved_by: str = "",
) -> None:
    """Write the seller's movements of one cause (an order loaded, a delivery made, stock received).

    Movements of the same format and ends are summed; the same cause written again changes nothing. A ``carrier_id``
    keeps its trucks, and the warehouse too once goods of the seller were transferred to its depot; ``keepers`` says
    both ends' keepers instead, None being the seller itself.

    Raises:
        BadMove: a negative quantity, too large a one, or both ends the same.
    """
    summed: dict[tuple[UUID, StockPlace, StockPlace], int] = {}
    for move in moves:
        _require_move(move)
        key = (move.format_id, move.source, move.target)
        summed[key] = summed.get(key, 0) + move.quantity
    with acting_for(session, seller_id):
        ends = _keepers(session, seller_id, carrier_id, keepers, summed)
    rows = [
        {
            "id": new_id(),
            "owner_id": seller_id,
            "party_ids": sorted(set(reader_ids)),
            "format_id": format_id,
            "quantity": quantity,
            "source_keeper_id": ends[source, 0],
            "target_keeper_id": ends[target, 1],
            "reason": reason,
            "note": note,
            "moved_by": moved_by,
            "source": source,
            "target": target,
            "cause_id": cause_id,
            "moved_at": moved_at or stamp.at,
        }
        for (format_id, source, target), quantity in summed.items()
        if quantity
    ]
    if rows:
        with acting_for(session, seller_id):
            write_later(session, StockMove, rows, unless_known=True)


def undo_moves(session: Session, *, seller_id: UUID, cause_id: UUID, stamp: Stamp) -> None:
    """Write the opposite of what one cause moved of a seller's goods; what was undone already stays undone."""
    with acting_for(session, seller_id):
        made = session.scalars(
            select(StockMove).where(StockMove.owner_id == seller_id, StockMove.cause_id == cause_id)
        ).all()
        rows = [
            {
                "id": new_id(),
                "owner_id": seller_id,
                "party_ids": one.party_ids,
                "format_id": one.format_id,
                "quantity": one.quantity,
                "source_keeper_id": one.target_keeper_id,
                "target_keeper_id": one.source_keeper_id,
                "reason": one.reason,
                "note": one.note,
                "moved_by": one.moved_by,
                "source": one.target,
                "target": one.source,
                "cause_id": cause_id,
                "moved_at": stamp.at,
            }
            for one in made
        ]
        if rows:
            write_later(session, StockMove, rows, unless_known=True)


def _keepers(
    session: Session,
    seller_id: UUID,
    carrier_id: UUID | None,
    said: tuple[UUID | None, UUID | None] | None,
    summed: Iterable[tuple[UUID, StockPlace, StockPlace]],
) -> dict[tuple[StockPlace, int], UUID | None]:
    """Return who keeps each place, at the source (0) and at the target (1) of the movements."""
    places = {(place, end) for key in summed for end, place in enumerate(key[1:])}
    if said is not None:
        return {(place, end): said[end] if place in _KEPT else None for place, end in places}
    carrier = None if carrier_id == seller_id else carrier_id
    return {(place, end): _keeper_of(session, seller_id, carrier, place) for place, end in places}


def _keeper_of(session: Session, seller_id: UUID, carrier_id: UUID | None, place: StockPlace) -> UUID | None:
    if carrier_id is None or place not in _KEPT:
        return None
    if place is StockPlace.TRUCK:
        return carrier_id
    known: dict[tuple[UUID, UUID], bool] = remembered(session, _DEPOTS)
    if (seller_id, carrier_id) not in known:
        there = select(StockMove.id).where(
            StockMove.owner_id == seller_id,
            StockMove.target_keeper_id == carrier_id,
            StockMove.target == StockPlace.WAREHOUSE,
        )
        known[seller_id, carrier_id] = bool(session.scalar(select(there.exists())))
    return carrier_id if known[seller_id, carrier_id] else None


def remember_depots(session: Session, *, seller_ids: Iterable[UUID], carrier_id: UUID) -> None:
    """Read at once which of these sellers keep goods at the carrier's depot."""
    known: dict[tuple[UUID, UUID], bool] = remembered(session, _DEPOTS)
    sellers = sorted(set(seller_ids) - {carrier_id})
    session.flush()
    found = set(session.scalars(_KEEPS, {"owners": sellers, "carrier_id": carrier_id}))
    known.update({(seller_id, carrier_id): seller_id in found for seller_id in sellers})


def move_containers(
    session: Session,
    *,
    class_owner_id: UUID,
    class_id: UUID,
    from_holder_id: UUID,
    to_holder_id: UUID,
    quantity: int,
    movement_id: UUID,
    stamp: Stamp,
    handover_id: UUID | None = None,
    moved_at: datetime | None = None,
) -> None:
    """Write both sides of a movement of containers between two holders' accounts with their owner.

    The sides sum to zero (law 20); the same movement written again changes nothing.

    Raises:
        BadMove: the quantity is not positive, or both holders are the same.

    Source: C30.
    """
    if not 0 < quantity <= MAX_MOVED or from_holder_id == to_holder_id:
        raise _bad_move()
    with acting_for(session, class_owner_id):
        sides = ((from_holder_id, -quantity), (to_holder_id, quantity))
        rows = [
            {
                "id": new_id(),
                "owner_id": class_owner_id,
                "party_ids": sorted({from_holder_id, to_holder_id} - {class_owner_id}),
                "movement_id": movement_id,
                "class_id": class_id,
                "holder_id": holder_id,
                "quantity": side,
                "handover_id": handover_id,
                "moved_at": moved_at or stamp.at,
            }
            for holder_id, side in sides
        ]
        write_later(session, ContainerEntry, rows, unless_known=True)


def _require_move(move: GoodsMove) -> None:
    if not 0 <= move.quantity <= MAX_MOVED or move.source is move.target:
        raise _bad_move()


def _bad_move() -> BadMove:
    return BadMove(
        Text(
            f"Une quantité de 1 à {MAX_MOVED} va d’un endroit à un autre.",
            f"A quantity of 1 to {MAX_MOVED} goes from one place to another.",
        ),
        where="quantity",
    )
