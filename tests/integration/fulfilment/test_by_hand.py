"""Deliveries that no tablet saw: recorded line by line at the office, and settled as synced ones are."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from server.billing.model import InvoiceOrder
from server.core.transaction import transaction
from server.delivery.model import Proof, VarianceNotice
from server.documents.jobs import render_delivery
from server.identity.model import Role
from server.ledger.model import Account, JournalEntry, Posting
from server.receivables.audit import book_faults
from server.stock.model import StockPlace
from server.sync.jobs import seal_delivery
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.accounts import today
from tests.factories.corrections import billed_units
from tests.factories.hand_desk import (
    ADJUSTED,
    APPROVED,
    BY_AGENT,
    CREDITED,
    MANUAL,
    OUTSIDE,
    Desk,
    deliveries,
    documents,
    moved,
    paper,
    told,
)
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import application
from tests.factories.world import Seller, make_world


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    del module_database
    return Desk(trade_in(application(), make_world([ADJUSTED, CREDITED, APPROVED, OUTSIDE, BY_AGENT, MANUAL])))


def test_both_policies_earn_the_same_of_a_short_delivery_by_hand(desk: Desk) -> None:
    """R005, R016, R017, R019, R024, C1, law 19: invoiced as received, or invoiced at acceptance and credited the rest.

    Goods go where the reasons say, and the ledger holds.
    """
    adjusted, credited = desk.order(desk.adjusted), desk.order(desk.credited)
    earned = []
    for order, seller in ((adjusted, desk.adjusted), (credited, desk.credited)):
        owner, before = desk.of(seller), earned_by(seller, without=order)
        now = answered(desk.tell(order, owner, cases=3, kegs=1))
        assert (now["state"], now["billing_state"]) == ("partly_delivered", "settled")
        assert [one["state"] for one in documents(owner, order)[0]] == ["published"]
        earned.append({account: cents - before.get(account, 0) for account, cents in earned_by(seller).items()})
        units = {UUID(line["id"]): count for line, count in zip(order["lines"], (3, 1), strict=True)}
        assert billed_units(seller.id, UUID(order["id"])) == units
        assert moved(order, seller) == {StockPlace.CUSTOMER: 4, StockPlace.LOST: 1, StockPlace.WAREHOUSE: 1}
    assert len(documents(desk.of(desk.adjusted), adjusted)[1]) == 0
    assert len(documents(desk.of(desk.credited), credited)[1]) == 1
    assert earned[0] == earned[1]
    assert min(earned[0].values()) > 0


def earned_by(seller: Seller, *, without: dict[str, Any] | None = None) -> dict[Account, int]:
    """Return what a seller's books earned and hold in deposits, the document of one order left out."""
    with transaction(seller.id) as session:
        mine = Posting.owner_id == seller.id, Posting.account.in_((Account.REVENUE, Account.CONTAINER_DEPOSITS))
        rows = select(Posting.account, func.sum(Posting.amount_cents)).where(*mine)
        if without is not None:
            covering = select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == UUID(without["id"]))
            entries = select(JournalEntry.id).where(JournalEntry.document_id.in_(covering))
            rows = rows.where(Posting.entry_id.not_in(entries))
        return {row[0]: -int(row[1]) for row in session.execute(rows.group_by(Posting.account))}


def test_its_page_and_papers_say_that_nobody_signed(desk: Desk) -> None:
    """R018, R020, R022, R026: « consignée à la main par … » to seller and buyer; no seal; the chat is open."""
    order = desk.order(desk.adjusted, way="pickup")
    yesterday = today() - timedelta(days=1)
    words = {"words": "Ramassée au comptoir par Jean.", "delivered_on": str(yesterday)}
    answered(desk.tell(order, desk.of(desk.adjusted), **words))
    (delivery,) = deliveries(desk.trade.buyer, order)
    render_delivery(owner_id=str(desk.adjusted.id), subject_id=delivery["id"])
    seal_delivery(owner_id=str(desk.adjusted.id), subject_id=delivery["id"])
    assert (delivery["by_hand"]["words"], delivery["signer_name"]) == (words["words"], "")
    assert (delivery["by_hand"]["delivered_on"], delivery["outcome"]) == (str(yesterday), "partial")
    for reader in (desk.of(desk.adjusted), desk.trade.buyer):
        page = unescape(reader.get(f"/livraisons/{delivery['id']}").text)
        for said in ("Consignée à la main par", "Maison", "Aucune signature", "Ramassée au comptoir", "Bris"):
            assert said in page, said
        assert "Consignée à la main" in unescape(reader.get(f"/commandes/{order['id']}").text)
    slip = paper(desk.trade.buyer, order, "delivery_slip")
    for said in ("Consignée à la main par", "Aucune signature", "aucun sceau"):
        assert said in slip, said
    assert "Signature" not in slip.replace("Aucune signature", "")
    with transaction(desk.adjusted.id) as session:
        assert session.scalars(select(Proof).where(Proof.order_id == UUID(order["id"]))).all() == []
    why = answered(desk.trade.buyer.get(f"{API}/{order['id']}/explanation"))["sources"]
    (source,) = [one for one in why if one["kind"] == "delivery"]
    assert ("consignée à la main par" in source["text"]["fr"], "recorded by hand by" in source["text"]["en"]) == (
        True,
    ) * 2
    said_by = answered(desk.trade.buyer.get(f"{API}/{order['id']}/messages"))
    assert "1 en moins" in said_by[-1]["text"]["fr"]
    history = [one["text"] for one in answered(desk.trade.buyer.get(f"{API}/{order['id']}/timeline"))]
    assert any("Consignée à la main" in one["fr"] and "Recorded by hand" in one["en"] for one in history)


def test_above_the_threshold_the_credit_waits_for_its_approval(desk: Desk) -> None:
    """C12, R017: the agreement's threshold holds; the delivery stands, the credit is proposed and has no number."""
    order, carrier = desk.order(desk.approved, way="distributor"), desk.of(desk.trade.world.carrier_id)
    assert answered(desk.tell(order, carrier, words="Sans tournée ce jour-là."))["state"] == "partly_delivered"
    (note,) = documents(desk.of(desk.approved), order)[1]
    assert (note["state"], note["number"]) == ("proposed", "")
    approved = answered(
        desk.of(desk.approved).post(f"/api/v1/credit-notes/{note['id']}/decision", json={"approve": True, "reason": ""})
    )
    assert approved["state"] == "issued"


def test_billed_outside_it_yields_a_variance_notice_and_no_invoice(desk: Desk) -> None:
    """R007, R009, R010, C14: nothing is invoiced; the seller reads what is missing, on paper too, unsigned."""
    order = desk.order(desk.outside)
    now = answered(desk.tell(order, desk.of(desk.outside)))
    assert (now["state"], now["billing_state"]) == ("partly_delivered", "uninvoiced")
    assert documents(desk.of(desk.outside), order) == ([], [])
    with transaction(desk.outside.id) as session:
        (notice,) = session.scalars(select(VarianceNotice).where(VarianceNotice.order_id == UUID(order["id"]))).all()
        assert (notice.short_units, notice.extra_units) == (1, 0)
    (delivery,) = deliveries(desk.of(desk.outside), order)
    render_delivery(owner_id=str(desk.outside.id), subject_id=delivery["id"])
    assert "Consignée à la main par" in paper(desk.of(desk.outside), order, "variance_notice")
    listed = answered(desk.of(desk.outside).get(API, query_string={"to_invoice_outside": "true"}))
    assert order["id"] in {one["id"] for one in listed["orders"]}


def test_more_than_ordered_becomes_a_supplementary_order(desk: Desk) -> None:
    """R005, R023, R041, C21: a published invoice never grows; the extra case is an order with an invoice of its own."""
    order = desk.order(desk.credited)
    assert answered(desk.tell(order, desk.of(desk.credited), cases=5))["state"] == "delivered"
    listed = answered(desk.of(desk.credited).get(API, query_string={"limit": 50}))["orders"]
    (extra,) = [one for one in listed if one["supplement_of_id"] == order["id"]]
    assert [line["quantity"] for line in answered(desk.of(desk.credited).get(f"{API}/{extra['id']}"))["lines"]] == [1]
    ((invoice,), credits_) = documents(desk.of(desk.credited), order)
    assert (invoice["total_cents"], credits_) == (order["total_cents"], [])
    ((more,), _) = documents(desk.of(desk.credited), extra)
    assert (extra["billing_state"], more["state"]) == ("settled", "published")
    assert more["total_cents"] == extra["total_cents"] == 4250 + 213 + 424 + 240


def test_a_supplement_of_what_is_invoiced_by_hand_or_outside_waits_for_it(desk: Desk) -> None:
    """R003, R007: where no invoice is made by itself, what was taken beyond the order gets none either."""
    for seller in (desk.manual, desk.outside):
        order = desk.order(seller)
        answered(desk.tell(order, desk.of(seller), cases=5))
        listed = answered(desk.of(seller).get(API, query_string={"limit": 50}))["orders"]
        (extra,) = [one for one in listed if one["supplement_of_id"] == order["id"]]
        assert (extra["billing_state"], documents(desk.of(seller), extra)) == ("uninvoiced", ([], []))


def test_what_lost_its_invoice_before_it_left_is_billed_at_delivery(desk: Desk) -> None:
    """R002, R004, R041: emitted at acceptance, but then billed outside, or voided since: at delivery at the latest."""
    owner = desk.of(desk.credited)
    once_outside = desk.order(desk.credited, left=False, billing_type="external")
    voided = desk.order(desk.credited, left=False)
    path = f"{API}/{once_outside['id']}/billing"
    once_outside = answered(owner.open(path, "PUT", json={"billing_type": "platform"}))
    ((invoice,), _) = documents(owner, voided)
    answered(owner.post(f"/api/v1/invoices/{invoice['id']}/void", json={"reason": "prix"}))
    for order, earlier in ((once_outside, 0), (voided, 1)):
        assert len(documents(owner, order)[0]) == earlier
        answered(owner.post(f"{API}/{order['id']}/ship"))
        assert answered(desk.tell(order, owner, cases=3))["billing_state"] == "settled"
        made = documents(owner, order)[0]
        (stands,) = [one for one in made if one["payment_state"] != "annulled"]
        lines = answered(owner.get(f"/api/v1/invoices/{stands['id']}"))["lines"]
        assert (len(made), [line["quantity"] for line in lines]) == (earlier + 1, [3, 2])


def test_nothing_accepted_credits_the_invoice_whole_and_the_order_may_leave_again(desk: Desk) -> None:
    """C27, R005: a failure of the tablet's list for the whole order; the same from lines that are all short."""
    order = desk.order(desk.credited)
    owner, path = desk.of(desk.credited), f"{API}/{order['id']}"
    assert owner.post(f"{path}/fail", json={"failure": "breakage"}).status_code == 422
    now = answered(owner.post(f"{path}/fail", json={"failure": "closed", "words": "Porte close à 16 h."}))
    assert (now["state"], now["billing_state"]) == ("not_delivered", "uninvoiced")
    (note,) = documents(owner, order)[1]
    assert (note["state"], note["total_cents"]) == ("issued", order["total_cents"])
    assert deliveries(owner, order)[0]["outcome"] == "failed"
    answered(owner.post(f"{path}/replan"))
    answered(owner.post(f"{path}/ship"))
    again = answered(desk.tell(order, owner, cases=0, kegs=0))
    assert again["state"] == "not_delivered"
    assert {one["outcome"] for one in deliveries(owner, order)} == {"failed", "refused"}


def test_emission_by_hand_stays_by_hand(desk: Desk) -> None:
    """R002, R003, C2: no run's papers ask for an invoice; published afterwards it bills what was received."""
    order = desk.order(desk.manual)
    now = answered(desk.tell(order, desk.of(desk.manual)))
    assert (now["state"], now["billing_state"]) == ("partly_delivered", "uninvoiced")
    answered(desk.of(desk.manual).post(f"{API}/{order['id']}/invoice"))
    assert sorted(billed_units(desk.manual.id, UUID(order["id"])).values()) == [2, 3]


def test_what_cannot_be_is_refused_and_nothing_is_recorded(desk: Desk) -> None:
    """R019, R021, R043, R045: a reason for each short line, every line once, days that were, by the seller's side."""
    order = desk.order(desk.adjusted)
    owner = desk.of(desk.adjusted)
    first, second = told(order)["lines"]
    wrong = {
        "line-reason-needed": {"lines": [first | {"reason": ""}, second]},
        "lines-not-in-terms": {"lines": [first]},
        "unbalanced-line": {"lines": [first | {"delivered": 9}, second]},
        "bad-order": {"delivered_on": str(today() + timedelta(days=2))},
        "order-changed-meanwhile": {"revision": order["revision"] + 1},
        "bad-order ": {"failure": "closed"},
    }
    for slug, more in wrong.items():
        refused = owner.post(f"{API}/{order['id']}/deliver", json=told(order) | more)
        assert (refused.json["slug"], refused.json["details"]["fr"] != "") == (slug.strip(), True)
    assert desk.tell(order, desk.trade.buyer).status_code == 403
    assert desk.tell(order, desk.of(desk.trade.world.carrier_id)).status_code in {403, 404}
    assert desk.tell(order, desk.of(desk.adjusted, Role.DISPATCHER)).status_code == 403
    assert deliveries(owner, order) == []
    assert answered(owner.get(f"{API}/{order['id']}"))["state"] == "shipped"


def test_the_office_corrects_what_was_recorded_as_it_corrects_a_synced_delivery(desk: Desk) -> None:
    """R022-R024, law 19, section 4: a revision with its reason, the difference credited; the first stays to read."""
    order = desk.order(desk.credited)
    owner = desk.of(desk.credited)
    answered(desk.tell(order, owner))
    (delivery,) = deliveries(owner, order)
    lines = [
        {name: line[name] for name in ("order_line_id", "ordered", "delivered", "reason")} for line in delivery["lines"]
    ]
    again = [lines[0] | {"lost": 1}, lines[1] | {"delivered": 1, "returned": 1, "reason": "wrong_item"}]
    asked = {"key": str(new_id()), "reason": "Un fût revenu le lendemain", "lines": again}
    door = f"/api/v1/deliveries/{delivery['id']}/corrections"
    for stranger, status in ((desk.trade.buyer, 403), (desk.of(desk.trade.world.carrier_id), 404)):
        assert stranger.post(door, json=asked).status_code in {status, 403}
    corrected = answered(owner.post(door, json=asked))
    assert (corrected["delivery"]["revision"], corrected["delivery"]["by_hand"]["words"]) == (2, "")
    assert [one["kind"] for one in corrected["documents"]] == ["credit_note"]
    assert answered(owner.post(door, json=asked))["documents"] == []
    for other in ({"reason": "Deux fûts revenus"}, {"lines": [lines[0] | {"lost": 1}, lines[1]]}):
        assert owner.post(door, json=asked | other).json["slug"] == "key-used"
    assert sorted(billed_units(desk.credited.id, UUID(order["id"])).values()) == [1, 3]
    second = corrected["delivery"]["id"]
    page = unescape(desk.trade.buyer.get(f"/livraisons/{second}").text)
    assert ("Un fût revenu le lendemain" in page, "Révision 1" in page) == (True, True)
    form = owner.get(f"/livraisons/{second}/corriger")
    assert (form.status_code, "consignée à la main" in unescape(form.text)) == (200, True)


def test_the_form_is_filled_in_with_the_whole_order(desk: Desk) -> None:
    """R005, R019, R021: quantities stand ready to be changed; a refusal shows what was typed; told, it is done."""
    order = desk.order(desk.adjusted)
    owner, path = desk.of(desk.adjusted), f"/commandes/{order['id']}/livraison"
    form = unescape(owner.get(path).text)
    case, keg = (line["id"] for line in order["lines"])
    for said in (f'name="recu-{case}" value="4"', f'name="recu-{keg}" value="2"', "Bris", "Commerce fermé"):
        assert said in form, said
    typed = {
        "key": str(new_id()), "revision": str(order["revision"]), "resultat": "compte", "le": str(today()),
        f"recu-{case}": "3", f"plus-{case}": "0", f"motif-{case}": "", f"recu-{keg}": "2", f"plus-{keg}": "0",
    }  # fmt: skip
    refused = owner.post(path, data=typed)
    assert (refused.status_code, f'name="recu-{case}" value="3"' in refused.text) == (422, True)
    for silent in ({f"recu-{case}": ""}, {"resultat": ""}, {"resultat": "rien"}):  # nothing is taken for granted
        assert owner.post(path, data=typed | {f"motif-{case}": "forgotten"} | silent).status_code == 422
    assert owner.post(f"{API}/{order['id']}/deliver", json={"lines": []}).status_code == 422
    assert owner.post(path, data=typed | {f"motif-{case}": "forgotten"}).status_code == 303
    assert answered(owner.get(f"{API}/{order['id']}"))["state"] == "partly_delivered"
    assert owner.get(path).status_code == 409
    failed = desk.order(desk.adjusted)
    said = {"key": str(new_id()), "resultat": "rien", "echec": "absent", "le": str(today()), "mots": ""}
    assert owner.post(f"/commandes/{failed['id']}/livraison", data=said).status_code == 303
    assert answered(owner.get(f"{API}/{failed['id']}"))["state"] == "not_delivered"


def test_the_books_hold(desk: Desk) -> None:
    """Laws 5, 17, 20: whatever was recorded by hand above, ``ledger check`` finds no fault."""
    for org_id in (desk.trade.world.carrier_id, *(one.id for one in desk.trade.world.sellers)):
        with transaction(org_id) as session:
            assert list(book_faults(session, issuer_id=org_id)) == []
