"""What a seller shows a client, at that client's prices: formats that are listed, not put away, and meant for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from server.catalog import queries
from server.catalog.model import Product, ProductFormat
from server.catalog.prices.model import RuleKind, StockAllocation
from server.catalog.prices.resolving import Shelf, Wanted, allocations_for, meant_for, shelf_for
from server.catalog.prices.steps import ResolvedPrice
from server.parties import queries as parties

OFFER_ROWS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A format at the client's price for one sales unit, what more of it brings, and how much of it there may be."""

    product: Product
    sold: ProductFormat
    price: ResolvedPrice
    later: Sequence[tuple[int, ResolvedPrice]]
    deposit_cents: int
    allocation: StockAllocation | None


@dataclass(frozen=True, slots=True)
class OfferPage:
    """One page of what is offered, counted from 1."""

    rows: Sequence[Offered]
    page: int
    more: bool
    total: int


def offered_formats(
    session: Session, *, seller_id: UUID, buyer_id: UUID, format_ids: Collection[UUID] | None = None
) -> Mapping[UUID, ProductFormat]:
    """Return what a seller, for whom the session acts, shows a client, by format; among ``format_ids`` when given."""
    wanted = _offered(session, seller_id, buyer_id)
    if format_ids is not None:
        wanted = wanted.where(ProductFormat.id.in_(set(format_ids)))
    return {row[1].id: row[1] for row in session.execute(wanted)}


def offer_page(
    session: Session,
    *,
    seller_id: UUID,
    buyer_id: UUID,
    on: date,
    words: str = "",
    page: int = 1,
    rows: int = OFFER_ROWS,
    whole: bool = False,
) -> OfferPage:
    """Return a page of what a client may order from a seller, for whom the session acts, at its prices of a day.

    ``whole`` shows what is not put away, offered to this client or not: what its seller may order for it.
    """
    wanted = _sold(seller_id) if whole else _offered(session, seller_id, buyer_id)
    if words:
        wanted = wanted.where(_says(words))
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    found = [(row[0], row[1]) for row in session.execute(wanted.offset((page - 1) * rows).limit(rows + 1))]
    shelf = shelf_for(session, seller_id=seller_id, buyer_id=buyer_id, on=on)
    return OfferPage(_priced(session, shelf, found[:rows], seller_id, on), page, len(found) > rows, total)


def _sold(seller_id: UUID) -> Select[Any, Any]:
    return (
        select(Product, ProductFormat)
        .join(ProductFormat, ProductFormat.product_id == Product.id)
        .where(ProductFormat.owner_id == seller_id, ProductFormat.archived_at.is_(None), Product.archived_at.is_(None))
        .order_by(Product.name_fr, ProductFormat.name_fr, ProductFormat.id)
    )


def _offered(session: Session, seller_id: UUID, buyer_id: UUID) -> Select[Any, Any]:
    group_id = parties.group_of(session, seller_id=seller_id, buyer_id=buyer_id)
    meant = meant_for(ProductFormat, buyer_id=buyer_id, group_id=group_id)
    return _sold(seller_id).where(ProductFormat.listed, meant)


def _says(words: str) -> Any:
    columns = (
        Product.name_fr, Product.name_en, Product.style, ProductFormat.name_fr, ProductFormat.name_en,
        ProductFormat.reference, ProductFormat.barcode,
    )  # fmt: skip
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _priced(
    session: Session, shelf: Shelf, found: Sequence[tuple[Product, ProductFormat]], seller_id: UUID, on: date
) -> list[Offered]:
    sold = [one for _, one in found]
    deposits = queries.known_prices_on(
        session, class_ids={one.container_class_id for one in sold if one.container_class_id}, day=on
    )
    allocations = allocations_for(
        session, seller_id=seller_id, buyer_id=shelf.buyer_id, format_ids=[one.id for one in sold], on=on
    )
    return [
        Offered(
            product=product,
            sold=one,
            price=shelf.price(Wanted(sold=one, quantity=1)),
            later=_later(shelf, one),
            deposit_cents=one.containers_a_unit * deposits.get(one.container_class_id, 0)
            if one.container_class_id
            else 0,
            allocation=allocations.get(one.id),
        )
        for product, one in found
    ]


def _later(shelf: Shelf, sold: ProductFormat) -> list[tuple[int, ResolvedPrice]]:
    """Return the price that each larger quantity brings, from the smallest quantity on."""
    quantities = sorted({rule.min_quantity for rule in shelf.rules if rule.kind is not RuleKind.LIST} - {1})
    before = shelf.price(Wanted(sold=sold, quantity=1))
    found: list[tuple[int, ResolvedPrice]] = []
    for quantity in quantities:
        price = shelf.price(Wanted(sold=sold, quantity=quantity))
        if price.unit_price != before.unit_price:
            found.append((quantity, price))
            before = price
    return found
