"""What is sold, in which container, and what the law takes."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, Reference, rate, unit_price


class SalesUnit(StrEnum):
    """What one piece of an order line is."""

    CASE = "case"
    KEG = "keg"
    UNIT = "unit"


class ContainerKind(StrEnum):
    """Who runs the return of a container."""

    PUBLIC = "public"
    PRIVATE = "private"
    KEG = "keg"


class TaxRate(Reference):
    """A dated rate. ``rate`` is a fraction; QST is on the price without GST (T3, T8)."""

    __tablename__ = "tax_rate"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    code: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    rate: Mapped[rate]
    valid_from: Mapped[date]


class ContainerClass(Owned):
    """A kind of returnable container and who owns it: a supplier its kegs, a carrier the public ones (C30)."""

    __tablename__ = "container_class"
    __table_args__ = (UniqueConstraint("owner_id", "code"),)

    code: Mapped[str]
    kind: Mapped[ContainerKind]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    taxable: Mapped[bool] = mapped_column(default=False)
    decided_by: Mapped[str] = mapped_column(default="")


class ContainerPrice(Owned):
    """A class's deposit from a day on; a return is priced by the table of its day."""

    __tablename__ = "container_price"
    __table_args__ = (UniqueConstraint("class_id", "valid_from"),)

    class_id: Mapped[UUID]
    unit_cents: Mapped[int]
    valid_from: Mapped[date]


class Product(Owned):
    """A supplier's product. ``tax_codes`` are what its formats are taxed with unless one says otherwise."""

    __tablename__ = "product"
    __table_args__ = (
        Index("uq_product_reference", "owner_id", "reference", unique=True, postgresql_where=text("reference <> ''")),
    )

    name_fr: Mapped[str]
    name_en: Mapped[str]
    style: Mapped[str] = mapped_column(default="")
    description_fr: Mapped[str] = mapped_column(default="")
    description_en: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")  # what the seller's own system calls it
    tax_codes: Mapped[list[str]] = mapped_column(default=lambda: ["gst", "qst"])
    archived_at: Mapped[datetime | None]  # what was sold once is never deleted


class ProductFormat(Owned):
    """A product as it is sold: containers × units × packs, barcodes of each level, weight, base price with 4 decimals.

    ``barcode`` is the sales unit's. A format without groups and buyers is offered to every client; ``listed`` False
    offers it to none, and its seller still orders it for them.
    """

    __tablename__ = "product_format"
    __table_args__ = (
        Index(
            "uq_product_format_reference", "owner_id", "reference", unique=True,
            postgresql_where=text("reference <> ''"),
        ),
    )  # fmt: skip

    product_id: Mapped[UUID] = mapped_column(index=True)
    name_fr: Mapped[str]
    name_en: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    sales_unit: Mapped[SalesUnit]
    container_class_id: Mapped[UUID | None]
    container_ml: Mapped[int] = mapped_column(default=0)
    units_a_pack: Mapped[int] = mapped_column(default=1)
    packs_a_unit: Mapped[int] = mapped_column(default=1)
    containers_a_unit: Mapped[int] = mapped_column(default=0)  # that carry a deposit: none, or units × packs
    weight_g: Mapped[int]
    volume_ml: Mapped[int] = mapped_column(default=0)
    unit_price: Mapped[unit_price]
    priced_at: Mapped[datetime]
    priced_by: Mapped[str] = mapped_column(default="")
    tax_codes: Mapped[list[str]]
    own_taxes: Mapped[bool] = mapped_column(default=False)
    barcode: Mapped[str] = mapped_column(default="")
    pack_barcode: Mapped[str] = mapped_column(default="")
    container_barcode: Mapped[str] = mapped_column(default="")
    unlimited: Mapped[bool] = mapped_column(default=True)
    listed: Mapped[bool] = mapped_column(default=True)
    group_ids: Mapped[list[UUID]] = mapped_column(default=list)
    buyer_ids: Mapped[list[UUID]] = mapped_column(default=list)
    max_an_order: Mapped[int | None]
    archived_at: Mapped[datetime | None]
