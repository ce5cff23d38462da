"""What an order form says, read strictly: amounts as people write them, lines by their field's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from werkzeug.datastructures import MultiDict

from server.orders.model import DistributionMethod, LineKind, OrderLine
from server.orders.service import BadOrder, OrderItem, Rebate
from server.parties.model import BillingType
from shared.money import NBSP
from shared.problems import Text

EXTRA_ROWS: Final = 3
MAX_DIGITS: Final = 12
_SPACES = str.maketrans("", "", f" {NBSP}\u202f$")

_BILLED: Final[Mapping[str, tuple[BillingType | None, bool | None]]] = {
    "": (None, None),
    "platform": (BillingType.PLATFORM, None),
    "external": (BillingType.EXTERNAL, None),
    "agent": (BillingType.AGENT, False),
    "agent_stop": (BillingType.AGENT, True),
}
"""Who bills an order (R012), and whether on one invoice for its stop (C15)."""

type Form = MultiDict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the goods travel, as one choice of a form: a distributor by its id, or a method without one (R048)."""

    distribution: DistributionMethod
    carrier_id: UUID | None


def billing_of(form: Form) -> tuple[BillingType | None, bool | None]:
    """Return who bills, and whether on one invoice for the stop; the terms of the client decide where none is chosen.

    Raises:
        BadOrder: the form names something else.
    """
    raw = form.get("facturation", "")
    if raw not in _BILLED:
        said = Text("Choisir la facturation dans la liste.", "Choose the billing from the list.")
        raise BadOrder(said, where="facturation")
    return _BILLED[raw]


def way_of(form: Form, *, seller_id: UUID) -> Way:
    """Return the chosen way of distribution.

    Raises:
        BadOrder: none was chosen.
    """
    raw = form.get("way", "")
    if raw == DistributionMethod.SELF_DISTRIBUTED.value:
        return Way(distribution=DistributionMethod.SELF_DISTRIBUTED, carrier_id=seller_id)
    if raw in {DistributionMethod.SHIPPED.value, DistributionMethod.PICKUP.value}:
        return Way(distribution=DistributionMethod(raw), carrier_id=None)
    carrier_id = asked_uuid(raw)
    if carrier_id is None:
        raise BadOrder(
            Text("Choisir comment la commande est livrée.", "Choose how the order is delivered."), where="way"
        )
    return Way(distribution=DistributionMethod.DISTRIBUTOR, carrier_id=carrier_id)


def new_items(form: Form) -> list[OrderItem]:
    """Return the formats of the catalogue with the quantities that were typed, in the form's order."""
    return [
        OrderItem(format_id=format_id, quantity=quantity)
        for name, raw in form.items()
        if name.startswith("n-") and (format_id := asked_uuid(name[2:])) is not None
        if (quantity := whole(raw, name))
    ]


def edited(form: Form, lines: list[OrderLine]) -> dict[str, Any]:
    """Return what ``revise_order`` takes from an edit form about these lines; an emptied quantity takes a line off."""
    items = [item for line in lines if (item := _kept(form, line)) is not None]
    extras = list(_extras(form))
    rebates = [one for one in extras if isinstance(one, Rebate)]
    return {
        "items": [*items, *new_items(form), *(one for one in extras if isinstance(one, OrderItem))],
        "rebates": [*_rebates(form), *rebates],
        **header(form),
        "seen_revision": seen_revision(form),
    }


def seen_revision(form: Form) -> int:
    """Return the revision of the order that the form's page showed: whoever answers says what was looked at.

    Raises:
        BadOrder: the form does not say it.
    """
    revision = whole(form.get("revision", ""), "revision")
    if revision < 1:
        raise BadOrder(
            Text(
                "Cette page ne dit plus quelle commande elle montrait. La recharger, puis recommencer.",
                "This page no longer says which order it showed. Load it again, then start over.",
            ),
            where="revision",
        )
    return revision


def header(form: Form) -> dict[str, Any]:
    """Return what holds for the whole order."""
    return {
        "document_discount_cents": cents(form.get("document_discount", ""), "document_discount"),
        "taxed": "taxed" in form,
        "with_deposits": "with_deposits" in form,
        "note": form.get("note", "").replace("\x00", "").replace("\r\n", "\n").strip(),
    }


def cents(raw: str, where: str) -> int:
    """Return an amount of money in cents; nothing typed is nothing.

    Raises:
        BadOrder: it is no amount, or has more than two decimals.
    """
    value = _decimal(raw, where, places=2)
    return int(value * 100) if value is not None else 0


def whole(raw: str, where: str) -> int:
    """Return a whole number; nothing typed is nothing.

    Raises:
        BadOrder: it is none.
    """
    value = _decimal(raw, where, places=0)
    return int(value) if value is not None else 0


def asked_uuid(raw: str | None) -> UUID | None:
    """Return an id, or None when it cannot be read."""
    try:
        return UUID(raw or "")
    except ValueError:
        return None


def _kept(form: Form, line: OrderLine) -> OrderItem | None:
    key = str(line.id)
    quantity = whole(form.get(f"q-{key}", ""), f"q-{key}")
    if not quantity:
        return None
    return OrderItem(
        line_id=line.id,
        quantity=quantity,
        unit_price=_decimal(form.get(f"p-{key}", ""), f"p-{key}", places=4),
        discount_cents=cents(form.get(f"d-{key}", ""), f"d-{key}"),
        tax_codes=form.getlist(f"t-{key}") if f"tt-{key}" in form else None,
        with_discounts=f"o-{key}" not in form,
    )


def _extras(form: Form) -> Iterator[OrderItem | Rebate]:
    """Yield what the rows for goods in words, charges and rebates say; an empty row says nothing."""
    for at in range(EXTRA_ROWS):
        words, amount = form.get(f"ew-{at}", "").strip(), form.get(f"ep-{at}", "").strip()
        if not words and not amount:
            continue
        kind, codes = form.get(f"ek-{at}", ""), form.getlist(f"et-{at}")
        if kind == "rebate":
            yield Rebate(words=words, amount_cents=cents(amount, f"ep-{at}"), tax_codes=tuple(codes))
        else:
            yield OrderItem(
                kind=LineKind.CHARGE if kind == "charge" else LineKind.ITEM,
                words=words,
                quantity=whole(form.get(f"eq-{at}", "1"), f"eq-{at}"),
                unit_price=_decimal(amount, f"ep-{at}", places=4),
                tax_codes=codes,
            )


def _rebates(form: Form) -> Iterator[Rebate]:
    for name, words in form.items():
        if name.startswith("rw-") and (amount := cents(form.get(f"ra-{name[3:]}", ""), f"ra-{name[3:]}")):
            yield Rebate(words=words, amount_cents=amount, tax_codes=tuple(form.getlist(f"rt-{name[3:]}")))


def _decimal(raw: str, where: str, *, places: int) -> Decimal | None:
    tidy = raw.translate(_SPACES).replace(",", ".")
    if not tidy:
        return None
    try:
        value = Decimal(tidy) if len(tidy) <= MAX_DIGITS and tidy.isascii() else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0 or value != round(value, places):
        raise BadOrder(
            Text(
                f"«\u00a0{raw[:40]}\u00a0» ne se lit pas comme un nombre positif d’au plus {places} décimales.",
                f"“{raw[:40]}” does not read as a positive number of at most {places} decimals.",
            ),
            where=where,
        )
    return value


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed, so that a refused form shows it again."""
    return {name: value[:2000] for name, value in form.items()}
