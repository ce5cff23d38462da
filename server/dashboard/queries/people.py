"""A client's page, and what greets people who are not dispatchers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.model import CreditNote
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.dashboard.listing import mine
from server.dashboard.queries.money import InvoiceRow, InvoiceTab, list_invoices
from server.dashboard.queries.orders import OrderFilter, OrderRow, list_orders
from server.delivery.sharing.model import ProofEntry
from server.notifications.model import InboxMessage
from server.notifications.queries import inbox
from server.orders.listing import Bucket, Today
from server.orders.model import Order
from server.orders.queries import billing_types
from server.parties.model import BillingType, Client, Organisation, Site
from shared.states import CreditState, OrderState

FEW = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWhole:
    """A client as the acting organisation may read it: card, places, orders (R030, R054)."""

    card: Organisation
    sites: Sequence[Site]
    orders: Sequence[OrderRow]
    more: bool
    is_mine: bool  # a client of the acting organisation, which has settings for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What somebody sees first: what waits, what arrived."""

    pending: int
    to_approve: int  # credit notes of the acting issuer that wait (C12)
    coming: Sequence[OrderRow]
    proofs: Sequence[ProofEntry]
    invoices: Sequence[InvoiceRow]
    unread: Sequence[InboxMessage]
    billed: Mapping[UUID, BillingType]  # how the orders of the proofs are billed

    @property
    def open_cents(self) -> int:
        """Return what is open of the newest invoices, in cents."""
        return sum(row.open_cents for row in self.invoices)


def client_whole(session: Session, *, client_id: UUID, today: Today, driver_id: UUID | None = None) -> ClientWhole:
    """Return a client with the orders that the caller may read of it.

    Raises:
        NotFound: the acting organisation does not know it.
    """
    card = session.get(Organisation, client_id)
    if card is None:
        raise NotFound(Text("Ce client n’existe pas.", "There is no such client."), where=str(client_id))
    narrowed = OrderFilter(client_id=client_id, driver_id=driver_id)
    found = list_orders(session, narrowed=narrowed, today=today)
    sites = session.scalars(select(Site).where(Site.owner_id == client_id).order_by(Site.name, Site.id).limit(50)).all()
    mine = select(Client.id).where(Client.owner_id == acting_org(session), Client.buyer_id == client_id)
    return ClientWhole(
        card=card,
        sites=sites,
        orders=found.rows,
        more=found.more,
        is_mine=session.scalars(mine).first() is not None,
    )


def greeting(session: Session, *, today: Today, hidden: frozenset[str] = frozenset()) -> Greeting:
    """Return the first page of the acting organisation, without news of ``hidden`` events."""
    pending = session.scalar(
        select(func.count()).select_from(Order).where(mine(session, Order), Order.state == OrderState.PENDING)
    )
    under_way = list_orders(session, narrowed=OrderFilter(bucket=Bucket.UNDER_WAY), today=today).rows
    upcoming = list_orders(session, narrowed=OrderFilter(bucket=Bucket.UPCOMING), today=today).rows
    proofs = _newest_proofs(session)
    invoices = list_invoices(session, tab=InvoiceTab.PUBLISHED, words="", today=today.day, page=1)
    return Greeting(
        pending=int(pending or 0),
        to_approve=credits_to_approve(session),
        coming=[*under_way, *upcoming][:FEW],
        proofs=proofs,
        invoices=invoices.rows[:FEW],
        unread=inbox(session, page=1, hidden=hidden, unread=True)[0][:FEW],
        billed=billing_types(session, order_ids=[one.order_id for one in proofs]),
    )


def _newest_proofs(session: Session) -> Sequence[ProofEntry]:
    return session.scalars(
        select(ProofEntry)
        .where(ProofEntry.owner_id == acting_org(session))
        .order_by(ProofEntry.delivered_at.desc(), ProofEntry.proof_id.desc())
        .limit(FEW)
    ).all()


def credits_to_approve(session: Session) -> int:
    """Return how many credit notes wait for the acting organisation, their issuer, to approve or refuse them (C12)."""
    waiting = select(func.count()).where(
        CreditNote.owner_id == acting_org(session), CreditNote.state == CreditState.PROPOSED
    )
    return int(session.scalar(waiting) or 0)
