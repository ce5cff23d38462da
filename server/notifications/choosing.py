"""The events that a reader may switch, and who may hear of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, not_, or_

from server.identity.permissions import Permission
from server.notifications.model import InboxMessage
from shared.problems import Text


@dataclass(frozen=True, slots=True)
class Event:
    """Kinds of news that begin with ``prefix``, save those of a longer one; ``permission`` lets a member hear them.

    ``mailed`` is whether the organisation's own address gets them until somebody chooses.
    """

    prefix: str
    says: Text
    permission: Permission
    mailed: bool = True


EVENTS: Final = (
    Event("order.", Text("Commandes", "Orders"), Permission.ORDER_READ),
    Event("order.message", Text("Messages sur une commande", "Messages on an order"), Permission.ORDER_CHAT),
    Event("order.request", Text("Demandes de changement", "Requests for a change"), Permission.ORDER_READ),
    Event(
        "shipment.",
        Text("Commandes expédiées, livrées ou non livrées", "Orders shipped, delivered or not delivered"),
        Permission.ORDER_READ,
        mailed=False,
    ),
    Event("delivery.variance", Text("Écarts de livraison", "Delivery variances"), Permission.ORDER_READ),
    Event(
        "delivery.",
        Text("Livraisons corrigées ou mises de côté", "Deliveries corrected or parked"),
        Permission.ORDER_READ,
    ),
    Event("proof.", Text("Preuves de livraison", "Proofs of delivery"), Permission.PROOF_READ),
    Event("contest.", Text("Contestations", "Contests"), Permission.PROOF_READ),
    Event("invoice.", Text("Factures", "Invoices"), Permission.INVOICE_READ),
    Event("credit_note.", Text("Notes de crédit", "Credit notes"), Permission.INVOICE_READ),
    Event(
        "credit_note.proposed",
        Text("Notes de crédit à approuver", "Credit notes to approve"),
        Permission.CREDIT_APPROVE,
    ),
    Event("payment.receipt", Text("Reçus de vos paiements", "Receipts of your payments"), Permission.BALANCE_READ),
    Event("payment.", Text("Paiements reçus", "Payments received"), Permission.BALANCE_READ, mailed=False),
    Event("payment.failed", Text("Paiements non aboutis", "Failed payments"), Permission.BALANCE_READ),
    Event(
        "refund.",
        Text("Remboursements et contestations bancaires", "Refunds and chargebacks"),
        Permission.BALANCE_READ,
    ),
    Event("invoice.written_off", Text("Radiations", "Write-offs"), Permission.BALANCE_READ, mailed=False),
    Event("invoice.reminder", Text("Relances de factures", "Invoice reminders"), Permission.BALANCE_READ),
    Event("account.", Text("Messages sur les comptes", "Messages on accounts"), Permission.ACCOUNTING_CHAT),
    Event(
        "account.hold",
        Text("Comptes retenus ou libérés", "Accounts put on hold or released"),
        Permission.BALANCE_READ,
        mailed=False,
    ),
    Event("transfer.", Text("Transferts de stock", "Stock transfers"), Permission.STOCK_KEEP, mailed=False),
    Event("partner.", Text("Relations et ententes", "Relations and agreements"), Permission.PARTY_READ),
    Event("webhook.", Text("Webhooks suspendus", "Suspended webhooks"), Permission.WEBHOOK_ADMINISTER),
)
BY_PREFIX: Final = {event.prefix: event for event in EVENTS}


def event_of(kind: str) -> Event | None:
    """Return the event of a kind of news: the one with the longest prefix."""
    fitting = [event for event in EVENTS if kind.startswith(event.prefix)]
    return max(fitting, key=lambda event: len(event.prefix), default=None)


def out_of_reach(may: Callable[[Permission], bool]) -> frozenset[str]:
    """Return the events that a member's roles keep from them, whatever the organisation hears."""
    return frozenset(event.prefix for event in EVENTS if not may(event.permission))


def is_hidden(prefixes: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition of messages whose event is among ``prefixes``."""
    return or_(*(_is_of(prefix) for prefix in sorted(prefixes)))


def _is_of(prefix: str) -> ColumnElement[bool]:
    longer = [event.prefix for event in EVENTS if event.prefix != prefix and event.prefix.startswith(prefix)]
    return and_(
        InboxMessage.kind.startswith(prefix, autoescape=True),
        *(not_(InboxMessage.kind.startswith(one, autoescape=True)) for one in longer),
    )
