"""Voids and credits on invoices that hold something of others: nothing stays open, nobody gets what it never paid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.identity.model import OrganisationKind
from server.parties.model import BillingType, Emission, SettlementPolicy
from server.receivables.audit import book_faults
from server.stock.model import ContainerEntry
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books
from tests.factories.order_doors import trade_in
from tests.factories.web import Client, Organisation, make_member, program_of
from tests.factories.world import Deal

LONG_AGO = date(2026, 9, 1)
PUBLISHED = Deal(settlement_policy=SettlementPolicy.CREDIT, emission=Emission.ON_ACCEPT)
APPROVED = Deal(settlement_policy=SettlementPolicy.CREDIT, emission=Emission.ON_ACCEPT, credit_threshold_cents=0)
AGENTS = Deal(billing_type=BillingType.AGENT, emission=Emission.ON_ACCEPT)


@pytest.fixture
def books(database) -> Books:
    """One issuer and one shop."""
    return make_books()


def credit_cases(books: Books, invoice: Any, count: int, **more: Any) -> dict[str, Any]:
    """The accountant credits so many cases of an invoice."""
    return books.write(invoice_id=str(invoice.id), items=[{"line_id": str(invoice.lines[0].id), "quantity": count}],
                       **more)  # fmt: skip


def void(books: Books, invoice_id: Any) -> dict[str, Any]:
    return answered(books.issuer.post(f"/api/v1/invoices/{invoice_id}/void", json={"reason": "Erreur"}))


def write_off(books: Books, invoice_id: Any, cents: int) -> None:
    body = {"key": str(new_id()), "amount_cents": cents, "reason": "Perdu"}
    answered(books.issuer.post(f"/api/v1/invoices/{invoice_id}/write-offs", json=body), 201)


def paid_by(books: Books, path: str) -> dict[str, int]:
    """What a payment or a credit pays now, by invoice."""
    return {one["invoice_id"]: one["amount_cents"] for one in answered(books.issuer.get(f"{path}/allocations"))}


def require_sound(books: Books) -> None:
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []


def test_a_voided_invoice_takes_its_own_waiting_credit_and_is_closed(books: Books) -> None:
    """C6, laws 6, 13, 27: paid, credited, voided: open 0, no reminder, no payment to it, and its credits stay on it."""
    other = books.invoice(cases=4, planned_on=date(2026, 9, 20))
    invoice = books.invoice(cases=2, planned_on=LONG_AGO)
    whole = [{"invoice_id": str(invoice.id), "amount_cents": invoice.total_cents}]
    paid = books.pay(invoice.total_cents, allocations=whole)
    credit = credit_cases(books, invoice, 1)
    note = void(books, invoice.id)
    found = answered(books.issuer.get(f"/api/v1/invoices/{invoice.id}"))
    assert (found["payment_state"], found["open_cents"]) == ("annulled", 0)
    assert paid_by(books, f"/api/v1/credit-notes/{credit['id']}") == {str(invoice.id): credit["total_cents"]}
    assert answered(books.issuer.get(f"/api/v1/payments/{paid['id']}"))["state"] == "succeeded"
    told = answered(books.issuer.post("/api/v1/accounts/reminders"), 201)
    assert [one["invoice_id"] for one in told] == [str(other.id)]
    assert paid_by(books, f"/api/v1/payments/{books.pay(3_000)['id']}") == {str(other.id): 3_000}
    for one in (credit, note):
        [kept] = answered(books.issuer.get(f"/api/v1/credit-notes/{one['id']}/allocations"))
        answered(books.issuer.delete(f"/api/v1/payment-allocations/{kept['id']}"), 409)
    assert books.balance() == other.total_cents - 3_000 - invoice.total_cents
    require_sound(books)


def test_a_credit_that_paid_another_invoice_comes_back_and_the_freed_payment_pays_there(books: Books) -> None:
    """C6, R083, law 13: the other invoice stays paid to the cent, by the payment that the annulled one let go."""
    invoice = books.invoice(cases=2)
    paid = books.pay(invoice.total_cents)
    credit = credit_cases(books, invoice, 1)
    other = books.invoice(cases=4)
    assert paid_by(books, f"/api/v1/credit-notes/{credit['id']}") == {str(other.id): credit["total_cents"]}
    still = books.open_of(other)
    void(books, invoice.id)
    assert (books.open_of(invoice), books.open_of(other)) == (0, still)
    assert paid_by(books, f"/api/v1/credit-notes/{credit['id']}") == {str(invoice.id): credit["total_cents"]}
    assert paid_by(books, f"/api/v1/payments/{paid['id']}") == {str(other.id): credit["total_cents"]}
    assert answered(books.issuer.get(f"/api/v1/payments/{paid['id']}"))["state"] == "allocated"
    assert books.balance() == other.total_cents - invoice.total_cents
    require_sound(books)


def test_what_was_written_off_is_never_the_customers_money(books: Books) -> None:
    """Laws 6, 13: written off, then credited in part, then voided: the customer owes nothing and is owed nothing."""
    invoice = books.invoice(cases=2)
    write_off(books, invoice.id, 1_000)
    write_off(books, invoice.id, invoice.total_cents - 1_000)
    credit = credit_cases(books, invoice, 1)
    assert paid_by(books, f"/api/v1/credit-notes/{credit['id']}") == {str(invoice.id): credit["total_cents"]}
    assert (books.balance(), books.open_of(invoice)) == (0, 0)
    void(books, invoice.id)
    assert (books.balance(), books.open_of(invoice)) == (0, 0)
    following = books.invoice(cases=2)
    assert books.open_of(following) == following.total_cents
    require_sound(books)


def test_an_approved_credit_takes_the_place_of_a_write_off(database) -> None:
    """C12, law 6: approved after its invoice was written off, a credit gives nobody what it never paid."""
    books = make_books((APPROVED,))
    order, invoice = ordered(books)
    deliver(books, order, 1)
    [proposed] = answered(books.issuer.get("/api/v1/credit-notes"))
    write_off(books, invoice["id"], invoice["total_cents"])
    decision = {"approve": True, "reason": ""}
    answered(books.issuer.post(f"/api/v1/credit-notes/{proposed['id']}/decision", json=decision))
    assert books.balance() == 0
    require_sound(books)


def test_a_payment_that_bounces_does_not_open_an_invoice_that_its_delivery_annulled(database) -> None:
    """C6, C11, law 15: its credit, which had paid another invoice, comes back, and that one is owed again."""
    books = make_books((PUBLISHED,))
    order, invoice = ordered(books)
    paid = books.pay(invoice["total_cents"])
    deliver(books, order, 0)
    [note] = answered(books.issuer.get("/api/v1/credit-notes"))
    _order, following = ordered(books)
    assert paid_by(books, f"/api/v1/credit-notes/{note['id']}") == {following["id"]: invoice["total_cents"]}
    answered(books.issuer.post(f"/api/v1/payments/{paid['id']}/failure"))
    assert paid_by(books, f"/api/v1/credit-notes/{note['id']}") == {invoice["id"]: invoice["total_cents"]}
    assert answered(books.issuer.get(f"/api/v1/invoices/{invoice['id']}"))["open_cents"] == 0
    assert books.balance() == answered(books.issuer.get(f"/api/v1/invoices/{following['id']}"))["open_cents"]
    require_sound(books)


def test_a_seller_reads_nothing_of_another_sellers_document_in_one_account(database) -> None:
    """C28, R085, law 33: one's credit pays the other's section; both read what is open, neither the other's paper."""
    books = make_books((AGENTS, AGENTS))
    world = books.world
    agent, first, second = books.at_carrier(), books.issuer, seller_of(books, 1)
    bought = invoice_of(books, 0, first)
    full = answered(agent.get(f"/api/v1/invoices/{bought['id']}"))
    key = {"key": str(new_id()), "buyer_id": str(world.buyer.id)}
    cheque = {"method": "cheque", "amount_cents": full["total_cents"], "received_on": "2026-11-20"}
    answered(agent.post("/api/v1/payments", json=key | cheque), 201)
    items = {"invoice_id": full["id"], "items": [{"line_id": full["lines"][0]["id"], "quantity": 2}]}
    note = answered(agent.post("/api/v1/credit-notes", json=key | items | {"reason_fr": "Bris"}), 201)
    other = invoice_of(books, 1, second)
    path = f"/api/v1/credit-notes/{note['id']}/allocations"
    shop = answered(books.shop.get(path))
    assert [one["invoice_id"] for one in shop] == [other["id"]]
    assert answered(first.get(path)) == []
    still = other["total_cents"] - note["total_cents"]
    for reader in (agent, books.shop, second):
        found = answered(reader.get(f"/api/v1/invoices/{other['id']}"))
        assert (found["payment_state"], found["open_cents"]) == ("partly_paid", still)
    why = second.get(f"/api/v1/invoices/{other['id']}/explanation")
    assert answered(why)["totals"][-1]["amount_cents"] == still
    assert not {note["id"], note["number"], full["id"]} & set(why.get_data(as_text=True).split('"'))


def test_a_credit_of_items_goes_where_its_writer_sets_it(books: Books) -> None:
    """R082, C11: what is told for another open invoice goes there, its own takes the rest; beyond it says why not."""
    own, other = books.invoice(cases=2), books.invoice(cases=2)
    asked = {"invoice_id": str(other.id), "amount_cents": 5_000}
    made = credit_cases(books, own, 1, apply=[asked])
    rest_cents = made["total_cents"] - 5_000
    path = f"/api/v1/credit-notes/{made['id']}"
    assert paid_by(books, path) == {str(other.id): 5_000, str(own.id): rest_cents}
    more = books.issuer.post(f"{path}/allocations", json={"parts": [asked | {"amount_cents": 1}]})
    assert (more.status_code, "pas déjà affecté" in more.text) == (409, True)
    key = {"key": str(new_id()), "buyer_id": str(books.world.buyer.id), "reason_fr": "Bris"}
    items = {"invoice_id": str(own.id), "items": [{"line_id": str(own.lines[0].id), "quantity": 1}]}
    too_much = key | items | {"apply": [asked | {"amount_cents": made["total_cents"] + 1}]}
    assert books.issuer.post("/api/v1/credit-notes", json=too_much).status_code == 409
    require_sound(books)


def test_a_credit_of_items_names_its_invoices_own_customer(database) -> None:
    """Law 12: another customer's name is refused, with nothing issued; whose invoice it is, is said of no one else."""
    books = make_books(buyers=2)
    invoice = books.invoice(cases=2)
    key = {"key": str(new_id()), "reason_fr": "Bris", "invoice_id": str(invoice.id)}
    items = {"items": [{"line_id": str(invoice.lines[0].id), "quantity": 1}]}
    told = key | items | {"buyer_id": str(books.world.buyers[1].id)}
    refused = books.issuer.post("/api/v1/credit-notes", json=told)
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "not-one-account")
    assert answered(books.issuer.get("/api/v1/credit-notes")) == []
    made = answered(books.issuer.post("/api/v1/credit-notes", json=told | {"buyer_id": str(books.world.buyer.id)}), 201)
    assert made["buyer_id"] == str(books.world.buyer.id)


def test_nobody_credits_containers_that_another_credits(books: Books) -> None:
    """C30, laws 20, 33: a seller credits its kegs by hand, never the carrier's cans, whose account stays as it was."""
    world, path = books.world, "/api/v1/credit-notes"
    key = {"buyer_id": str(world.buyer.id), "reason_fr": "Retour"}
    cans = {"containers": [{"class_id": str(world.can_class_id), "quantity": 50}]}
    refused = books.issuer.post(path, json=key | cans | {"key": str(new_id())})
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "container-of-another")
    with transaction(world.carrier_id) as session:
        assert session.scalars(select(ContainerEntry).where(ContainerEntry.owner_id == world.carrier_id)).all() == []
    books.write(containers=[{"class_id": str(world.seller.keg_class_id), "quantity": 1}])
    page = books.issuer_page.get(f"/comptes/{world.buyer.id}/credit?sorte=contenants").get_data(as_text=True)
    assert str(world.seller.keg_class_id) in page
    assert str(world.can_class_id) not in page


def ordered(books: Books) -> tuple[dict[str, Any], dict[str, Any]]:
    """An accepted order of four cases and its invoice."""
    order = trade_in(books.app, books.world).order(cases=4, kegs=0, accepted=True)
    return order, answered(books.issuer.get("/api/v1/invoices", query_string={"order_id": order["id"]}))[0]


def deliver(books: Books, order: dict[str, Any], delivered: int) -> None:
    """The carrier tells that so many of four cases were delivered."""
    line = {"order_line_id": order["lines"][0]["id"], "ordered": 4, "delivered": delivered, "extra": 0,
            "reason": "breakage"}  # fmt: skip
    body = {"key": str(new_id()), "words": "Sans tablette", "lines": [line]}
    answered(books.at_carrier().post(f"/api/v1/orders/{order['id']}/deliver", json=body))


def seller_of(books: Books, place: int) -> Client:
    """A program of another seller's owner."""
    member = make_member(Organisation(OrganisationKind.SUPPLIER, books.world.sellers[place].id))
    return program_of(books.app, member)


def invoice_of(books: Books, place: int, seller: Client) -> dict[str, Any]:
    """An invoice of three cases, issued by the agent for a seller, as that seller reads it."""
    world = books.world
    wanted = {
        "seller_id": str(world.sellers[place].id),
        "buyer_id": str(world.buyer.id),
        "site_id": str(world.buyer.site_id),
        "carrier_id": str(world.carrier_id),
        "items": [{"format_id": str(world.sellers[place].case_id), "quantity": 3}],
    }
    order = answered(seller.post("/api/v1/orders", json=wanted), 201)
    answered(seller.post(f"/api/v1/orders/{order['id']}/submit"))
    answered(seller.post(f"/api/v1/orders/{order['id']}/accept", json={}))
    return answered(seller.get("/api/v1/invoices", query_string={"order_id": order["id"]}))[0]
