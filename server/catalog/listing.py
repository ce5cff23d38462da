"""A supplier's products in pages of a list, and one product with its formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.catalog.model import Product, ProductFormat
from server.core.acting import acting_org
from server.core.problems import NotFound, Text

PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product with its formats, by name."""

    product: Product
    formats: Sequence[ProductFormat]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page of a list, counted from 1, and whether another one follows; ``total`` counts them all."""

    rows: Sequence[ProductCard]
    page: int
    more: bool
    total: int


def list_products(
    session: Session, *, words: str = "", archived: bool = False, page: int = 1, rows: int = PAGE_ROWS
) -> ProductPage:
    """Return one page of the acting supplier's products by name; ``words`` are looked for in names, codes, barcodes."""
    wanted = select(Product).where(Product.owner_id == acting_org(session))
    wanted = wanted.where(Product.archived_at.is_not(None) if archived else Product.archived_at.is_(None))
    if words:
        wanted = wanted.where(or_(_says(Product, words), Product.id.in_(_with_format(words))))
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(Product.name_fr, Product.id).offset((page - 1) * rows).limit(rows + 1)
    found = session.scalars(ordered).all()
    return ProductPage(_cards(session, found[:rows]), page, len(found) > rows, total)


def product_card(session: Session, *, product_id: UUID) -> ProductCard:
    """Return a product of the acting supplier with all its formats.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    product = session.get(Product, product_id)
    if product is None or product.owner_id != acting_org(session):
        raise NotFound(Text("Ce produit n’existe pas.", "There is no such product."), where=str(product_id))
    return _cards(session, [product])[0]


def format_named(session: Session, *, format_id: UUID) -> tuple[Product, ProductFormat]:
    """Return a format of the acting supplier with its product.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    sold = session.get(ProductFormat, format_id)
    if sold is None or sold.owner_id != acting_org(session):
        raise NotFound(Text("Ce format n’existe pas.", "There is no such format."), where=str(format_id))
    return session.get_one(Product, sold.product_id), sold


def format_choices(session: Session) -> Sequence[tuple[Product, ProductFormat]]:
    """Return every format of the acting supplier that is not put away, with its product, by name."""
    rows = session.execute(
        select(Product, ProductFormat)
        .join(ProductFormat, ProductFormat.product_id == Product.id)
        .where(Product.owner_id == acting_org(session), ProductFormat.archived_at.is_(None))
        .order_by(Product.name_fr, ProductFormat.name_fr, ProductFormat.id)
    )
    return [(row[0], row[1]) for row in rows]


def names_of_formats(session: Session, format_ids: Sequence[UUID]) -> Mapping[UUID, Text]:
    """Return the full name of each format that the acting organisation reads."""
    rows = session.execute(
        select(Product, ProductFormat)
        .join(ProductFormat, ProductFormat.product_id == Product.id)
        .where(ProductFormat.id.in_(set(format_ids)))
    )
    return {sold.id: full_name(product, sold) for product, sold in rows}


def full_name(product: Product, sold: ProductFormat) -> Text:
    """Return product and format as an order names them."""
    return Text(f"{product.name_fr}, {sold.name_fr}", f"{product.name_en}, {sold.name_en}")


def _cards(session: Session, products: Sequence[Product]) -> list[ProductCard]:
    rows = session.scalars(
        select(ProductFormat)
        .where(ProductFormat.product_id.in_([product.id for product in products]))
        .order_by(ProductFormat.archived_at.is_not(None), ProductFormat.name_fr, ProductFormat.id)
    ).all()
    return [ProductCard(one, [sold for sold in rows if sold.product_id == one.id]) for one in products]


def _says(table: type[Product], words: str) -> Any:
    columns = (table.name_fr, table.name_en, table.style, table.reference)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _with_format(words: str) -> Any:
    columns = (
        ProductFormat.name_fr, ProductFormat.name_en, ProductFormat.reference, ProductFormat.barcode,
        ProductFormat.pack_barcode, ProductFormat.container_barcode,
    )  # fmt: skip
    return select(ProductFormat.product_id).where(
        or_(*(column.icontains(words, autoescape=True) for column in columns))
    )
