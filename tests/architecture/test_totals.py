"""Every amount of a page is either a total, which unfolds, or one of those that somebody can say why they do not.

Amounts are what passes the filter ``money``. A total passes the macro ``why`` too, which takes what unfolds it; that it
does, to the cent, for whoever sees the total, is tests/browser/test_totals.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests.architecture.sources import ROOT

NO_TOTALS: Mapping[str, Mapping[str, set[str]]] = {
    "what one unit costs, or a threshold that somebody set": {
        "billing/deposits.html": {"one.unit_cents"},
        "catalog/containers.html": {"price.unit_cents"},
        "dashboard/credit.html": {"line.unit_cents"},
        "fulfilment/by_hand.html": {"one.unit_cents"},
        "fulfilment/offer.html": {"one.deposit_cents"},
        "fulfilment/order_totals.html": {"quote.min_value_cents"},
        "fulfilment/recharge.html": {"one.line.unit_cents"},
        "fulfilment/taken.html": {"one.unit_cents"},
        "parties/partners.html": {"bond.credit_threshold_cents"},
        "parties/settings.html": {"value"},
        "receivables/account.html": {"whole.limit_cents"},
        "sync/words.html": {"leaf.unit_cents"},
    },
    "what somebody typed": {
        "dashboard/order.html": {"-one.amount_cents", "-order.document_discount_cents"},
        "fulfilment/order_edit.html": {"line.discount_cents"},
    },
    "one line of a document, which its totals unfold to": {
        "dashboard/credit.html": {"line.deposit_cents", "line.net_cents"},
        "dashboard/invoice.html": {"line.deposit_cents", "line.net_cents"},
        "dashboard/joined_invoice.html": {"line.deposit_cents", "line.net_cents"},
        "fulfilment/order_fields.html": {"one.deposit_cents"},
        "receivables/parts.html": {"net"},
    },
    "one movement, which balances unfold to; its row leads to its document": {
        "receivables/account.html": {"line.amount_cents", "line.moved_cents"},
        "receivables/credit_applied.html": {"row.allocation.amount_cents"},
        "receivables/invoice_applied.html": {"row.allocation.amount_cents"},
        "receivables/payment.html": {"row.allocation.amount_cents", "row.amount_cents"},
        "receivables/statement.html": {"line.amount_cents", "-line.amount_cents"},
    },
    "reckoned in its own row from what stands in it": {
        "billing/deposits.html": {"one.amount_cents"},
        "receivables/payment_form.html": {"handed"},
        "receivables/statement.html": {"line.balance_cents"},
    },
    "said again in a button or a label, beside the total that unfolds": {
        "dashboard/joined_invoice.html": {"whole.open_cents"},
        "receivables/invoice_actions.html": {"whole.row.open_cents"},
        "receivables/parts.html": {"held"},
    },
    "money that changed hands, as somebody counted it": {
        "fulfilment/taken.html": {"one.amount_cents"},
        "sync/words.html": {"leaf.amount_cents"},
    },
    "the unfolding itself": {
        "billing/unfold.html": {"step.amount_cents"},
        "fulfilment/order_totals.html": {"whole.amount_cents"},
    },
}  # fmt: skip


PARSING = Environment()


def amounts(template: str) -> Iterator[tuple[str, bool]]:
    """Yield every amount of a template in the words of its expression, and whether it passes ``why``."""
    if "money" in template:
        yield from _amounts(PARSING.parse(template), is_total=False)


def _amounts(node: nodes.Node, *, is_total: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(node, nodes.Filter) and node.name == "money" and node.node is not None:
        yield _words(node.node), is_total
    is_total = is_total or (
        isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "why"
    )
    for child in node.iter_child_nodes():
        yield from _amounts(child, is_total=is_total)


def _words(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_words(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{_words(node.node)}[{_words(node.arg)}]"
        case nodes.Neg():
            return f"-{_words(node.node)}"
        case _:
            return type(node).__name__.lower()


def plain_amounts() -> set[tuple[str, str]]:
    """Return every amount of the pages that passes no ``why``."""
    return {
        (f"{path.parent.name}/{path.name}", words)
        for path in Path(ROOT, "server").rglob("*.html")
        for words, is_total in amounts(path.read_text(encoding="utf-8"))
        if not is_total
    }


def test_every_amount_that_does_not_unfold_says_why() -> None:
    """Issue, « why this number »: an amount of a page is a total that unfolds, or is named here with its reason."""
    named = [(template, words) for told in NO_TOTALS.values() for template, every in told.items() for words in every]
    found = plain_amounts()
    assert len(named) == len(set(named)), "an amount has one reason"
    assert found - set(named) == set(), "a new amount: through the macro why, or a reason here"
    assert set(named) - found == set(), "no longer on the page"


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{{ one.total_cents|money }}", [("one.total_cents", False)]),
        ("<b>{{ (-note.total_cents)|money(note.currency) }}</b>", [("-note.total_cents", False)]),
        ('{{ why("#pourquoi", one.total_cents|money(one.currency)) }}', [("one.total_cents", True)]),
        ('{{ tile("x", why(at, ages[age]|money)) if ages else 0|money }}', [("ages[age]", True), ("const", False)]),
    ],
)
def test_the_search_for_amounts_finds_them(template: str, found: list[tuple[str, bool]]) -> None:
    """The check can fail: a total that is only written is found, one that passes the macro is told from it."""
    assert sorted(amounts(template)) == sorted(found)
