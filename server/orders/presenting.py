"""Orders as the JSON doors show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from server.catalog.prices.steps import PriceStep
from server.orders.listing import ListedOrder
from server.orders.model import Order, OrderEntry, OrderLine
from server.orders.pricing import explain_price
from server.orders.service.timeline import TELLS_PRICES
from server.orders.standing import next_step, progress
from server.parties.model import BillingType
from shared.problems import Text
from shared.states import LABELS

_AMOUNTS: Final = ("net_cents", "tax_cents", "deposit_cents", "total_cents")
_PLAIN: Final = (
    "id",
    "number",
    "site_id",
    "planned_on",
    "wanted_on",
    "submitted_at",
    "accepted_at",
    "delivered_at",
    "currency",
    "revision",
    "supplement_of_id",
    "outside_invoice_number",
    "one_invoice_a_stop",
)
_SLUGS: Final = (
    "state",
    "billing_state",
    "billing_type",
    "emission",
    "deliver_with",
    "settlement_policy",
    "distribution",
)
_NOTHING: Final = Text("Rien à faire", "Nothing to do")


def parties_of(orders: Iterable[Order]) -> set[UUID]:
    """Return every organisation that these orders name, to look their names up at once."""
    named = (
        (order.owner_id, order.buyer_id, order.carrier_id, order.issuer_id, order.agent_id, order.created_by_org_id)
        for order in orders
    )
    return {org_id for group in named for org_id in group if org_id}


def present_order(listed: ListedOrder, *, names: Mapping[UUID, str], with_prices: bool) -> dict[str, Any]:
    """Return an order as a list shows it; without prices its amounts are null (C29)."""
    order = listed.order
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        **{name: getattr(order, name).value for name in _SLUGS},
        **{name: getattr(order, name) if with_prices else None for name in _AMOUNTS},
        "state_label": words(LABELS[order.state]),
        "is_billed_outside": order.billing_type is BillingType.EXTERNAL,
        "delivery_bucket": listed.delivery.value,
        "billing_bucket": listed.billing.value,
        "next_step": words(next_step(order) or _NOTHING),
        "progress": progress(order),
        "seller": _party(order.owner_id, names),
        "buyer": _party(order.buyer_id, names),
        "carrier": _party(order.carrier_id, names),
        "issuer": _party(order.issuer_id, names),
    }


def present_detail(listed: ListedOrder, *, names: Mapping[UUID, str], with_prices: bool) -> dict[str, Any]:
    """Return an order with its lines, which must be loaded."""
    order = listed.order
    return present_order(listed, names=names, with_prices=with_prices) | {
        "note": order.note,
        "agent": _party(order.agent_id, names),
        "created_by_name": order.created_by_name,
        "created_by": _party(order.created_by_org_id, names),
        "created_for": _party(order.created_for_id, names),
        "taxed": order.taxed,
        "with_deposits": order.with_deposits,
        "charged_taxes": order.charged_taxes,
        "rebates": order.rebates if with_prices else None,
        "document_discount_cents": order.document_discount_cents if with_prices else None,
        "lines": [_line(line, order, with_prices=with_prices) for line in order.lines],
    }


def said_in(entry: OrderEntry, *, with_prices: bool) -> Text:
    """Return what an entry says; without prices a change of the order is named, not told (C29)."""
    if with_prices or entry.kind not in TELLS_PRICES:
        return Text(entry.text_fr, entry.text_en)
    return Text(f"{entry.text_fr.partition('. ')[0]}.", f"{entry.text_en.partition('. ')[0]}.")


def present_entry(entry: OrderEntry, *, with_prices: bool = True) -> dict[str, Any]:
    """Return a line of an order's timeline."""
    return {
        "kind": entry.kind,
        "text": words(said_in(entry, with_prices=with_prices)),
        "by_system": entry.by is None,
        "at": entry.at,
    }


def present_step(step: PriceStep) -> dict[str, Any]:
    """Return one step of a price."""
    kept = {name: getattr(step, name) for name in ("kind", "change", "rule_id", "set_by", "set_at")}
    dates = {"valid_from": step.valid_from, "valid_until": step.valid_until}
    return kept | dates | {"name": words(step.name), "unit_price": f"{step.unit_price:.4f}"}


def words(text: Text) -> dict[str, str]:
    """Return a text in both languages."""
    return {"fr": text.fr, "en": text.en}


def _party(org_id: UUID | None, names: Mapping[UUID, str]) -> dict[str, Any] | None:
    return {"id": org_id, "name": names.get(org_id, "")} if org_id else None


def _line(line: OrderLine, order: Order, *, with_prices: bool) -> dict[str, Any]:
    """A relieved order charges neither taxes nor deposits, whatever its lines keep for when they come back."""
    priced = {
        "unit_price": f"{line.unit_price:f}",
        "discount_cents": line.discount_cents,
        "rebate_cents": line.rebate_cents,
        "deposit_unit_cents": line.deposit_unit_cents if order.with_deposits else 0,
    }
    return {
        "id": line.id,
        "position": line.position,
        "kind": line.kind.value,
        "format_id": line.format_id,
        "description": {"fr": line.description_fr, "en": line.description_en},
        "sales_unit": line.sales_unit,
        "quantity": line.quantity,
        "lots": line.lots,
        "price_steps": [present_step(step) for step in explain_price(line)] if with_prices else [],
        "tax_codes": line.tax_codes if order.taxed else [],
        "container_code": line.container_code,
        "containers_a_unit": line.containers_a_unit,
        **(priced if with_prices else dict.fromkeys(priced)),
    }
