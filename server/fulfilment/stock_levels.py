"""What there is of each format, where, what orders have reserved of it and what is left to sell (C9, R057)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.listing import full_name
from server.catalog.model import Product, ProductFormat
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.parties import queries as parties
from server.parties.model import Agreement, Organisation, RelationState
from server.stock import queries as stock
from server.stock.model import StockPlace
from shared.problems import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One format: what each keeper's warehouse has (None is the seller's own), what is on trucks and on the way.

    ``reserved`` + ``available`` = ``in_hand``, which is warehouses and trucks together.
    """

    format_id: UUID
    name: Text
    unlimited: bool
    kept: Mapping[UUID | None, int]
    on_trucks: int
    in_transit: int
    reserved: int

    @property
    def in_hand(self) -> int:
        """Return what the seller still has, in warehouses and on trucks."""
        return sum(self.kept.values()) + self.on_trucks

    @property
    def available(self) -> int:
        """Return what is left to sell; negative when more is promised than there is."""
        return self.in_hand - self.reserved


def stock_levels(session: Session, *, format_ids: Sequence[UUID] | None = None) -> Sequence[Level]:
    """Return the level of each format of the acting seller that is not put away, or of those named, by name."""
    wanted = (
        select(Product, ProductFormat)
        .join(ProductFormat, ProductFormat.product_id == Product.id)
        .where(ProductFormat.owner_id == acting_org(session))
        .order_by(Product.name_fr, ProductFormat.name_fr, ProductFormat.id)
    )
    chosen = ProductFormat.archived_at.is_(None) if format_ids is None else ProductFormat.id.in_(format_ids)
    found = [(row[0], row[1]) for row in session.execute(wanted.where(chosen))]
    ids = [sold.id for _, sold in found]
    places: dict[UUID, list[tuple[StockPlace, UUID | None, int]]] = {}
    for (format_id, place, keeper), units in stock.kept_by_place(session, format_ids=ids).items():
        places.setdefault(format_id, []).append((place, keeper, units))
    reserved = orders.reserved(session, format_ids=ids)
    return [_level(product, sold, places.get(sold.id, []), reserved.get(sold.id, 0)) for product, sold in found]


def sellers_kept(session: Session) -> Sequence[Organisation]:
    """Return the sellers whose goods the acting carrier may keep: those it has an active agreement with, by name."""
    mine = select(Agreement.owner_id).where(
        Agreement.carrier_id == acting_org(session), Agreement.state == RelationState.ACTIVE
    )
    named = select(Organisation).where(Organisation.id.in_(mine)).order_by(Organisation.name, Organisation.id)
    return session.scalars(named).all()


def require_seller(session: Session, seller_id: UUID | None, *, kind: StrEnum) -> UUID:
    """Return the seller whose stock is meant: a supplier's own, else the named one among those that a carrier keeps.

    Raises:
        NotFound: none is named, or the caller keeps no goods of it.
    """
    me = acting_org(session)
    if kind is OrganisationKind.SUPPLIER and seller_id in {None, me}:
        return me
    if seller_id is not None and any(one.id == seller_id for one in sellers_kept(session)):
        return seller_id
    raise NotFound(
        Text("Nommer un vendeur dont vous gardez les marchandises.", "Name a seller whose goods you keep."),
        where="seller_id",
    )


def keepers_of(session: Session, *, seller_id: UUID) -> Mapping[UUID | None, str]:
    """Return who may keep a seller's goods, with its name: the seller itself under None, and its carriers."""
    with acting_for(session, seller_id):
        own = parties.names(session, org_ids=[seller_id]).get(seller_id, "")  # an organisation without a card yet
        carriers = session.scalars(
            select(Organisation)
            .join(Agreement, Agreement.carrier_id == Organisation.id)
            .where(Agreement.owner_id == seller_id, Agreement.state == RelationState.ACTIVE)
            .order_by(Organisation.name, Organisation.id)
        ).all()
        return {None: own} | {one.id: one.name for one in carriers if one.id != seller_id}


def _level(
    product: Product, sold: ProductFormat, mine: Sequence[tuple[StockPlace, UUID | None, int]], reserved: int
) -> Level:
    return Level(
        format_id=sold.id,
        name=full_name(product, sold),
        unlimited=sold.unlimited,
        kept={keeper: units for place, keeper, units in mine if place is StockPlace.WAREHOUSE},
        on_trucks=sum(units for place, _keeper, units in mine if place is StockPlace.TRUCK),
        in_transit=sum(units for place, _keeper, units in mine if place is StockPlace.TRANSIT),
        reserved=reserved,
    )
