"""How invoices stand, through the API as on the pages: what is open, and the word for it, for each who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from server.billing.standing import JoinedStanding, Standing
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.accounts import Books, answered, make_books, today
from tests.factories.stops import ALONE, JOINED, Shop, asked, make_shop, settled_by_jobs
from tests.factories.web import Client, application


@pytest.fixture(scope="module")
def books(module_database: Database) -> Books:
    """One issuer and one shop."""
    return make_books()


def seen(client: Client, invoice: Any) -> tuple[str | None, int | None]:
    """Return an invoice's state and open cents as one caller reads them, alone and in the list alike."""
    alone = answered(client.get(f"/api/v1/invoices/{invoice.id}"))
    every = answered(client.get("/api/v1/invoices", query_string={"limit": 200}))
    [listed] = [one for one in every if one["id"] == str(invoice.id)]
    assert [listed[name] for name in ("payment_state", "open_cents", "due_on")] == [
        alone[name] for name in ("payment_state", "open_cents", "due_on")
    ]
    return alone["payment_state"], alone["open_cents"]


def both(books: Books, invoice: Any) -> tuple[str | None, int | None]:
    """Return what issuer and shop read, who must read the same."""
    assert seen(books.issuer, invoice) == seen(books.shop, invoice)
    return seen(books.shop, invoice)


def put(books: Books, invoice: Any, cents: int) -> None:
    """Record a cheque that pays this much of one invoice."""
    books.pay(cents, allocations=[{"invoice_id": str(invoice.id), "amount_cents": cents}])


def test_both_sides_read_how_an_invoice_stands_through_the_api(books: Books) -> None:
    """R044, R085: to pay, paid in part, paid; the page's word; open cents to the cent, for issuer and buyer alike."""
    invoice = books.invoice(cases=2)
    assert both(books, invoice) == ("to_pay", invoice.total_cents)
    put(books, invoice, 1_000)
    assert both(books, invoice) == ("partly_paid", invoice.total_cents - 1_000)
    put(books, invoice, invoice.total_cents - 1_000)
    assert both(books, invoice) == ("paid", 0)
    for page in (books.issuer_page, books.shop_page):
        assert "Payée" in page.get(f"/factures/{invoice.id}").text


def test_overdue_credited_written_off_and_void_are_told_apart(books: Books) -> None:
    """R044, R085: what is past its day and open is overdue, even paid in part; what nobody paid is not « paid »."""
    late = books.invoice(planned_on=today() - timedelta(days=45))
    assert both(books, late) == ("overdue", late.total_cents)
    put(books, late, 500)
    assert both(books, late) == ("overdue", late.total_cents - 500)
    lost = {"key": str(new_id()), "amount_cents": late.total_cents - 500, "reason": "Fermé"}
    answered(books.issuer.post(f"/api/v1/invoices/{late.id}/write-offs", json=lost), 201)
    assert both(books, late) == ("written_off", 0)
    given = books.invoice()
    books.credit(given.total_cents, apply=[{"invoice_id": str(given.id), "amount_cents": given.total_cents}])
    assert both(books, given) == ("credited", 0)
    wrong = books.invoice()
    answered(books.issuer.post(f"/api/v1/invoices/{wrong.id}/void", json={"reason": "Erreur"}))
    assert both(books, wrong) == ("annulled", 0)


def test_money_of_a_past_day_that_replaces_what_bounced_leaves_no_day_below_zero(module_database: Database) -> None:
    """Laws 6, 26: a cheque of day -8 bounces today, the transfer of day -3 pays from today on; every day sums."""
    books = make_books()
    invoice = books.invoice(at=datetime.now(UTC) - timedelta(days=10))
    part = [{"invoice_id": str(invoice.id), "amount_cents": invoice.total_cents}]
    cheque = books.pay(invoice.total_cents, allocations=part, received_on=day_before(8))
    answered(books.issuer.post(f"/api/v1/payments/{cheque['id']}/failure", json={}))
    money = books.pay(invoice.total_cents, allocations=part, method="interac", received_on=day_before(3))
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{money['id']}/allocations"))
    assert (paid["allocated_on"], both(books, invoice)) == (today().isoformat(), ("paid", 0))
    total = invoice.total_cents
    wanted = {9: (total, 0), 8: (0, 0), 4: (0, 0), 3: (0, -total), 2: (0, -total), 0: (0, 0)}
    found = {back: books.account(on=day_before(back))["ages"] for back in wanted}
    assert {back: (ages["not_due"], ages["unapplied"]) for back, ages in found.items()} == wanted


def day_before(back: int) -> str:
    return (today() - timedelta(days=back)).isoformat()


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what is said to the database."""
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def test_a_list_asks_the_database_no_more_for_many_than_for_one(books: Books) -> None:
    """R085: the states of a list cost no query a row."""
    books.invoice()
    books.invoice()
    answered(books.shop.get("/api/v1/invoices"))  # what a process remembers, it remembers now
    counted = []
    for limit in (1, 50):
        with statements() as heard:
            found = answered(books.shop.get("/api/v1/invoices", query_string={"limit": limit}))
        counted.append(len(heard))
    assert len(found) > 1
    assert counted[0] == counted[1]


def test_a_buyer_reads_its_open_invoices_by_pages_even_when_its_balance_is_not_shared(books: Books) -> None:
    """R079, R085: the list beside the count, oldest due first; the balance alone follows the issuer's choice."""
    late = books.invoice(planned_on=today() - timedelta(days=60))
    put(books, late, 700)
    path = f"/api/v1/payables/{books.world.seller.id}"
    books.share_balance(False)
    found = answered(books.shop.get(path))
    assert "balance_cents" not in found
    assert found["open_invoices"] == len(found["invoices"]) > 1
    first = found["invoices"][0]
    assert (first["number"], first["open_cents"], first["payment_state"]) == (
        late.number, late.total_cents - 700, "overdue"
    )  # fmt: skip
    assert (first["total_cents"], first["due_on"]) == (late.total_cents, late.due_on.isoformat())
    assert [one["due_on"] for one in found["invoices"]] == sorted(one["due_on"] for one in found["invoices"])
    paged = [
        answered(books.shop.get(path, query_string={"offset": at, "limit": 1}))["invoices"]
        for at in range(found["open_invoices"] + 1)
    ]
    assert paged == [*([one] for one in found["invoices"]), []]
    books.share_balance(True)
    shared = answered(books.shop.get(path))
    assert shared["balance_cents"] == books.balance()
    assert shared["invoices"] == found["invoices"]


def paid_whole(shop: Shop, number: int) -> None:
    """Have the agent record what pays every section from ``number`` on."""
    for one in shop.sections()[number:]:
        body = {
            "key": str(new_id()), "buyer_id": str(shop.world.buyer.id), "method": "cheque",
            "amount_cents": one["open_cents"], "received_on": today().isoformat(),
            "allocations": [{"invoice_id": one["id"], "amount_cents": one["open_cents"]}],
        }  # fmt: skip
        answered(shop.issuer.post("/api/v1/payments", json=body), 201)


@pytest.fixture(scope="module")
def shop(books: Books) -> Shop:
    """Two suppliers whose agent bills one invoice for the stop, published."""
    del books  # its database is the one of this file
    made = make_shop(application(), JOINED, JOINED, ALONE)
    made.deliver()
    settled_by_jobs(made)
    return made


def test_the_supplier_of_an_agent_invoice_reads_what_the_agent_and_the_buyer_do(shop: Shop) -> None:
    """R044, R085, C15, C28: paid by credit in part, then whole; each supplier its own section, the document its sum."""
    first, second, alone = shop.sections()
    credit = {
        "key": str(new_id()), "buyer_id": str(shop.world.buyer.id), "reason_fr": "Vides rapportés",
        "lines": [{"description_fr": "Vides", "description_en": "Empties", "net_cents": 300, "taxed": False}],
        "apply": [{"invoice_id": first["id"], "amount_cents": 300}],
    }  # fmt: skip
    answered(shop.issuer.post("/api/v1/credit-notes", json=credit), 201)
    readers = [shop.issuer, shop.buyer, shop.program(shop.world.sellers[0].id)]
    for reader in readers:
        found = asked(reader, f"/api/v1/invoices/{first['id']}")
        assert (found["payment_state"], found["open_cents"]) == ("partly_paid", first["total_cents"] - 300)
    whole = asked(shop.buyer, f"/api/v1/joined-invoices/{first['joined_id']}")
    assert whole["payment_state"] == "partly_paid"
    assert whole["open_cents"] == first["total_cents"] + second["total_cents"] - 300
    assert [one["payment_state"] for one in whole["sections"]] == ["partly_paid", "to_pay"]
    paid_whole(shop, 0)
    for reader, one in zip((*readers, *readers[:2]), (first, first, first, second, alone), strict=True):
        found = asked(reader, f"/api/v1/invoices/{one['id']}")
        assert (found["payment_state"], found["open_cents"]) == ("paid", 0)
    whole = asked(shop.buyer, f"/api/v1/joined-invoices/{first['joined_id']}")
    assert (whole["payment_state"], whole["open_cents"]) == ("paid", 0)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ((("paid", 0), ("credited", 0)), Standing.PAID),
        ((("written_off", 0), ("paid", 0)), Standing.WRITTEN_OFF),
        ((("annulled", 0), ("to_pay", 5)), Standing.TO_PAY),
        ((("annulled", 0), ("annulled", 0)), Standing.ANNULLED),
        ((("paid", 0), ("to_pay", 5)), Standing.PARTLY_PAID),
        ((("paid", 0), ("overdue", 5)), Standing.OVERDUE),
        (((None, None), (None, None)), None),
    ],
)
def test_one_invoice_of_a_stop_stands_as_its_sections_do_together(said: Any, wanted: Standing | None) -> None:
    """C15, R085: a void section does not count beside another, and one that is open leaves the whole open."""

    class Joined:
        is_provisional = wanted is None

    class Section:
        def __init__(self, state: str | None, cents: int | None) -> None:
            self.payment_state = Standing(state) if state else None
            self.open_cents = cents

    one = JoinedStanding(Joined(), [Section(*each) for each in said])
    assert one.payment_state is wanted
