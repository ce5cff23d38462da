"""What suppliers sell and carriers take back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import events
from server.catalog.model import ContainerClass, ContainerKind, ContainerPrice, Product, ProductFormat, SalesUnit
from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import queries as parties

MAX_UNIT_PRICE: Final = Decimal(1_000_000)
MAX_DEPOSIT_CENTS: Final = 100_000
MAX_WEIGHT_G: Final = 1_000_000
PRICE_STEP: Final = Decimal("0.0001")


class BadFormat(Problem):
    """A product format's figures cannot be."""

    slug = "bad-format"
    title = Text("Format invalide", "Invalid format")


class ContainerTaken(Problem):
    """A container class of this code, or its deposit of this day, is there already."""

    slug = "container-taken"
    status: ClassVar[int] = 409
    title = Text("Contenant déjà présent", "Container already there")


def create_container_class(
    session: Session,
    *,
    code: str,
    kind: ContainerKind,
    name_fr: str,
    name_en: str,
    unit_cents: int,
    valid_from: date,
    stamp: Stamp,
    taxable: bool = False,
    decided_by: str = "",
) -> ContainerClass:
    """Return a container class of the acting organisation with its first deposit; its partners read both.

    A supplier owns its kegs, a carrier the public containers (C30). ``code`` is lower-case letters, digits and ``_``.
    """
    container = ContainerClass(
        owner_id=acting_org(session),
        party_ids=parties.partner_ids(session),
        code=code,
        kind=kind,
        name_fr=name_fr,
        name_en=name_en,
        taxable=taxable,
        decided_by=decided_by,
    )
    add_unique(session, container, taken=_taken("code", code))
    facts.record(session, events.CONTAINER_CLASS_MADE, container.id, stamp)
    price_container(session, class_id=container.id, unit_cents=unit_cents, valid_from=valid_from, stamp=stamp)
    return container


def price_container(
    session: Session, *, class_id: UUID, unit_cents: int, valid_from: date, stamp: Stamp
) -> ContainerPrice:
    """Return the deposit of a class of the acting organisation from a day on; earlier days keep theirs."""
    container = session.scalars(
        select(ContainerClass).where(ContainerClass.id == class_id, ContainerClass.owner_id == acting_org(session))
    ).one_or_none()
    if container is None:
        raise NotFound(Text("Cette classe de contenant n’existe pas.", "There is no such container class."))
    if not 0 <= unit_cents <= MAX_DEPOSIT_CENTS:
        raise _bad(
            "unit_cents", f"La consigne va de 0 à {MAX_DEPOSIT_CENTS}.", f"A deposit is 0 to {MAX_DEPOSIT_CENTS}."
        )
    price = ContainerPrice(**container.kin(), class_id=class_id, unit_cents=unit_cents, valid_from=valid_from)
    add_unique(session, price, taken=_taken("valid_from", f"{valid_from}"))
    facts.record(session, events.CONTAINER_PRICED, class_id, stamp)
    return price


def share_classes(session: Session, *, reader_ids: Iterable[UUID]) -> None:
    """Let new partners of the acting organisation read its container classes and their deposits."""
    readers = set(reader_ids) - {acting_org(session)}
    rows = [
        *session.scalars(select(ContainerClass).where(ContainerClass.owner_id == acting_org(session))),
        *session.scalars(select(ContainerPrice).where(ContainerPrice.owner_id == acting_org(session))),
    ]
    for row in rows:
        if not readers <= set(row.party_ids):
            row.party_ids = sorted(readers | set(row.party_ids))
    session.flush()


def create_product(session: Session, *, name_fr: str, name_en: str, stamp: Stamp, style: str = "") -> Product:
    """Return a new product of the acting supplier."""
    product = Product(owner_id=acting_org(session), name_fr=name_fr, name_en=name_en, style=style)
    session.add(product)
    session.flush()
    facts.record(session, events.PRODUCT_MADE, product.id, stamp)
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
    tax_codes: Sequence[str] = ("gst", "qst"),
    barcode: str = "",
    unlimited: bool = True,
) -> ProductFormat:
    """Return a format in which the acting supplier sells a product; the price has up to 4 decimals.

    Raises:
        BadFormat: a figure out of bounds, or containers without a class.
    """
    _require_format(unit_price, weight_g, containers_a_unit, container_class_id)
    made = ProductFormat(
        owner_id=acting_org(session),
        product_id=product_id,
        name_fr=name_fr,
        name_en=name_en,
        sales_unit=sales_unit,
        unit_price=unit_price,
        weight_g=weight_g,
        container_class_id=container_class_id,
        containers_a_unit=containers_a_unit,
        volume_ml=volume_ml,
        tax_codes=list(tax_codes),
        barcode=barcode,
        unlimited=unlimited,
    )
    session.add(made)
    session.flush()
    facts.record(session, events.FORMAT_MADE, made.id, stamp)
    return made


def require_unit_price(unit_price: Decimal, *, where: str = "unit_price") -> Decimal:
    """Return the price when it is exact to 4 decimals and inside the bounds.

    Raises:
        BadFormat: negative, too large, not a number, or with more decimals.
    """
    try:
        sound = 0 <= unit_price <= MAX_UNIT_PRICE and unit_price == unit_price.quantize(PRICE_STEP)
    except InvalidOperation:
        sound = False
    if not sound:
        raise _bad(
            where, "Le prix va de 0 à 1\u00a0000\u00a0000 avec 4 décimales.", "A price is 0 to 1,000,000, 4 decimals."
        )
    return unit_price


def _require_format(unit_price: Decimal, weight_g: int, containers: int, class_id: UUID | None) -> None:
    require_unit_price(unit_price)
    if not 0 <= weight_g <= MAX_WEIGHT_G:
        raise _bad("weight_g", f"Le poids va de 0 à {MAX_WEIGHT_G}\u00a0g.", f"A weight is 0 to {MAX_WEIGHT_G} g.")
    if not 0 <= containers <= 1000 or (containers and class_id is None):  # noqa: PLR2004  # a pallet holds fewer
        raise _bad("containers_a_unit", "Nommer la classe des contenants.", "Name the class of the containers.")


def _taken(where: str, value: str) -> ContainerTaken:
    return ContainerTaken(
        Text(f"«\u00a0{value}\u00a0» existe déjà. En choisir un autre.", f"“{value}” already exists. Choose another."),
        where=where,
    )


def _bad(where: str, fr: str, en: str) -> BadFormat:
    return BadFormat(Text(fr, en), where=where)
