"""What is told of orders: their steps, the requests about them, and what is written in the chats."""

from __future__ import annotations

from typing import Final

from server.conversations.events import MESSAGE_SAID
from server.notifications.following.lines import BOTH, DEAL, Line, Part, Rows
from server.orders import events as order
from shared.problems import Text
from shared.states import OrderState

_SUBMITTED: Final = tuple(state.value for state in OrderState if state is not OrderState.DRAFT)

ORDERS: Final[Rows] = {
    order.ORDER_SUBMITTED: (
        Line(
            to=(Part.SELLER,), kind="order.submitted", when=("pending",), own=True,
            title=Text("Nouvelle commande {number}", "New order {number}"),
            text=Text("La commande {number} attend votre réponse.", "Order {number} waits for your answer."),
        ),
    ),
    order.ORDER_UNDER_MINIMUM: (
        Line(
            to=(Part.SELLER,), kind="order.under_minimum", when=("pending",), own=True,
            title=Text("Commande {number} à accepter à la main", "Order {number} to be accepted by hand"),
            text=Text(
                "La commande {number} n’a pas été acceptée d’elle-même; sa page dit pourquoi.",
                "Order {number} was not accepted by itself; its page says why.",
            ),
        ),
    ),
    order.ORDER_ACCEPTED: (
        Line(
            to=DEAL, kind="order.accepted", when=("accepted", "planned"), own=True,
            title=Text("Commande {number} acceptée", "Order {number} accepted"),
            text=Text(
                "La commande {number} est confirmée; elle sera livrée.{agreed}",
                "Order {number} is confirmed; it will be delivered.{agreed}",
            ),
        ),
    ),
    order.ORDER_REJECTED: (
        Line(
            to=DEAL, kind="order.rejected", when=("rejected",), own=True,
            title=Text("Commande {number} rejetée", "Order {number} rejected"),
            text=Text(
                "La commande {number} a été rejetée; sa page dit pourquoi.",
                "Order {number} was rejected; its page says why.",
            ),
        ),
    ),
    order.ORDER_CANCELLED: (
        Line(
            to=(*DEAL, Part.CARRIER), kind="order.cancelled", when=("cancelled",), own=True,
            title=Text("Commande {number} annulée", "Order {number} cancelled"),
            text=Text(
                "La commande {number} a été annulée; sa page dit pourquoi.",
                "Order {number} was cancelled; its page says why.",
            ),
        ),
    ),
    order.ORDER_EXPIRING: (
        Line(
            to=(Part.SELLER,), kind="order.expiring", when=("pending",), own=True,
            title=Text("La commande {number} expire bientôt", "Order {number} expires soon"),
            text=Text(
                "La commande {number} attend encore votre réponse; sans elle, elle expirera.",
                "Order {number} still waits for your answer; without it, it will expire.",
            ),
        ),
    ),
    order.ORDER_EXPIRED: (
        Line(
            to=DEAL, kind="order.expired", when=("expired",), own=True,
            title=Text("Commande {number} expirée", "Order {number} expired"),
            text=Text("Personne n’a répondu à la commande {number}.", "Nobody answered order {number}."),
        ),
    ),
    order.ORDER_REVISED: (
        Line(
            to=(Part.BUYER,), kind="order.revised", when=_SUBMITTED, own=True, newest=True,
            title=Text("Commande {number} modifiée", "Order {number} changed"),
            text=Text(
                "La commande {number} a été modifiée; son historique dit quoi.",
                "Order {number} was changed; its history says how.",
            ),
        ),
    ),
    order.ORDER_RESTORED: (
        Line(
            to=(Part.BUYER,), kind="order.restored",
            title=Text("Commande {number} restaurée", "Order {number} restored"),
            text=Text(
                "La commande {number} est de nouveau telle que vous l’avez soumise.",
                "Order {number} is again as you submitted it.",
            ),
        ),
    ),
    order.ORDER_SHIPPED: (
        Line(
            to=BOTH, kind="shipment.shipped",
            title=Text("Commande {number} {shipped}", "Order {number} {shipped}"),
            text=Text("La commande {number} pour {buyer} est {shipped}.", "Order {number} for {buyer} is {shipped}."),
        ),
    ),
    order.ORDER_DELIVERED: (
        Line(
            to=BOTH, kind="shipment.delivered",
            title=Text("Commande {number} {delivered}", "Order {number} {delivered}"),
            text=Text(
                "La commande {number} pour {buyer} est {delivered}; sa page dit ce qui fut remis.",
                "Order {number} for {buyer} is {delivered}; its page says what was handed over.",
            ),
        ),
    ),
    order.ORDER_NOT_DELIVERED: (
        Line(
            to=BOTH, kind="shipment.not_delivered",
            title=Text("Commande {number} non livrée", "Order {number} not delivered"),
            text=Text(
                "La commande {number} pour {buyer} n’a pas été livrée; sa page dit pourquoi.",
                "Order {number} for {buyer} was not delivered; its page says why.",
            ),
        ),
    ),
    order.REQUEST_MADE: (
        Line(
            to=(Part.SELLER,), kind="order.request_made", when=("open",), own=True,
            title=Text(
                "Commande {number}\u00a0: le client demande un changement",
                "Order {number}: the client asks for a change",
            ),
            text=Text("{words}", "{words}"),
        ),
    ),
    order.REQUEST_ANSWERED: (
        Line(
            to=(Part.BUYER,), kind="order.request_answered", when=("granted",), own=True,
            title=Text(
                "Commande {number}\u00a0: votre demande est accordée", "Order {number}: your request is granted"
            ),
            text=Text("{words}", "{words}"),
        ),
        Line(
            to=(Part.BUYER,), kind="order.request_answered", when=("declined",), own=True,
            title=Text(
                "Commande {number}\u00a0: votre demande est refusée", "Order {number}: your request is declined"
            ),
            text=Text("{words}", "{words}"),
        ),
    ),
    MESSAGE_SAID: (
        Line(
            to=(Part.READER,), kind="order.message", when=("order",), own=True,
            title=Text("Message, commande {number}", "Message, order {number}"),
            text=Text("{author}\u00a0: {said}", "{author}: {said}"),
        ),
        Line(
            to=(Part.READER,), kind="account.message", when=("account",), own=True,
            title=Text("Message de {author}", "Message from {author}"),
            text=Text("{said}", "{said}"),
        ),
    ),
}  # fmt: skip
