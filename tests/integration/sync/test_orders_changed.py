"""An order that changed since a tablet got its terms: what is signed by the older ones is asked about, once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from server.core.transaction import transaction
from server.fulfilment.service.orders import replan_order
from server.orders import queries as orders_read
from shared.delivered_line import DeliveredLine
from shared.states import OrderState
from shared.wire.bundle import BundleRun
from tests.factories.changed_orders import (
    BY_HAND,
    PAPER,
    RIDING,
    add_kegs,
    asked,
    deliver,
    first,
    kinds,
    order_id,
    publish_now,
    pulled,
    revise,
    void_papers_invoice,
)
from tests.factories.corrections import (
    billed,
    correct,
    correction_of,
    delivery_of,
    event_id_of,
    office,
    order_of,
    recount,
)
from tests.factories.hand_tablet import Yard, short
from tests.factories.web import now_stamp
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, Deal, items_of


@RIDING
def test_older_terms_than_the_order_has_are_a_question(make_day: Callable[..., Yard], deal: Deal) -> None:
    """Sync, « What binds »; law 19: what was signed is billed, and a person reads what the order says by now."""
    yard = make_day(deal)
    revise(yard, {0: 6}, adds=items_of(yard.world.seller, kegs=2))
    deliver(yard)
    (question,) = asked(yard)
    delivery = delivery_of(yard, order_id(yard))
    assert (question.kind, question.subject_id) == ("order_changed", delivery.id)
    number = first(yard.tablet.run, yard).order_number
    line = first(yard.tablet.run, yard).goods.lines[0]
    for text, words in (
        (
            question.text_fr,
            (
                number,
                f"{line.description_fr} (signé\u00a0: {line.quantity}, commandé\u00a0: 6)",
                "(signé\u00a0: 1, commandé\u00a0: 3)",
            ),
        ),
        (
            question.text_en,
            (number, f"{line.description_en} (signed: {line.quantity}, ordered: 6)", "(signed: 1, ordered: 3)"),
        ),
    ):
        assert all(one in text for one in words), text
    page = office(yard).get(f"/ecarts/{question.id}").text
    assert number in page


def test_what_was_ordered_less_was_signed_for_and_is_billed(make_day: Callable[..., Yard]) -> None:
    """Sync, « What binds »: four cases signed where three are ordered by now: four are billed, and asked about."""
    yard = make_day(PAPER)
    revise(yard, {0: 3})
    deliver(yard)
    assert kinds(yard) == ["order_changed"]
    assert billed(delivery_of(yard, order_id(yard))) == 20_506 + 24_730


def test_another_price_is_a_question_where_it_is_billed_here(make_day: Callable[..., Yard]) -> None:
    """Law 19: the price of the cited terms is billed; of what its seller bills outside, only units are signed."""
    for deal, expected in ((PAPER, ["order_changed"]), (EXTERNAL, [])):
        yard = make_day(deal)
        revise(yard, price=Decimal("45.00"))
        deliver(yard)
        assert kinds(yard) == expected
        if expected:
            (question,) = asked(yard)
            assert "42,50" in question.text_fr
            assert "45,00" in question.text_fr
            assert "42.50" in question.text_en
            assert "45.00" in question.text_en


@pytest.mark.parametrize("content", [{"document_discount_cents": 500}, {"taxed": False}, {"with_deposits": False}])
def test_a_discount_a_tax_or_a_deposit_is_a_price(make_day: Callable[..., Yard], content: dict[str, object]) -> None:
    """R052, R053, law 19: what was signed for is billed; the order's other amounts are put before a person."""
    yard = make_day(PAPER)
    revise(yard, **content)
    deliver(yard)
    assert kinds(yard) == ["order_changed"]


def test_taxes_that_were_put_back_are_a_price(make_day: Callable[..., Yard]) -> None:
    """R052, law 19: signed without them, ordered with them again."""
    yard = make_day(PAPER)
    revise(yard, taxed=False)
    yard.tablet.run = pulled(yard)
    revise(yard)
    deliver(yard)
    assert kinds(yard) == ["order_changed"]


def test_an_order_that_changed_and_changed_back_is_no_question(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: what is signed is what is ordered again, whatever stood between, and under whatever line it stands."""
    yard = make_day(PAPER)
    was = first(yard.tablet.run, yard).goods.lines
    revise(yard, {0: 9})
    revise(yard, {0: was[0].quantity})
    deliver(yard)
    assert kinds(yard) == []


def test_a_line_struck_and_ordered_again_is_asked_about_for_its_stock_alone(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: the same keg at the same price stands on another line."""
    yard = make_day(PAPER)
    revise(yard, {1: 0})
    add_kegs(yard, first(yard.tablet.run, yard).goods.lines[1].quantity)
    deliver(yard)
    assert kinds(yard) == ["line_struck_out"]


def test_two_changes_are_one_question_about_what_is_ordered_last(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: what stood in between was neither signed nor is ordered."""
    yard = make_day(PAPER)
    revise(yard, {0: 9})
    revise(yard, {0: 8})
    deliver(yard)
    (question,) = asked(yard)
    assert "commandé\u00a0: 8" in question.text_fr
    assert "commandé\u00a0: 9" not in question.text_fr


def test_a_struck_line_is_asked_about_once(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: its question stands already; a keg beside it that nobody signed for is another cause."""
    yard = make_day(PAPER, PAPER)
    revise(yard, {1: 0})
    deliver(yard)
    assert kinds(yard) == ["line_struck_out"]


def test_what_nobody_accepted_leaves_nothing_to_compare(make_day: Callable[..., Yard]) -> None:
    """C27: it comes back, and rides again by what is ordered then."""
    yard = make_day(PAPER)
    add_kegs(yard)
    deliver(yard, unmet="refused")
    assert (kinds(yard), order_of(yard, order_id(yard)).state) == ([], OrderState.NOT_DELIVERED)


@pytest.mark.parametrize("deal", [ADJUST, CREDIT, AGENT], ids=["adjust", "credit", "agent"])
def test_an_invoice_that_was_voided_before_its_order_changed(make_day: Callable[..., Yard], deal: Deal) -> None:
    """C6, law 19: the order is asked about, or the published invoice that the terms name."""
    yard = make_day(deal)
    void_papers_invoice(yard)
    add_kegs(yard)
    deliver(yard)
    assert kinds(yard) == ["invoice_voided" if deal is CREDIT else "order_changed"]


def test_an_invoice_of_the_changed_order_is_the_one_question(make_day: Callable[..., Yard]) -> None:
    """Law 19: an invoice of what is ordered by now was published; what was signed is compared with it, once."""
    yard = make_day(PAPER)
    add_kegs(yard)
    publish_now(yard)
    deliver(yard)
    assert kinds(yard) == ["newer_invoice"]


def test_a_supplement_beside_older_terms_is_billed_as_signed(make_day: Callable[..., Yard]) -> None:
    """R023: two cases beyond the terms; that the order wants six by now is one question."""
    yard = make_day(PAPER)
    line = first(yard.tablet.run, yard).goods.lines[0]
    revise(yard, {0: line.quantity + 2})
    deliver(yard, {line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=2)})
    assert kinds(yard) == ["order_changed"]


def test_a_correction_by_the_same_terms_asks_no_more(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: the cause was told with the first word, by whomever it is corrected."""
    yard = make_day(PAPER)
    add_kegs(yard)
    deliver(yard)
    line = first(yard.tablet.run, yard).goods.lines[0]
    correction_of(yard.tablet, event_id_of(yard.tablet, 1), counted=short(line.line_id, line.quantity))
    assert yard.tablet.push(2)["results"][0]["status"] == "applied"
    delivery = delivery_of(yard, order_id(yard))
    again = {delivery.lines[0].order_line_id: recount(delivery.lines[0], line.quantity - 2)}
    assert correct(office(yard), delivery, again).status_code == 200
    assert (kinds(yard), delivery_of(yard, order_id(yard)).revision) == (["order_changed"], 3)


def test_what_is_told_again_of_a_changed_order_is_one_question(make_day: Callable[..., Yard]) -> None:
    """Sync, 7: corrected to nothing, and to delivered after all: nobody is asked a second time."""
    yard = make_day(PAPER)
    add_kegs(yard)
    deliver(yard)
    lines = first(yard.tablet.run, yard).goods.lines
    nothing = {
        line.line_id: DeliveredLine(line.line_id, line.quantity, 0, lost=line.quantity, reason="missing")
        for line in lines
    }
    correction_of(yard.tablet, event_id_of(yard.tablet, 1), counted=nothing)
    correction_of(yard.tablet, event_id_of(yard.tablet, 2))
    assert [one["status"] for one in yard.tablet.push(2)["results"]] == ["applied"] * 2
    assert (kinds(yard), delivery_of(yard, order_id(yard)).revision) == (["order_changed"], 3)


def test_what_was_delivered_after_all_by_older_terms_is_asked_about(make_day: Callable[..., Yard]) -> None:
    """R024, C27: refused, changed for its next ride, and corrected to delivered by the terms of before."""
    yard = make_day(PAPER)
    deliver(yard, unmet="refused")
    with transaction(yard.world.seller.id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id(yard)), stamp=now_stamp())
    add_kegs(yard)
    correction_of(yard.tablet, event_id_of(yard.tablet, 1))
    assert yard.tablet.push(2)["results"][0]["status"] == "applied"
    assert kinds(yard) == ["order_changed"]


def changed_price(yard: Yard) -> BundleRun:
    """Let the first line cost more once the tablet has the run; return the version that it pulls next."""
    yard.tablet.run = pulled(yard)
    revise(yard, price=Decimal("45.00"))
    return pulled(yard)


@pytest.mark.parametrize("deal", [PAPER, BY_HAND], ids=["po", "hand"])
def test_a_correction_by_newer_terms_is_a_change(make_day: Callable[..., Yard], deal: Deal) -> None:
    """R023, sync, « What binds »: the same quantities at another price are signed anew, and a revision says so."""
    yard = make_day(deal, CREDIT)
    now = changed_price(yard)
    deliver(yard)
    yard.tablet.run = now
    correction_of(yard.tablet, event_id_of(yard.tablet, 1))
    assert yard.tablet.push(2)["results"][0]["status"] == "applied"
    delivery = delivery_of(yard, order_id(yard))
    assert delivery.revision == 2
    (other,) = (one for one in now.stops[0].orders if one.order_id != str(order_id(yard)))
    assert delivery_of(yard, other.order_id).revision == 1
    assert kinds(yard) == ["order_changed"]


@pytest.mark.parametrize("apart", [True, False], ids=["later", "in one push"])
def test_another_amount_that_is_signed_anew_is_billed_or_asked_about(
    make_day: Callable[..., Yard], apart: bool
) -> None:
    """Law 19: in one push the last word is billed; once numbered, the difference is put before a person."""
    yard = make_day(ADJUST)
    void_papers_invoice(yard)
    now = changed_price(yard)
    tablet = yard.tablet
    tablet.visit(tablet.stop())
    if apart:
        tablet.push()
    tablet.run = now
    correction_of(tablet, event_id_of(tablet, 1))
    tablet.push(2 if apart else 1)
    delivery = delivery_of(yard, order_id(yard))
    assert delivery.revision == 2
    assert (billed(delivery) == delivery.shown_total_cents, "amount_differs" in kinds(yard)) == (not apart, apart)
