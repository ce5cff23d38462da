"""Corrections of received visits by the office, through its doors, and what follows of any sequence of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.billing.model import CreditNote, Invoice
from server.conversations.model import Message
from server.core.transaction import transaction
from server.delivery.model import Correction, Discrepancy, VarianceNotice
from server.identity.model import OrganisationKind, Role
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import Order
from server.planning.model import Run
from server.receivables.audit import book_faults
from server.receivables.model import Payment
from server.stock.model import ContainerEntry
from server.sync.model import DeviceEvent, EventOutcome
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from shared.pricing import price_extra
from shared.states import CreditState, InvoiceState, OrderState, PaymentState, RunState
from tests.factories.corrections import (
    assert_books_agree,
    billed,
    correct,
    correction_of,
    delivered_in_full,
    delivery_of,
    empties_and_cash,
    event_id_of,
    first_event,
    notes_of,
    office,
    only_order,
    order_of,
    recount,
)
from tests.factories.hand_tablet import Yard
from tests.factories.unfolding import unfolded
from tests.factories.web import Client, Organisation, application, browser_of, make_member
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, Deal, stamp

THRESHOLD = Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=8_000)


@pytest.mark.parametrize("deal", [CREDIT, ADJUST, AGENT], ids=["credit", "adjust", "agent"])
def test_a_dispatcher_corrects_up_and_down_and_the_books_follow(make_day: Callable[..., Yard], deal: Deal) -> None:
    """R023, R024, law 19: more short is credited, less short is billed again, and the end is where it began."""
    yard = make_day(deal)
    delivery = delivered_in_full(yard)
    client, cases, whole = office(yard), delivery.lines[0], billed(delivery)
    said = []
    for quantity in (cases.ordered - 1, cases.ordered, cases.ordered - 2, cases.ordered):
        answer = correct(client, delivery_of(yard, delivery.order_id), {cases.order_line_id: recount(cases, quantity)})
        assert answer.status_code == 200, answer.json
        said.append([document["kind"] for document in answer.json["documents"]])
        assert_books_agree(yard, delivery.order_id)
    assert said == [["credit_note"], ["invoice"], ["credit_note", "credit_note"], ["invoice"]]
    assert billed(delivery) == whole
    assert delivery_of(yard, delivery.order_id).revision == 5
    assert order_of(yard, delivery.order_id).state is OrderState.DELIVERED


def test_the_same_key_corrects_once_and_an_old_revision_is_refused(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7: sent again a correction changes nothing; one made from what no longer stands is refused in words."""
    yard = make_day(CREDIT)
    delivery, key = delivered_in_full(yard), new_id()
    client, line = office(yard), delivery.lines[0]
    change = {line.order_line_id: recount(line, 2)}
    first, second = (correct(client, delivery, change, key=key) for _ in range(2))
    assert first.json["delivery"] == second.json["delivery"]
    assert (len(first.json["documents"]), second.json["documents"]) == (1, [])
    assert len(notes_of(delivery.issuer_id)) == 1
    late = correct(client, delivery, {line.order_line_id: recount(line, 1)})
    assert (late.status_code, late.json["slug"]) == (409, "delivery-superseded")
    same = correct(client, delivery_of(yard, delivery.order_id), {})
    assert (same.status_code, same.json["slug"]) == (409, "nothing-corrected")
    with transaction(yard.world.carrier_id) as session:
        (correction,) = session.scalars(select(Correction)).all()
        assert (correction.reason, correction.replaces_id) == ("Recompté avec le client", delivery.id)
        assert correction.by is not None


def test_an_order_that_was_refused_after_all_opens_again_and_back(make_day: Callable[..., Yard]) -> None:
    """C27: corrected to nothing the invoice is credited whole and the order opens; corrected back it gets a new one."""
    yard = make_day(CREDIT)
    delivery = delivered_in_full(yard)
    client, whole = office(yard), billed(delivery)
    nothing = {line.order_line_id: recount(line, 0, kind="returned") for line in delivery.lines}
    assert correct(client, delivery, nothing).status_code == 200
    assert (billed(delivery), order_of(yard, delivery.order_id).state) == (0, OrderState.NOT_DELIVERED)
    assert_books_agree(yard, delivery.order_id)
    everything = {line.order_line_id: recount(line, line.ordered) for line in delivery.lines}
    back = correct(client, delivery_of(yard, delivery.order_id), everything)
    assert [one["kind"] for one in back.json["documents"]] == ["invoice"]
    assert (billed(delivery), order_of(yard, delivery.order_id).state) == (whole, OrderState.DELIVERED)
    assert_books_agree(yard, delivery.order_id)


def test_a_tablet_that_comes_back_after_all_finds_what_the_office_recorded(make_day: Callable[..., Yard]) -> None:
    """G6, R024, section 4: closed without its tablet, recorded by hand; the late visit waits for a dispatcher."""
    yard = make_day(CREDIT)
    with transaction(yard.world.carrier_id) as session:
        (order,) = orders.hold_all(session, order_ids=[only_order(yard)])
        orders.mark_shipped(session, order=order, stamp=stamp())
        session.get_one(Run, yard.run_id).state = RunState.CLOSED
    said = {"key": str(new_id()), "words": "Tablette perdue; le client confirme."}
    assert office(yard).post(f"/api/v1/orders/{only_order(yard)}/deliver", json=said).status_code == 200
    whole = billed(delivery_of(yard, only_order(yard)))
    yard.tablet.visit(yard.tablet.stop())
    assert yard.tablet.push()["results"][0]["status"] == "parked"
    assert (billed(delivery_of(yard, only_order(yard))), delivery_of(yard, only_order(yard)).revision) == (whole, 1)
    assert_books_agree(yard, only_order(yard))


@pytest.mark.parametrize("deal", [CREDIT, EXTERNAL], ids=["credit", "external"])
def test_an_overage_that_was_miscounted_gets_another_supplement(make_day: Callable[..., Yard], deal: Deal) -> None:
    """R023, law 19: the supplementary order follows the corrected overage; the former one is cancelled (day 63)."""
    yard = make_day(deal)
    delivery = delivered_in_full(yard)
    client, line = office(yard), delivery.lines[0]
    for extra in (2, 1, 0):
        now = delivery_of(yard, delivery.order_id)
        assert correct(client, now, {line.order_line_id: recount(line, line.ordered, extra=extra)}).status_code == 200
        if deal is CREDIT:
            assert_books_agree(yard, delivery.order_id)
    with transaction(delivery.seller_id) as session:
        made = session.scalars(select(Order).where(Order.supplement_of_id == delivery.order_id)).all()
        assert [one.state for one in made] == [OrderState.CANCELLED] * 2


def test_an_overage_corrected_in_the_push_of_its_visit_is_billed_once(make_day: Callable[..., Yard]) -> None:
    """R005, R023, law 19: what the first count would have billed has no number; it is let go, and nobody is told."""
    yard = make_day(CREDIT)
    tablet = yard.tablet
    line = tablet.stop().orders[0].goods.lines[0]
    order_id = only_order(yard)

    def counted(extra: int) -> dict[str, DeliveredLine]:
        return {line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=extra)}

    tablet.visit(tablet.stop(), counted=counted(2))
    correction_of(tablet, first_event(tablet), counted=counted(1))
    first, second = tablet.push()["results"]
    assert (first["status"], second["status"]) == ("applied", "applied")
    assert [one["kind"] for one in first["documents"]] == ["supplementary_order"]
    assert [one["kind"] for one in second["documents"]] == ["supplementary_order", "invoice"]
    assert_books_agree(yard, order_id)
    delivery = delivery_of(yard, order_id)
    with transaction(delivery.issuer_id) as session:
        published = session.scalars(select(Invoice).where(Invoice.state == InvoiceState.PUBLISHED)).all()
        assert len(published) == 2
        assert session.scalars(select(CreditNote)).all() == []


@pytest.mark.parametrize("keeps_line", [True, False], ids=["dearer", "struck out"])
def test_an_overage_costs_what_its_signer_saw_whatever_the_order_became(
    make_day: Callable[..., Yard], keeps_line: bool
) -> None:
    """R023, law 19: the seller changed the order once its tablet had left; extra units cost what the visit cites."""
    yard = make_day(ADJUST)
    tablet, order_id = yard.tablet, only_order(yard)
    seen = tablet.stop().orders[0]
    first = seen.goods.lines[0]
    with transaction(yard.world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id)
        kept = [one for one in order.lines if keeps_line or str(one.id) != first.line_id]
        items = [
            orders.OrderItem(
                line_id=one.id, quantity=one.quantity + 3, unit_price=2 * one.unit_price, discount_cents=777
            )
            for one in kept
        ]
        orders.revise(session, order=order, items=items, stamp=stamp())
    more = DeliveredLine(first.line_id, first.quantity, first.quantity, extra=2)
    tablet.visit(tablet.stop(), counted={first.line_id: more})
    (taken,) = tablet.push()["results"]
    assert (taken["status"], taken["refusal"]) == ("applied", None)
    with transaction(yard.world.seller.id) as session:
        (made,) = session.scalars(select(Order).where(Order.supplement_of_id == order_id)).all()
    assert made.total_cents == price_extra(seen.goods, seen.prices, {first.line_id: 2}).total_cents
    with transaction(yard.world.carrier_id) as session:
        asked = {one.kind for one in session.scalars(select(Discrepancy))}
    assert ("line_struck_out" in asked) is not keeps_line


def test_a_correction_above_the_threshold_waits_and_a_better_count_takes_it_back(make_day: Callable[..., Yard]) -> None:
    """C12: corrections add up against the threshold; a proposal that a later count overtakes is withdrawn."""
    yard = make_day(THRESHOLD)
    delivery = delivered_in_full(yard)
    client, line = office(yard), delivery.lines[0]
    states = []
    for quantity in (line.ordered - 1, line.ordered - 3, line.ordered):
        answer = correct(client, delivery_of(yard, delivery.order_id), {line.order_line_id: recount(line, quantity)})
        assert answer.status_code == 200, answer.json
        states.append([note.state for note in notes_of(delivery.issuer_id)])
    assert states == [
        [CreditState.ISSUED],
        [CreditState.ISSUED, CreditState.PROPOSED],
        [CreditState.ISSUED, CreditState.REFUSED],
    ]
    assert_books_agree(yard, delivery.order_id)


def test_an_order_invoiced_outside_gets_another_notice(make_day: Callable[..., Yard]) -> None:
    """C14, R007: nothing is billed here; the supplier's notice says what counts now."""
    yard = make_day(EXTERNAL)
    delivery = delivered_in_full(yard)
    line = delivery.lines[0]
    answer = correct(office(yard), delivery, {line.order_line_id: recount(line, 1)})
    assert [one["kind"] for one in answer.json["documents"]] == ["variance_notice"]
    with transaction(delivery.seller_id) as session:
        assert session.scalars(select(VarianceNotice)).one().short_units == line.ordered - 1
        assert session.scalars(select(Invoice)).all() == []


@pytest.mark.parametrize("role", [Role.DRIVER, Role.ACCOUNTANT])
def test_who_may_not_correct_is_refused(make_day: Callable[..., Yard], role: Role) -> None:
    """Section 3, « Correct a completed stop »: the driver until sync, the accountant never."""
    yard = make_day(CREDIT)
    delivery = delivered_in_full(yard)
    line = delivery.lines[0]
    answer = correct(office(yard, role), delivery, {line.order_line_id: recount(line, 1)})
    assert answer.status_code == 403
    assert delivery_of(yard, delivery.order_id).revision == 1


def test_empties_and_cash_follow_a_correction_by_the_difference(make_day: Callable[..., Yard]) -> None:
    """C29, C30: more empties are credited by the difference, fewer ask a person; changed cash replaces the former."""
    yard = make_day(CREDIT)
    tablet, seller_id = yard.tablet, yard.world.seller.id
    tablet.visit(tablet.stop(), **empties_and_cash(tablet, kegs=2, cents=5_000))
    correction_of(tablet, first_event(tablet), **empties_and_cash(tablet, kegs=3, cents=6_000))
    results = tablet.push()["results"]
    assert [one["total_cents"] for one in results[1]["documents"]] == [3_000]
    with transaction(seller_id) as session:
        money = {one.amount_cents: one.state for one in session.scalars(select(Payment))}
    assert money == {5_000: PaymentState.FAILED, 6_000: PaymentState.PENDING}
    second = str(msgspec.json.decode(tablet.events[1].body)["event_id"])
    correction_of(tablet, second, **empties_and_cash(tablet, kegs=1, cents=0))
    (last,) = tablet.push(3)["results"]
    assert (last["status"], last["documents"]) == ("applied", [])
    with transaction(seller_id) as session:
        assert {one.state for one in session.scalars(select(Payment))} == {PaymentState.FAILED}
        assert [
            note.deposit_cents
            for note in session.scalars(select(CreditNote).order_by(CreditNote.sequence))
            if not note.invoice_id
        ] == [
            6_000,
            3_000,
        ]
    with transaction(yard.world.carrier_id) as session:
        asked = session.scalars(select(Discrepancy).where(Discrepancy.kind == "deposit_overcredited")).one()
        assert "2" in asked.text_fr
        assert (asked.facts["overcredited_units"], asked.facts["overcredited_cents"]) == (2, 6_000)
        note = session.get_one(CreditNote, UUID(asked.facts["credit_note_id"]))
        assert (note.deposit_cents, note.owner_id) == (3_000, seller_id)
        assert session.scalars(select(DeviceEvent).where(DeviceEvent.outcome == EventOutcome.PARKED)).all() == []
    with transaction(yard.world.buyer.id) as session:
        [said] = session.scalars(select(Message).where(Message.text_fr.contains("crédités de trop"))).all()
        assert "60,00" in said.text_fr
        assert said.owner_id == seller_id
    assert unfolded(yard_page(yard), f"/ecarts/{asked.id}") == [6_000]
    page = yard_page(yard).get(f"/ecarts/{asked.id}").get_data(as_text=True)
    assert f'href="/credits/{note.id}"' in page
    assert "Crédité de trop" in page


def test_what_a_correction_found_credited_too_much_is_billed_again_from_its_discrepancy(
    make_day: Callable[..., Yard],
) -> None:
    """C28, C30, law 20: one button to a form that says what is done; kegs that the correction moved back stay there.

    A later correction counts from what is still credited, so that nothing is given back twice.
    """
    yard = make_day(AGENT)
    tablet, boss = yard.tablet, yard_page(yard)
    tablet.visit(tablet.stop(), **empties_and_cash(tablet, kegs=4, cents=0))
    correction_of(tablet, first_event(tablet), **empties_and_cash(tablet, kegs=1, cents=0))
    tablet.push()
    before = kegs_of(yard)
    with transaction(yard.world.carrier_id) as session:
        asked = session.scalars(select(Discrepancy).where(Discrepancy.kind == "deposit_overcredited")).one()
        note = session.get_one(CreditNote, UUID(asked.facts["credit_note_id"]))
        session.expunge_all()
    form = f"/credits/{note.id}/consignes"
    assert f'href="{form}"' in boss.get(f"/ecarts/{asked.id}").text
    shown = unescape(boss.get(form).text)
    assert 'value="3"' in shown  # as many as the correction counts fewer
    assert "aucun ne bouge" in shown
    assert unfolded(boss, form) == [9_000]
    (line_id,) = re.findall(r'name="u-([0-9a-f-]+)" value="3"', shown)[:1]
    sent = boss.post(form, data={f"u-{line_id}": "3", "motif": "Fûts comptés deux fois", "key": str(new_id())})
    assert sent.status_code == 303
    assert kegs_of(yard) == before
    correction_of(tablet, event_id_of(tablet, 2), **empties_and_cash(tablet, kegs=2, cents=0))
    (last,) = tablet.push(3)["results"]
    assert [one["total_cents"] for one in last["documents"]] == [3_000]
    assert kegs_of(yard) == before - 1
    with transaction(yard.world.carrier_id) as session:
        assert list(book_faults(session, issuer_id=yard.world.carrier_id)) == []


def kegs_of(yard: Yard) -> int:
    """Return how many of the first seller's containers its shop holds."""
    with transaction(yard.world.seller.id) as session:
        held = select(func.sum(ContainerEntry.quantity)).where(
            ContainerEntry.class_id == yard.world.seller.keg_class_id,
            ContainerEntry.holder_id == yard.world.buyer.id,
        )
        return session.scalar(held) or 0


def yard_page(yard: Yard) -> Client:
    """The carrier's owner, in a browser."""
    carrier = Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id)
    return browser_of(application(), make_member(carrier, Role.OWNER))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=4))
@settings(max_examples=5, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_law_19_holds_after_any_sequence_of_corrections(
    day_of_two: tuple[Yard, object], counts: list[tuple[int, int, int]]
) -> None:
    """Law 19: delivered = invoiced − credited + supplementary on every line, whatever is corrected in which order."""
    yard, client = day_of_two
    for order in yard.tablet.stop().orders:
        for cases, kegs, extra in counts:
            now = delivery_of(yard, order.order_id)
            quantities = (min(cases, now.lines[0].ordered), min(kegs, now.lines[1].ordered))
            change = {
                line.order_line_id: recount(line, quantity, extra=extra if at == 0 else 0)
                for at, (line, quantity) in enumerate(zip(now.lines, quantities, strict=True))
            }
            assert correct(client, now, change).status_code in {200, 409}
        assert_books_agree(yard, order.order_id)


@pytest.fixture
def day_of_two(make_day: Callable[..., Yard]) -> tuple[Yard, object]:
    """A delivered day of one adjusted and one credited supplier, and its dispatcher."""
    yard = make_day(ADJUST, CREDIT)
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.push()
    return yard, office(yard)
