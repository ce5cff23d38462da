"""What a fact of the table is about: who are its parties, which words fill its news, and which page shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.events import CREDIT_PROPOSED, CREDIT_REFUSED
from server.billing.model import CreditNote
from server.delivery.model import Delivery, VisitOutcome
from server.notifications.following.table import Line, Part
from server.notifications.service.telling import News
from server.orders import events as order
from server.orders.model import DistributionMethod, Order
from server.parties import queries as parties
from server.receivables import events as money
from server.receivables.model import METHOD_LABELS, CustomerAccount, Payment, Refund
from server.stock import events as stock
from server.stock.model import StockTransfer, TransferLine
from shared.money import format_money
from shared.problems import Text

_REFUND: Final = {True: Text("Contestation bancaire", "Chargeback"), False: Text("Remboursement", "Refund")}
_SHIPPED: Final = {True: Text("prête à ramasser", "ready to be picked up"), False: Text("expédiée", "shipped")}
_DELIVERED: Final = {True: Text("livrée en partie", "partly delivered"), False: Text("livrée", "delivered")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the lines of a fact are filled with, and whom they may reach."""

    id: UUID
    link: str
    parts: Mapping[Part, frozenset[UUID]]
    words: Mapping[str, Text]
    members: dict[str, Any]

    def told(self, line: Line) -> frozenset[UUID]:
        """Return the organisations that a line is for."""
        return frozenset().union(*(self.parts.get(part, frozenset()) for part in line.to))

    def news(self, line: Line, *, once: str) -> News:
        """Return what a line says of this subject; ``once`` tells apart what may happen again."""
        return News(
            key=f"{line.kind}:{self.id}:{once}",
            kind=line.kind,
            subject_id=self.id,
            title=_filled(line.title, self.words),
            text=_filled(line.text, self.words),
            link=self.link,
            members=self.members,
        )


def credit_of(session: Session, subject_id: UUID, _fact: str) -> Subject:
    """Return a credit note that waits for its issuer or was refused by it; its readers are the invoice's (C12)."""
    note = session.get_one(CreditNote, subject_id)
    return Subject(
        id=note.id,
        link=f"/credits/{note.id}",
        parts=_parts(note.owner_id, note.buyer_id, note.party_ids),
        words=_named(session, issuer=note.owner_id, buyer=note.buyer_id)
        | {
            "amount": _money(note.total_cents, note.currency),
            "reason": Text(note.reason_fr.removesuffix("."), note.reason_en.removesuffix(".")),
        },
        members={"credit_id": str(note.id), "total_cents": note.total_cents},
    )


def payment_of(session: Session, subject_id: UUID, _fact: str) -> Subject:
    """Return a payment with its payer and its issuer; the carrier that took it in the truck is told nothing (C29)."""
    one = session.get_one(Payment, subject_id)
    return Subject(
        id=one.id,
        link=f"/paiements/{one.id}",
        parts=_parts(one.owner_id, one.buyer_id),
        words=_named(session, issuer=one.owner_id, buyer=one.buyer_id)
        | {"amount": _money(one.amount_cents, one.currency), "method": METHOD_LABELS[one.method]},
        members={"payment_id": str(one.id), "amount_cents": one.amount_cents, "method": one.method.value},
    )


def refund_of(session: Session, subject_id: UUID, _fact: str) -> Subject:
    """Return a refund, or what a bank took back, with the page of what it came out of."""
    one = session.get_one(Refund, subject_id)
    page = "paiements" if one.source.value == "payment" else "credits"
    return Subject(
        id=one.source_id,  # what its page and papers are about
        link=f"/{page}/{one.source_id}",
        parts=_parts(one.owner_id, one.buyer_id),
        words=_named(session, issuer=one.owner_id, buyer=one.buyer_id)
        | {
            "amount": _money(one.amount_cents, one.currency),
            "method": METHOD_LABELS[one.method],
            "refund": _REFUND[one.is_chargeback],
        },
        members={"refund_id": str(one.id), "source_id": str(one.source_id), "amount_cents": one.amount_cents},
    )


def account_of(session: Session, subject_id: UUID, _fact: str) -> Subject:
    """Return a customer's account: neither its reason nor its balance, which are its issuer's to share (R079)."""
    one = session.get_one(CustomerAccount, subject_id)
    return Subject(
        id=one.id,
        link="/a-payer",
        parts=_parts(one.owner_id, one.buyer_id),
        words=_named(session, issuer=one.owner_id),
        members={"issuer_id": str(one.owner_id)},
    )


def order_of(session: Session, subject_id: UUID, fact: str) -> Subject:
    """Return an order with its seller and buyer; a seller whose variance says it is not told twice (R022, C7)."""
    one = session.get_one(Order, subject_id)
    is_partly = fact == order.ORDER_DELIVERED and _came_short(session, one)
    by_run = one.distribution not in {DistributionMethod.SHIPPED, DistributionMethod.PICKUP}
    has_variance = is_partly or (fact == order.ORDER_NOT_DELIVERED and by_run)
    parts = _parts(one.owner_id, one.buyer_id)
    return Subject(
        id=one.id,
        link=f"/commandes/{one.id}",
        parts={Part.BUYER: parts[Part.BUYER]} if has_variance else parts,
        words=_named(session, buyer=one.buyer_id)
        | {
            "number": Text(one.number, one.number),
            "shipped": _SHIPPED[one.distribution is DistributionMethod.PICKUP],
            "delivered": _DELIVERED[is_partly],
        },
        members={"order_id": str(one.id), "order_number": one.number, "state": one.state.value},
    )


def transfer_of(session: Session, subject_id: UUID, _fact: str) -> Subject:
    """Return a stock transfer with its seller and both keepers (R057)."""
    one = session.get_one(StockTransfer, subject_id)
    lines = session.scalars(select(TransferLine).where(TransferLine.transfer_id == one.id)).all()
    units = sum(line.quantity for line in lines)
    arrived = sum(line.accepted or 0 for line in lines)
    return Subject(
        id=one.id,
        link="/stock/transferts",
        parts=_parts(one.owner_id, None, one.party_ids),
        words=_named(
            session,
            seller=one.owner_id,
            source=one.source_keeper_id or one.owner_id,
            target=one.target_keeper_id or one.owner_id,
        )
        | {"units": _units(units), "arrived": Text(str(arrived), str(arrived))},
        members={"transfer_id": str(one.id), "seller_id": str(one.owner_id)},
    )


SUBJECTS: Final[Mapping[str, Callable[[Session, UUID, str], Subject]]] = {
    CREDIT_PROPOSED: credit_of,
    CREDIT_REFUSED: credit_of,
    money.PAYMENT_RECEIVED: payment_of,
    money.PAYMENT_FAILED: payment_of,
    money.REFUND_MADE: refund_of,
    money.REFUND_FAILED: refund_of,
    money.ACCOUNT_HELD: account_of,
    money.ACCOUNT_RELEASED: account_of,
    order.ORDER_RESTORED: order_of,
    order.ORDER_SHIPPED: order_of,
    order.ORDER_DELIVERED: order_of,
    order.ORDER_NOT_DELIVERED: order_of,
    stock.TRANSFER_SENT: transfer_of,
    stock.TRANSFER_ACCEPTED: transfer_of,
    stock.TRANSFER_CANCELLED: transfer_of,
}
"""Fact name → how its subject is read, in a session of the subject's owner."""


def _parts(owner_id: UUID, buyer_id: UUID | None, reader_ids: Iterable[UUID] = ()) -> dict[Part, frozenset[UUID]]:
    buyers = frozenset({buyer_id} if buyer_id else ())
    return {
        Part.OWNER: frozenset({owner_id}),
        Part.BUYER: buyers,
        Part.READER: frozenset(reader_ids) - buyers - {owner_id},
    }


def _came_short(session: Session, one: Order) -> bool:
    """Say whether a visit delivered a part of the order, as its first account of it says."""
    short = select(Delivery.id).where(
        Delivery.order_id == one.id, Delivery.revision == 1, Delivery.outcome == VisitOutcome.PARTIAL
    )
    return session.scalars(short.limit(1)).first() is not None


def _named(session: Session, **org_ids: UUID) -> dict[str, Text]:
    names = parties.names(session, org_ids=org_ids.values())
    return {role: Text(names.get(org_id, "–"), names.get(org_id, "–")) for role, org_id in org_ids.items()}


def _units(count: int) -> Text:
    return Text("1 unité", "1 unit") if count == 1 else Text(f"{count} unités", f"{count} units")


def _money(cents: int, currency: str) -> Text:
    return Text(format_money(cents, currency, "fr"), format_money(cents, currency, "en"))


def _filled(text: Text, words: Mapping[str, Text]) -> Text:
    return Text(
        text.fr.format_map({name: one.fr for name, one in words.items()}),
        text.en.format_map({name: one.en for name, one in words.items()}),
    )
