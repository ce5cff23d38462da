"""The formats of a product: made, changed, put away; never deleted, since orders name them (R050)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import events
from server.catalog.model import ContainerClass, Product, ProductFormat, SalesUnit
from server.catalog.service.bounds import (
    MAX_CONTAINERS,
    MAX_REFERENCE,
    MAX_VOLUME_ML,
    MAX_WEIGHT_G,
    bad,
    require_barcode,
    require_taxes,
    require_unit_price,
    require_whole,
    require_words,
)
from server.catalog.service.naming import add_named, own_product
from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.core.stamp import Stamp
from server.identity import queries as people

MAX_AN_ORDER: Final = 100_000
MAX_AUDIENCE: Final = 500
_SAME: Final = ("name_fr", "name_en", "reference", "sales_unit", "container_class_id", "container_ml", "units_a_pack",
                "packs_a_unit", "weight_g", "volume_ml", "unlimited", "listed", "max_an_order", "barcode",
                "pack_barcode", "container_barcode")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant: these groups and these clients, or everybody when both are empty."""

    group_ids: Sequence[UUID] = ()
    buyer_ids: Sequence[UUID] = ()

    def columns(self) -> dict[str, list[UUID]]:
        """Return the columns of a row that keeps an audience."""
        return {"group_ids": sorted(set(self.group_ids)), "buyer_ids": sorted(set(self.buyer_ids))}


EVERYBODY: Final = Audience()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFigures:
    """All that a format says: containers × units × packs, barcodes of each level, price, taxes, who may order it.

    ``tax_codes`` None leaves the taxes to the product.
    """

    name_fr: str
    name_en: str
    sales_unit: SalesUnit
    unit_price: Decimal
    weight_g: int
    reference: str = ""
    container_class_id: UUID | None = None
    container_ml: int = 0
    units_a_pack: int = 1
    packs_a_unit: int = 1
    volume_ml: int = 0
    tax_codes: Sequence[str] | None = None
    barcode: str = ""
    pack_barcode: str = ""
    container_barcode: str = ""
    unlimited: bool = True
    listed: bool = True
    audience: Audience = EVERYBODY
    max_an_order: int | None = None


def add_format(session: Session, *, product_id: UUID, figures: FormatFigures, stamp: Stamp) -> ProductFormat:
    """Return a new format of a product of the acting supplier.

    Raises:
        BadFormat: a word, figure or barcode that cannot be.
        ProductTaken: another format has the same reference.
    """
    product = own_product(session, product_id=product_id)
    columns = _columns(session, product, figures)
    made = ProductFormat(owner_id=acting_org(session), product_id=product.id, **columns, **_priced(session, stamp))
    add_named(session, made, reference=figures.reference)
    facts.record(session, events.FORMAT_MADE, made.id, stamp)
    return made


def change_format(session: Session, *, format_id: UUID, figures: FormatFigures, stamp: Stamp) -> ProductFormat:
    """Return a format of the acting supplier with exactly these figures; orders keep what they were made with.

    Raises:
        BadFormat: a word, figure or barcode that cannot be.
        ProductTaken: another format has the same reference.
        NotFound: it is no format of the acting supplier.
    """
    sold = own_format(session, format_id=format_id)
    columns = _columns(session, own_product(session, product_id=sold.product_id), figures)
    if sold.unit_price != figures.unit_price:
        columns |= _priced(session, stamp)
    for name, value in columns.items():
        setattr(sold, name, value)
    add_named(session, sold, reference=figures.reference)
    facts.record(session, events.FORMAT_CHANGED, sold.id, stamp)
    return sold


def archive_format(session: Session, *, format_id: UUID, archived: bool, stamp: Stamp) -> ProductFormat:
    """Put a format away, or bring it back; nobody orders it meanwhile, and orders that have it keep it."""
    sold = own_format(session, format_id=format_id)
    sold.archived_at = (sold.archived_at or stamp.at) if archived else None
    session.flush()
    facts.record(session, events.FORMAT_ARCHIVED if archived else events.FORMAT_CHANGED, sold.id, stamp)
    return sold


def own_format(session: Session, *, format_id: UUID) -> ProductFormat:
    """Return a format of the acting supplier, locked.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    sold = session.scalars(
        select(ProductFormat)
        .where(ProductFormat.id == format_id, ProductFormat.owner_id == acting_org(session))
        .with_for_update()
    ).one_or_none()
    if sold is None:
        raise NotFound(Text("Ce format n’existe pas.", "There is no such format."), where=str(format_id))
    return sold


def figures_of(sold: ProductFormat) -> FormatFigures:
    """Return what a format says now, to change some of it."""
    kept = {one.name: getattr(sold, one.name) for one in fields(FormatFigures) if one.name in _SAME}
    return FormatFigures(
        **kept,
        unit_price=sold.unit_price,
        tax_codes=tuple(sold.tax_codes) if sold.own_taxes else None,
        audience=Audience(tuple(sold.group_ids), tuple(sold.buyer_ids)),
    )


def check_figures(session: Session, figures: FormatFigures) -> None:
    """Accept figures that a format may have.

    Raises:
        BadFormat: a word, figure or barcode that cannot be.
    """
    _require_figures(figures)
    require_unit_price(figures.unit_price)
    require_taxes(figures.tax_codes or ())
    if figures.container_class_id is not None:
        _require_class(session, figures.container_class_id)


def _columns(session: Session, product: Product, figures: FormatFigures) -> dict[str, object]:
    check_figures(session, figures)
    containers = figures.units_a_pack * figures.packs_a_unit
    own_taxes = figures.tax_codes is not None
    return {
        **{name: getattr(figures, name) for name in _SAME},
        **figures.audience.columns(),
        "unit_price": figures.unit_price,
        "containers_a_unit": containers if figures.container_class_id else 0,
        "tax_codes": require_taxes(figures.tax_codes or ()) if own_taxes else list(product.tax_codes),
        "own_taxes": own_taxes,
    }


def _require_figures(figures: FormatFigures) -> None:
    require_words(name_fr=figures.name_fr, name_en=figures.name_en)
    require_words(longest=MAX_REFERENCE, optional=True, reference=figures.reference)
    require_whole("weight_g", figures.weight_g, most=MAX_WEIGHT_G)
    for where in ("volume_ml", "container_ml"):
        require_whole(where, getattr(figures, where), most=MAX_VOLUME_ML)
    for where in ("units_a_pack", "packs_a_unit"):
        require_whole(where, getattr(figures, where), least=1, most=MAX_CONTAINERS)
    require_whole("units_a_pack", figures.units_a_pack * figures.packs_a_unit, least=1, most=MAX_CONTAINERS)
    if figures.max_an_order is not None:
        require_whole("max_an_order", figures.max_an_order, least=1, most=MAX_AN_ORDER)
    require_whole("group_ids", len(figures.audience.group_ids) + len(figures.audience.buyer_ids), most=MAX_AUDIENCE)
    for where in ("barcode", "pack_barcode", "container_barcode"):
        require_barcode(where, getattr(figures, where))


def _require_class(session: Session, class_id: UUID) -> None:
    if session.get(ContainerClass, class_id) is None:
        raise bad(
            "container_class_id",
            "Cette classe de contenant n’existe pas, ou n’est pas partagée avec vous.",
            "There is no such container class, or it is not shared with you.",
        )


def _priced(session: Session, stamp: Stamp) -> dict[str, object]:
    return {"priced_at": stamp.at, "priced_by": name_of(session, stamp)}


def name_of(session: Session, stamp: Stamp) -> str:
    """Return the name under which the acting organisation knows who acts; empty for the system."""
    return people.member_names(session, [stamp.by]).get(stamp.by, "") if stamp.by else ""
