"""Reads over formats, deposits and tax rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from server.catalog.model import ContainerClass, ContainerPrice, Product, ProductFormat, TaxRate
from server.core.days import written_day
from server.core.problems import Problem, Text
from shared.wire.terms import TaxRule


class UnknownTax(Problem):
    """No rate is known for a tax on a day."""

    slug = "unknown-tax"
    title = Text("Taxe inconnue", "Unknown tax")


class NoDeposit(Problem):
    """A container class has no deposit on a day."""

    slug = "no-deposit"
    title = Text("Consigne inconnue", "Unknown deposit")


@dataclass(frozen=True, slots=True)
class ContainerOffer:
    """A container class that may come back, at its price of the day."""

    container: ContainerClass
    unit_cents: int


def tax_rules(session: Session, *, codes: Iterable[str], on: date) -> tuple[TaxRule, ...]:
    """Return the rates of a day for these taxes, by code (T8).

    Raises:
        UnknownTax: a code has no rate on that day.
    """
    wanted = set(codes)
    rows = session.scalars(
        select(TaxRate)
        .where(TaxRate.code.in_(wanted), TaxRate.valid_from <= on)
        .order_by(TaxRate.code, TaxRate.valid_from.desc())
        .ext(distinct_on(TaxRate.code))
    ).all()
    if missing := wanted - {row.code for row in rows}:
        code = min(missing)
        raise UnknownTax(
            Text(f"La taxe «\u00a0{code}\u00a0» n’a pas de taux le {on}.", f"The tax “{code}” has no rate on {on}."),
            where="tax_codes",
        )
    return tuple(
        TaxRule(code=row.code, rate=f"{row.rate.normalize():f}", name_fr=row.name_fr, name_en=row.name_en)
        for row in rows
    )


def price_on(session: Session, *, class_id: UUID, day: date) -> int:
    """Return the deposit of one container of a class on a day, in cents.

    Raises:
        NoDeposit: none is set for that day.
    """
    return prices_on(session, class_ids=(class_id,), day=day)[class_id]


def prices_on(session: Session, *, class_ids: Iterable[UUID], day: date) -> Mapping[UUID, int]:
    """Return the deposits of these classes on a day, in cents.

    Raises:
        NoDeposit: a class has none for that day.
    """
    wanted = set(class_ids)
    known = known_prices_on(session, class_ids=wanted, day=day)
    if missing := wanted - known.keys():
        raise NoDeposit(
            Text(
                f"Une classe de contenant n’a pas de consigne le {written_day(day, 'fr')}. Lui en donner une.",
                f"A container class has no deposit on {written_day(day, 'en')}. Set one.",
            ),
            where=str(min(missing)),
        )
    return known


def known_prices_on(session: Session, *, class_ids: Iterable[UUID], day: date) -> Mapping[UUID, int]:
    """Return the deposits of these classes on a day, in cents; a class that has none is absent."""
    found = deposits_on(session, class_ids=class_ids, day=day)
    return {class_id: price.unit_cents for class_id, price in found.items()}


def deposits_on(session: Session, *, class_ids: Iterable[UUID], day: date) -> Mapping[UUID, ContainerPrice]:
    """Return the line of each class's table of deposits that counts on a day; a class that has none is absent."""
    rows = session.scalars(
        select(ContainerPrice)
        .where(ContainerPrice.class_id.in_(set(class_ids)), ContainerPrice.valid_from <= day)
        .order_by(ContainerPrice.class_id, ContainerPrice.valid_from.desc())
        .ext(distinct_on(ContainerPrice.class_id))
    )
    return {row.class_id: row for row in rows}


def offers_on(session: Session, owner_ids: Iterable[UUID], *, on: date) -> tuple[ContainerOffer, ...]:
    """Return the container classes of these owners that have a deposit on a day; what may not be read is absent."""
    rows = session.execute(
        select(ContainerClass, ContainerPrice.unit_cents)
        .join(ContainerPrice, ContainerPrice.class_id == ContainerClass.id)
        .where(ContainerClass.owner_id.in_(set(owner_ids)), ContainerPrice.valid_from <= on)
        .order_by(ContainerClass.id, ContainerPrice.valid_from)
    )
    latest = {container.id: ContainerOffer(container, unit_cents) for container, unit_cents in rows}
    return tuple(latest.values())


def price_table(session: Session, *, class_ids: Iterable[UUID]) -> Mapping[UUID, list[ContainerPrice]]:
    """Return every dated deposit of these classes, the newest first, by class."""
    wanted = set(class_ids)
    table: dict[UUID, list[ContainerPrice]] = {class_id: [] for class_id in wanted}
    rows = select(ContainerPrice).where(ContainerPrice.class_id.in_(wanted))
    for row in session.scalars(rows.order_by(ContainerPrice.valid_from.desc())):
        table[row.class_id].append(row)
    return table


def formats(session: Session, *, format_ids: Iterable[UUID]) -> Mapping[UUID, tuple[ProductFormat, Product]]:
    """Return formats with their products, by format id; what the acting organisation may not read is absent."""
    rows = session.execute(
        select(ProductFormat, Product)
        .join(Product, Product.id == ProductFormat.product_id)
        .where(ProductFormat.id.in_(set(format_ids)))
    )
    return {row[0].id: (row[0], row[1]) for row in rows}


def container_classes(session: Session, *, class_ids: Iterable[UUID]) -> Mapping[UUID, ContainerClass]:
    """Return container classes by id; what the acting organisation may not read is absent."""
    rows = session.scalars(select(ContainerClass).where(ContainerClass.id.in_(set(class_ids))))
    return {row.id: row for row in rows}


def readable_classes(session: Session) -> list[ContainerClass]:
    """Return every container class that the acting organisation owns or may read, by owner and code."""
    return list(session.scalars(select(ContainerClass).order_by(ContainerClass.owner_id, ContainerClass.code)))
