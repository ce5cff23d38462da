"""Orders, the requests about them and what is said in the chats as subjects of news."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversations.model import Message, Thread, ThreadSubject
from server.core.facts import Fact
from server.delivery.model import Delivery, VisitOutcome
from server.identity.model import Membership
from server.notifications.following.lines import Part
from server.notifications.following.subjects.subject import Subject, named, plain, some
from server.orders import events as order
from server.orders.model import DistributionMethod, Order, OrderEntry, OrderRequest, RequestState
from server.orders.service.deciding import AGREED_DAY
from shared.problems import Text

_SHIPPED: Final = {True: Text("prête à ramasser", "ready to be picked up"), False: Text("expédiée", "shipped")}
_DELIVERED: Final = {True: Text("livrée en partie", "partly delivered"), False: Text("livrée", "delivered")}
_REQUESTED: Final = {
    RequestState.OPEN: Text("le client demande un changement", "the client asks for a change"),
    RequestState.GRANTED: Text("votre demande est accordée", "your request is granted"),
    RequestState.DECLINED: Text("votre demande est refusée", "your request is declined"),
}


def order_of(session: Session, fact: Fact) -> Subject:
    """Return an order with its parties; a seller whose variance says it is not told twice (R022, C7, R064)."""
    one = session.get_one(Order, fact.subject_id)
    is_partly = fact.name == order.ORDER_DELIVERED and _came_short(session, one)
    by_run = one.distribution not in {DistributionMethod.SHIPPED, DistributionMethod.PICKUP}
    has_variance = is_partly or (fact.name == order.ORDER_NOT_DELIVERED and by_run)
    return ordered(
        one,
        parts=deal_of(one) | {Part.OWNER: some(None if has_variance else one.owner_id)},
        words=named(session, buyer=one.buyer_id)
        | {
            "shipped": _SHIPPED[one.distribution is DistributionMethod.PICKUP],
            "delivered": _DELIVERED[is_partly],
            "agreed": _agreed_day(session, one) if fact.name == order.ORDER_ACCEPTED else plain(""),
        },
    )


def ordered(one: Order, *, parts: dict[Part, frozenset[UUID]], words: dict[str, Text]) -> Subject:
    """Return an order as it stands."""
    return Subject(
        id=one.id,
        link=f"/commandes/{one.id}",
        parts=parts,
        words=words | {"number": plain(one.number)},
        members={"order_id": str(one.id), "order_number": one.number, "state": one.state.value},
        state=one.state.value,
        billed=one.billing_type,
    )


def deal_of(one: Order) -> dict[Part, frozenset[UUID]]:
    """Return the seller's side of an order (itself, its agent, its issuer), its buyer and its carrier."""
    return {
        Part.SELLER: some(one.owner_id, one.agent_id, one.issuer_id),
        Part.BUYER: some(one.buyer_id),
        Part.CARRIER: some(one.carrier_id),
    }


def request_of(session: Session, fact: Fact) -> Subject:
    """Return a request about an order as it stands (C13)."""
    request = session.get_one(OrderRequest, fact.subject_id)
    return requested(session.get_one(Order, request.order_id), request)


def requested(one: Order, request: OrderRequest) -> Subject:
    """Return what was asked, or what was answered; without words the title says it all."""
    said = request.words if request.state is RequestState.OPEN else request.answer
    return Subject(
        id=one.id,
        link=f"/commandes/{one.id}",
        parts=deal_of(one),
        words={"number": plain(one.number), "words": plain(said) if said else _REQUESTED[request.state]},
        members={"order_id": str(one.id), "request_id": str(request.id), "state": request.state.value},
        state=request.state.value,
        once=str(request.id),
        billed=one.billing_type,
    )


def message_of(session: Session, fact: Fact) -> Subject:
    """Return what a person wrote, for the others of its thread: an order's, or an account's (R046, R087)."""
    message = session.get_one(Message, fact.subject_id)
    thread = session.get_one(Thread, message.thread_id)
    if message.author_id is None:  # the system's own words are told with what they are about
        return Subject(id=message.id, link="", parts={}, words={}, members={})
    if thread.subject is ThreadSubject.ACCOUNT:
        by_issuer = _is_member(session, thread.owner_id, message.author_id)
        return said_of_account(message, issuer_id=thread.owner_id, by_issuer=by_issuer)
    once = f"{fact.cause_id}:{_digest(message)}" if fact.cause_id else str(message.id)
    return said_of_order(session.get_one(Order, thread.subject_id), message, once=once)


def said_of_order(one: Order, message: Message, *, once: str = "") -> Subject:
    """Return a message in an order's chat."""
    return Subject(
        id=one.id,
        link=f"/commandes/{one.id}",
        parts={Part.READER: frozenset(message.party_ids)},
        words=_said(message) | {"number": plain(one.number)},
        members={"order_id": str(one.id), "message_id": str(message.id)},
        state=ThreadSubject.ORDER.value,
        once=once,
        billed=one.billing_type,
    )


def said_of_account(message: Message, *, issuer_id: UUID, by_issuer: bool) -> Subject:
    """Return a message in an account's chat, for its other side."""
    [buyer_id] = message.party_ids
    return Subject(
        id=message.id,
        link=f"/a-payer/{issuer_id}#chat" if by_issuer else f"/comptes/{buyer_id}#chat",
        parts={Part.READER: some(buyer_id if by_issuer else issuer_id)},
        words=_said(message),
        members={"message_id": str(message.id)},
        state=ThreadSubject.ACCOUNT.value,
        once="",
    )


def _digest(message: Message) -> str:
    """Tell apart what one event has the office say of an order."""
    return hashlib.sha256(message.text_fr.encode()).hexdigest()[:16]


def _said(message: Message) -> dict[str, Text]:
    return {"author": plain(message.author_name), "said": Text(message.text_fr, message.text_en)}


def _is_member(session: Session, org_id: UUID, user_id: UUID) -> bool:
    member = select(Membership.id).where(Membership.user_id == user_id, Membership.owner_id == org_id)
    return session.scalars(member).first() is not None


def _agreed_day(session: Session, one: Order) -> Text:
    """Return what whoever accepted said of the day that the buyer wished for, to follow other words."""
    entry = select(OrderEntry).where(OrderEntry.order_id == one.id, OrderEntry.kind == AGREED_DAY).limit(1)
    said = session.scalars(entry).first()
    return Text(f" {said.text_fr}", f" {said.text_en}") if said else plain("")


def _came_short(session: Session, one: Order) -> bool:
    """Say whether a visit delivered a part of the order, as its first account of it says."""
    short = select(Delivery.id).where(
        Delivery.order_id == one.id, Delivery.revision == 1, Delivery.outcome == VisitOutcome.PARTIAL
    )
    return session.scalars(short.limit(1)).first() is not None
