"""With whom one may order, where to, by whom, and what is on offer: what an order form lets people choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.catalog import queries as catalog
from server.catalog.model import Product, ProductFormat
from server.catalog.prices import offering, resolving
from server.catalog.prices.steps import PriceStep
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Text
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.parties.model import Agreement, Organisation, Relation, RelationState, Site
from server.stock import queries as stock

MOST: int = 500


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that one may choose."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A format with what this client pays for one sales unit, how it comes to that, and how much there is.

    ``left`` is what the warehouse has and nobody reserved; None for a format without limit. ``allocated`` is what the
    client may still order of what it was allocated, and until when.
    """

    sold: ProductFormat
    product: Product
    steps: Sequence[PriceStep]
    deposit_cents: int
    left: int | None
    allocated: tuple[int, date] | None

    @property
    def unit_price(self) -> Decimal:
        """Return the price of one sales unit."""
        return self.steps[-1].unit_price


def sellers(session: Session) -> list[Partner]:
    """Return whose goods the acting organisation may order: its own, its suppliers', or those it acts or drives for."""
    me = acting_org(session)
    related = select(Relation.owner_id).where(Relation.buyer_id == me, Relation.state == RelationState.ACTIVE)
    agreed = select(Agreement.owner_id).where(
        or_(Agreement.carrier_id == me, Agreement.billing_agent_id == me), Agreement.state == RelationState.ACTIVE
    )
    own = select(Organisation.id).where(Organisation.id == me, Organisation.kind == OrganisationKind.SUPPLIER)
    return _named(session, related.union(agreed, own).subquery())


def buyers(session: Session, *, seller_id: UUID) -> list[Partner]:
    """Return the retailers that may receive a seller's goods: all of its clients, or the acting retailer alone.

    Raises:
        NotFound: the acting organisation does not order this seller's goods.
    """
    me = acting_org(session)
    if seller_id not in {one.id for one in sellers(session)}:
        raise NotFound(Text("Ce fournisseur n’existe pas pour vous.", "There is no such supplier for you."))
    with acting_for(session, seller_id):
        related = (
            select(Relation.buyer_id)
            .join(Organisation, Organisation.id == Relation.buyer_id)
            .where(
                Relation.owner_id == seller_id,
                Relation.state == RelationState.ACTIVE,
                Organisation.kind == OrganisationKind.RETAILER,
            )
        )
        found = _named(session, related.subquery())
    mine = [one for one in found if one.id == me]
    return mine or found


def places(session: Session, *, seller_id: UUID, buyer_id: UUID) -> Sequence[Site]:
    """Return where a seller's client receives goods.

    Raises:
        NotFound: it is none of those that ``buyers`` names.
    """
    if buyer_id not in {one.id for one in buyers(session, seller_id=seller_id)}:
        raise NotFound(Text("Ce client n’existe pas pour vous.", "There is no such client for you."))
    with acting_for(session, buyer_id):
        wanted = select(Site).where(Site.owner_id == buyer_id).order_by(Site.name, Site.id).limit(MOST)
        return session.scalars(wanted).all()


def carriers(session: Session, *, seller_id: UUID) -> list[Partner]:
    """Return the distributors that have an active agreement with a seller (R048)."""
    with acting_for(session, seller_id):
        agreed = select(Agreement.carrier_id).where(
            Agreement.owner_id == seller_id, Agreement.state == RelationState.ACTIVE, Agreement.carrier_id != seller_id
        )
        return _named(session, agreed.subquery())


def on_offer(session: Session, *, seller_id: UUID, buyer_id: UUID, on: date) -> list[Offered]:
    """Return what a seller shows a client, by product, with the client's own prices of a day; ``MOST`` at most."""
    with acting_for(session, seller_id):
        sold = list(offering.offered_formats(session, seller_id=seller_id, buyer_id=buyer_id).values())[:MOST]
        shelf = resolving.shelf_for(session, seller_id=seller_id, buyer_id=buyer_id, on=on)
        products = catalog.formats(session, format_ids=[one.id for one in sold])
        left, deposits = _left(session, sold), _deposits(session, sold, on)
        allocated = _allocated(session, sold, seller_id=seller_id, buyer_id=buyer_id, on=on)
        return [
            Offered(
                sold=one,
                product=products[one.id][1],
                steps=shelf.price(resolving.Wanted(sold=one, quantity=1)).steps,
                deposit_cents=deposits.get(one.container_class_id, 0) * one.containers_a_unit
                if one.container_class_id
                else 0,
                left=left.get(one.id),
                allocated=allocated.get(one.id),
            )
            for one in sold
        ]


def _left(session: Session, sold: Sequence[ProductFormat]) -> Mapping[UUID, int]:
    counted = [one.id for one in sold if not one.unlimited]
    on_hand = stock.on_hand(session, format_ids=counted)
    reserved = orders.reserved(session, format_ids=counted)
    return {one: max(0, on_hand.get(one, 0) - reserved.get(one, 0)) for one in counted}


def _allocated(
    session: Session, sold: Sequence[ProductFormat], *, seller_id: UUID, buyer_id: UUID, on: date
) -> Mapping[UUID, tuple[int, date]]:
    ids = [one.id for one in sold]
    known = resolving.allocations_for(session, seller_id=seller_id, buyer_id=buyer_id, format_ids=ids, on=on)
    since = {format_id: one.valid_from for format_id, one in known.items()}
    taken = orders.ordered_since(session, seller_id=seller_id, buyer_id=buyer_id, since=since)
    return {key: (max(0, one.quantity - taken.get(key, 0)), one.valid_until) for key, one in known.items()}


def _deposits(session: Session, sold: Sequence[ProductFormat], on: date) -> Mapping[UUID, int]:
    class_ids = {one.container_class_id for one in sold if one.container_class_id}
    return catalog.prices_on(session, class_ids=class_ids, day=on) if class_ids else {}


def _named(session: Session, ids: object) -> list[Partner]:
    wanted = select(Organisation.id, Organisation.name).where(Organisation.id.in_(select(ids)))  # type: ignore[call-overload]  # a subquery of ids
    rows = session.execute(wanted.order_by(Organisation.name, Organisation.id).limit(MOST))
    return [Partner(row.id, row.name) for row in rows]
