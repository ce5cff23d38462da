"""Lines made from product formats, with price, taxes and deposit frozen at that moment (R050)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog import queries as catalog
from server.catalog.model import ContainerClass, Product, ProductFormat, SalesUnit
from server.catalog.prices import resolving
from server.catalog.prices.steps import PriceStep, ResolvedPrice, StepKind
from server.catalog.service import TAX_CODES, require_unit_price
from server.core.problems import Problem, Text
from server.orders.model import LineKind, Order, OrderLine
from server.parties import queries as parties
from shared.ids import new_id
from shared.wire.limits import MAX_LINES_AN_ORDER
from shared.wire.terms import TaxRule

MAX_QUANTITY: Final = 100_000
MAX_DESCRIPTION: Final = 200
MAX_AMOUNT: Final = 1_000_000_000
_TYPED: Final = Text("Prix convenu pour cette commande", "Price agreed for this order")
_LISTED: Final = (StepKind.BASE, StepKind.LIST)
_FROZEN: Final = (
    "id",
    "kind",
    "format_id",
    "description_fr",
    "description_en",
    "sales_unit",
    "unit_price",
    "price_steps",
    "tax_codes",
    "container_class_id",
    "container_code",
    "containers_a_unit",
    "deposit_unit_cents",
    "deposit_taxable",
    "weight_g",
    "barcode",
    "lots",
)


class BadOrder(Problem):
    """An order's content cannot be."""

    slug = "bad-order"
    title = Text("Commande invalide", "Invalid order")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """One line as somebody wants it: a quantity of a catalogue's format, of goods in words, or of a charge (R059).

    ``line_id`` keeps a line of the order with what was frozen on it. ``unit_price`` None takes the line's own price,
    else what the client pays, step by step; without discounts that is the price of its list (R049). ``tax_codes`` None
    takes the line's own taxes, else the format's; given ones are all that the line bears, whoever bills it.
    ``discount_cents`` is taken off the whole line beside its price.
    """

    quantity: int
    format_id: UUID | None = None
    discount_cents: int = 0
    unit_price: Decimal | None = None
    with_discounts: bool = True
    tax_codes: Sequence[str] | None = None
    line_id: UUID | None = None
    kind: LineKind = LineKind.GOODS
    words: str = ""


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
    on: date,
    typed_by: str = "",
    standing: Sequence[OrderLine] = (),
) -> list[OrderLine]:
    """Return the lines of an order, in the items' order, frozen at the prices and deposits of ``on``.

    Items that name a line of ``standing`` keep its identity, words, price, deposit and lots. A line bears its taxes
    whether the issuer charges them or not: who bills, and its registrations, may change until it is invoiced (C28, T8).
    Each line keeps how its price came to be; ``typed_by`` is who says the prices that an item brings. The session acts
    for the seller.

    Raises:
        BadOrder: no line, too many, an unknown format or line, or a figure out of bounds, be it the whole amount.
        NoDeposit: a container class without a deposit on that day.
    """
    kept = {line.id: line for line in standing}
    _require_items(items, kept)
    shelf = _read_shelf(session, order, [item for item in items if item.line_id is None], on, typed_by)
    return _bounded(
        [
            OrderLine(**order.kin(), order_id=order.id, position=position, **_columns(item, shelf, kept))
            for position, item in enumerate(items, start=1)
        ]
    )


def _bounded(lines: list[OrderLine]) -> list[OrderLine]:
    """Return lines whose prices times quantities papers, messages and tables can hold, with taxes and deposits."""
    if sum(line.unit_price * line.quantity for line in lines) > MAX_AMOUNT:
        raise _bad(
            "items",
            f"Une commande vaut au plus {MAX_AMOUNT:_} $ avant taxes. Vérifier prix et quantités.".replace(
                "_", "\u00a0"
            ),
            f"An order comes to at most ${MAX_AMOUNT:,} before taxes. Check prices and quantities.",
        )
    return lines


def _read_shelf(session: Session, order: Order, items: Sequence[OrderItem], on: date, typed_by: str) -> _Shelf:
    wanted = [item.format_id for item in items if item.format_id is not None]
    formats = dict(catalog.formats(session, format_ids=wanted))
    for position, item in enumerate(items):
        if item.format_id is not None and item.format_id not in formats:
            raise _bad(f"items[{position}].format_id", "Ce format n’existe pas.", "There is no such format.")
    class_ids = {one.container_class_id for one, _ in formats.values() if one.container_class_id}
    classes = dict(catalog.container_classes(session, class_ids=class_ids))
    deposits = dict(catalog.prices_on(session, class_ids=class_ids, day=on))
    prices = resolving.shelf_for(session, seller_id=order.owner_id, buyer_id=order.buyer_id, on=on)
    return _Shelf(formats, classes, deposits, prices, typed_by)


def _columns(item: OrderItem, shelf: _Shelf, kept: Mapping[UUID, OrderLine]) -> dict[str, Any]:
    """What was there before, or what the catalogue or the words say, under what the item says of its own."""
    if item.line_id is not None:
        columns = _as_it_was(kept[item.line_id], item)
    elif item.format_id is not None:
        columns = _from_catalogue(item.format_id, item, shelf)
    else:
        columns = _in_words(item)
    columns |= {"quantity": item.quantity, "discount_cents": item.discount_cents}
    if item.unit_price is not None and require_unit_price(item.unit_price) != columns["unit_price"]:
        columns |= _typed(item.unit_price, columns["price_steps"], shelf.typed_by)
    wanted = columns["tax_codes"] if item.tax_codes is None else item.tax_codes
    columns["tax_codes"] = sorted(code for code in set(wanted) if code in TAX_CODES)
    return columns


def _as_it_was(line: OrderLine, item: OrderItem) -> dict[str, Any]:
    columns = {name: getattr(line, name) for name in _FROZEN}
    listed = [step for step in line.price_steps if StepKind(step["kind"]) in _LISTED]
    if item.with_discounts or not listed:
        return columns
    return columns | {"price_steps": listed, "unit_price": Decimal(listed[-1]["unit_price"])}


def _typed(price: Decimal, steps: Sequence[dict[str, Any]], typed_by: str) -> dict[str, Any]:
    """A price that somebody says ends the story; where it began is kept."""
    typed = PriceStep(kind=StepKind.TYPED, unit_price=price, name=_TYPED, set_by=typed_by)
    began = [step for step in steps[:1] if StepKind(step["kind"]) is StepKind.BASE]
    return {"unit_price": price, "price_steps": [*began, typed.as_json()]}


def _from_catalogue(format_id: UUID, item: OrderItem, shelf: _Shelf) -> dict[str, Any]:
    sold, product = shelf.formats[format_id]
    price = _price(sold, item, shelf)
    columns: dict[str, Any] = {
        "id": new_id(),
        "format_id": sold.id,
        "description_fr": f"{product.name_fr}, {sold.name_fr}"[:MAX_DESCRIPTION],
        "description_en": f"{product.name_en}, {sold.name_en}"[:MAX_DESCRIPTION],
        "sales_unit": sold.sales_unit.value,
        "unit_price": price.unit_price,
        "price_steps": [step.as_json() for step in price.steps],
        "tax_codes": sold.tax_codes,
        "weight_g": sold.weight_g,
        "barcode": sold.barcode,
    }
    if sold.container_class_id is None:
        return columns
    container = shelf.classes[sold.container_class_id]
    return columns | {
        "container_class_id": container.id,
        "container_code": container.code,
        "containers_a_unit": sold.containers_a_unit,
        "deposit_unit_cents": shelf.deposits[container.id],
        "deposit_taxable": container.taxable,
    }


def _price(sold: ProductFormat, item: OrderItem, shelf: _Shelf) -> ResolvedPrice:
    wanted = resolving.Wanted(sold=sold, quantity=item.quantity, with_discounts=item.with_discounts)
    return shelf.prices.price(wanted)


def _in_words(item: OrderItem) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": item.kind,
        "description_fr": item.words.strip(),
        "description_en": item.words.strip(),
        "sales_unit": SalesUnit.UNIT.value,
        "unit_price": None,
        "price_steps": [],
        "tax_codes": (),
    }


def _require_items(items: Sequence[OrderItem], kept: Mapping[UUID, OrderLine]) -> None:
    if not 1 <= len(items) <= MAX_LINES_AN_ORDER:
        raise _bad(
            "items",
            f"Une commande a de 1 à {MAX_LINES_AN_ORDER} lignes.",
            f"An order has 1 to {MAX_LINES_AN_ORDER} lines.",
        )
    named = [item.line_id for item in items if item.line_id is not None]
    if len(set(named)) < len(named) or not kept.keys() >= set(named):
        raise _bad(
            "items.line_id",
            "Une ligne n’est pas ou plus de cette commande, ou vient deux fois. Recharger la commande.",
            "A line is not, or no longer, of this order, or comes twice. Load the order again.",
        )
    for position, item in enumerate(items):
        _require_item(item, f"items[{position}]")


def _require_item(item: OrderItem, where: str) -> None:
    if not 1 <= item.quantity <= MAX_QUANTITY:
        raise _bad(
            f"{where}.quantity", f"Une quantité va de 1 à {MAX_QUANTITY}.", f"A quantity is 1 to {MAX_QUANTITY}."
        )
    if item.discount_cents < 0:
        raise _bad(f"{where}.discount_cents", "Un rabais n’est pas négatif.", "A discount is not negative.")
    if item.line_id is None and item.format_id is None:
        _require_words(item, where)


def _require_words(item: OrderItem, where: str) -> None:
    if item.kind is LineKind.GOODS or not 1 <= len(item.words.strip()) <= MAX_DESCRIPTION:
        raise _bad(
            f"{where}.words",
            f"Un article ou des frais hors catalogue se nomment, en {MAX_DESCRIPTION} caractères au plus.",
            f"An item or a charge outside the catalogue needs a name of {MAX_DESCRIPTION} characters at most.",
        )
    if item.unit_price is None:
        raise _bad(f"{where}.unit_price", "Donner le prix de cette ligne.", "Give this line’s price.")


def _bad(where: str, fr: str, en: str) -> BadOrder:
    return BadOrder(Text(fr, en), where=where)
