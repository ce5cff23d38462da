"""What a fact of the table is about: who are its parties, which words fill its news, and which page shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.orm import Session

from server.billing import events as billing
from server.conversations.events import MESSAGE_SAID
from server.core.facts import Fact
from server.delivery import events as delivery
from server.notifications.events import WEBHOOK_SUSPENDED
from server.notifications.following.subjects.goods import contest_of, delivery_of, proof_of, transfer_of
from server.notifications.following.subjects.invoices import credit_of, invoice_of, reminder_of
from server.notifications.following.subjects.links import bond_of, webhook_of
from server.notifications.following.subjects.money import account_of, payment_of, refund_of, undone_of, write_off_of
from server.notifications.following.subjects.orders import message_of, order_of, request_of
from server.notifications.following.subjects.subject import Subject
from server.orders import events as order
from server.parties import events as party
from server.receivables import events as money
from server.stock import events as stock

__all__ = ["SUBJECTS", "Subject"]

type Reading = Callable[[Session, Fact], Subject]

_READ: Final[Mapping[Reading, tuple[str, ...]]] = {
    order_of: (
        order.ORDER_SUBMITTED,
        order.ORDER_UNDER_MINIMUM,
        order.ORDER_ACCEPTED,
        order.ORDER_REJECTED,
        order.ORDER_CANCELLED,
        order.ORDER_EXPIRING,
        order.ORDER_EXPIRED,
        order.ORDER_REVISED,
        order.ORDER_RESTORED,
        order.ORDER_SHIPPED,
        order.ORDER_DELIVERED,
        order.ORDER_NOT_DELIVERED,
    ),
    request_of: (order.REQUEST_MADE, order.REQUEST_ANSWERED),
    message_of: (MESSAGE_SAID,),
    proof_of: (delivery.PROOF_SEALED,),
    delivery_of: (delivery.DELIVERY_RECORDED, delivery.DELIVERY_CORRECTED),
    contest_of: (delivery.CONTEST_OPENED, delivery.CONTEST_DECIDED),
    transfer_of: (stock.TRANSFER_SENT, stock.TRANSFER_ACCEPTED, stock.TRANSFER_CANCELLED),
    invoice_of: (billing.INVOICE_PUBLISHED, billing.INVOICE_RESENT),
    credit_of: (billing.CREDIT_ISSUED, billing.CREDIT_PROPOSED, billing.CREDIT_REFUSED),
    reminder_of: (money.REMINDER_DUE,),
    payment_of: (money.PAYMENT_RECEIVED, money.PAYMENT_FAILED),
    refund_of: (money.REFUND_MADE, money.REFUND_FAILED),
    account_of: (money.ACCOUNT_HELD, money.ACCOUNT_RELEASED),
    write_off_of: (money.INVOICE_WRITTEN_OFF,),
    undone_of: (money.ALLOCATION_UNDONE,),
    bond_of: (party.RELATION_MOVED, party.AGREEMENT_MOVED),
    webhook_of: (WEBHOOK_SUSPENDED,),
}
SUBJECTS: Final[Mapping[str, Reading]] = {fact: reading for reading, facts in _READ.items() for fact in facts}
"""Fact name → how its subject is read, in a session of the subject's owner."""
