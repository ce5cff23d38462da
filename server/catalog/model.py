"""What is sold, in which container, and what the law takes."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
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
    """A supplier's product."""

    __tablename__ = "product"

    name_fr: Mapped[str]
    name_en: Mapped[str]
    style: Mapped[str] = mapped_column(default="")


class ProductFormat(Owned):
    """A product as it is sold: unit, containers inside, weight, price with 4 decimals."""

    __tablename__ = "product_format"

    product_id: Mapped[UUID] = mapped_column(index=True)
    name_fr: Mapped[str]
    name_en: Mapped[str]
    sales_unit: Mapped[SalesUnit]
    container_class_id: Mapped[UUID | None]
    containers_a_unit: Mapped[int] = mapped_column(default=0)
    weight_g: Mapped[int]
    volume_ml: Mapped[int] = mapped_column(default=0)
    unit_price: Mapped[unit_price]
    tax_codes: Mapped[list[str]]
    barcode: Mapped[str] = mapped_column(default="")
    unlimited: Mapped[bool] = mapped_column(default=True)
