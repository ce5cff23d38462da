"""A charge after its payment failed and its dispute was won: what the provider takes of it again is booked, too."""

from __future__ import annotations

from typing import Any

import pytest

from server.core.transaction import transaction
from server.receivables.audit import book_faults
from server.receivables.providers import Given
from shared.ids import new_id
from tests.factories.accounts import Books, answered
from tests.factories.online import PAID, ask, deliver, follow
from tests.factories.strict_gateway import StrictGateway


def looked(books: Books, gateway: StrictGateway, payment_id: str, **became: Any) -> None:
    """Let something happen to a charge at the provider, and follow it twice."""
    for _ in range(2):
        deliver(books, gateway.happen(payment_id, "charge.updated", **became))
        follow(books, payment_id)


def won(books: Books, gateway: StrictGateway, *back: int) -> tuple[Any, str]:
    """Pay an invoice online, let the bank take it whole, and return all of it in these steps."""
    invoice = books.invoice(cases=2)
    payment = ask(books, invoice)
    looked(books, gateway, payment["id"], **PAID)
    looked(books, gateway, payment["id"], charged_back_cents=invoice.total_cents)
    for taken in (*back, 0):
        looked(books, gateway, payment["id"], charged_back_cents=taken)
    assert (books.open_of(invoice), follow(books, payment["id"])["state"]) == (0, "failed")
    return invoice, payment["id"]


def paying(books: Books, invoice: Any) -> list[dict[str, Any]]:
    """Return the payments that pay an invoice, oldest first."""
    found = answered(books.issuer.get("/api/v1/payments", query_string={"limit": 200}))
    return [one for one in found if one["invoice_id"] == str(invoice.id) and one["state"] == "allocated"]


def faults(books: Books) -> list[Any]:
    with transaction(books.world.seller.id) as session:
        return list(book_faults(session, issuer_id=books.world.seller.id))


@pytest.mark.parametrize("left_cents", [2_000, 0], ids=["some-left", "nothing-left"])
@pytest.mark.parametrize("way", ["disputed", "refunded"])
def test_what_was_refunded_by_hand_is_owed_when_the_provider_takes_more_than_is_left(
    books: Books, gateway: StrictGateway, way: str, left_cents: int
) -> None:
    """Laws 13, 14, 15: a part is taken at the provider, beyond what a cheque left of it: owed, said, and given back."""
    invoice = books.invoice(cases=2)
    payment_id = ask(books, invoice)["id"]
    looked(books, gateway, payment_id, **PAID)
    total, path = invoice.total_cents, f"/api/v1/payments/{payment_id}"
    [paid] = answered(books.issuer.get(f"{path}/allocations"))
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    wish = {"key": str(new_id()), "amount_cents": total - left_cents, "method": "cheque", "reason": "Geste"}
    answered(books.issuer.post(f"{path}/refunds", json=wish), 201)
    if left_cents:
        parts = {"parts": [{"invoice_id": str(invoice.id), "amount_cents": left_cents}]}
        answered(books.issuer.post(f"{path}/allocations", json=parts), 201)
    before, owed = books.balance(), 700
    charge = gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    if way == "disputed":
        looked(books, gateway, payment_id, charged_back_cents=left_cents + owed)
    else:
        charge.refunds["dashboard"] = (left_cents + owed, Given("re_dashboard", True))
        looked(books, gateway, payment_id)
    assert (books.balance(), books.open_of(invoice)) == (before + left_cents + owed, total)
    assert answered(books.issuer.get(path))["state"] == "refunded"
    page = books.issuer_page.get(f"/paiements/{payment_id}").get_data(as_text=True)
    assert "Remboursé par ailleurs, donc dû" in page
    whole, due = answered(books.issuer.get(f"{path}/explanation"))["totals"]
    for one, cents in ((whole, total), (due, owed)):
        assert one["amount_cents"] == sum(part["amount_cents"] for part in one["parts"]) == cents
    assert faults(books) == []
    if way == "disputed":
        looked(books, gateway, payment_id, charged_back_cents=0)
    else:
        charge.refunds["dashboard"] = (left_cents + owed, Given("re_dashboard", False))
        looked(books, gateway, payment_id)
    assert (books.balance(), books.open_of(invoice)) == (before, total - left_cents)
    assert answered(books.issuer.get(path))["state"] == ("allocated" if left_cents else "refunded")
    assert faults(books) == []


@pytest.mark.parametrize("back", [(), (500,)], ids=["at-once", "in-two-steps"])
def test_what_the_provider_takes_after_a_won_dispute_is_booked(books: Books, gateway: StrictGateway, back) -> None:
    """R080, laws 13 to 16: refunds, their failures and new disputes of the charge open their part, to the cent."""
    invoice, payment_id = won(books, gateway, *back)
    total, before = invoice.total_cents, books.balance()
    charge = gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    refunds = {"kept": (200, Given("re_kept", True))}
    for arrived, kept in ((None, 700), (True, 700), (False, 0)):
        charge.refunds["dashboard"] = (700, Given("re_dashboard", arrived))
        looked(books, gateway, payment_id)
        assert (books.open_of(invoice), books.balance() - before) == (kept, kept)
    for taken in (1_000, total, 400, total, 0, 900):
        looked(books, gateway, payment_id, charged_back_cents=taken)
        assert (books.open_of(invoice), books.balance() - before) == (taken, taken)
    charge.refunds |= refunds
    for taken in (900, total - 200, 0):
        looked(books, gateway, payment_id, charged_back_cents=taken)
        assert (books.open_of(invoice), books.balance() - before) == (taken + 200, taken + 200)
    assert faults(books) == []


def test_what_a_won_dispute_gave_back_is_refunded_at_the_provider(books: Books, gateway: StrictGateway) -> None:
    """R080, law 16: asked from the payment that came back, it is given there once; a refund that waits is followed."""
    invoice, payment_id = won(books, gateway)
    [again] = paying(books, invoice)
    charge = gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{again['id']}/allocations"))
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    path, before = f"/api/v1/payments/{again['id']}/refunds", books.balance()
    gateway.refunds_arrive = None
    wish = {"key": str(new_id()), "amount_cents": 600, "method": "gateway", "reason": "Geste"}
    made = answered(books.issuer.post(path, json=wish), 201)
    assert (made["state"], charge.refunded_cents, books.balance()) == ("pending", 600, before + 600)
    [(key, (cents, given))] = charge.refunds.items()
    charge.refunds[key] = (cents, Given(given.ref, True))
    seen = answered(books.shop.post(f"/api/v1/online-payments/{again['id']}/look"))
    assert (seen["id"], seen["state"]) == (again["id"], "succeeded")
    again_made = answered(books.issuer.post(path, json=wish), 201)
    assert (again_made["id"], again_made["state"], gateway.calls.count("refund")) == (made["id"], "done", 1)
    assert (books.balance(), charge.refunded_cents, faults(books)) == (before + 600, 600, [])


def test_a_refund_beyond_what_came_back_last_is_taken_of_all_that_came_back(
    books: Books, gateway: StrictGateway
) -> None:
    """Laws 13, 16: two payments came back of one charge; one refund of more than the last is a part of each."""
    invoice, payment_id = won(books, gateway, 500)
    before, charge = books.balance(), gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    assert [one["amount_cents"] for one in paying(books, invoice)] == [invoice.total_cents - 500, 500]
    for arrived, kept in ((True, 800), (False, 0)):
        charge.refunds["dashboard"] = (800, Given("re_dashboard", arrived))
        looked(books, gateway, payment_id)
        assert (books.open_of(invoice), books.balance() - before) == (kept, kept)
    assert faults(books) == []


def test_a_refund_before_the_dispute_stays_its_payment_s(books: Books, gateway: StrictGateway) -> None:
    """Laws 14, 15: what was refunded before the bank took the rest does not come back with the dispute that is won."""
    invoice = books.invoice(cases=2)
    payment = ask(books, invoice)
    looked(books, gateway, payment["id"], **PAID)
    before, charge = books.balance(), gateway.charges[f"pi_{payment['id'].replace('-', '')}"]
    charge.refunds["first"] = (300, Given("re_first", True))
    looked(books, gateway, payment["id"])
    looked(books, gateway, payment["id"], charged_back_cents=invoice.total_cents - 300)
    charge.refunds["second"] = (400, Given("re_second", True))  # won and refunded before anybody looked
    looked(books, gateway, payment["id"], charged_back_cents=0)
    assert [one["amount_cents"] for one in paying(books, invoice)] == [invoice.total_cents - 300]
    assert (books.open_of(invoice), books.balance() - before) == (700, 700)
    charge.refunds["second"] = (400, Given("re_second", False))
    looked(books, gateway, payment["id"])
    assert (books.open_of(invoice), books.balance() - before, faults(books)) == (300, 300, [])
