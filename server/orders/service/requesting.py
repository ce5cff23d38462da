"""What a retailer asks of an order that it may not change itself, and the seller's answer (R045, C13)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Conflict, Forbidden, NotFound, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order, OrderRequest, RequestKind, RequestState
from server.orders.service.holding import held, require_seller_side
from server.orders.service.lines import BadOrder
from server.orders.service.timeline import enter
from shared.ids import new_id
from shared.states import OrderState

MAX_REQUEST: Final = 1000
WORDS: Final = {
    RequestKind.CHANGE: Text("Modification demandée", "Change asked for"),
    RequestKind.CANCEL: Text("Annulation demandée", "Cancellation asked for"),
}
_ASKABLE: Final = (OrderState.DRAFT, OrderState.PENDING, OrderState.ACCEPTED, OrderState.PLANNED)


def ask(session: Session, *, order: Order, kind: RequestKind, words: str, by_name: str, stamp: Stamp) -> OrderRequest:
    """Return the buyer's new request to its seller, until the goods leave.

    Raises:
        Forbidden: somebody else than the buyer asks.
        BadOrder: nothing said, or too much.
        Conflict: the goods have left, or the same kind of request waits for an answer.
    """
    if acting_org(session) != order.buyer_id:
        raise Forbidden(
            Text("Seul l’acheteur demande un changement au vendeur.", "Only the buyer asks the seller for a change."),
            where=order.number,
        )
    require_words(words)
    with held(session, order):
        _require_askable(session, order, kind)
        made = OrderRequest(
            **order.kin(),
            id=new_id(),
            order_id=order.id,
            kind=kind,
            words=words.strip(),
            state=RequestState.OPEN,
            asked_by=stamp.by,
            asked_by_name=by_name,
            asked_at=stamp.at,
        )
        session.add(made)
        session.flush()
        facts.record(session, events.REQUEST_MADE, made.id, stamp, readers=tuple(order.party_ids))
    return made


def decline(session: Session, *, order: Order, request_id: UUID, answer: str, stamp: Stamp) -> OrderRequest:
    """Return a request that the seller's side refuses, with the reason that its parties read.

    Raises:
        Forbidden: somebody else than the seller's side answers.
        NotFound, Conflict: there is no such request, or it has its answer.
        BadOrder: no reason.
    """
    require_seller_side(session, order)
    require_words(answer)
    with held(session, order):
        found = session.scalars(
            select(OrderRequest).where(OrderRequest.id == request_id, OrderRequest.order_id == order.id)
        ).one_or_none()
        if found is None:
            raise NotFound(Text("Cette demande n’existe pas.", "There is no such request."), where=str(request_id))
        if found.state is not RequestState.OPEN:
            raise Conflict(Text("Cette demande a sa réponse.", "This request has its answer."), where=str(request_id))
        _answer(session, order, found, stamp, refusal=answer.strip())
    return found


def grant_open(session: Session, order: Order, kinds: Collection[RequestKind], stamp: Stamp) -> None:
    """Close the open requests of these kinds: what they asked for was just done. The session acts for the seller."""
    for found in _open(session, order, kinds):
        _answer(session, order, found, stamp)


def require_words(words: str) -> None:
    """Refuse a request or an answer without words, or with too many.

    Raises:
        BadOrder: as said.
    """
    if not 1 <= len(words.strip()) <= MAX_REQUEST:
        raise BadOrder(
            Text(f"Dire quoi, en {MAX_REQUEST} caractères au plus.", f"Say what, in {MAX_REQUEST} characters at most."),
            where="words",
        )


def _require_askable(session: Session, order: Order, kind: RequestKind) -> None:
    if order.state not in _ASKABLE:
        raise Conflict(
            Text(
                "Cette commande est partie ou close. Écrivez au vendeur dans le clavardage, ou contestez la livraison.",
                "This order has left or is over. Write to the seller in the chat, or contest the delivery.",
            ),
            where=order.number,
        )
    if _open(session, order, (kind,)):
        raise Conflict(
            Text("Cette demande attend déjà une réponse.", "This request waits for an answer already."),
            where=order.number,
        )


def _open(session: Session, order: Order, kinds: Collection[RequestKind]) -> list[OrderRequest]:
    wanted = select(OrderRequest).where(
        OrderRequest.order_id == order.id, OrderRequest.state == RequestState.OPEN, OrderRequest.kind.in_(kinds)
    )
    return list(session.scalars(wanted.order_by(OrderRequest.asked_at, OrderRequest.id)))


def _answer(session: Session, order: Order, found: OrderRequest, stamp: Stamp, *, refusal: str = "") -> None:
    found.state, found.answer = RequestState.DECLINED if refusal else RequestState.GRANTED, refusal
    found.answered_by, found.answered_at = stamp.by, stamp.at
    said = WORDS[found.kind]
    text = (
        Text(f"{said.fr}\u00a0: refusée. {refusal}", f"{said.en}: declined. {refusal}")
        if refusal
        else Text(f"{said.fr}\u00a0: accordée.", f"{said.en}: granted.")
    )
    enter(session, order, f"request_{found.state.value}", text, stamp)
    facts.record(session, events.REQUEST_ANSWERED, found.id, stamp, readers=tuple(order.party_ids))
