"""Lines made from product formats, with price, taxes and deposit frozen at that moment (R050)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog import queries as catalog
from server.catalog.model import ContainerClass, Product, ProductFormat
from server.catalog.prices import resolving
from server.catalog.prices.steps import PriceStep, ResolvedPrice, StepKind
from server.catalog.service import require_unit_price
from server.core.problems import Problem, Text
from server.orders.model import Order, OrderLine
from server.parties import queries as parties
from shared.ids import new_id
from shared.wire.limits import MAX_LINES_AN_ORDER
from shared.wire.terms import TaxRule

MAX_QUANTITY: Final = 100_000
MAX_DESCRIPTION: Final = 200
_TYPED: Final = Text("Prix convenu pour cette commande", "Price agreed for this order")


class BadOrder(Problem):
    """An order's content cannot be."""

    slug = "bad-order"
    title = Text("Commande invalide", "Invalid order")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """A format and a quantity in its sales unit; ``unit_price`` None takes what the client pays, step by step.

    Without discounts that is the price of its list (R049). ``discount_cents`` is taken off the line beside it.
    """

    format_id: UUID
    quantity: int
    discount_cents: int = 0
    unit_price: Decimal | None = None
    with_discounts: bool = True


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What the lines are made from, read once."""

    formats: dict[UUID, tuple[ProductFormat, Product]]
    classes: dict[UUID, ContainerClass]
    deposits: dict[UUID, int]
    prices: resolving.Shelf
    typed_by: str


def tax_rules_for(session: Session, *, issuer_id: UUID, on: date) -> tuple[TaxRule, ...]:
    """Return the rates that an issuer charges on a day: those it is registered for, none when it is not."""
    codes = {registration.tax_code for registration in parties.registrations(session, org_id=issuer_id, on=on)}
    return catalog.tax_rules(session, codes=codes, on=on)


def make_lines(
    session: Session,
    order: Order,
    *,
    items: Sequence[OrderItem],
    taxes: Sequence[TaxRule],
    on: date,
    typed_by: str = "",
) -> list[OrderLine]:
    """Return the lines of an order, in the items' order, frozen at the prices and deposits of ``on``.

    The session acts for the seller; ``typed_by`` is who says the prices that an item brings. Each line keeps how its
    price came to be.

    Raises:
        BadOrder: no line, too many, an unknown format, or a quantity out of bounds.
        NoDeposit: a container class without a deposit on that day.
    """
    _require_items(items)
    shelf = _read_shelf(session, order, items, on, typed_by)
    codes = {rule.code for rule in taxes} if order.taxed else set[str]()
    return [_line(order, position, item, shelf, codes) for position, item in enumerate(items, start=1)]


def _read_shelf(session: Session, order: Order, items: Sequence[OrderItem], on: date, typed_by: str) -> _Shelf:
    formats = dict(catalog.formats(session, format_ids=(item.format_id for item in items)))
    for position, item in enumerate(items):
        if item.format_id not in formats:
            raise _bad(f"items[{position}].format_id", "Ce format n’existe pas.", "There is no such format.")
    class_ids = {one.container_class_id for one, _ in formats.values() if one.container_class_id}
    classes = dict(catalog.container_classes(session, class_ids=class_ids))
    deposits = dict(catalog.prices_on(session, class_ids=class_ids, day=on))
    prices = resolving.shelf_for(session, seller_id=order.owner_id, buyer_id=order.buyer_id, on=on)
    return _Shelf(formats, classes, deposits, prices, typed_by)


def _line(order: Order, position: int, item: OrderItem, shelf: _Shelf, codes: set[str]) -> OrderLine:
    sold, product = shelf.formats[item.format_id]
    price = _price(sold, item, shelf)
    return OrderLine(
        **order.kin(),
        id=new_id(),
        order_id=order.id,
        position=position,
        format_id=sold.id,
        description_fr=f"{product.name_fr}, {sold.name_fr}"[:MAX_DESCRIPTION],
        description_en=f"{product.name_en}, {sold.name_en}"[:MAX_DESCRIPTION],
        sales_unit=sold.sales_unit.value,
        quantity=item.quantity,
        unit_price=price.unit_price,
        price_steps=[step.as_json() for step in price.steps],
        discount_cents=item.discount_cents,
        tax_codes=[code for code in sold.tax_codes if code in codes],
        weight_g=sold.weight_g,
        barcode=sold.barcode,
        **_container_columns(order, sold, shelf),
    )


def _price(sold: ProductFormat, item: OrderItem, shelf: _Shelf) -> ResolvedPrice:
    """What the client pays, or what an item says; a price that is typed as it stands anyway keeps its steps."""
    wanted = resolving.Wanted(sold=sold, quantity=item.quantity, with_discounts=item.with_discounts)
    found = shelf.prices.price(wanted)
    if item.unit_price is None or require_unit_price(item.unit_price) == found.unit_price:
        return found
    typed = PriceStep(kind=StepKind.TYPED, unit_price=item.unit_price, name=_TYPED, set_by=shelf.typed_by)
    return ResolvedPrice((found.steps[0], typed))


def _container_columns(order: Order, sold: ProductFormat, shelf: _Shelf) -> dict[str, object]:
    if sold.container_class_id is None:
        return {}
    container = shelf.classes[sold.container_class_id]
    return {
        "container_class_id": container.id,
        "container_code": container.code,
        "containers_a_unit": sold.containers_a_unit,
        "deposit_unit_cents": shelf.deposits[container.id] if order.with_deposits else 0,
        "deposit_taxable": container.taxable,
    }


def _require_items(items: Sequence[OrderItem]) -> None:
    if not 1 <= len(items) <= MAX_LINES_AN_ORDER:
        raise _bad(
            "items",
            f"Une commande a de 1 à {MAX_LINES_AN_ORDER} lignes.",
            f"An order has 1 to {MAX_LINES_AN_ORDER} lines.",
        )
    for position, item in enumerate(items):
        if not 1 <= item.quantity <= MAX_QUANTITY:
            raise _bad(
                f"items[{position}].quantity",
                f"Une quantité va de 1 à {MAX_QUANTITY}.",
                f"A quantity is 1 to {MAX_QUANTITY}.",
            )
        if item.discount_cents < 0:
            raise _bad(
                f"items[{position}].discount_cents",
                "Un rabais n’est pas négatif.",
                "A discount is not negative.",
            )


def _bad(where: str, fr: str, en: str) -> BadOrder:
    return BadOrder(Text(fr, en), where=where)
