"""A supplier's products: made, changed, put away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.catalog import events
from server.catalog.model import Product, ProductFormat, SalesUnit
from server.catalog.service.bounds import MAX_LONG_TEXT, MAX_REFERENCE, TAX_CODES, bad, require_taxes, require_words
from server.catalog.service.formats import FormatFigures, add_format
from server.catalog.service.naming import ProductTaken, add_named, own_product
from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp

__all__ = [
    "ProductTaken",
    "ProductWords",
    "add_product",
    "archive_product",
    "change_product",
    "create_format",
    "create_product",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductWords:
    """What a product says of itself; ``tax_codes`` are its formats' taxes unless one has its own."""

    name_fr: str
    name_en: str
    style: str = ""
    reference: str = ""
    description_fr: str = ""
    description_en: str = ""
    tax_codes: Sequence[str] = TAX_CODES


def create_product(session: Session, *, name_fr: str, name_en: str, stamp: Stamp, style: str = "") -> Product:
    """Return a new, taxed product of the acting supplier; ``add_product`` says more of it."""
    return add_product(session, words=ProductWords(name_fr=name_fr, name_en=name_en, style=style), stamp=stamp)


def add_product(session: Session, *, words: ProductWords, stamp: Stamp) -> Product:
    """Return a new product of the acting supplier.

    Raises:
        BadFormat: a word that cannot be, or an unknown tax.
        ProductTaken: another product has the same reference.
    """
    product = Product(owner_id=acting_org(session))
    _say(product, words)
    add_named(session, product, reference=words.reference)
    facts.record(session, events.PRODUCT_MADE, product.id, stamp)
    return product


def change_product(session: Session, *, product_id: UUID, words: ProductWords, stamp: Stamp) -> Product:
    """Return a product with exactly these words and taxes; formats without taxes of their own follow.

    Raises:
        BadFormat: a word that cannot be, or an unknown tax.
        ProductTaken: another product has the same reference.
        NotFound: it is no product of the acting supplier.
    """
    product = own_product(session, product_id=product_id)
    _say(product, words)
    add_named(session, product, reference=words.reference)
    session.execute(
        update(ProductFormat)
        .where(ProductFormat.product_id == product.id, ProductFormat.own_taxes.is_(False))
        .values(tax_codes=product.tax_codes)
    )
    facts.record(session, events.PRODUCT_CHANGED, product.id, stamp)
    return product


def archive_product(session: Session, *, product_id: UUID, archived: bool, stamp: Stamp) -> Product:
    """Put a product away with all its formats, or bring it back with those that went with it."""
    product = own_product(session, product_id=product_id)
    before, after = product.archived_at, (product.archived_at or stamp.at) if archived else None
    product.archived_at = after
    followers = select(ProductFormat).where(ProductFormat.product_id == product.id)
    same = ProductFormat.archived_at.is_(None) if archived else ProductFormat.archived_at == before
    for sold in session.scalars(followers.where(same)):
        sold.archived_at = after
    session.flush()
    facts.record(session, events.PRODUCT_ARCHIVED if archived else events.PRODUCT_CHANGED, product.id, stamp)
    return product


def create_format(
    session: Session,
    *,
    product_id: UUID,
    name_fr: str,
    name_en: str,
    sales_unit: SalesUnit,
    unit_price: Decimal,
    weight_g: int,
    stamp: Stamp,
    container_class_id: UUID | None = None,
    containers_a_unit: int = 0,
    volume_ml: int = 0,
    tax_codes: Sequence[str] | None = None,
    barcode: str = "",
    unlimited: bool = True,
) -> ProductFormat:
    """Return a format of loose containers, without packs, in which the acting supplier sells a product.

    Raises:
        BadFormat: a figure out of bounds, or containers without a class.
    """
    if containers_a_unit < 0 or (containers_a_unit and container_class_id is None):
        raise bad("containers_a_unit", "Nommer la classe des contenants.", "Name the class of the containers.")
    figures = FormatFigures(
        name_fr=name_fr,
        name_en=name_en,
        sales_unit=sales_unit,
        unit_price=unit_price,
        weight_g=weight_g,
        container_class_id=container_class_id if containers_a_unit else None,
        units_a_pack=containers_a_unit or 1,
        volume_ml=volume_ml,
        tax_codes=tax_codes,
        barcode=barcode,
        unlimited=unlimited,
    )
    return add_format(session, product_id=product_id, figures=figures, stamp=stamp)


def _say(product: Product, words: ProductWords) -> None:
    require_words(name_fr=words.name_fr, name_en=words.name_en)
    require_words(optional=True, style=words.style)
    require_words(longest=MAX_REFERENCE, optional=True, reference=words.reference)
    long = {"description_fr": words.description_fr, "description_en": words.description_en}
    require_words(longest=MAX_LONG_TEXT, optional=True, **long)
    product.tax_codes = require_taxes(words.tax_codes)
    for one in fields(ProductWords):
        if one.name != "tax_codes":
            setattr(product, one.name, getattr(words, one.name))
