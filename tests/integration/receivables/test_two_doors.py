"""Two different commands on one invoice at once: whichever comes second reads what the first one left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from server.core.transaction import transaction
from server.ledger.service import lock_accounts
from server.parties.model import DeliverWith, Emission, SettlementPolicy
from server.receivables.audit import book_faults
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books
from tests.factories.order_doors import Trade, trade_in
from tests.factories.web import Client
from tests.factories.world import Deal

PATIENCE_SECONDS = 20
CASES = 4
PUBLISHED = Deal(
    settlement_policy=SettlementPolicy.CREDIT, emission=Emission.ON_ACCEPT, deliver_with=DeliverWith.INVOICE
)

type Command = Callable[[Books, Trade, dict[str, Any]], Any]


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer whose invoices are published at once, and one shop."""
    return make_books((PUBLISHED,))


@pytest.fixture(scope="module")
def trade(books: Books) -> Trade:
    return trade_in(books.app, books.world)


@pytest.fixture(scope="module")
def watching(module_database) -> Iterator[Engine]:
    """A connection that sees who waits for whom."""
    engine = create_engine(module_database.superuser_url)
    yield engine
    engine.dispose()


def credit(books: Books, _trade: Trade, invoice: dict[str, Any]) -> Any:
    """The accountant credits three of four cases."""
    program = Client(books.app.test_client(), bearer=books.issuer.bearer)
    body = {
        "key": str(new_id()),
        "buyer_id": str(books.world.buyer.id),
        "reason_fr": "Entente",
        "invoice_id": invoice["id"],
        "items": [{"line_id": invoice["lines"][0]["id"], "quantity": CASES - 1}],
    }
    return program.post("/api/v1/credit-notes", json=body)


def void(books: Books, _trade: Trade, invoice: dict[str, Any]) -> Any:
    """The accountant voids the invoice."""
    program = Client(books.app.test_client(), bearer=books.issuer.bearer)
    return program.post(f"/api/v1/invoices/{invoice['id']}/void", json={"reason": "Erreur"})


def deliver(_books: Books, trade: Trade, invoice: dict[str, Any]) -> Any:
    """The carrier tells that one case of four was delivered."""
    told = {
        "order_line_id": invoice["order"]["lines"][0]["id"],
        "ordered": CASES,
        "delivered": 1,
        "extra": 0,
        "reason": "breakage",
    }
    body = {"key": str(new_id()), "words": "Sans tablette", "lines": [told]}
    return trade.carrier.post(f"/api/v1/orders/{invoice['order']['id']}/deliver", json=body)


@pytest.mark.parametrize(
    "commands",
    [(credit, void), (void, credit), (credit, deliver), (deliver, credit)],
    ids=lambda both: "_then_".join(one.__name__ for one in both),
)
def test_two_doors_never_credit_one_line_twice(
    books: Books, trade: Trade, watching: Engine, commands: Sequence[Command]
) -> None:
    """Laws 8, 9: a credit by hand, a void and a delivery, two of them at once, give back no more than was invoiced."""
    invoice = an_invoice(books, trade)
    before = books.balance() - invoice["total_cents"]
    answers = held_up(books, watching, [lambda one=one: one(books, trade, invoice) for one in commands])
    assert {one.status_code for one in answers} <= {200, 201, 409, 422}  # done, or explained
    notes = [one for one in answered(books.issuer.get("/api/v1/credit-notes")) if one["invoice_id"] == invoice["id"]]
    assert 0 < sum(one["total_cents"] for one in notes) <= invoice["total_cents"]
    assert books.balance() - before == invoice["total_cents"] - sum(one["total_cents"] for one in notes)
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []


def an_invoice(books: Books, trade: Trade) -> dict[str, Any]:
    """One published invoice of four cases, with its lines and its order."""
    order = trade.order(cases=CASES, kegs=0, accepted=True)
    [found] = answered(books.issuer.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    return answered(books.issuer.get(f"/api/v1/invoices/{found['id']}")) | {"order": order}


def held_up(books: Books, watching: Engine, commands: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start each command when the one before it waits, for what the account's lock holds up or for each other."""
    with ThreadPoolExecutor(len(commands)) as threads:
        with account_held(books):
            told: list[Future[Any]] = []
            for waiting, command in enumerate(commands, start=1):
                told.append(threads.submit(command))
                wait_for(watching, waiting, told)
        return [one.result(PATIENCE_SECONDS) for one in told]


@contextmanager
def account_held(books: Books) -> Iterator[None]:
    """Somebody else works on the account: whatever would be numbered waits."""
    pair = (books.world.seller.id, books.world.buyer.id)
    with transaction(books.world.seller.id) as session:
        lock_accounts(session, pairs=[pair])
        yield


def wait_for(watching: Engine, waiting: int, told: Sequence[Future[Any]]) -> None:
    """Return when so many connections wait for a lock, none of the commands being answered yet."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    until = monotonic() + PATIENCE_SECONDS
    while monotonic() < until:
        with watching.connect() as connection:
            if connection.scalar(asked) >= waiting:
                return
        answers = [one.result() for one in told if one.done()]
        assert not answers, [one.text for one in answers]
        sleep(0.02)
    raise AssertionError(f"{waiting} commands were to wait")
