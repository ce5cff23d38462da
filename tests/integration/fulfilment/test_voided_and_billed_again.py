"""Orders whose invoice is annulled: what opens for one new invoice, what stays billed, and what is billed again."""

from __future__ import annotations

from typing import Any

import pytest

from server.core.transaction import transaction
from server.parties.model import Emission
from server.receivables.audit import book_faults
from server.receivables.exposure import uninvoiced_cents
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.hand_desk import ADJUSTED, APPROVED, CREDITED, Desk, correct, documents
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Deal, Seller, make_world

INVOICES, CREDITS = "/api/v1/invoices", "/api/v1/credit-notes"
IN_PART = Deal(emission=Emission.ON_DELIVERED, credit_threshold_cents=0)
Order = dict[str, Any]


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    del module_database
    return Desk(trade_in(application(), make_world([ADJUSTED, CREDITED, APPROVED, IN_PART])))


def credit_whole(client: Client, invoice: Order) -> None:
    """Credit every unit of an invoice by hand."""
    whole = answered(client.get(f"{INVOICES}/{invoice['id']}"))
    asked = {
        "key": str(new_id()),
        "buyer_id": whole["buyer_id"],
        "reason_fr": "Tout est revenu",
        "reason_en": "All of it came back",
        "invoice_id": whole["id"],
        "items": [{"line_id": line["id"], "quantity": line["quantity"]} for line in whole["lines"]],
    }
    answered(client.post(CREDITS, json=asked), 201)


def ride_again(desk: Desk, client: Client, order: Order, cases: int = 4) -> None:
    """Replan an order and deliver it without a tablet; one with a carrier leaves as its delivery is told."""
    answered(client.post(f"{API}/{order['id']}/replan"))
    if order["distribution"] == "shipped":
        answered(client.post(f"{API}/{order['id']}/ship"))
    answered(desk.tell(order, client, cases=cases, words="Sans tournée."))


def billing_of(client: Client, order: Order) -> str:
    return str(answered(client.get(f"{API}/{order['id']}"))["billing_state"])


def billed(client: Client, order: Order) -> int:
    """Return what the order's documents bill together, less what was credited; what is refused or waits is nothing."""
    invoices, notes = documents(client, order)
    credited = sum(one["total_cents"] for one in notes if one["state"] == "issued")
    return sum(one["total_cents"] for one in invoices if one["number"]) - credited


def supplemented(desk: Desk) -> tuple[Client, Order, Order, Order]:
    """Return an order of which 3 cases were told, then 4 after all: with its final invoice and its supplement."""
    owner, order = desk.of(desk.credited), desk.order(desk.credited)
    answered(desk.tell(order, owner, cases=3))
    correct(owner, order, cases=4)
    final, supplement = sorted(documents(owner, order)[0], key=lambda one: one["number"])
    return owner, order, final, supplement


def void(client: Client, invoice: Order) -> Order:
    note: Order = answered(client.post(f"{INVOICES}/{invoice['id']}/void", json={"reason": "Erreur"}))
    return note


def test_a_void_supplement_leaves_its_order_billed(desk: Desk) -> None:
    """C6, R042, law 19: the order's final invoice stands; nothing of the order counts against the limit again."""
    owner, order, final, supplement = supplemented(desk)
    before = billed(owner, order)
    assert void(owner, supplement)["total_cents"] == supplement["total_cents"]
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", before - supplement["total_cents"])
    with transaction(desk.credited.id) as session:
        open_cents = uninvoiced_cents(
            session, issuer_id=desk.credited.id, buyer_id=desk.trade.world.buyer.id, currency="CAD"
        )
        assert (open_cents, list(book_faults(session, issuer_id=desk.credited.id))) == (0, [])
    assert answered(owner.post(f"{API}/{order['id']}/invoice"))["id"] == final["id"]


def test_a_void_supplement_is_made_anew(desk: Desk) -> None:
    """C6, T5, T6: the same lines at the same cents, supplementing the same invoice; asked twice it is one."""
    owner, order, final, supplement = supplemented(desk)
    before = billed(owner, order)
    void(owner, supplement)
    made = answered(owner.post(f"{INVOICES}/{supplement['id']}/republish"))
    assert answered(owner.post(f"{INVOICES}/{supplement['id']}/republish"))["id"] == made["id"]
    old, new = (answered(owner.get(f"{INVOICES}/{one['id']}")) for one in (supplement, made))
    assert (new["supplements_id"], new["total_cents"]) == (final["id"], old["total_cents"])
    kept = ("quantity", "net_cents")
    assert [[one[name] for name in kept] for one in new["lines"]] == [
        [one[name] for name in kept] for one in old["lines"]
    ]
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", before)
    correct(owner, order, cases=3)
    correct(owner, order, cases=4)
    assert billed(owner, order) == before, "corrections go on from what stands"


def test_a_void_supplement_bills_nothing_twice(desk: Desk) -> None:
    """Law 19: what was not delivered, what a later correction billed and what its void final invoice held stay out."""
    owner, order, final, supplement = supplemented(desk)
    before = billed(owner, order)
    void(owner, supplement)
    correct(owner, order, cases=3)
    refused = owner.post(f"{INVOICES}/{supplement['id']}/republish")
    assert (refused.status_code, refused.json["slug"]) == (409, "nothing-to-invoice")
    correct(owner, order, cases=4)
    assert billed(owner, order) == before
    refused = owner.post(f"{INVOICES}/{supplement['id']}/republish")
    assert (refused.status_code, refused.json["slug"]) == (409, "nothing-to-invoice")
    void(owner, final)
    assert (billing_of(owner, order), billed(owner, order)) == ("uninvoiced", 0)
    refused = owner.post(f"{INVOICES}/{supplement['id']}/republish")
    assert (refused.status_code, refused.json["slug"]) == (409, "supplemented-invoice-void")
    assert final["number"] in refused.json["detail"]
    answered(owner.post(f"{INVOICES}/{final['id']}/republish"))
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", before)


def carried(desk: Desk) -> tuple[Client, Client, Order]:
    """Return an order whose credits wait for its seller's approval, with its seller and its carrier."""
    order = desk.order(desk.approved, way="distributor")
    return desk.of(desk.approved), desk.of(desk.trade.world.carrier_id), order


def decide(client: Client, order: Order, *, approve: bool, count: int = 1) -> None:
    """Decide all of the order's proposals, of which there are ``count``."""
    waiting = [one for one in documents(client, order)[1] if one["state"] == "proposed"]
    assert len(waiting) == count
    said = {"approve": approve, "reason": "" if approve else "À voir avec le client"}
    for note in waiting:
        answered(client.post(f"{CREDITS}/{note['id']}/decision", json=said))


def fail(client: Client, order: Order) -> None:
    answered(client.post(f"{API}/{order['id']}/fail", json={"failure": "closed", "words": "Porte close."}))


def kinds(client: Client, order: Order) -> list[tuple[str, str, int]]:
    notes = sorted(documents(client, order)[1], key=lambda one: one["number"])
    return [(one["kind"], one["state"], one["total_cents"]) for one in notes]


def test_an_order_that_was_credited_whole_and_not_delivered_is_billed_on_its_next_ride(desk: Desk) -> None:
    """C27, R005, law 19: a note of 0.00 annuls the invoice of which nothing is left; each ride is billed once."""
    owner, order = desk.of(desk.credited), desk.order(desk.credited)
    ((invoice,), _none) = documents(owner, order)
    credit_whole(owner, invoice)
    fail(owner, order)
    assert kinds(owner, order) == [("items", "issued", invoice["total_cents"]), ("void", "issued", 0)]
    assert billing_of(owner, order) == "uninvoiced"
    ride_again(desk, owner, order)
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", invoice["total_cents"])


def test_a_delivery_that_is_corrected_to_nothing_after_all_of_it_was_credited(desk: Desk) -> None:
    """C27, law 19: as if nothing had been accepted at the door."""
    owner, order = desk.of(desk.credited), desk.order(desk.credited)
    answered(desk.tell(order, owner, cases=4))
    ((invoice,), _none) = documents(owner, order)
    credit_whole(owner, invoice)
    correct(owner, order, cases=0, kegs=0)
    assert kinds(owner, order) == [("items", "issued", invoice["total_cents"]), ("void", "issued", 0)]
    ride_again(desk, owner, order)
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", invoice["total_cents"])


def test_what_was_credited_by_hand_and_delivered_stays_given(desk: Desk) -> None:
    """C27, R024: a person's credit of goods that somebody has is no void, nor is what another line lost."""
    owner, order = desk.of(desk.credited), desk.order(desk.credited)
    answered(desk.tell(order, owner, cases=4))
    ((invoice,), _none) = documents(owner, order)
    whole = answered(owner.get(f"{INVOICES}/{invoice['id']}"))
    kegs = whole["lines"][1]
    asked = {"key": str(new_id()), "buyer_id": whole["buyer_id"], "reason_fr": "Geste", "reason_en": "Goodwill",
             "invoice_id": whole["id"], "items": [{"line_id": kegs["id"], "quantity": kegs["quantity"]}]}  # fmt: skip
    answered(owner.post(CREDITS, json=asked), 201)
    correct(owner, order, cases=0)
    assert [kind for kind, _state, _cents in kinds(owner, order)] == ["items", "items"]
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", 0)


def test_an_order_that_is_credited_whole_after_it_came_back_is_billed_on_its_next_ride(desk: Desk) -> None:
    """C12, C27, law 19: its proposed void was refused, its invoice credited by hand; replanning it annuls the rest."""
    owner, carrier, order = carried(desk)
    fail(carrier, order)
    ((invoice,), _proposed) = documents(owner, order)
    decide(owner, order, approve=False)
    credit_whole(owner, invoice)
    ride_again(desk, carrier, order)
    assert (billing_of(owner, order), billed(owner, order)) == ("settled", invoice["total_cents"])


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("cases", [4, 3])
def test_a_proposal_is_decided_before_its_order_rides_again(desk: Desk, approve: bool, cases: int) -> None:
    """C12, C27, law 19: whatever is decided of the first ride, the client is billed what the second one brought."""
    owner, carrier, order = carried(desk)
    fail(carrier, order)
    refused = carrier.post(f"{API}/{order['id']}/replan")
    assert (refused.status_code, refused.json["slug"]) == (409, "credit-undecided")
    decide(owner, order, approve=approve)
    ride_again(desk, carrier, order, cases=cases)
    if cases < 4 and not approve:  # its invoice stood: what is short now is a proposal of its own
        decide(owner, order, approve=True)
    at_once = carried(desk)[2]
    answered(desk.tell(at_once, carrier, cases=cases, words="Sans tournée."))
    if cases < 4:
        decide(owner, at_once, approve=True)
    assert billing_of(owner, order) == "settled"
    rounding_cents = 1 if cases < 4 and approve else 0  # a new invoice of three cases, beside a credit of the fourth
    assert abs(billed(owner, order) - billed(owner, at_once)) <= rounding_cents
    assert not [one for one in documents(owner, order)[1] if one["state"] == "proposed"]


def in_part(desk: Desk) -> Seller:
    """The seller whose invoices bill what was delivered, and who decides of every credit."""
    return desk.trade.world.sellers[3]


def partly_billed(desk: Desk, *, more_first: bool) -> tuple[Client, Client, Order]:
    """Return an order of which 3 cases were billed, or 3 and then a fourth, and nobody has anything after all.

    The credit of it was proposed, and its seller refused it. Also its seller and its carrier.
    """
    seller, carrier = desk.of(in_part(desk)), desk.of(desk.trade.world.carrier_id)
    order = desk.order(in_part(desk), way="distributor")
    answered(desk.tell(order, carrier, cases=3, words="Sans tournée."))
    if more_first:
        correct(carrier, order, cases=4)
    correct(carrier, order, cases=0, kegs=0)
    decide(seller, order, approve=False, count=2 if more_first else 1)
    return seller, carrier, order


@pytest.mark.parametrize("cases", [4, 3, 0])
@pytest.mark.parametrize("more_first", [False, True], ids=["three", "three and one"])
def test_an_order_does_not_ride_beside_an_invoice_of_a_part_of_it(desk: Desk, more_first: bool, cases: int) -> None:
    """C27, R024, law 19: four were signed at the price of four and billed as three; now it is voided, then billed."""
    seller, carrier, order = partly_billed(desk, more_first=more_first)
    refused = carrier.post(f"{API}/{order['id']}/replan")
    assert (refused.status_code, refused.json["slug"]) == (409, "billed-in-part")
    final = min(documents(seller, order)[0], key=lambda one: one["number"])
    assert final["number"] in refused.json["detail"]
    page = carrier.post(f"/commandes/{order['id']}/replanifier")
    assert (page.status_code, f'href="/commandes/{order["id"]}">Revoir la commande' in page.text) == (409, True)
    said = seller.get(f"/commandes/{order['id']}").text
    assert ("sans numéro" in said, "à approuver" in said) == (True, False), "a refused credit waits for nobody"
    void(seller, final)
    assert billed(seller, order) == 0
    answered(carrier.post(f"{API}/{order['id']}/replan"))
    answered(desk.tell(order, carrier, cases=cases, kegs=2 if cases else 0, words="Sans tournée."))
    at_once = desk.order(in_part(desk), way="distributor")
    answered(desk.tell(at_once, carrier, cases=cases, kegs=2 if cases else 0, words="Sans tournée."))
    assert billed(seller, order) == billed(seller, at_once)
    assert billing_of(seller, order) == billing_of(seller, at_once)


def test_an_order_does_not_ride_beside_a_supplement_whose_invoice_was_voided(desk: Desk) -> None:
    """C12, law 19, ADR 0058: of two proposals the void is approved, the other refused; four were billed as five."""
    seller, carrier = desk.of(in_part(desk)), desk.of(desk.trade.world.carrier_id)
    order = desk.order(in_part(desk), way="distributor")
    answered(desk.tell(order, carrier, cases=3, words="Sans tournée."))
    correct(carrier, order, cases=4)
    correct(carrier, order, cases=0, kegs=0)
    for note in documents(seller, order)[1]:
        said = {"approve": note["kind"] == "void", "reason": "À voir avec le client"}
        answered(seller.post(f"{CREDITS}/{note['id']}/decision", json=said))
    _final, supplement = sorted(documents(seller, order)[0], key=lambda one: one["number"])
    refused = carrier.post(f"{API}/{order['id']}/replan")
    assert (refused.status_code, refused.json["slug"]) == (409, "billed-in-part")
    assert supplement["number"] in refused.json["detail"]
    void(seller, supplement)
    answered(carrier.post(f"{API}/{order['id']}/replan"))
    answered(desk.tell(order, carrier, cases=4, words="Sans tournée."))
    assert billed(seller, order) == order["total_cents"]


def free(desk: Desk, *, kegs_too: bool, with_deposits: bool) -> Order:
    """Return an order of which the cases are free, and perhaps the kegs."""
    seller = desk.credited
    cases = {"format_id": str(seller.case_id), "quantity": 4, "unit_price": "0"}
    kegs = {"format_id": str(seller.keg_id), "quantity": 2} | ({"unit_price": "0"} if kegs_too else {})
    return desk.order(seller, with_deposits=with_deposits, items=[cases, kegs])


def test_a_free_order_is_paid_and_a_missing_free_unit_credits_nothing(desk: Desk) -> None:
    """R024, R044, R085: nobody credited it; a credit of 0.00 says nothing, but a void opens what came back whole."""
    owner, order = desk.of(desk.credited), free(desk, kegs_too=True, with_deposits=False)
    answered(desk.tell(order, owner, cases=3))
    ((invoice,), notes) = documents(owner, order)
    assert (invoice["total_cents"], invoice["payment_state"], notes) == (0, "paid", [])
    correct(owner, order, cases=2)
    assert kinds(owner, order) == []
    correct(owner, order, cases=0, kegs=0)
    assert kinds(owner, order) == [("void", "issued", 0)]
    assert billing_of(owner, order) == "uninvoiced"


def test_a_missing_free_unit_beside_goods_that_cost(desk: Desk) -> None:
    """C27, law 19: what is paid is credited alone; all of it gone, the order opens although free units were missing."""
    owner, order = desk.of(desk.credited), free(desk, kegs_too=False, with_deposits=False)
    answered(desk.tell(order, owner, cases=0))
    assert kinds(owner, order) == []
    correct(owner, order, cases=0, kegs=0)
    assert kinds(owner, order) == [("void", "issued", order["total_cents"])]
    assert (billing_of(owner, order), billed(owner, order)) == ("uninvoiced", 0)


def test_a_missing_free_unit_gives_its_deposit_back(desk: Desk) -> None:
    """R024, C30: a deposit is charged on what is free, too."""
    owner, order = desk.of(desk.credited), free(desk, kegs_too=True, with_deposits=True)
    answered(desk.tell(order, owner, cases=3))
    ((kind, _state, cents),) = kinds(owner, order)
    assert (kind, cents > 0) == ("items", True)


def test_the_books_of_all_these_orders_hold(desk: Desk) -> None:
    """Laws 2-4, 6, 8, 9, R042: the day's check finds nothing."""
    for seller in desk.trade.world.sellers:
        with transaction(seller.id) as session:
            assert list(book_faults(session, issuer_id=seller.id)) == []
