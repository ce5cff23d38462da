"""What the parties of an order are told, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from server.conversations.model import Message
from server.notifications.service.telling import News
from server.orders import events
from server.orders.model import Order, OrderRequest, RequestState
from shared.problems import Text
from shared.states import OrderState

NOTHING_MORE: Final = Text("", "")


class Told(StrEnum):
    """Whom an event of an order is news to: its seller's side, its buyer, both of them, or the carrier, too."""

    SELLER = "seller"
    BUYER = "buyer"
    BOTH = "both"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class OrderNews:
    """The words of one event; ``{}`` stands for the order's number."""

    told: Told
    title: Text
    text: Text

    def of(self, order: Order, *, kind: str, once: str, also: Text = NOTHING_MORE) -> News:
        """Return the news of an order; ``once`` tells apart what may happen again, ``also`` follows its words."""
        return News(
            key=f"{kind}:{order.id}:{once}",
            kind=kind,
            subject_id=order.id,
            title=Text(self.title.fr.format(order.number), self.title.en.format(order.number)),
            text=Text(
                f"{self.text.fr.format(order.number)} {also.fr}".strip(),
                f"{self.text.en.format(order.number)} {also.en}".strip(),
            ),
            link=f"/commandes/{order.id}",
            members={"order_id": str(order.id), "order_number": order.number, "state": order.state.value},
        )


NEWS: Final = {
    events.ORDER_SUBMITTED: OrderNews(
        Told.SELLER,
        Text("Nouvelle commande {}", "New order {}"),
        Text("La commande {} attend votre réponse.", "Order {} waits for your answer."),
    ),
    events.ORDER_UNDER_MINIMUM: OrderNews(
        Told.SELLER,
        Text("Commande {} à accepter à la main", "Order {} to be accepted by hand"),
        Text(
            "La commande {} n’a pas été acceptée d’elle-même; sa page dit pourquoi.",
            "Order {} was not accepted by itself; its page says why.",
        ),
    ),
    events.ORDER_ACCEPTED: OrderNews(
        Told.BOTH,
        Text("Commande {} acceptée", "Order {} accepted"),
        Text("La commande {} est confirmée; elle sera livrée.", "Order {} is confirmed; it will be delivered."),
    ),
    events.ORDER_REJECTED: OrderNews(
        Told.BOTH,
        Text("Commande {} rejetée", "Order {} rejected"),
        Text("La commande {} a été rejetée; sa page dit pourquoi.", "Order {} was rejected; its page says why."),
    ),
    events.ORDER_CANCELLED: OrderNews(
        Told.ALL,
        Text("Commande {} annulée", "Order {} cancelled"),
        Text("La commande {} a été annulée; sa page dit pourquoi.", "Order {} was cancelled; its page says why."),
    ),
    events.ORDER_EXPIRING: OrderNews(
        Told.SELLER,
        Text("La commande {} expire bientôt", "Order {} expires soon"),
        Text(
            "La commande {} attend encore votre réponse; sans elle, elle expirera.",
            "Order {} still waits for your answer; without it, it will expire.",
        ),
    ),
    events.ORDER_EXPIRED: OrderNews(
        Told.BOTH,
        Text("Commande {} expirée", "Order {} expired"),
        Text("Personne n’a répondu à la commande {}.", "Nobody answered order {}."),
    ),
    events.ORDER_REVISED: OrderNews(
        Told.BUYER,
        Text("Commande {} modifiée", "Order {} changed"),
        Text(
            "La commande {} a été modifiée; son historique dit quoi.",
            "Order {} was changed; its history says how.",
        ),
    ),
}

OF_STATE: Final = {
    OrderState.PENDING: events.ORDER_SUBMITTED,
    OrderState.ACCEPTED: events.ORDER_ACCEPTED,
    OrderState.PLANNED: events.ORDER_ACCEPTED,  # planned before anybody was told
    OrderState.REJECTED: events.ORDER_REJECTED,
    OrderState.CANCELLED: events.ORDER_CANCELLED,
    OrderState.EXPIRED: events.ORDER_EXPIRED,
}
REQUESTED: Final = {
    RequestState.OPEN: Text("le client demande un changement", "the client asks for a change"),
    RequestState.GRANTED: Text("votre demande est accordée", "your request is granted"),
    RequestState.DECLINED: Text("votre demande est refusée", "your request is declined"),
}


def told_of(order: Order, news: OrderNews) -> list[UUID]:
    """Return the parties that the news is for, in ascending order."""
    sellers: set[UUID | None] = {order.owner_id, order.agent_id, order.issuer_id}
    wanted: dict[Told, set[UUID | None]] = {
        Told.SELLER: sellers,
        Told.BUYER: {order.buyer_id},
        Told.BOTH: sellers | {order.buyer_id},
        Told.ALL: sellers | {order.buyer_id, order.carrier_id},
    }
    return sorted(one for one in wanted[news.told] if one is not None)


def asked_of(order: Order, request: OrderRequest) -> list[UUID]:
    """Return who is told of a request: the seller's side when it is made, the buyer when it is answered."""
    if request.state is not RequestState.OPEN:
        return [order.buyer_id]
    return sorted(one for one in {order.owner_id, order.agent_id, order.issuer_id} if one is not None)


def news_of_request(order: Order, request: OrderRequest) -> News:
    """Return what is told of a request as it stands (C13)."""
    said = REQUESTED[request.state]
    words = request.words if request.state is RequestState.OPEN else request.answer
    return News(
        key=f"order.request:{request.id}:{request.state.value}",
        kind="order.request_made" if request.state is RequestState.OPEN else "order.request_answered",
        subject_id=order.id,
        title=Text(f"Commande {order.number}\u00a0: {said.fr}", f"Order {order.number}: {said.en}"),
        text=Text(words or said.fr, words or said.en),
        link=f"/commandes/{order.id}",
        members={"order_id": str(order.id), "request_id": str(request.id), "state": request.state.value},
    )


def news_of_message(order: Order, message: Message) -> News:
    """Return what is told of a message in an order's chat (R046)."""
    return News(
        key=f"message:{message.id}",
        kind="order.message",
        subject_id=order.id,
        title=Text(f"Message, commande {order.number}", f"Message, order {order.number}"),
        text=Text(f"{message.author_name}\u00a0: {message.text_fr}", f"{message.author_name}: {message.text_en}"),
        link=f"/commandes/{order.id}",
        members={"order_id": str(order.id), "message_id": str(message.id)},
    )
