"""What a signer sees of an order by its terms alone, in the reference model: whoever signs anew sees it priced anew."""

from __future__ import annotations

from collections.abc import Sequence

from server.rehearsal.oracle_money import Json, bill, credit, total
from server.rehearsal.oracle_said import Expected, Order

type Shown = tuple[str, int, int, int]
"""A word, and the cents of the invoice, of the credit, and of what was accepted beyond the order."""


def shown_in(head: Json) -> Shown:
    """Return what a sealed visit says that its signer saw."""
    invoice, back, beyond = (int(head[f"shown_{one}_cents"]) for one in ("total", "credit", "supplement"))
    return head["shown"], invoice, back, beyond


def shown_of(goods: Json, prices: Json, lines: Sequence[Json]) -> Shown:
    """Return what is to be shown of an order; of one without an invoice on the truck, nothing."""
    if goods["billing_type"] == "external" or goods["deliver_with"] == "po":
        return "none", 0, 0, 0
    extras = {line["line_id"]: line["extra"] for line in lines if line["extra"]}
    beyond = total(bill(goods, prices, extras, stretch_discount=False))
    if prices["invoice_standing"] != "published":
        invoice = bill(goods, prices, {line["line_id"]: line["delivered"] for line in lines})
        word = "invoice" if invoice else "supplement" if extras else "none"
        return word, total(invoice), 0, beyond
    whole = bill(goods, prices, {line["line_id"]: line["ordered"] for line in lines})
    back = credit(whole, {line["line_id"]: line["ordered"] - line["delivered"] for line in lines})
    threshold = prices["credit_threshold_cents"]
    if back and threshold is not None and total(back) > threshold:
        return "credit_pending", total(whole), 0, beyond
    return "credit" if back else "invoice", total(whole), total(back), beyond


def word_of(expected: Expected, order: Order, goods: Json) -> str:
    """Return what a signer is shown of an order by what follows; of one without an invoice on the truck, nothing."""
    if goods["billing_type"] == "external" or goods["deliver_with"] == "po":
        return "none"
    if order in expected.credited:
        return "credit" if expected.credited[order][0] == "issued" else "credit_pending"
    if order in expected.invoiced:
        return "invoice"
    return "supplement" if order in expected.supplied else "none"
