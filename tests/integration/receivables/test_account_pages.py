"""Accounts on pages: both entry points, the three kinds of credit, statement, chat, and what a buyer sees."""

from __future__ import annotations

import re

import pytest

from server.core.transaction import transaction
from server.ledger.model import Account
from server.ledger.queries import account_totals
from server.receivables.audit import book_faults
from tests.factories.accounts import Books, make_books, today


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer and one shop; each test adds its own invoices."""
    return make_books()


def send(client, path: str, form: dict[str, str], *, at: str = ""):
    """Send a page's own form, with its hidden fields, and follow where it leads."""
    page = client.get(at or path).get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    response = client.post(path, data=hidden | form)
    assert response.status_code == 303, (response.status_code, response.get_data(as_text=True)[-900:])
    return client.get(response.headers["Location"].partition("#")[0]).get_data(as_text=True)


def test_a_payment_is_recorded_from_the_account_or_from_the_invoice(books: Books) -> None:
    """R091, R084: « Inscrire un paiement » on the account and on the invoice reach the same form; both pages say so."""
    invoice, buyer = books.invoice(), books.world.buyer.id
    form = f"/comptes/{buyer}/paiement"
    assert f'href="{form}"' in books.issuer_page.get(f"/comptes/{buyer}").get_data(as_text=True)
    page = books.issuer_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    assert f'href="{form}?facture={invoice.id}"' in page
    assert f'href="/comptes/{buyer}/credit?facture={invoice.id}"' in page
    written = {"amount": "1 010,50", "method": "interac", "received_on": today().isoformat(), "reference": "C1A9"}
    shown = send(books.issuer_page, form, written | {f"part-{invoice.id}": f"{invoice.total_cents / 100:.2f}"})
    assert invoice.number in shown
    assert "Payée" in books.shop_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    assert books.balance() == invoice.total_cents - 101_050


def test_cash_at_the_office_is_rounded_to_five_cents_apart(books: Books) -> None:
    """R084, T7: 51.27 is settled by 51.25 in cash: the invoice is paid, the bank has 51.25; page and row say both."""
    invoice, buyer = books.invoice(), books.world.buyer.id
    assert invoice.total_cents == 5_127
    form, before = f"/comptes/{buyer}/paiement", of_accounts(books)
    page = books.issuer_page.get(f"{form}?facture={invoice.id}").get_data(as_text=True)
    assert {"51,27", "51,25"} <= set(re.findall(r"\d+,\d\d", page))
    written = {"amount": "51,27", "method": "cash", "received_on": today().isoformat()}
    shown = send(books.issuer_page, form, written | {f"part-{invoice.id}": "51,27"}, at=f"{form}?facture={invoice.id}")
    assert "Remis en argent" in shown
    assert "51,25" in shown
    assert "Payée" in books.shop_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    moved = {account: cents - before.get(account, 0) for account, cents in of_accounts(books).items()}
    assert (moved[Account.BANK], moved[Account.CASH_ROUNDING]) == (5_125, 2)
    listed = books.issuer_page.get(f"/comptes/{buyer}").get_data(as_text=True)
    assert "51,25" in listed
    cheque = books.pay(5_127)
    assert cheque["rounding_cents"] == 0
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []


def of_accounts(books: Books) -> dict[Account, int]:
    """Return the totals of the issuer's accounts in its journal."""
    issuer_id = books.world.seller.id
    with transaction(issuer_id) as session:
        found = account_totals(session, issuer_id=issuer_id)
    return {account: cents for (_currency, account), cents in found.items()}


def test_credits_of_the_three_kinds_are_written_on_one_form(books: Books) -> None:
    """R081, R092, R093, R094, R095: items, empties, amounts; each note has its reason, and applies where it is told."""
    invoice, buyer = books.invoice(cases=3), books.world.buyer.id
    form, line = f"/comptes/{buyer}/credit", invoice.lines[0]
    at = f"{form}?facture={invoice.id}"
    assert "Reste à créditer" in books.issuer_page.get(at).get_data(as_text=True)
    shown = send(books.issuer_page, form, {f"line-{line.id}": "1", "reason": "Caisse éventée"}, at=at)
    assert "Caisse éventée" in shown
    classes = {f"class-{books.world.seller.keg_class_id}": "2", "reason": "Fûts rendus au quai"}
    assert "60,00" in send(books.issuer_page, form, classes, at=f"{form}?sorte=contenants")
    lines = {"words-1": "Affichage", "amount-1": "12,50", "words-2": "Geste", "amount-2": "1", "taxed-2": "on"}
    shown = send(books.issuer_page, form, lines | {"reason": "Réconciliation de mai"})
    assert {"Affichage", "Geste", "Réconciliation de mai"} <= set(re.findall(r">([^<>]+)<", shown))
    refused = books.issuer_page.post(
        form, data={"sorte": "montants", "words-1": "x", "amount-1": "1", "key": str(buyer)}
    )
    assert refused.status_code == 409


def test_the_account_page_shows_all_of_it(books: Books) -> None:
    """R078, R087, R090, R086: balance, ages, every transaction, chat; the statement links each line to its document."""
    invoice, buyer = books.invoice(), books.world.buyer.id
    page = books.issuer_page.get(f"/comptes/{buyer}").get_data(as_text=True)
    for words in ("Solde", "En souffrance", "À échoir", "Toutes les transactions", "Chat comptable", invoice.number):
        assert words in page
    assert "Bonjour du comptable" in send(
        books.issuer_page, f"/comptes/{buyer}/messages", {"text": "Bonjour du comptable"}, at=f"/comptes/{buyer}"
    )
    listed = books.issuer_page.get("/comptes").get_data(as_text=True)
    assert "Dépanneur 1" in listed
    statement = books.issuer_page.get(f"/comptes/{buyer}/releve").get_data(as_text=True)
    assert f'href="/factures/{invoice.id}"' in statement
    assert "Solde d’ouverture" in statement
    english = books.issuer_page.get(f"/comptes/{buyer}/releve", headers={"Cookie": "langue=en"})
    assert english.status_code in {200, 303}


def test_the_buyers_page_shows_a_balance_only_when_it_is_shared(books: Books) -> None:
    """R079: « À payer » lists what is open; balance and statement are there only when the issuer shares them."""
    invoice, seller = books.invoice(), books.world.seller.id
    books.share_balance(False)
    assert "non partagé" in books.shop_page.get("/a-payer").get_data(as_text=True)
    page = books.shop_page.get(f"/a-payer/{seller}").get_data(as_text=True)
    assert invoice.number in page
    assert "Votre solde" not in page
    assert books.shop_page.get(f"/a-payer/{seller}/releve").status_code == 404
    books.share_balance(True)
    assert "Votre solde" in books.shop_page.get(f"/a-payer/{seller}").get_data(as_text=True)
    assert books.shop_page.get(f"/a-payer/{seller}/releve").status_code == 200


def test_a_customer_is_held_and_limited_on_its_page(books: Books) -> None:
    """R070, credit limit and hold: set, shown with the reason, and lifted again."""
    buyer = books.world.buyer.id
    page = send(books.issuer_page, f"/comptes/{buyer}/limite", {"limit": "5 000"}, at=f"/comptes/{buyer}")
    assert "5 000,00" in page.replace("\u00a0", " ")
    page = send(
        books.issuer_page, f"/comptes/{buyer}/retenir", {"reason": "Deux chèques sans fonds"}, at=f"/comptes/{buyer}"
    )
    assert "Deux chèques sans fonds" in page
    assert "Deux chèques" not in send(books.issuer_page, f"/comptes/{buyer}/liberer", {}, at=f"/comptes/{buyer}")
