"""Stock that somebody counted, received, broke or drank: an adjustment with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.once import require_same
from server.core.stamp import Stamp
from server.stock import events, queries
from server.stock.model import StockMove, StockPlace, StockReason
from server.stock.service.keeping import bad, lock_format, name_of, require_keeper, require_note
from server.stock.service.moving import MAX_MOVED, GoodsMove, move_goods
from shared.ids import new_id
from shared.problems import Text

_TAKES: Final = frozenset({StockReason.BREAKAGE, StockReason.EXPIRED, StockReason.SAMPLE})
_SAYABLE: Final = _TAKES | {StockReason.RECEIVED, StockReason.COUNTED, StockReason.OTHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What happened to a format where it is kept.

    ``quantity`` is what is there when ``reason`` is a count; what came or, negative, went for any other reason;
    breakage, expiry and samples take away what they say.
    """

    format_id: UUID
    keeper_id: UUID | None
    reason: StockReason
    quantity: int
    note: str = ""
    key: UUID | None = None


def adjust(session: Session, *, seller_id: UUID, said: Adjustment, stamp: Stamp) -> int:
    """Write an adjustment of a seller's stock and return the change, which is nothing when a count agrees.

    ``key`` is the command's: repeating it gives the same change, made once.

    Raises:
        Forbidden, NoAgreement: the acting organisation has no say in this stock.
        BadStock: a figure, reason or note that cannot be.
        KeyUsed: the key made another adjustment.

    Source: R057.
    """
    require_keeper(session, seller_id=seller_id, keeper_id=said.keeper_id)
    _require_sayable(said)
    moved_by = name_of(session, stamp)
    with acting_for(session, seller_id):
        lock_format(session, seller_id=seller_id, format_id=said.format_id)
        cause_id = uuid5(seller_id, f"adjustment:{said.key}") if said.key else new_id()
        if (known := _made(session, cause_id)) is not None:
            _require_same(session, known, said)
            return _change_of(known)
        change = _change(session, said)
        if change:
            _write(session, said, change, cause_id=cause_id, moved_by=moved_by, stamp=stamp)
            facts.record(session, events.STOCK_ADJUSTED, said.format_id, stamp, readers=_readers(said.keeper_id))
    return change


def _made(session: Session, cause_id: UUID) -> StockMove | None:
    """Return the move that a command of this cause made before."""
    return session.scalars(select(StockMove).where(StockMove.cause_id == cause_id)).one_or_none()


def _require_same(session: Session, known: StockMove, said: Adjustment) -> None:
    comes_in = known.target is StockPlace.WAREHOUSE
    keeper_id = known.target_keeper_id if comes_in else known.source_keeper_id
    is_count = known.reason is StockReason.COUNTED
    made_of = _level_after(session, known, keeper_id) if is_count else _change_of(known)
    asked_of = said.quantity if is_count else -abs(said.quantity) if said.reason in _TAKES else said.quantity
    require_same(
        (said.format_id, said.keeper_id, said.reason, asked_of, said.note),
        (known.format_id, keeper_id, known.reason, made_of, known.note),
        what=Text("un ajustement de stock", "a stock adjustment"),
        path="/stock/mouvements",
    )


def _change_of(known: StockMove) -> int:
    return known.quantity if known.target is StockPlace.WAREHOUSE else -known.quantity


def _level_after(session: Session, known: StockMove, keeper_id: UUID | None) -> int:
    """Return what a count said was there: what the keeper's warehouse had once its move was written."""
    until = (StockMove.format_id == known.format_id, StockMove.moved_at <= known.moved_at)
    came = _units(session, *until, _is_in(StockMove.target, StockMove.target_keeper_id, keeper_id))
    return came - _units(session, *until, _is_in(StockMove.source, StockMove.source_keeper_id, keeper_id))


def _is_in(
    place: InstrumentedAttribute[StockPlace], keeper: InstrumentedAttribute[UUID | None], keeper_id: UUID | None
) -> ColumnElement[bool]:
    return and_(place == StockPlace.WAREHOUSE, keeper.is_not_distinct_from(keeper_id))


def _units(session: Session, *which: ColumnElement[bool]) -> int:
    return int(session.scalar(select(func.coalesce(func.sum(StockMove.quantity), 0)).where(*which)) or 0)


def _change(session: Session, said: Adjustment) -> int:
    if said.reason is StockReason.COUNTED:
        return said.quantity - queries.kept(session, format_id=said.format_id, keeper_id=said.keeper_id)
    return -abs(said.quantity) if said.reason in _TAKES else said.quantity


def _write(session: Session, said: Adjustment, change: int, *, cause_id: UUID, moved_by: str, stamp: Stamp) -> None:
    ends = (StockPlace.MADE, StockPlace.WAREHOUSE) if change > 0 else (StockPlace.WAREHOUSE, StockPlace.LOST)
    move = GoodsMove(format_id=said.format_id, quantity=abs(change), source=ends[0], target=ends[1])
    move_goods(
        session,
        seller_id=acting_org(session),
        moves=[move],
        cause_id=cause_id,
        stamp=stamp,
        reader_ids=_readers(said.keeper_id),
        keepers=(said.keeper_id, said.keeper_id),
        reason=said.reason,
        note=said.note,
        moved_by=moved_by,
    )


def _readers(keeper_id: UUID | None) -> tuple[UUID, ...]:
    return (keeper_id,) if keeper_id else ()


def _require_sayable(said: Adjustment) -> None:
    require_note(said.note)
    if said.reason not in _SAYABLE:
        raise bad("reason", "Choisir une raison dans la liste.", "Choose a reason from the list.")
    least = 0 if said.reason is StockReason.COUNTED else -MAX_MOVED if said.reason is StockReason.OTHER else 1
    if not least <= said.quantity <= MAX_MOVED or (said.quantity == 0 and said.reason is not StockReason.COUNTED):
        raise bad("quantity", f"Écrire de {least} à {MAX_MOVED}.", f"Write from {least} to {MAX_MOVED}.")
    if said.reason is StockReason.OTHER and not said.note.strip():
        raise bad("note", "Dire pourquoi.", "Say why.")
