"""Stock that somebody counted, received, broke or drank: an adjustment with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.stamp import Stamp
from server.stock import events, queries
from server.stock.model import StockMove, StockPlace, StockReason
from server.stock.service.keeping import bad, lock_format, name_of, require_keeper, require_note
from server.stock.service.moving import MAX_MOVED, GoodsMove, move_goods
from shared.ids import new_id

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

    Source: R057.
    """
    require_keeper(session, seller_id=seller_id, keeper_id=said.keeper_id)
    _require_sayable(said)
    moved_by = name_of(session, stamp)
    with acting_for(session, seller_id):
        lock_format(session, seller_id=seller_id, format_id=said.format_id)
        cause_id = uuid5(seller_id, f"adjustment:{said.key}") if said.key else new_id()
        if (known := _made(session, cause_id)) is not None:
            return known
        change = _change(session, said)
        if change:
            _write(session, said, change, cause_id=cause_id, moved_by=moved_by, stamp=stamp)
            facts.record(session, events.STOCK_ADJUSTED, said.format_id, stamp, readers=_readers(said.keeper_id))
    return change


def _made(session: Session, cause_id: UUID) -> int | None:
    """Return the change that a command of this cause made before."""
    made = session.scalars(select(StockMove).where(StockMove.cause_id == cause_id)).one_or_none()
    if made is None:
        return None
    return made.quantity if made.target is StockPlace.WAREHOUSE else -made.quantity


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
