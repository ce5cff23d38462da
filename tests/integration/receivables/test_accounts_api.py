"""Accounts through the API: who owes what, what was paid, credited, given back and let off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.core.transaction import transaction
from server.identity.model import Role
from server.ledger.model import Account
from server.ledger.queries import account_totals
from server.receivables.audit import book_faults
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books, today


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer and one shop for every test here; each reads what its own invoices add."""
    return make_books(buyers=2)


def settle_all(books: Books) -> None:
    """Bring the shop's balance to zero, so that a test starts from there."""
    owed = next(
        (one for one in answered(books.issuer.get("/api/v1/accounts")) if one["buyer_id"] == str(books.world.buyer.id)),
        None,
    )
    if owed and owed["balance_cents"] > 0:
        books.pay(owed["balance_cents"])
    elif owed and owed["balance_cents"] < 0:
        invoice = books.invoice(cases=40)
        books.pay(invoice.total_cents + owed["balance_cents"])


@pytest.fixture
def account(books: Books) -> Books:
    """The shop's account at a balance of zero with nothing open and nothing unapplied."""
    settle_all(books)
    for payment in answered(books.issuer.get("/api/v1/payments", query_string={"limit": 200})):
        assert payment["state"] != "pending"
    return books


def test_a_balance_is_invoices_less_payments_less_credits_live(account: Books) -> None:
    """R078: each customer has a balance, at once after each document, and its ages sum to it (law 26)."""
    before = account.balance()
    invoice = account.invoice(cases=2)
    assert account.balance() == before + invoice.total_cents
    account.pay(1_000)
    account.credit(500)
    found = account.account()
    assert found["balance_cents"] == before + invoice.total_cents - 1_500
    assert sum(found["ages"].values()) == found["balance_cents"]
    yesterday = (today() - timedelta(days=1)).isoformat()
    then = answered(account.issuer.get(f"/api/v1/accounts/{account.world.buyer.id}", query_string={"on": yesterday}))
    assert sum(one["balance_cents"] for one in then) == 0


def test_a_balance_is_read_at_any_day_and_a_credit_splits_over_what_is_overdue(module_database) -> None:
    """R078, R082, law 13: the balance between two movements; parts on an overdue invoice too, taken off."""
    del module_database
    books, now = make_books(), datetime.now(UTC)
    overdue = books.invoice(cases=2, at=now - timedelta(days=60), planned_on=today() - timedelta(days=60))
    recent = books.invoice(cases=3, at=now - timedelta(days=2))
    books.pay(1_000, allocations=[])
    on = {days: books.account(on=(today() - timedelta(days=days)).isoformat()) for days in (10, 1, 0)}
    both = overdue.total_cents + recent.total_cents
    assert [on[days]["balance_cents"] for days in (10, 1, 0)] == [overdue.total_cents, both, both - 1_000]
    assert on[1]["overdue_cents"] == overdue.total_cents
    parts = [{"invoice_id": str(one.id), "amount_cents": 700} for one in (overdue, recent)]
    note = books.credit(2_000, apply=parts)
    assert [books.open_of(one) for one in (overdue, recent)] == [overdue.total_cents - 700, recent.total_cents - 700]
    held = {one["invoice_id"]: one["id"] for one in _parts_of(books, note)}
    door = f"/api/v1/payment-allocations/{held[str(overdue.id)]}"
    assert books.shop.delete(door).status_code == 403
    answered(books.issuer.delete(door))
    assert [books.open_of(one) for one in (overdue, recent)] == [overdue.total_cents, recent.total_cents - 700]
    again = {"parts": [{"invoice_id": str(recent.id), "amount_cents": 1_300}]}
    answered(books.issuer.post(f"/api/v1/credit-notes/{note['id']}/allocations", json=again), 201)
    more = {"parts": [{"invoice_id": str(overdue.id), "amount_cents": 1}]}
    assert books.issuer.post(f"/api/v1/credit-notes/{note['id']}/allocations", json=more).status_code in {409, 422}
    assert books.balance() == both - 1_000 - 2_000


def _parts_of(books: Books, note: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(books.issuer.get(f"/api/v1/credit-notes/{note['id']}/allocations"))
    return found


def test_a_hidden_balance_is_not_in_the_buyers_api(account: Books) -> None:
    """R079: off, the buyer's API has no balance at all and no statement; on, both are there."""
    account.invoice()
    seller = account.world.seller.id
    account.share_balance(False)
    [hidden] = answered(account.shop.get("/api/v1/payables"))
    assert hidden["issuer_id"] == str(seller)
    assert not {"balance_cents", "ages", "overdue_cents"} & hidden.keys()
    assert account.shop.get(f"/api/v1/payables/{seller}/statement").status_code == 404
    account.share_balance(True)
    [shown] = answered(account.shop.get("/api/v1/payables"))
    assert shown["balance_cents"] == account.balance() > 0
    statement = answered(account.shop.get(f"/api/v1/payables/{seller}/statement"))
    assert statement["closing_cents"] == shown["balance_cents"]
    assert answered(account.shop.get("/api/v1/accounts")) == []


def test_a_payment_in_full_makes_the_invoice_paid_on_both_sides(account: Books) -> None:
    """R084, R085, R044: a recorded cheque, Interac, cash or transfer pays the invoice it names; both read Payée."""
    for method in ("cheque", "interac", "cash", "transfer"):
        invoice = account.invoice()
        part = {"invoice_id": str(invoice.id), "amount_cents": invoice.total_cents}
        paid = account.pay(invoice.total_cents, method=method, reference="4411", allocations=[part])
        assert paid["state"] == "allocated"
        for page in (account.issuer_page, account.shop_page):
            assert "Payée" in page.get(f"/factures/{invoice.id}").get_data(as_text=True)


def test_partial_then_too_much_stays_the_customers_credit(account: Books) -> None:
    """R084, table of the ledger: a part leaves the rest open; what is too much stays the customer's, to use later."""
    invoice = account.invoice()
    account.pay(1_000)
    assert account.open_of(invoice) == invoice.total_cents - 1_000
    paid = account.pay(invoice.total_cents)
    assert (account.open_of(invoice), account.balance()) == (0, -1_000)
    later = account.invoice()
    body = {"parts": [{"invoice_id": str(later.id), "amount_cents": 1_000}]}
    answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/allocations", json=body), 201)
    assert account.open_of(later) == later.total_cents - 1_000


def test_a_refund_gives_back_what_a_payment_still_holds_and_no_more(account: Books) -> None:
    """Law 16: Dr customer credit / Cr bank, at most what is held; the same key gives back once."""
    paid = account.pay(2_500)
    path = f"/api/v1/payments/{paid['id']}/refunds"
    wish = {"key": str(new_id()), "amount_cents": 2_000, "method": "interac", "reason": "Payé en double"}
    first = answered(account.issuer.post(path, json=wish), 201)
    assert answered(account.issuer.post(path, json=wish), 201)["id"] == first["id"]
    assert account.balance() == -500
    refused = account.issuer.post(path, json=wish | {"key": str(new_id()), "amount_cents": 501})
    assert (refused.status_code, refused.get_json()["slug"]) == (409, "over-refunded")
    answered(account.issuer.post(path, json=wish | {"key": str(new_id()), "amount_cents": 500}), 201)
    assert answered(account.issuer.get(f"/api/v1/payments/{paid['id']}"))["state"] == "refunded"
    assert account.balance() == 0


def test_undoing_and_setting_elsewhere_restore_both_sides(account: Books) -> None:
    """Law 13, section 4 (affectée → réaffectée): a payment goes off one invoice and on to another, exactly."""
    first, second = account.invoice(), account.invoice()
    paid = account.pay(3_000, allocations=[{"invoice_id": str(first.id), "amount_cents": 3_000}])
    [made] = answered(account.issuer.get(f"/api/v1/payments/{paid['id']}/allocations"))
    answered(account.issuer.delete(f"/api/v1/payment-allocations/{made['id']}"))
    answered(account.issuer.delete(f"/api/v1/payment-allocations/{made['id']}"))
    assert account.open_of(first) == first.total_cents
    assert answered(account.issuer.get(f"/api/v1/payments/{paid['id']}"))["state"] == "succeeded"
    for invoice in (first, second):
        body = {"replace": True, "parts": [{"invoice_id": str(invoice.id), "amount_cents": 3_000}]}
        answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/allocations", json=body), 201)
    assert account.open_of(first) == first.total_cents
    assert account.open_of(second) == second.total_cents - 3_000


def test_a_cheque_that_bounces_leaves_what_was_open_before(account: Books) -> None:
    """Law 15: a failed payment opens its invoices again; a part that was refunded is not taken twice."""
    invoice = account.invoice()
    before = (account.balance(), account.open_of(invoice))
    paid = account.pay(invoice.total_cents)
    failed = answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/failure"))
    assert failed["state"] == "failed"
    assert (account.balance(), account.open_of(invoice)) == before


@pytest.mark.parametrize("over_cents", [1_000, 0], ids=["a-part", "all"])
def test_a_refunded_cheque_that_bounces_is_owed_with_what_was_refunded(account: Books, over_cents: int) -> None:
    """Law 15: the bank takes the whole cheque back, and the refund is gone: both are owed, and the bank says so."""
    invoice, before, bank = account.invoice(cases=2), account.balance(), bank_cents(account)
    amount_cents = invoice.total_cents + 1_000 if over_cents else 1_000
    part = [{"invoice_id": str(invoice.id), "amount_cents": invoice.total_cents}] if over_cents else []
    paid = account.pay(amount_cents, allocations=part)
    wish = {"key": str(new_id()), "amount_cents": 1_000, "method": "cheque", "reason": "Trop payé"}
    answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/refunds", json=wish), 201)
    for _ in range(2):
        failed = answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/failure"))
    assert (failed["state"], account.open_of(invoice)) == ("failed", invoice.total_cents)
    assert (account.balance(), bank_cents(account)) == (before + 1_000, bank - 1_000)
    page = account.issuer_page.get(f"/paiements/{paid['id']}").get_data(as_text=True).replace("\u00a0", " ")
    assert "Remboursé par ailleurs, donc dû" in page
    with transaction(account.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=account.world.seller.id)) == []


def bank_cents(account: Books) -> int:
    with transaction(account.world.seller.id) as session:
        totals = account_totals(session, issuer_id=account.world.seller.id)
    return sum(cents for (_, name), cents in totals.items() if name is Account.BANK)


def test_a_write_off_is_a_document_of_its_own(account: Books) -> None:
    """Table of the ledger, law 6: what is given up has a number and a reason, closes the invoice, and may be undone."""
    invoice = account.invoice()
    path, total = f"/api/v1/invoices/{invoice.id}/write-offs", invoice.total_cents
    body = {"key": str(new_id()), "amount_cents": total, "reason": "Faillite du client"}
    made = answered(account.issuer.post(path, json=body), 201)
    assert made["number"].startswith("BR1-RAD-")
    assert account.balance() == account.open_of(invoice) == 0
    assert "Radiée" in account.issuer_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    assert account.issuer.post(path, json=body | {"key": str(new_id())}).status_code == 409
    assert account.issuer.post(path, json=body | {"key": str(new_id()), "reason": " "}).status_code == 422


def test_a_credit_takes_invoiced_lines_at_their_invoiced_price(account: Books) -> None:
    """R081, R088, R092: items of an invoice come back with net, taxes and deposits of their line, never more."""
    invoice = account.invoice(cases=4)
    [line] = invoice.lines
    one = account.write(invoice_id=str(invoice.id), items=[{"line_id": str(line.id), "quantity": 1}])
    rest = account.write(invoice_id=str(invoice.id), items=[{"line_id": str(line.id), "quantity": 3}])
    assert one["kind"] == "items"
    assert one["net_cents"] == 4_250
    for name in ("net_cents", "tax_cents", "deposit_cents", "total_cents"):
        assert one[name] + rest[name] == getattr(invoice, name)
    assert account.open_of(invoice) == 0
    more = {"key": str(new_id()), "buyer_id": str(account.world.buyer.id), "reason_fr": "Encore"}
    refused = account.issuer.post(
        "/api/v1/credit-notes",
        json=more | {"invoice_id": str(invoice.id), "items": [{"line_id": str(line.id), "quantity": 1}]},
    )
    assert refused.status_code == 422


def test_returned_containers_and_free_amounts_are_credited(account: Books) -> None:
    """R081, R093, R094: empties by the day's deposit; one entry with several described amounts, taxed once."""
    containers = [{"class_id": str(account.world.seller.keg_class_id), "quantity": 3}]
    empties = account.write(containers=containers)
    assert (empties["kind"], empties["total_cents"]) == ("container_deposit", 9_000)
    lines = [
        {"description_fr": "Affichage", "description_en": "Display", "net_cents": 5_005, "taxed": True},
        {"description_fr": "Dégustation", "description_en": "Tasting", "net_cents": 5_005, "taxed": True},
        {"description_fr": "Arrondi", "description_en": "Rounding", "net_cents": 3, "taxed": False},
    ]
    free = account.write(lines=lines)
    assert (free["net_cents"], free["tax_cents"], free["kind"]) == (10_013, 501 + 998, "free_amount")
    whole = answered(account.issuer.get(f"/api/v1/credit-notes/{free['id']}"))
    assert [line["description_fr"] for line in whole["lines"]] == ["Affichage", "Dégustation", "Arrondi"]
    assert sum(sum(line["taxes"].values()) for line in whole["lines"]) == free["tax_cents"]


def test_a_credit_without_its_note_of_reconciliation_is_refused(account: Books) -> None:
    """R095: the reason is required, kept with the credit and printed."""
    body = {"key": str(new_id()), "buyer_id": str(account.world.buyer.id), "reason_fr": "  "}
    line = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": 100, "taxed": False}
    refused = account.issuer.post("/api/v1/credit-notes", json=body | {"lines": [line]})
    assert refused.get_json()["slug"] == "credit-reason-missing"
    assert account.credit(100, reason_fr="Réconciliation de mai")["reason_fr"] == "Réconciliation de mai"


def test_a_credit_is_split_over_open_and_overdue_invoices(account: Books) -> None:
    """R082, R083, C11: parts of one credit pay chosen invoices; the rest is taken by the next one by itself."""
    first, second = account.invoice(), account.invoice()
    note = account.credit(
        3_000,
        apply=[
            {"invoice_id": str(first.id), "amount_cents": 1_000},
            {"invoice_id": str(second.id), "amount_cents": 500},
        ],
    )
    assert account.open_of(first) == first.total_cents - 1_000
    body = {"parts": [{"invoice_id": str(second.id), "amount_cents": 500}]}
    answered(account.issuer.post(f"/api/v1/credit-notes/{note['id']}/allocations", json=body), 201)
    assert account.open_of(second) == second.total_cents - 1_000
    following = account.invoice()
    assert account.open_of(following) == following.total_cents - 1_000
    applied = answered(account.issuer.get(f"/api/v1/credit-notes/{note['id']}/allocations"))
    assert sum(one["amount_cents"] for one in applied) == 3_000


def test_a_refunded_credit_is_not_given_a_second_time(account: Books) -> None:
    """Law 16, section 4 (émise → remboursée): what is paid out of a credit does not wait for the next invoice."""
    note = account.credit(2_000)
    wish = {"key": str(new_id()), "amount_cents": 1_500, "method": "cheque", "reason": "Demandé par le client"}
    answered(account.issuer.post(f"/api/v1/credit-notes/{note['id']}/refunds", json=wish), 201)
    following = account.invoice()
    assert account.open_of(following) == following.total_cents - 500


def test_only_sellers_and_their_agents_or_distributors_credit(account: Books) -> None:
    """R089, R011: retailer, driver and dispatcher get 403; a distributor that is not the issuer does, too."""
    body = {
        "key": str(new_id()),
        "buyer_id": str(account.world.buyer.id),
        "reason_fr": "Moi-même",
        "lines": [{"description_fr": "a", "description_en": "a", "net_cents": 100}],
    }
    assert account.shop.post("/api/v1/credit-notes", json=body).status_code == 403
    for role in (Role.DRIVER, Role.DISPATCHER):
        assert account.at_issuer(role).post("/api/v1/credit-notes", json=body).status_code == 403
        assert account.at_issuer(role).post(
            "/api/v1/payments",
            json={
                "key": str(new_id()), "buyer_id": body["buyer_id"], "method": "cash", "amount_cents": 1,
                "received_on": today().isoformat(),
            },
        ).status_code == 403  # fmt: skip
    invoice = account.invoice()
    of_invoice = body | {"lines": [], "invoice_id": str(invoice.id), "items": [
        {"line_id": str(invoice.lines[0].id), "quantity": 1}
    ]}  # fmt: skip
    assert account.at_carrier().post("/api/v1/credit-notes", json=of_invoice).status_code in {403, 404}
    assert answered(account.at_issuer(Role.ACCOUNTANT).post("/api/v1/credit-notes", json=body), 201)


def test_the_account_lists_every_transaction(account: Books) -> None:
    """R090: invoices, credits, payments, allocations, refunds and write-offs, each linking to its document."""
    invoice = account.invoice()
    paid = account.pay(1_000)
    note = account.credit(300, apply=[{"invoice_id": str(invoice.id), "amount_cents": 300}])
    over = account.pay(100, allocations=[])
    wish = {"key": str(new_id()), "amount_cents": 100, "method": "cash", "reason": "De trop"}
    answered(account.issuer.post(f"/api/v1/payments/{over['id']}/refunds", json=wish), 201)
    answered(account.issuer.post(f"/api/v1/payments/{paid['id']}/failure"))
    body = {"key": str(new_id()), "amount_cents": 50, "reason": "Petit reste"}
    answered(account.issuer.post(f"/api/v1/invoices/{invoice.id}/write-offs", json=body), 201)
    rows = answered(
        account.issuer.get(f"/api/v1/accounts/{account.world.buyer.id}/transactions", query_string={"limit": 20})
    )
    kinds = {row["movement"] for row in rows}
    assert kinds >= {
        "invoice", "payment", "allocation", "allocation_undone", "payment_failed", "credit_note", "refund", "write_off",
    }  # fmt: skip
    links = {row[name] for row in rows for name in ("invoice_id", "credit_id", "payment_id")}
    assert links >= {str(invoice.id), note["id"], paid["id"]}


def test_a_statement_opens_where_the_former_one_closed(account: Books) -> None:
    """R086, law 25: opening and movements make the closing, which is the next opening, at any cut."""
    account.invoice()
    account.pay(700)
    path, day = f"/api/v1/accounts/{account.world.buyer.id}/statement", timedelta(days=1)
    cuts = [today() - timedelta(days=400), today() - day, today(), today() + timedelta(days=3)]
    carried = 0
    for first, last in zip(cuts, [cut - day for cut in cuts[1:]] + [today() + timedelta(days=30)], strict=True):
        asked = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        found = answered(account.issuer.get(path, query_string=asked))
        assert found["opening_cents"] == carried
        carried = found["opening_cents"] + sum(line["amount_cents"] for line in found["lines"])
        assert found["closing_cents"] == carried
        assert not found["lines"] or found["lines"][-1]["balance_cents"] == carried
    assert carried == account.balance()
    asked = {"first_day": "2026-02-02", "last_day": "2026-02-01"}
    assert account.issuer.get(path, query_string=asked).get_json()["slug"] == "bad-period"


def test_each_client_has_one_accounting_chat_apart_from_its_orders(account: Books) -> None:
    """R087: issuer and customer write in one thread; nobody else reads it, and it is in no order's timeline."""
    seller, buyer = account.world.seller.id, account.world.buyer.id
    answered(account.issuer.post(f"/api/v1/accounts/{buyer}/messages", json={"text": "Le 4411 est sans fonds."}), 201)
    answered(account.shop.post(f"/api/v1/payables/{seller}/messages", json={"text": "Un virement part ce soir."}), 201)
    said = [one["text"] for one in answered(account.issuer.get(f"/api/v1/accounts/{buyer}/messages"))]
    assert said[-2:] == ["Le 4411 est sans fonds.", "Un virement part ce soir."]
    assert [one["text"] for one in answered(account.shop.get(f"/api/v1/payables/{seller}/messages"))] == said
    assert account.at_carrier().get(f"/api/v1/payables/{seller}/messages").status_code == 404
    assert account.at_issuer(Role.DRIVER).get(f"/api/v1/accounts/{buyer}/messages").status_code == 403


def test_a_stranger_has_no_account_and_no_document_here(account: Books) -> None:
    """Law 33: another organisation's payment, credit or customer is not there, and no account opens for strangers."""
    stranger = account.at_carrier()
    paid = account.pay(100)
    assert stranger.get(f"/api/v1/payments/{paid['id']}").status_code == 404
    assert stranger.post(f"/api/v1/payments/{paid['id']}/failure").status_code == 404
    assert account.shop.post(f"/api/v1/payments/{paid['id']}/failure").status_code == 403
    assert account.issuer.get(f"/api/v1/accounts/{new_id()}").status_code == 404
    body = {
        "key": str(new_id()), "buyer_id": str(new_id()), "method": "cash", "amount_cents": 1,
        "received_on": today().isoformat(),
    }  # fmt: skip
    assert account.issuer.post("/api/v1/payments", json=body).get_json()["slug"] == "no-account"
