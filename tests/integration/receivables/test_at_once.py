"""One command's key told several times at once: real requests side by side, on real connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from server.core.transaction import transaction
from server.receivables.audit import book_faults
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books, today
from tests.factories.web import Client

AT_ONCE = 4


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer and one shop."""
    return make_books()


def side_by_side(ask: Callable[[], Any]) -> list[Any]:
    """Ask from several threads that start together, and return the answers' JSON; each must be a 201."""
    start = Barrier(AT_ONCE)

    def one() -> Any:
        start.wait()
        return answered(ask(), 201)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [told.result() for told in [threads.submit(one) for _ in range(AT_ONCE)]]


def a_program(books: Books) -> Client:
    """The issuer's program, on a connection of its own."""
    return Client(books.app.test_client(), bearer=books.issuer.bearer)


def payment(books: Books) -> tuple[str, dict[str, Any]]:
    return "/api/v1/payments", {
        "buyer_id": str(books.world.buyer.id),
        "method": "cheque",
        "amount_cents": 700,
        "received_on": today().isoformat(),
    }


def credited(books: Books, **what: Any) -> tuple[str, dict[str, Any]]:
    return "/api/v1/credit-notes", {"buyer_id": str(books.world.buyer.id), "reason_fr": "Entente"} | what


def items(books: Books) -> tuple[str, dict[str, Any]]:
    invoice = books.invoice(cases=3)
    line = {"line_id": str(invoice.lines[0].id), "quantity": 1}
    return credited(books, invoice_id=str(invoice.id), items=[line])


def empties(books: Books) -> tuple[str, dict[str, Any]]:
    return credited(books, containers=[{"class_id": str(books.world.seller.keg_class_id), "quantity": 2}])


def amounts(books: Books) -> tuple[str, dict[str, Any]]:
    line = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": 900, "taxed": True}
    return credited(books, lines=[line])


def refund(books: Books) -> tuple[str, dict[str, Any]]:
    paid = books.pay(5_000, allocations=[])
    return f"/api/v1/payments/{paid['id']}/refunds", {"amount_cents": 2_000, "method": "cheque", "reason": "Trop-perçu"}


def refunded_credit(books: Books) -> tuple[str, dict[str, Any]]:
    note = books.credit(4_000)
    return f"/api/v1/credit-notes/{note['id']}/refunds", {"amount_cents": 1_500, "method": "cash", "reason": "Remis"}


def write_off(books: Books) -> tuple[str, dict[str, Any]]:
    invoice = books.invoice(cases=40)  # more than the credits that wait here
    return f"/api/v1/invoices/{invoice.id}/write-offs", {"amount_cents": 300, "reason": "Irrécouvrable"}


@pytest.mark.parametrize(
    "command", [payment, items, empties, amounts, refund, refunded_credit, write_off], ids=lambda one: one.__name__
)
def test_a_command_told_several_times_at_once_is_done_once(books: Books, command) -> None:
    """R084, R089, law 16: every answer is the same document, the account moves once, and the books hold."""
    path, body = command(books)
    before, key = books.balance(), str(new_id())
    told = side_by_side(lambda: a_program(books).post(path, json=body | {"key": key}))
    assert len({one["id"] for one in told}) == 1
    moved = books.balance() - before
    assert moved
    answered(books.issuer.post(path, json=body | {"key": key}), 201)
    assert books.balance() - before == moved
    assert abs(moved) == told[0].get("total_cents", told[0].get("amount_cents"))
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []
