"""Statements as PDF and by command, and the orders that credit does not let through."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select

from server.cli.main import tournee
from server.core.settings import settings
from server.core.transaction import transaction
from server.documents.service import statements
from server.fulfilment.service.orders import submit_order
from server.orders import queries as orders
from server.orders.model import Order, OrderEntry
from server.receivables.audit import book_faults
from shared.states import OrderState
from tests.factories.accounts import Books, answered, make_books
from tests.factories.world import CREDIT, Deal, make_order, stamp


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer that accepts by itself and one shop, with an invoice, a payment and a credit."""
    made = make_books((Deal(settlement_policy=CREDIT.settlement_policy, auto_accept=True),))
    made.invoice(cases=2)
    made.pay(1_234)
    made.credit(200)
    return made


def words_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_statement_is_a_pdf_with_links_to_its_documents(books: Books) -> None:
    """R086: page and API give the same statement as PDF; its lines link to invoice, credit and payment."""
    buyer = books.world.buyer.id
    made = books.issuer_page.get(f"/comptes/{buyer}/releve.pdf")
    assert (made.status_code, made.mimetype) == (200, "application/pdf")
    said = words_of(made.data)
    for words in ("État de compte", "Solde d’ouverture", "Solde de clôture", "12,34", "Dépanneur 1"):
        assert words in said
    links = {
        one.get_object()["/A"]["/URI"]
        for page in PdfReader(io.BytesIO(made.data)).pages
        for one in page.get("/Annots", ())
    }
    assert {link.removeprefix(settings().public_url).split("/")[1] for link in links} == {
        "factures", "credits", "paiements",
    }  # fmt: skip
    assert books.issuer.get(f"/api/v1/accounts/{buyer}/statement/file").mimetype == "application/pdf"
    books.share_balance(False)
    assert books.shop_page.get(f"/a-payer/{books.world.seller.id}/releve.pdf").status_code == 404


def test_a_long_statement_is_rendered_part_by_part(books: Books, monkeypatch) -> None:
    """R086, law 25: each part carries its balance to the next, from the opening to the closing."""
    monkeypatch.setattr(statements, "ROWS_A_PART", 1)
    made = books.issuer_page.get(f"/comptes/{books.world.buyer.id}/releve.pdf")
    reader = PdfReader(io.BytesIO(made.data))
    said = [page.extract_text() for page in reader.pages]
    assert len(said) >= 3
    assert "Solde d’ouverture" in said[0]
    assert "Solde reporté" in said[0]
    assert "Solde reporté" in said[1]
    assert "Solde de clôture" in said[-1]


def test_the_command_says_and_writes_a_statement(books: Books, tmp_path) -> None:
    """R086: `tournee statement CUSTOMER` by name or id prints every line; --pdf writes the same as a file."""
    target = tmp_path / "releve.pdf"
    done = CliRunner().invoke(tournee, ["statement", "Dépanneur 1", "--pdf", str(target)])
    assert done.exit_code == 0, done.output
    assert "clôture · closing (3)" in done.output
    assert target.read_bytes().startswith(b"%PDF")
    assert CliRunner().invoke(tournee, ["statement", str(books.world.buyer.id)]).exit_code == 0
    assert CliRunner().invoke(tournee, ["statement", "Personne"]).exit_code != 0


def wait_or_go(books: Books, **ordered) -> Order:
    order_id = make_order(books.world, accepted=False, **ordered)
    with transaction(acting=books.world.seller.id) as session:
        order = orders.order(session, order_id=order_id)
        order.state = OrderState.DRAFT
        session.flush()
        submit_order(session, order=order, stamp=stamp())
        return order


def why(books: Books, order: Order) -> str:
    """What the order's timeline says to its parties."""
    with transaction(acting=books.world.seller.id) as session:
        entries = session.scalars(select(OrderEntry).where(OrderEntry.order_id == order.id)).all()
        return " ".join(one.text_fr for one in entries)


def test_credit_limit_and_hold_keep_orders_from_accepting_themselves(books: Books) -> None:
    """R068, R070: over its limit, or on hold, a customer's order waits for a person and says why."""
    buyer = books.world.buyer.id
    assert wait_or_go(books, cases=1).state is OrderState.ACCEPTED
    answered(books.issuer.open(f"/api/v1/accounts/{buyer}/limit", "PUT", json={"limit_cents": 100}))
    waiting = wait_or_go(books, cases=1)
    assert waiting.state is OrderState.PENDING
    assert "Limite de crédit dépassée" in why(books, waiting)
    answered(books.issuer.open(f"/api/v1/accounts/{buyer}/limit", "PUT", json={"limit_cents": None}))
    held = {"reason": "Deux chèques sans fonds."}
    answered(books.issuer.open(f"/api/v1/accounts/{buyer}/hold", "PUT", json=held))
    waiting = wait_or_go(books, cases=1)
    assert waiting.state is OrderState.PENDING
    assert "Compte retenu" in why(books, waiting)
    answered(books.issuer.delete(f"/api/v1/accounts/{buyer}/hold"))
    assert wait_or_go(books, cases=1).state is OrderState.ACCEPTED


def test_the_books_hold(books: Books) -> None:
    """Laws 1, 6, 7: after all of this the walk over the whole journal finds nothing."""
    with transaction(acting=books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []
