"""« Why this number » of accounts: balances, ages, statements and payments unfold to what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from server.core.transaction import transaction
from server.receivables.explaining import Asked, Page, explain_account
from server.receivables.queries import open_invoices
from shared.ids import new_id
from tests.factories.accounts import Books, answered, today
from tests.factories.online import PAID, ask, deliver, follow
from tests.factories.strict_gateway import StrictGateway


def every(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step["parts"]:
        yield from every(part)


def why(client, path: str, **asked: Any) -> dict[str, Any]:
    """An explanation whose every step was found to be the exact sum of its parts."""
    found = answered(client.get(f"/api/v1/{path}/explanation", query_string=asked))
    for total in found["totals"]:
        for step in every(total):
            if step["parts"]:
                assert step["amount_cents"] == sum(part["amount_cents"] for part in step["parts"]), step["label"]
    return found


def links(step: dict[str, Any]) -> set[str]:
    return {one["source"]["link"] for one in every(step) if one["source"]}


def test_each_that_took_of_an_invoice_is_named_as_what_it_is(books: Books, gateway: StrictGateway) -> None:
    """Laws 6, 15, « why this number »: payment, write-off, credit, refund, chargeback, each named."""
    invoice = books.invoice(cases=2)
    part = [{"invoice_id": str(invoice.id), "amount_cents": 1_000}]
    cheque = books.pay(1_000, reference="C-77 {x}", allocations=part)
    books.credit(500, apply=[{"invoice_id": str(invoice.id), "amount_cents": 500}])
    body = {"key": str(new_id()), "amount_cents": 300, "reason": "Trop petit pour relancer"}
    written = answered(books.issuer.post(f"/api/v1/invoices/{invoice.id}/write-offs", json=body), 201)
    paid = ask(books, invoice)
    deliver(books, gateway.happen(paid["id"], "payment_intent.succeeded", **PAID))
    follow(books, paid["id"])
    gateway.happen(paid["id"], "charge.dispute.created", charged_back_cents=1_500)
    follow(books, paid["id"])
    whole = why(books.issuer, f"invoices/{invoice.id}")
    parts = whole["totals"][1]["parts"]
    told = [(one["source"]["kind"], one["label"]["fr"]) for one in parts[1:]]
    kinds = [kind for kind, _ in told]
    assert kinds == ["payment", "credit_note", "write_off", "payment", "chargeback", "payment"]
    words = dict(told[:3])
    assert words["payment"].startswith("Paiement, chèque, C-77 {x}, ")
    assert words["write_off"].startswith(f"Radiation {written['number']}\u00a0: Trop petit pour relancer, ")
    assert told[4][1].startswith("Contestation bancaire\u00a0: paiement, en ligne")
    assert parts[1]["source"]["link"] == f"/paiements/{cheque['id']}"
    paid_cents = invoice.total_cents - 1_800
    assert [one["amount_cents"] for one in parts[4:]] == [-paid_cents, paid_cents, 1_500 - paid_cents]
    seen = why(books.shop, f"invoices/{invoice.id}")["totals"][1]["parts"]
    assert [one["source"]["kind"] for one in seen[1:]] == kinds
    assert seen[3]["label"]["fr"].startswith("Radiation, ")  # why is the issuer's own
    gateway.refund(next(iter(gateway.charges)), amount_cents=700, key="at-the-provider")
    follow(books, paid["id"])
    after = why(books.issuer, f"invoices/{invoice.id}")["totals"][1]
    assert "refund" in [one["source"]["kind"] for one in after["parts"][1:]]
    assert after["amount_cents"] == books.open_of(invoice)
    told = why(books.issuer, f"payments/{paid['id']}")
    whole = told["totals"][0]
    assert {one["source"]["kind"] for one in whole["parts"] if one["source"]} == {"invoice", "chargeback", "refund"}
    assert whole["amount_cents"] == -parts[4]["amount_cents"]
    notices = [one["text"]["fr"] for one in told["sources"] if one["kind"] == "provider_event"]
    assert any("payment_intent.succeeded" in one for one in notices)
    assert why(books.shop, f"payments/{paid['id']}")["sources"] == []  # the issuer's account at Stripe is its own


def test_a_balance_unfolds_to_its_open_documents_by_age(books: Books) -> None:
    """R078, law 26: the balance and each age are the sums of the open documents; each leads to its own page."""
    invoice, buyer = books.invoice(), books.world.buyer.id
    paid = books.pay(700, allocations=[])
    note = books.credit(900)
    account = books.account()
    whole = why(books.issuer, f"accounts/{buyer}")
    balance, late = whole["totals"]
    assert balance["amount_cents"] == account["balance_cents"]
    assert late["amount_cents"] == account["overdue_cents"]
    assert {f"/factures/{invoice.id}", f"/paiements/{paid['id']}", f"/credits/{note['id']}"} <= links(balance)
    for age, cents in account["ages"].items():
        [only] = why(books.issuer, f"accounts/{buyer}", age=age)["totals"]
        assert only["amount_cents"] == cents
    asked = {"on": str(today() + timedelta(days=45))}
    late = why(books.issuer, f"accounts/{buyer}", **asked)["totals"][1]
    assert late["amount_cents"] == books.account(**asked)["overdue_cents"] > 0


def test_a_long_list_comes_in_pages_that_each_sum(books: Books) -> None:
    """Law 26: what stands on other pages is one step, so that every page sums to the cent."""
    for _ in range(4):
        books.invoice()
    me, balance = books.world.seller.id, books.balance()
    seen: list[str] = []
    for number in range(1, 12):
        with transaction(acting=me) as session:
            asked = Asked(on=today(), link="/x", page=Page(number=number, size=3))
            found = explain_account(session, buyer_id=books.world.buyer.id, currency="CAD", asked=asked).totals[0]
        assert found.amount_cents == balance == sum(part.amount_cents for part in found.parts)
        leaves = [leaf for age in found.parts for leaf in age.parts]
        seen += [leaf.source.link for leaf in leaves if leaf.source and leaf.source.kind != "page"]
    assert len(seen) == len(set(seen))
    assert {f"/factures/{one.id}" for one in _open(books)} <= set(seen)
    empty = why(books.issuer, f"accounts/{books.world.buyer.id}", page=9_000)["totals"][0]
    assert empty["amount_cents"] == balance


def _open(books: Books) -> list[Any]:
    with transaction(acting=books.world.seller.id) as session:
        me, buyer = books.world.seller.id, books.world.buyer.id
        return [one for one, _ in open_invoices(session, issuer_id=me, buyer_id=buyer, currency="CAD")]


def test_a_statement_unfolds_to_its_movements(books: Books) -> None:
    """R086, law 25: opening is the closing of the day before; movements by kind; opening and movements close."""
    buyer, day = books.world.buyer.id, today()
    invoice = books.invoice()
    for first in (day, day + timedelta(days=1)):
        asked = {"first_day": str(first), "last_day": str(first)}
        stands = answered(books.issuer.get(f"/api/v1/accounts/{buyer}/statement", query_string=asked))
        opening, movements, closing = why(books.issuer, f"accounts/{buyer}/statement", **asked)["totals"]
        assert opening["amount_cents"] == stands["opening_cents"]
        assert closing["amount_cents"] == stands["closing_cents"]
        assert movements["amount_cents"] == stands["closing_cents"] - stands["opening_cents"]
        assert (f"/factures/{invoice.id}" in links(movements)) == (first == day)
        eve = first - timedelta(days=1)
        assert opening["source"]["link"] == f"/comptes/{buyer}/pourquoi?jour={eve}"
        assert books.issuer_page.get(opening["source"]["link"]).status_code == 200
        for link in links(opening):
            assert books.issuer_page.get(link).status_code == 200, link


def test_a_payment_unfolds_to_what_it_pays(books: Books) -> None:
    """R084, laws 6, 16: what a payment pays, what went back of it and what is left are its amount, for both sides."""
    invoice = books.invoice()
    paid = books.pay(5_000, allocations=[{"invoice_id": str(invoice.id), "amount_cents": 2_000}])
    body = {"key": str(new_id()), "amount_cents": 1_000, "method": "cheque", "reason": "Versé en trop"}
    answered(books.issuer.post(f"/api/v1/payments/{paid['id']}/refunds", json=body), 201)
    for client in (books.issuer, books.shop):
        whole, left = why(client, f"payments/{paid['id']}")["totals"]
        assert [one["amount_cents"] for one in left["parts"]] == [5_000, -2_000, -1_000]
        assert [one["amount_cents"] for one in whole["parts"]] == [2_000, 1_000, 2_000]
        assert whole["amount_cents"] == 5_000
        assert whole["parts"][1]["source"]["kind"] == "refund"
        assert links(whole) >= {f"/factures/{invoice.id}"}
    assert books.at_carrier().get(f"/api/v1/payments/{paid['id']}/explanation").status_code == 404


def test_a_buyer_unfolds_what_is_shared_alone(books: Books) -> None:
    """R079: the same numbers with ways of its own; hidden with the balance, on pages and in the API."""
    seller, invoice = books.world.seller.id, books.invoice()
    books.share_balance(True)
    stands = answered(books.shop.get(f"/api/v1/payables/{seller}"))
    balance = why(books.shop, f"payables/{seller}")["totals"][0]
    assert balance["amount_cents"] == stands["balance_cents"]
    assert f"/factures/{invoice.id}" in links(balance)
    assert why(books.shop, f"payables/{seller}/statement")["totals"][2]["amount_cents"] == stands["balance_cents"]
    doors = [f"/a-payer/{seller}/pourquoi", f"/a-payer/{seller}/releve/pourquoi"]
    for path in [*doors, f"/a-payer/{seller}"]:
        assert "Pourquoi ce montant" in books.shop_page.get(path).text
    books.share_balance(False)
    for path in doors:
        assert books.shop_page.get(path).status_code == 404
    for part in ("", "/statement"):
        assert books.shop.get(f"/api/v1/payables/{seller}{part}/explanation").status_code == 404
    assert "Pourquoi ce montant" not in books.shop_page.get(f"/a-payer/{seller}").text
    assert books.at_carrier().get(f"/api/v1/accounts/{books.world.buyer.id}/explanation").status_code == 404


def test_a_day_is_kept_from_the_list_to_the_account(books: Books) -> None:
    """R078: balances at any date in the browser: links keep the day; the account's page and its API read it."""
    buyer = books.world.buyer.id
    invoice, eve = books.invoice(), today() - timedelta(days=1)
    listed = books.issuer_page.get(f"/comptes?jour={today()}").text
    assert f'href="/comptes/{buyer}?jour={today()}"' in listed
    assert f'href="/comptes/{buyer}/pourquoi?jour={today()}&amp;devise=CAD"' in listed
    then, now = (books.issuer_page.get(f"/comptes/{buyer}?jour={day}").text for day in (eve, today()))
    assert invoice.number not in then
    assert 'name="jour"' in then
    assert invoice.number in now
    assert books.account(on=str(eve))["balance_cents"] == 0
    rows = answered(books.issuer.get(f"/api/v1/accounts/{buyer}/transactions", query_string={"on": str(eve)}))
    assert rows == []
    assert books.issuer_page.get(f"/comptes/{buyer}?jour=hier").status_code == 400
    assert books.issuer_page.get(f"/comptes/{buyer}/pourquoi?age=vieux").status_code == 400
