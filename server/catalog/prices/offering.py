"""What a seller shows a client: formats that are listed, not put away, and meant for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import Product, ProductFormat
from server.catalog.prices.resolving import meant_for
from server.parties import queries as parties


def offered_formats(
    session: Session, *, seller_id: UUID, buyer_id: UUID, format_ids: Collection[UUID] | None = None
) -> Mapping[UUID, ProductFormat]:
    """Return what a seller, for whom the session acts, shows a client, by format; among ``format_ids`` when given."""
    group_id = parties.group_of(session, seller_id=seller_id, buyer_id=buyer_id)
    wanted = (
        select(ProductFormat)
        .join(Product, Product.id == ProductFormat.product_id)
        .where(
            ProductFormat.owner_id == seller_id,
            ProductFormat.listed,
            ProductFormat.archived_at.is_(None),
            Product.archived_at.is_(None),
            meant_for(ProductFormat, buyer_id=buyer_id, group_id=group_id),
        )
        .order_by(Product.name_fr, ProductFormat.name_fr, ProductFormat.id)
    )
    if format_ids is not None:
        wanted = wanted.where(ProductFormat.id.in_(set(format_ids)))
    return {sold.id: sold for sold in session.scalars(wanted)}
