"""What an order said when it was submitted, so that it can say it again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from server.orders.model import LineKind, Order, OrderLine
from server.parties.model import BillingType, DeliverWith
from shared.ids import new_id

_ORDER_FIELDS: Final = ("document_discount_cents", "taxed", "with_deposits", "note", "rebates", "one_invoice_a_stop")
_LINE_FIELDS: Final = (
    "position",
    "description_fr",
    "description_en",
    "sales_unit",
    "quantity",
    "price_steps",
    "discount_cents",
    "rebate_cents",
    "container_code",
    "containers_a_unit",
    "deposit_unit_cents",
    "deposit_taxable",
    "weight_g",
    "barcode",
    "lots",
)


def snapshot_of(order: Order) -> dict[str, Any]:
    """Return all that may change of an order until its answer, as JSON; ``order.lines`` must be loaded."""
    content: dict[str, Any] = {name: getattr(order, name) for name in _ORDER_FIELDS}
    return content | {
        "billing_type": order.billing_type.value,
        "deliver_with": order.deliver_with.value,
        "priced_on": order.priced_on.isoformat(),
        "lines": [_line_content(line) for line in order.lines],
    }


def lines_from(order: Order, snapshot: dict[str, Any]) -> list[OrderLine]:
    """Return new lines with the content and identities that the snapshot kept."""
    return [_line_from(order, content) for content in snapshot["lines"]]


def header_from(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return the order's own columns that the snapshot kept."""
    return {name: snapshot[name] for name in _ORDER_FIELDS} | {
        "billing_type": BillingType(snapshot["billing_type"]),
        "deliver_with": DeliverWith(snapshot["deliver_with"]),
        "priced_on": date.fromisoformat(snapshot["priced_on"]),
    }


def _line_content(line: OrderLine) -> dict[str, Any]:
    content: dict[str, Any] = {name: getattr(line, name) for name in _LINE_FIELDS}
    return content | {
        "id": str(line.id),
        "kind": line.kind.value,
        "unit_price": f"{line.unit_price:.4f}",
        "tax_codes": list(line.tax_codes),
        "format_id": str(line.format_id) if line.format_id else None,
        "container_class_id": str(line.container_class_id) if line.container_class_id else None,
    }


def _line_from(order: Order, content: dict[str, Any]) -> OrderLine:
    return OrderLine(
        **order.kin(),
        id=UUID(content["id"]) if content.get("id") else new_id(),
        order_id=order.id,
        kind=LineKind(content["kind"]),
        unit_price=Decimal(content["unit_price"]),
        tax_codes=list(content["tax_codes"]),
        format_id=UUID(content["format_id"]) if content["format_id"] else None,
        container_class_id=UUID(content["container_class_id"]) if content["container_class_id"] else None,
        **{name: content[name] for name in _LINE_FIELDS},
    )
