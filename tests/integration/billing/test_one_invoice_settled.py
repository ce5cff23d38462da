"""A stop of one agent invoice, settled: short, refused, moved, voided, overdue; under both policies (C15)."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.billing import service as billing
from server.billing.queries import credits_of
from server.catalog.model import ProductFormat
from server.core.transaction import transaction
from server.documents import jobs as documents
from server.fulfilment.service.leaving import take_off_run
from server.identity.model import OrganisationKind, Role
from server.ledger.model import Account
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from server.orders import queries as orders
from server.parties.terms import ChosenTerms, OneInvoiceNeedsAgent
from server.receivables.audit import book_faults
from server.receivables.service.reminders import send_reminders
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from shared.money import format_money, half_up_ratio
from tests.conftest import Database
from tests.factories.billing import DOCUMENTED_AT
from tests.factories.corrections import correction_of, event_id_of
from tests.factories.hand_tablet import short
from tests.factories.stops import (
    ALONE,
    JOINED,
    JOINED_CREDIT,
    Shop,
    asked,
    earned,
    faults,
    make_shop,
    papers,
    recounted,
)
from tests.factories.web import Organisation, application, browser_of, make_member, now_stamp, program_of
from tests.factories.world import ADJUST, make_order, make_world, read_order, stamp

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
ROUNDS = 400 if IS_NIGHT else 6
pytestmark = pytest.mark.timeout(1_800 if IS_NIGHT else 180)


@pytest.fixture(scope="module")
def app(module_database: Database) -> Flask:
    return application()


def fixed(section: dict[str, Any]) -> dict[str, Any]:
    """Return what an invoice says of itself, without how much of it is still open."""
    return {name: value for name, value in section.items() if name not in {"open_cents", "payment_state"}}


def short_and_refused(shop: Shop) -> None:
    """Deliver the first order whole, the second a case short, and nothing of the third."""
    lines = {order.order_id: order.goods.lines for order in shop.yard.tablet.stop().orders}
    counted = {}
    for line in lines[str(shop.orders[2])]:
        counted |= short(line.line_id, line.quantity, line.quantity)
    case = lines[str(shop.orders[1])][0]
    shop.visit(counted | short(case.line_id, case.quantity, 1))


def test_a_short_and_a_refused_order_leave_the_rest_under_both_policies(app: Flask) -> None:
    """R016, R017, C15, C27, laws 10, 19, 34: a refused order is no section, or a void one; producers earn the same."""
    adjusted = make_shop(app, JOINED, JOINED, JOINED)
    short_and_refused(adjusted)
    assert [one["number"] for one in adjusted.sections()] == ["DMR-2026-000001-1", "DMR-2026-000001-2"]
    credited = make_shop(app, JOINED_CREDIT, JOINED_CREDIT, JOINED_CREDIT)
    before = credited.sections()
    assert [one["number"] for one in before] == [f"DMR-2026-000001-{number}" for number in (1, 2, 3)]
    short_and_refused(credited)
    after = credited.sections()
    assert [fixed(one) for one in after] == [fixed(one) for one in before], "what is published never changes (R043)"
    assert [one["payment_state"] for one in after] == ["to_pay", "partly_paid", "annulled"], "only what is open does"
    with transaction(acting=credited.world.carrier_id) as session:
        given = [credits_of(session, invoice_id=UUID(one["id"])) for one in before]
        said = [[(note.kind.value, len(note.lines)) for note in notes] for notes in given]
        assert said == [[], [("items", 1)], [("void", 2)]]
    for one, other in zip(adjusted.world.sellers, credited.world.sellers, strict=True):
        assert earned(adjusted, one) == earned(credited, other)
    assert earned(adjusted, adjusted.world.sellers[2]) == {}
    assert faults(adjusted) == faults(credited) == []


def test_an_order_taken_off_the_run_leaves_the_invoice(app: Flask) -> None:
    """C15, C27: what leaves before the delivery is no section; a provisional one is its issuer's and its client's."""
    shop = make_shop(app, JOINED, JOINED, JOINED)
    waiting = shop.sections()
    [joined_id] = {one["joined_id"] for one in waiting}
    whole = asked(shop.buyer, f"/api/v1/joined-invoices/{joined_id}")
    assert (whole["number"], len(whole["sections"]), {one["number"] for one in waiting}) == ("", 3, {""})
    asked(shop.program(shop.world.seller.id), f"/api/v1/joined-invoices/{joined_id}", 404)
    with transaction(acting=shop.world.carrier_id) as session:
        take_off_run(session, run_id=shop.yard.run_id, order_id=shop.orders[1], stamp=stamp())
    assert len(asked(shop.buyer, f"/api/v1/joined-invoices/{joined_id}")["sections"]) == 2
    documents.render_run(owner_id=str(shop.world.carrier_id), subject_id=str(shop.yard.run_id))
    first, third = (one for one in shop.sections() if one["joined_id"])
    said = papers(shop.buyer, "provisional_invoice")
    assert set(said) == {f"{first['reference']}.pdf", f"{third['reference']}.pdf", f"{first['reference']} +1.pdf"}
    [packet] = papers(shop.issuer, "run_packet").values()
    assert packet.count("Total de la section") == 2, "the truck carries the whole, not its sections beside it"
    shop.load_anew()
    shop.deliver()
    assert [one["number"] for one in shop.sections()] == ["DMR-2026-000001-1", "DMR-2026-000001-2"]
    later = make_order(shop.world, seller=shop.world.sellers[1], cases=1)
    answer = shop.issuer.post(f"/api/v1/orders/{later}/invoice")
    assert (answer.json["number"], answer.json["joined_id"]) == ("DMR-2026-000002", None), "a published one never grows"
    assert faults(shop) == []


def test_a_correction_moves_its_own_section_alone(app: Flask) -> None:
    """R023, R024, C15, laws 8, 9, 19: a case found is billed beside the invoice, one more missing credits its line."""
    shop = make_shop(app, JOINED, JOINED)
    shop.deliver({1: 2})
    first, second = shop.sections()
    [found] = recounted(shop, 1, 6)
    assert (found["kind"], found["number"]) == ("invoice", "DMR-2026-000002")
    fewer = recounted(shop, 1, 4)
    assert [one["kind"] for one in fewer] == ["credit_note", "credit_note"], "of what was added, then of the section"
    with transaction(acting=shop.world.carrier_id) as session:
        notes = [credits_of(session, invoice_id=UUID(one["id"])) for one in (first, second)]
        assert [len(of_section) for of_section in notes] == [0, 1]
        assert [line.quantity for line in notes[1][0].lines] == [1]
    net_cents = 4 * 4_250 + 18_900
    fee_cents = half_up_ratio(net_cents * 500, 10_000)
    producer = {Account.PRODUCER_PAYABLE: net_cents - fee_cents, Account.AGENT_FEE: fee_cents}
    assert earned(shop, shop.world.sellers[1]) == producer, "four cases and a keg, whatever was said before"
    assert faults(shop) == []


def test_an_overage_corrected_in_the_push_of_its_visit_is_a_section(app: Flask) -> None:
    """R023, C15: nothing of the visit has a number yet; the order of the corrected overage goes on its invoice."""
    shop = make_shop(app, JOINED, JOINED)
    tablet = shop.yard.tablet
    line = tablet.stop().orders[0].goods.lines[0]

    def counted(extra: int) -> dict[str, DeliveredLine]:
        return {line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=extra)}

    tablet.visit(tablet.stop(), counted=counted(2))
    correction_of(tablet, event_id_of(tablet, 1), counted=counted(1))
    correction_of(tablet, event_id_of(tablet, 2), counted=counted(3))
    assert {one["status"] for one in tablet.push()["results"]} == {"applied"}
    numbers = sorted(one["number"] for one in shop.sections() if one["number"])
    assert numbers == [f"DMR-2026-000001-{section}" for section in (1, 2, 3)]
    correction_of(tablet, event_id_of(tablet, 3), counted=counted(1))
    tablet.push(4)
    later = {one["number"] for one in shop.sections() if one["number"]} - set(numbers)
    assert later == {"DMR-2026-000002"}, "a published one never grows"
    assert faults(shop) == []


def test_the_last_order_of_a_stop_stands_alone(app: Flask) -> None:
    """C15: with everything else refused, what is left is an ordinary invoice with a number of its own."""
    shop = make_shop(app, JOINED, JOINED)
    counted = {}
    for order in shop.yard.tablet.stop().orders:
        for line in order.goods.lines if order.order_id == str(shop.orders[0]) else ():
            counted |= short(line.line_id, line.quantity, line.quantity)
    shop.visit(counted)
    [alone] = shop.sections()
    assert (alone["number"], alone["section"], alone["joined_id"]) == ("DMR-2026-000001", 0, None)
    assert faults(shop) == []


def test_all_of_it_is_voided_and_one_section_is_invoiced_anew(app: Flask) -> None:
    """C6, C15, R042, R043: every section is credited whole, numbers stay, each order opens for one new invoice."""
    shop = make_shop(app, JOINED_CREDIT, JOINED_CREDIT)
    first, _second = shop.sections()
    path = f"/api/v1/joined-invoices/{first['joined_id']}/void"
    assert shop.program(shop.world.seller.id).post(path, json={"reason": "Erreur"}).status_code == 404
    assert shop.buyer.post(path, json={"reason": "Erreur"}).status_code == 403
    notes = shop.issuer.post(path, json={"reason": "Erreur"}).json
    assert shop.issuer.post(path, json={"reason": "Erreur"}).json == notes
    assert [one["number"] for one in notes] == ["DMR-NC-2026-000001", "DMR-NC-2026-000002"]
    again = shop.issuer.post(f"/api/v1/invoices/{first['id']}/republish").json
    assert (again["number"], again["section"], again["total_cents"]) == ("DMR-2026-000002", 0, first["total_cents"])
    assert faults(shop) == []


def test_it_is_reminded_of_once_with_what_is_open_of_all(app: Flask) -> None:
    """R122, C15, law 27: sections that are overdue together make one reminder, of the whole."""
    shop = make_shop(app, JOINED_CREDIT, JOINED_CREDIT)
    first, second = shop.sections()
    late = stamp(now_stamp().at + timedelta(days=40))
    with transaction(acting=shop.world.carrier_id) as session:
        made = [one.id for one in send_reminders(session, stamp=late)]
    assert len(made) == 2
    for reminder_id in made:
        tell_fact(owner_id=str(shop.world.carrier_id), subject_id=str(reminder_id))
    with transaction(acting=shop.world.buyer.id) as session:
        [news] = session.scalars(select(InboxMessage).where(InboxMessage.kind == "invoice.reminder")).all()
    assert news.subject_id == UUID(first["joined_id"])
    assert format_money(first["total_cents"] + second["total_cents"], "CAD", "fr") in news.text_fr


def test_only_an_agents_order_may_ask_for_it(app: Flask) -> None:
    """C2, C15, C28: it is inherited like other terms, holds under agent billing alone, and is refused elsewhere."""
    world = make_world([JOINED, ADJUST, ALONE])
    joined, plain, alone = (make_order(world, seller=seller) for seller in world.sellers)
    holds = [read_order(one, acting=world.carrier_id).one_invoice_a_stop for one in (joined, plain, alone)]
    assert holds == [True, False, False]
    chosen = make_order(world, seller=world.sellers[2], chosen=ChosenTerms(one_invoice_a_stop=True))
    assert read_order(chosen, acting=world.carrier_id).one_invoice_a_stop
    with pytest.raises(OneInvoiceNeedsAgent):
        make_order(world, seller=world.sellers[1], chosen=ChosenTerms(one_invoice_a_stop=True))


def test_it_may_be_chosen_when_an_order_is_accepted(app: Flask) -> None:
    """R012, C15, the reference « lors de l’approbation d’une commande »: on the page and through the API."""
    world = make_world([ALONE, ADJUST])
    member = make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.OWNER)
    first, second = (make_order(world, accepted=False) for _ in range(2))
    browser = browser_of(app, member)
    assert "une seule facture par arrêt" in browser.get(f"/commandes/{first}").text
    so = {"facturation": "agent_stop", "revision": "1"}
    assert browser.post(f"/commandes/{first}/accepter", data=so).status_code == 303
    body = {"billing_type": "agent", "one_invoice_a_stop": True}
    answer = program_of(app, member).post(f"/api/v1/orders/{second}/accept", json=body)
    assert (answer.json["state"], answer.json["one_invoice_a_stop"]) == ("accepted", True)
    assert read_order(first, acting=world.carrier_id).one_invoice_a_stop
    plain = make_order(world, seller=world.sellers[1], accepted=False)
    other = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.sellers[1].id), Role.OWNER))
    refused = other.post(f"/api/v1/orders/{plain}/accept", json={"one_invoice_a_stop": True})
    assert (refused.status_code, refused.json["slug"]) == (409, "one-invoice-needs-agent")


def test_joined_or_alone_each_producer_gets_the_same_to_the_cent(app: Flask) -> None:
    """C15, T3, laws 1, 3, 4, 17, 34: random stops; every section is what an invoice of its own would be."""
    chance = random.Random(15)
    world = make_world([JOINED, JOINED, ALONE, ALONE])
    for _ in range(ROUNDS):
        order_ids = _alike(world, chance)
        with transaction(acting=world.carrier_id) as session:
            place_id = new_id()
            made = [
                billing.publish_for_order(
                    session,
                    order=orders.order(session, order_id=order_id),
                    place_id=place_id,
                    stamp=stamp(DOCUMENTED_AT),
                )
                for order_id in order_ids
            ]
            billing.publish_pending(session, stamp=stamp(DOCUMENTED_AT))
            sums = [(one.net_cents, one.tax_cents, one.deposit_cents, one.agent_fee_cents) for one in made]
            taxes = [one.taxes for one in made]
            places = [(one.section, one.sections, one.joined_id is None) for one in made]
            numbers = [one.sequence for one in made]
        assert sums[:2] == sums[2:]
        assert taxes[:2] == taxes[2:]
        assert places == [(1, 2, False), (2, 2, False), (0, 0, True), (0, 0, True)]
        assert numbers == [numbers[0], numbers[0], numbers[0] + 1, numbers[0] + 2]
    with transaction(acting=world.carrier_id) as session:
        assert list(book_faults(session, issuer_id=world.carrier_id)) == []


def _alike(world, chance: random.Random) -> list[UUID]:
    """Order the same of the first and third, second and fourth supplier, at prices that the cent does not divide."""
    made: dict[int, UUID] = {}
    for one, other in ((0, 2), (1, 3)):
        price = Decimal(chance.randint(1, 999_999)) / 10_000
        cases, kegs = chance.randint(1, 30), chance.randint(0, 5)
        for at in (one, other):
            seller = world.sellers[at]
            with transaction(acting=seller.id) as session:
                session.execute(
                    update(ProductFormat).where(ProductFormat.id == seller.case_id).values(unit_price=price)
                )
            made[at] = make_order(world, seller=seller, cases=cases, kegs=kegs)
    return [made[at] for at in range(4)]
