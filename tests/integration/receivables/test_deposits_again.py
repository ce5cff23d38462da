"""Deposits that a credit gave back too much, billed again without an order: prices, books, containers, papers."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from server.core.transaction import transaction
from server.documents.jobs import render_invoice
from server.identity.model import Role
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from server.receivables.audit import book_faults
from server.stock.model import ContainerEntry
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.accounts import Books, answered, make_books, today
from tests.factories.unfolding import unfolded
from tests.integration.billing.test_check import found_after

REASON = "Fûts comptés deux fois au quai."


@pytest.fixture(scope="module")
def books(module_database: Database) -> Books:
    del module_database
    return make_books()


@pytest.fixture(scope="module")
def taxed(books: Books) -> str:
    """A container class of 3.33 $ that is taxed: shares of its taxes have cents over."""
    words = {"code": "cuve", "kind": "keg", "name_fr": "Cuve", "name_en": "Tank", "unit_cents": 333}
    more = {"taxable": True, "decided_by": "Comptable, avis du 3 mars", "valid_from": "2024-01-01"}
    made = answered(books.issuer.post("/api/v1/container-classes", json=words | more), 201)
    return str(made["id"])


def kegs(books: Books) -> str:
    return str(books.world.seller.keg_class_id)


def credit(books: Books, class_id: str, units: int) -> dict[str, Any]:
    made = books.write(containers=[{"class_id": class_id, "quantity": units}])
    return answered(books.issuer.get(f"/api/v1/credit-notes/{made['id']}"))


def again(books: Books, note: dict[str, Any], units: int, status: int = 201, **more: Any) -> Any:
    """Bill so many containers of a credit's first line again."""
    lines = [{"credit_line_id": note["lines"][0]["id"], "units": units}]
    asked = {"key": str(new_id()), "reason": REASON, "lines": lines} | more
    return answered(books.issuer.post(f"/api/v1/credit-notes/{note['id']}/deposit-invoices", json=asked), status)


def left(books: Books, note: dict[str, Any]) -> int:
    (line,) = answered(books.issuer.get(f"/api/v1/credit-notes/{note['id']}/deposit-invoices"))
    return int(line["left_units"])


def held(books: Books, class_id: str) -> int:
    """Return how many containers of the seller's class its client holds."""
    with transaction(books.world.seller.id) as session:
        mine = ContainerEntry.class_id == UUID(class_id), ContainerEntry.holder_id == books.world.buyer.id
        return session.scalar(select(func.coalesce(func.sum(ContainerEntry.quantity), 0)).where(*mine)) or 0


def no_faults(books: Books) -> None:
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []


def by_program(books: Books, note: dict[str, Any], key: str) -> str:
    made: dict[str, Any] = again(books, note, 2, key=key)
    return str(made["id"])


def by_form(books: Books, note: dict[str, Any], key: str) -> str:
    path, field = f"/credits/{note['id']}/consignes", f"u-{note['lines'][0]['id']}"
    page, there = books.issuer_page, f'href="/credits/{note["id"]}/consignes"'
    assert there in page.get(f"/credits/{note['id']}").text
    shown = unescape(page.get(f"{path}?{field}=2").text).replace("\u00a0", " ")
    if left(books, note) == 5:  # before it is done, the page says what will be
        assert "Une facture est publiée maintenant" in shown
        assert "2 × Fût de 50 L : reviennent au compte de contenants du client" in shown
        assert unfolded(page, f"{path}?{field}=2") == [6_000]
    sent = page.post(path, data={field: "2", "motif": REASON, "key": key})
    assert sent.status_code == 303
    return str(sent.location.rsplit("/", 1)[1])


@pytest.mark.parametrize("bill", [by_program, by_form], ids=["program", "form"])
def test_it_is_an_invoice_like_any_other_without_an_order(
    books: Books, bill: Callable[[Books, dict[str, Any], str], str]
) -> None:
    """C17, C30, T6, R083, laws 1, 7, 20: number, journal, account, statement, paper, news, « why »; once a key."""
    note, before, key = credit(books, kegs(books), 5), books.balance(), str(new_id())
    out = held(books, kegs(books))
    invoice_id = bill(books, note, key)
    assert bill(books, note, key) == invoice_id
    assert again(books, note, 1, 409, key=key)["slug"] == "key-used"
    invoice = answered(books.issuer.get(f"/api/v1/invoices/{invoice_id}"))
    assert (invoice["kind"], invoice["state"], invoice["net_cents"]) == ("container_deposit", "published", 0)
    assert (invoice["total_cents"], invoice["open_cents"]) == (6_000, 0)  # the credit that waits takes it by itself
    assert (books.balance() - before, held(books, kegs(books)) - out, left(books, note)) == (6_000, 2, 3)
    number, day = invoice["number"], today()
    asked = {"first_day": str(day - timedelta(days=2)), "last_day": str(day + timedelta(days=2))}
    statement = answered(books.issuer.get(f"/api/v1/accounts/{books.world.buyer.id}/statement", query_string=asked))
    assert [line["amount_cents"] for line in statement["lines"] if line["number"] == number] == [6_000]
    why = answered(books.shop.get(f"/api/v1/invoices/{invoice_id}/explanation"))
    assert f"Reprend le crédit {note['number']}" in str(why["sources"])
    for page in (books.issuer_page, books.shop_page):
        shown = unescape(page.get(f"/factures/{invoice_id}").text)
        assert f'href="/credits/{note["id"]}"' in shown
        assert {6_000, 0} <= set(unfolded(page, f"/factures/{invoice_id}"))
    assert number in books.issuer_page.get(f"/credits/{note['id']}").text
    render_invoice(owner_id=str(books.world.seller.id), subject_id=invoice_id)
    paper = printed(books, invoice_id)
    for words in (number, REASON, f"Consignes de la note de crédit {note['number']}", "2 × 30,00"):
        assert words in paper, (words, paper)
    tell_fact(owner_id=str(books.world.seller.id), subject_id=invoice_id)
    with transaction(books.world.buyer.id) as session:
        told = session.scalars(select(InboxMessage.kind).where(InboxMessage.subject_id == UUID(invoice_id))).all()
        assert told == ["invoice.published"]
    no_faults(books)


def printed(books: Books, invoice_id: str) -> str:
    papers = answered(books.issuer.get("/api/v1/documents"))
    (mine,) = [one["id"] for one in papers if one["subject_id"] == invoice_id]
    pdf = books.issuer.get(f"/api/v1/documents/{mine}/file").data
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("split", [(1,) * 7, (3, 2, 2), (6, 1), (4, -4, 5, 2)], ids=str)
def test_any_split_of_it_comes_to_the_credits_own_cents(books: Books, taxed: str, split: tuple[int, ...]) -> None:
    """T5, T6, law 21: taxed deposits too, voided on the way (−) or not, at the credit's rates; then nothing is left."""
    note = credit(books, taxed, 7)
    bills: list[dict[str, Any]] = []
    for units in split:
        if units < 0:
            void(books, bills.pop()["id"])
        else:
            bills.append(again(books, note, units))
    for name in ("tax_cents", "deposit_cents", "total_cents"):
        assert sum(one[name] for one in bills) == note[name]
    assert left(books, note) == 0
    assert again(books, note, 1, 422)["slug"] == "nothing-to-take-back"
    no_faults(books)


def void(books: Books, invoice_id: str) -> dict[str, Any]:
    made: dict[str, Any] = answered(
        books.issuer.post(f"/api/v1/invoices/{invoice_id}/void", json={"reason": "Recompté"})
    )
    return made


def test_void_and_republished_its_containers_follow(books: Books) -> None:
    """C6: its mirror credit takes the containers back and frees the units; a new invoice bills them, once."""
    note, out = credit(books, kegs(books), 4), held(books, kegs(books))
    first = again(books, note, 3)
    assert (held(books, kegs(books)) - out, left(books, note)) == (3, 1)
    resent = answered(books.issuer.post(f"/api/v1/invoices/{first['id']}/republish"))
    assert resent["id"] == first["id"]
    mirror = void(books, first["id"])
    assert (mirror["kind"], mirror["total_cents"]) == ("void", 9_000)
    assert (held(books, kegs(books)) - out, left(books, note)) == (0, 4)
    second = [answered(books.issuer.post(f"/api/v1/invoices/{first['id']}/republish")) for _ in range(2)]
    assert second[0]["id"] == second[1]["id"] != first["id"]
    assert (second[0]["total_cents"], second[0]["kind"]) == (9_000, "container_deposit")
    assert (held(books, kegs(books)) - out, left(books, note)) == (3, 1)
    void(books, second[0]["id"])
    refused = answered(books.issuer.post(f"/api/v1/invoices/{first['id']}/republish"), 409)
    assert second[0]["number"] in refused["detail"]
    no_faults(books)


def test_who_may_not_and_what_cannot_be_is_refused_in_words(books: Books) -> None:
    """Section 3 (publish by hand), C30: another's credit, one of something else, too many, no reason, one keg of it."""
    note = credit(books, kegs(books), 2)
    path = f"/api/v1/credit-notes/{note['id']}/deposit-invoices"
    lines = [{"credit_line_id": note["lines"][0]["id"], "units": 1}]
    asked = {"key": str(new_id()), "reason": REASON, "lines": lines}
    for stranger in (books.shop, books.at_issuer(Role.DISPATCHER)):
        assert stranger.post(path, json=asked).status_code == 403
        assert stranger.get(path).status_code == 403
    assert books.at_carrier().post(path, json=asked).status_code in {403, 404}
    assert again(books, note, 3, 422)["slug"] == "nothing-to-take-back"
    assert again(books, note, 1, 409, reason=" ")["slug"] == "credit-reason-missing"
    foreign = [{"credit_line_id": str(new_id()), "units": 1}]
    assert again(books, note, 1, 422, lines=foreign)["slug"] == "nothing-to-take-back"
    free = books.credit(500)
    other = f"/api/v1/credit-notes/{free['id']}/deposit-invoices"
    assert answered(books.issuer.post(other, json=asked), 409)["slug"] == "no-deposit-credit"
    page = books.issuer_page
    typed = {f"u-{note['lines'][0]['id']}": "3", "motif": REASON, "key": str(new_id())}
    refused = page.post(f"/credits/{note['id']}/consignes", data=typed)
    assert (refused.status_code, 'value="3"' in refused.text, "rend encore" in refused.text) == (422, True, True)
    assert page.get(f"/credits/{note['id']}/consignes?u-{note['lines'][0]['id']}=x").status_code == 422
    bill = again(books, note, 2)
    (line,) = answered(books.issuer.get(f"/api/v1/invoices/{bill['id']}"))["lines"]
    items = {"key": str(new_id()), "buyer_id": str(books.world.buyer.id), "reason_fr": "Encore"}
    items |= {"invoice_id": bill["id"], "items": [{"line_id": line["id"], "quantity": 1}]}
    assert answered(books.issuer.post("/api/v1/credit-notes", json=items), 409)["slug"] == "voided-whole"


def test_asked_for_at_once_it_never_bills_more_than_the_credit(books: Books, module_database: Database) -> None:
    """Laws 8, 17: of four commands for two of two kegs one is done; a line raised in a copy is found by the check."""
    note = credit(books, kegs(books), 2)
    lines = [{"credit_line_id": note["lines"][0]["id"], "units": 2}]

    def ask(_number: int) -> int:
        asked = {"key": str(new_id()), "reason": REASON, "lines": lines}
        return books.issuer.post(f"/api/v1/credit-notes/{note['id']}/deposit-invoices", json=asked).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(ask, range(4))) == [201, 422, 422, 422]
    touched = ["UPDATE invoice_line SET quantity = quantity + 1 WHERE credit_line_id IS NOT NULL"]
    assert "recharged-too-much" in found_after(module_database, books.world.seller.id, touched)
