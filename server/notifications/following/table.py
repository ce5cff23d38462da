"""Which fact is told to whom, and in which words. A row's ``kind`` has its switch in ``notifications.choosing``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.billing.events import CREDIT_PROPOSED, CREDIT_REFUSED
from server.orders import events as order
from server.receivables import events as money
from server.stock.events import TRANSFER_ACCEPTED, TRANSFER_CANCELLED, TRANSFER_SENT
from shared.problems import Text


class Part(StrEnum):
    """What an organisation is to a subject: who owns the row, its buyer, or another reader of it."""

    OWNER = "owner"
    BUYER = "buyer"
    READER = "reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one part is told of a fact; names in braces are the subject's words, see ``subjects``.

    Who did it at a desk is not told of it, unless ``own``: another person of the same organisation has to act.
    A fact that only repeats the one before it is not told where ``turns``: the account was on hold already.
    """

    to: tuple[Part, ...]
    kind: str
    title: Text
    text: Text
    own: bool = False
    turns: bool = False


_ALL: Final = (Part.OWNER, Part.BUYER, Part.READER)
_BOTH: Final = (Part.OWNER, Part.BUYER)

TABLE: Final[Mapping[str, tuple[Line, ...]]] = {
    CREDIT_PROPOSED: (
        Line(
            to=(Part.OWNER,), kind="credit_note.proposed", own=True,
            title=Text("Note de crédit à approuver, {buyer}", "Credit note to approve, {buyer}"),
            text=Text(
                "Une note de crédit de {amount} pour {buyer} attend votre approbation. Motif\u00a0: {reason}.",
                "A credit note of {amount} for {buyer} waits for your approval. Reason: {reason}.",
            ),
        ),
    ),
    CREDIT_REFUSED: (
        Line(
            to=(Part.BUYER, Part.READER), kind="credit_note.refused",
            title=Text("Note de crédit refusée, {issuer}", "Credit note refused, {issuer}"),
            text=Text(
                "{issuer} a refusé la note de crédit de {amount} proposée; le fil de la commande dit pourquoi.",
                "{issuer} refused the proposed credit note of {amount}; the order’s thread says why.",
            ),
        ),
    ),
    money.PAYMENT_RECEIVED: (
        Line(
            to=(Part.BUYER,), kind="payment.receipt", own=True,
            title=Text("Reçu de paiement, {issuer}", "Payment receipt, {issuer}"),
            text=Text(
                "{issuer} a reçu votre paiement de {amount} ({method}).",
                "{issuer} received your payment of {amount} ({method}).",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="payment.received",
            title=Text("Paiement reçu, {buyer}", "Payment received, {buyer}"),
            text=Text("{buyer} a payé {amount} ({method}).", "{buyer} paid {amount} ({method})."),
        ),
    ),
    money.PAYMENT_FAILED: (
        Line(
            to=(Part.BUYER,), kind="payment.failed",
            title=Text("Paiement non abouti, {issuer}", "Payment failed, {issuer}"),
            text=Text(
                "Votre paiement de {amount} à {issuer} ({method}) n’a pas abouti; ce montant reste à payer.",
                "Your payment of {amount} to {issuer} ({method}) failed; this amount is still to be paid.",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="payment.failed",
            title=Text("Paiement non abouti, {buyer}", "Payment failed, {buyer}"),
            text=Text(
                "{buyer}\u00a0: le paiement de {amount} ({method}) n’a pas abouti; ce montant reste à payer.",
                "{buyer}: the payment of {amount} ({method}) failed; this amount is still to be paid.",
            ),
        ),
    ),
    money.REFUND_MADE: (
        Line(
            to=(Part.BUYER,), kind="refund.made",
            title=Text("{refund}, {issuer}", "{refund}, {issuer}"),
            text=Text(
                "{issuer}\u00a0: {amount} vous sont revenus ({method}).",
                "{issuer}: {amount} came back to you ({method}).",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="refund.made",
            title=Text("{refund}, {buyer}", "{refund}, {buyer}"),
            text=Text(
                "{amount} sont revenus à {buyer} ({method}).", "{amount} went back to {buyer} ({method})."
            ),
        ),
    ),
    money.REFUND_FAILED: (
        Line(
            to=(Part.BUYER,), kind="refund.failed",
            title=Text("{refund} sans suite, {issuer}", "{refund} undone, {issuer}"),
            text=Text(
                "{amount} qui devaient vous revenir sont restés chez {issuer}.",
                "{amount} that was to come back to you stayed with {issuer}.",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="refund.failed",
            title=Text("{refund} sans suite, {buyer}", "{refund} undone, {buyer}"),
            text=Text(
                "{amount} qui allaient à {buyer} vous sont revenus.",
                "{amount} that was going to {buyer} is yours again.",
            ),
        ),
    ),
    money.ACCOUNT_HELD: (
        Line(
            to=(Part.BUYER,), kind="account.hold_set", turns=True,
            title=Text("Compte retenu, {issuer}", "Account on hold, {issuer}"),
            text=Text(
                "{issuer} retient votre compte\u00a0: vos prochaines commandes attendent une acceptation à la main.",
                "{issuer} put your account on hold: your next orders wait to be accepted by hand.",
            ),
        ),
    ),
    money.ACCOUNT_RELEASED: (
        Line(
            to=(Part.BUYER,), kind="account.hold_ended",
            title=Text("Compte libéré, {issuer}", "Account released, {issuer}"),
            text=Text(
                "{issuer} ne retient plus votre compte; vos commandes suivent leur cours habituel.",
                "{issuer} released your account; your orders take their usual course.",
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
            to=_BOTH, kind="shipment.shipped",
            title=Text("Commande {number} {shipped}", "Order {number} {shipped}"),
            text=Text("La commande {number} pour {buyer} est {shipped}.", "Order {number} for {buyer} is {shipped}."),
        ),
    ),
    order.ORDER_DELIVERED: (
        Line(
            to=_BOTH, kind="shipment.delivered",
            title=Text("Commande {number} {delivered}", "Order {number} {delivered}"),
            text=Text(
                "La commande {number} pour {buyer} est {delivered}; sa page dit ce qui fut remis.",
                "Order {number} for {buyer} is {delivered}; its page says what was handed over.",
            ),
        ),
    ),
    order.ORDER_NOT_DELIVERED: (
        Line(
            to=_BOTH, kind="shipment.not_delivered",
            title=Text("Commande {number} non livrée", "Order {number} not delivered"),
            text=Text(
                "La commande {number} pour {buyer} n’a pas été livrée; sa page dit pourquoi.",
                "Order {number} for {buyer} was not delivered; its page says why.",
            ),
        ),
    ),
    TRANSFER_SENT: (
        Line(
            to=_ALL, kind="transfer.sent",
            title=Text("Transfert de stock envoyé, {seller}", "Stock transfer sent, {seller}"),
            text=Text(
                "{units} ({seller}) en route\u00a0: {source} → {target}, qui les accepte à l’arrivée.",
                "{units} ({seller}) under way: {source} → {target}, which accepts them on arrival.",
            ),
        ),
    ),
    TRANSFER_ACCEPTED: (
        Line(
            to=_ALL, kind="transfer.accepted",
            title=Text("Transfert de stock accepté, {seller}", "Stock transfer accepted, {seller}"),
            text=Text(
                "{target} a accepté {arrived} sur {units} ({seller}), envoi fait par {source}.",
                "{target} accepted {arrived} of {units} ({seller}), sent by {source}.",
            ),
        ),
    ),
    TRANSFER_CANCELLED: (
        Line(
            to=_ALL, kind="transfer.cancelled",
            title=Text("Transfert de stock annulé, {seller}", "Stock transfer cancelled, {seller}"),
            text=Text(
                "Le transfert de {units} ({seller}) vers {target} est annulé; tout reste chez {source}.",
                "The transfer of {units} ({seller}) to {target} is cancelled; all stays with {source}.",
            ),
        ),
    ),
}  # fmt: skip
"""Fact name → what each part is told of it."""
