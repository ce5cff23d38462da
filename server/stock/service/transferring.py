"""Goods sent from one keeper to another, on the way until the other accepts them or the sender takes them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.once import require_same
from server.core.problems import Conflict, Forbidden, NotFound, Text
from server.core.stamp import Stamp
from server.parties import service as deals
from server.stock import events, queries
from server.stock.model import StockPlace, StockReason, StockTransfer, TransferLine, TransferState
from server.stock.service.keeping import bad, lock_format, name_of, require_keeper, require_note
from server.stock.service.moving import MAX_MOVED, GoodsMove, move_goods
from shared.ids import new_id

MAX_LINES = 200


class NotEnoughKept(Conflict):
    """The sender does not keep that much."""

    slug = "not-enough-kept"
    title = Text("Stock insuffisant à cet endroit", "Not enough stock there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What goes from one keeper to another, None being the seller itself; quantities by format."""

    source_keeper_id: UUID | None
    target_keeper_id: UUID | None
    quantities: Mapping[UUID, int]
    note: str = ""
    key: UUID | None = None


def send_transfer(session: Session, *, seller_id: UUID, sent: Sent, stamp: Stamp) -> StockTransfer:
    """Send goods of a seller to another keeper and return the transfer; they are nobody's to sell until accepted.

    ``key`` is the command's: repeating it gives the same transfer, sent once.

    Raises:
        Forbidden, NoAgreement: the acting organisation does not keep them, or has no agreement.
        NotEnoughKept: more than lies there.
        BadStock: nothing, too much, or both ends the same.
        KeyUsed: the key sent another transfer.

    Source: R057; features (transfers between companies, sent and accepted).
    """
    _require_sent(sent)
    for keeper_id in (sent.target_keeper_id, sent.source_keeper_id):
        _require_deal(session, seller_id, keeper_id)
    require_keeper(session, seller_id=seller_id, keeper_id=sent.source_keeper_id)
    sent_by = name_of(session, stamp)
    readers = sorted({one for one in (sent.source_keeper_id, sent.target_keeper_id) if one})
    transfer_id = uuid5(seller_id, f"transfer:{sent.key}") if sent.key else new_id()
    with acting_for(session, seller_id):
        for format_id in sorted(sent.quantities):
            lock_format(session, seller_id=seller_id, format_id=format_id)
        if (known := session.get(StockTransfer, transfer_id)) is not None:
            _require_same(session, known, sent)
            return known
        for format_id, quantity in sorted(sent.quantities.items()):
            _require_kept(session, format_id, sent.source_keeper_id, quantity)
        made = StockTransfer(
            id=transfer_id, owner_id=seller_id, party_ids=readers, source_keeper_id=sent.source_keeper_id,
            target_keeper_id=sent.target_keeper_id, state=TransferState.SENT, note=sent.note, sent_by=sent_by,
            sent_at=stamp.at,
        )  # fmt: skip
        lines = [
            TransferLine(**made.kin(), transfer_id=made.id, format_id=format_id, quantity=quantity)
            for format_id, quantity in sent.quantities.items()
        ]
        session.add_all([made, *lines])
        _move(session, made, sent.quantities, (StockPlace.WAREHOUSE, StockPlace.TRANSIT), stamp=stamp)
        facts.record(session, events.TRANSFER_SENT, made.id, stamp, readers=tuple(readers))
    return made


def accept_transfer(
    session: Session, *, transfer_id: UUID, stamp: Stamp, arrived: Mapping[UUID, int] | None = None
) -> StockTransfer:
    """Receive a transfer at its target and return it; what did not arrive of a format is lost on the way.

    ``arrived`` is by format; a format that it leaves out, or all without it, arrived whole.

    Raises:
        Forbidden: somebody else than the target's keeper acts.
        Conflict: it was accepted or cancelled before.
        BadStock: more arrived than was sent.
    """
    made, ended_by = _open(session, transfer_id), name_of(session, stamp)
    _require_end(session, made, made.target_keeper_id)
    with acting_for(session, made.owner_id):
        lines = _lines(session, made)
        whole = {line.format_id: (arrived or {}).get(line.format_id, line.quantity) for line in lines}
        for line in lines:
            _require_arrived(line, whole[line.format_id])
            line.accepted = whole[line.format_id]
        _end(made, TransferState.ACCEPTED, ended_by, stamp)
        _move(session, made, whole, (StockPlace.TRANSIT, StockPlace.WAREHOUSE), stamp=stamp)
        missing = {line.format_id: line.quantity - whole[line.format_id] for line in lines}
        _move(session, made, missing, (StockPlace.TRANSIT, StockPlace.LOST), stamp=stamp)
        facts.record(session, events.TRANSFER_ACCEPTED, made.id, stamp, readers=tuple(made.party_ids))
    return made


def cancel_transfer(session: Session, *, transfer_id: UUID, stamp: Stamp) -> StockTransfer:
    """Take a transfer back that nobody accepted yet and return it; its goods lie where they were.

    Raises:
        Forbidden: neither the seller nor the sender acts.
        Conflict: it was accepted or cancelled before.
    """
    made, ended_by = _open(session, transfer_id), name_of(session, stamp)
    if acting_org(session) != made.owner_id:
        _require_end(session, made, made.source_keeper_id)
    with acting_for(session, made.owner_id):
        sent = {line.format_id: line.quantity for line in _lines(session, made)}
        _end(made, TransferState.CANCELLED, ended_by, stamp)
        _move(session, made, sent, (StockPlace.TRANSIT, StockPlace.WAREHOUSE), stamp=stamp, back=True)
        facts.record(session, events.TRANSFER_CANCELLED, made.id, stamp, readers=tuple(made.party_ids))
    return made


def _require_same(session: Session, known: StockTransfer, sent: Sent) -> None:
    require_same(
        (sent.source_keeper_id, sent.target_keeper_id, sent.note, dict(sent.quantities)),
        (
            known.source_keeper_id,
            known.target_keeper_id,
            known.note,
            {line.format_id: line.quantity for line in _lines(session, known)},
        ),
        what=Text("envoyer un transfert de stock", "send a stock transfer"),
        path="/stock/transferts",
    )


def _require_deal(session: Session, seller_id: UUID, keeper_id: UUID | None) -> None:
    if keeper_id is not None:
        deals.require_agreement(session, seller_id=seller_id, carrier_id=keeper_id)


def _open(session: Session, transfer_id: UUID) -> StockTransfer:
    made = session.get(StockTransfer, transfer_id)
    if made is None:
        raise NotFound(Text("Ce transfert n’existe pas.", "There is no such transfer."), where=str(transfer_id))
    with acting_for(session, made.owner_id):
        session.refresh(made, with_for_update=True)
    if made.state is not TransferState.SENT:
        raise Conflict(
            Text("Ce transfert est déjà terminé.", "This transfer has ended already."), where=str(transfer_id)
        )
    return made


def _require_end(session: Session, made: StockTransfer, keeper_id: UUID | None) -> None:
    if acting_org(session) != (keeper_id or made.owner_id):
        raise Forbidden(
            Text("Ce transfert se décide à l’autre bout.", "This transfer is decided at its other end."),
            where=str(made.id),
        )


def _require_kept(session: Session, format_id: UUID, keeper_id: UUID | None, quantity: int) -> None:
    there = queries.kept(session, format_id=format_id, keeper_id=keeper_id)
    if quantity > there:
        raise NotEnoughKept(
            Text(f"Il y en a {there} à cet endroit. En envoyer moins.", f"There are {there} there. Send fewer."),
            where=f"quantity-{format_id}",
        )


def _require_arrived(line: TransferLine, arrived: int) -> None:
    if not 0 <= arrived <= line.quantity:
        raise bad(f"arrived-{line.format_id}", f"Écrire de 0 à {line.quantity}.", f"Write from 0 to {line.quantity}.")


def _require_sent(sent: Sent) -> None:
    require_note(sent.note)
    if sent.source_keeper_id == sent.target_keeper_id:
        raise bad("target", "Choisir deux endroits différents.", "Choose two different places.")
    if not 1 <= len(sent.quantities) <= MAX_LINES or not all(0 < one <= MAX_MOVED for one in sent.quantities.values()):
        raise bad("quantity", "Dire combien de quoi est envoyé.", "Say how much of what is sent.")


def _lines(session: Session, made: StockTransfer) -> list[TransferLine]:
    return list(session.scalars(select(TransferLine).where(TransferLine.transfer_id == made.id)))


def _end(made: StockTransfer, state: TransferState, ended_by: str, stamp: Stamp) -> None:
    made.state, made.ended_by, made.ended_at = state, ended_by, stamp.at


def _move(
    session: Session,
    made: StockTransfer,
    quantities: Mapping[UUID, int],
    ends: tuple[StockPlace, StockPlace],
    *,
    stamp: Stamp,
    back: bool = False,
) -> None:
    keepers = (made.source_keeper_id, made.source_keeper_id if back else made.target_keeper_id)
    moves = [
        GoodsMove(format_id=format_id, quantity=quantity, source=ends[0], target=ends[1])
        for format_id, quantity in quantities.items()
        if quantity
    ]
    move_goods(
        session,
        seller_id=made.owner_id,
        moves=moves,
        cause_id=uuid5(made.id, f"{ends[0]}>{ends[1]}:{back}"),
        stamp=stamp,
        reader_ids=made.party_ids,
        keepers=keepers,
        reason=StockReason.TRANSFER,
        note=made.note,
        moved_by=made.ended_by or made.sent_by,
    )
