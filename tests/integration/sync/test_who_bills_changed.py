"""An order that another was to bill when its tablet left: delivered, settled by nobody, and billed by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from server.billing.model import CreditNote, Invoice
from server.conversations.model import Message, Thread
from server.core.transaction import transaction
from server.delivery.model import Discrepancy, VarianceNotice
from server.fulfilment.service.leaving import take_off_run
from server.fulfilment.service.orders import choose_billing, replan_order
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.parties import service as parties
from server.parties.model import Agreement, BillingType, DeliverWith, Emission
from shared.ids import new_id
from shared.states import OrderState
from shared.wire.bundle import BundleOrder
from tests.factories.corrections import correct, correction_of, delivery_of, event_id_of, office, order_of, recount
from tests.factories.hand_tablet import Yard, short
from tests.factories.matrix import make_organisation
from tests.factories.order_doors import API, answered
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import ADJUST, Deal, stamp

PLATFORM, EXTERNAL, AGENT = BillingType.PLATFORM, BillingType.EXTERNAL, BillingType.AGENT
MANUAL = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)
CHANGES = [(EXTERNAL, PLATFORM), (EXTERNAL, AGENT), (PLATFORM, AGENT), (AGENT, PLATFORM), (PLATFORM, EXTERNAL)]


def first_order(yard: Yard) -> BundleOrder:
    """Return the order of the first seller; another one keeps its stop on the run."""
    return next(one for one in yard.tablet.stop().orders if one.goods.seller_id == str(yard.world.seller.id))


def bill_otherwise(yard: Yard, now: BillingType) -> None:
    """Let the seller choose anew how its order is billed."""
    with transaction(yard.world.seller.id) as session:
        order = orders.order(session, order_id=UUID(first_order(yard).order_id))
        choose_billing(session, order=order, billing_type=now, one_invoice_a_stop=None, stamp=stamp())


def left_before_the_change(make_day: Callable[..., Yard], left: BillingType, now: BillingType) -> Yard:
    """Return a yard whose tablet is out with an order that left its run since and is billed otherwise now."""
    yard = make_day(Deal(billing_type=left, names_agent=True), MANUAL)
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(first_order(yard).order_id), stamp=stamp())
    bill_otherwise(yard, now)
    return yard


def deliver(yard: Yard, *, missing: int) -> dict[str, Any]:
    """Deliver the order but for so many of its cases; return what the push answers."""
    line = first_order(yard).goods.lines[0]
    yard.tablet.visit(yard.tablet.stop(), counted=short(line.line_id, line.quantity, missing) if missing else {})
    (result,) = yard.tablet.push()["results"]
    return dict(result)


def questions(yard: Yard) -> list[str]:
    """Return what billing asks of the order's delivery."""
    kinds = ("settlement_refused", "amount_differs", "invoice_voided", "newer_invoice")
    with transaction(yard.world.carrier_id) as session:
        return list(session.scalars(select(Discrepancy.text_fr).where(Discrepancy.kind.in_(kinds))))


def moved(yard: Yard) -> list[Any]:
    """Return every number and every notice that somebody got."""
    found: list[Any] = []
    for org_id in (yard.world.seller.id, yard.world.carrier_id):
        with transaction(org_id) as session:
            found += session.scalars(select(CreditNote.id).where(CreditNote.owner_id == org_id))
            notices = session.scalars(select(VarianceNotice).where(VarianceNotice.owner_id == org_id))
            found += [(one.short_units, one.extra_units) for one in notices]
            found += session.scalars(select(Invoice.number).where(Invoice.owner_id == org_id, Invoice.number != ""))
    return found


def issuer(yard: Yard, now: BillingType) -> Client:
    """Return a browser of who bills the order now."""
    kind, org_id = OrganisationKind.SUPPLIER, yard.world.seller.id
    if now is AGENT:
        kind, org_id = OrganisationKind.DISTRIBUTOR, yard.world.carrier_id
    return browser_of(yard.app, make_member(Organisation(kind, org_id)))


def bill_by_hand(yard: Yard, client: Client) -> dict[str, Any]:
    """Publish the order's invoice from the order's page, as its button does, and return it."""
    page, act = f"/commandes/{first_order(yard).order_id}", f"/commandes/{first_order(yard).order_id}/facturer"
    assert act in client.get(page).text
    order = answered(client.get(f"{API}/{first_order(yard).order_id}"))
    shown = client.post(act, data={"revision": str(order["revision"])})
    assert shown.status_code == 303, shown.text
    made: dict[str, Any] = answered(client.get(f"/api/v1/invoices/{shown.location.rpartition('/')[2]}"))
    return made


@pytest.mark.parametrize(("left", "now"), CHANGES)
def test_nothing_is_settled_for_another_issuer_and_a_person_is_asked(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """R012, R016, C28, ADR 0060: what was signed under one issuer is delivered, and no other one bills it unasked."""
    yard = left_before_the_change(make_day, left, now)
    assert deliver(yard, missing=1)["status"] == "applied"
    delivery = delivery_of(yard, first_order(yard).order_id)
    assert order_of(yard, delivery.order_id).state is OrderState.PARTLY_DELIVERED
    assert moved(yard) == ([(1, 0)] if now is EXTERNAL else [])
    [why] = questions(yard)
    assert first_order(yard).order_number in why
    assert ("inscrire la facture à la page" in why, "facturer ce qui fut livré" in why) == (
        now is EXTERNAL,
        now is not EXTERNAL,
    )


def an_agent(yard: Yard, codes: tuple[str, ...]) -> UUID:
    """Return a billing agent, registered for these taxes, whom the seller's agreement names since its truck left."""
    agent_id = make_organisation(OrganisationKind.AGENT, "Agence du Houblon")
    numbers = {"gst": "987654321 RT0001", "qst": "9876543210 TQ0001"}
    with transaction(agent_id) as session:
        for code in codes:
            parties.register_tax(
                session, tax_code=code, number=numbers[code], valid_from=date(2020, 1, 1), stamp=stamp()
            )
    with transaction(yard.world.seller.id) as session:
        mine = Agreement.id == yard.world.seller.agreement_id
        readers = [yard.world.carrier_id, agent_id]
        session.execute(update(Agreement).where(mine).values(billing_agent_id=agent_id, party_ids=readers))
    return agent_id


def deliver_for(yard: Yard, agent_id: UUID) -> None:
    """Let the order leave its run and be billed by the agent, then deliver it, one case short, by the old terms."""
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(first_order(yard).order_id), stamp=stamp())
    bill_otherwise(yard, AGENT)
    deliver(yard, missing=1)
    assert order_of(yard, first_order(yard).order_id).issuer_id == agent_id


def test_an_agent_who_read_nothing_of_the_delivery_bills_what_was_delivered(make_day: Callable[..., Yard]) -> None:
    """R003, C28, ADR 0060: who bills by now was no party when it was delivered; not all that was ordered is billed."""
    yard = make_day(ADJUST, MANUAL)
    agent_id = an_agent(yard, ("gst", "qst"))
    deliver_for(yard, agent_id)
    agent = browser_of(yard.app, make_member(Organisation(OrganisationKind.AGENT, agent_id)))
    made = bill_by_hand(yard, agent)
    lines = first_order(yard).goods.lines
    assert [one["quantity"] for one in made["lines"]] == [lines[0].quantity - 1, lines[1].quantity]


@pytest.mark.parametrize(("left", "now"), CHANGES[:-1])
def test_what_nobody_settled_is_billed_by_hand_as_it_was_delivered(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """R003, R042, ADR 0060: the remedy that the question names, by who bills the order now."""
    yard = left_before_the_change(make_day, left, now)
    deliver(yard, missing=1)
    made = bill_by_hand(yard, issuer(yard, now))
    lines = first_order(yard).goods.lines
    assert [one["quantity"] for one in made["lines"]] == [lines[0].quantity - 1, lines[1].quantity]
    assert made["number"]


@pytest.mark.parametrize("codes", [("gst",), ("gst", "qst")], ids="+".join)
def test_by_hand_the_taxes_are_those_of_who_bills_now(make_day: Callable[..., Yard], codes: tuple[str, ...]) -> None:
    """R003, C28, T8, ADR 0060: the terms were taxed for the seller; its agent charges what it is registered for."""
    yard = make_day(ADJUST, MANUAL)
    agent_id = an_agent(yard, codes)
    deliver_for(yard, agent_id)
    agent = browser_of(yard.app, make_member(Organisation(OrganisationKind.AGENT, agent_id)))
    made = bill_by_hand(yard, agent)
    with transaction(agent_id) as session:
        assert [one["code"] for one in session.get_one(Invoice, UUID(made["id"])).taxes] == list(codes)


def test_what_is_billed_outside_now_is_noted_on_the_order(make_day: Callable[..., Yard]) -> None:
    """R007, ADR 0060: nothing here bills it; its seller notes the number of its own invoice."""
    yard = left_before_the_change(make_day, PLATFORM, EXTERNAL)
    deliver(yard, missing=0)
    path, seller = f"/commandes/{first_order(yard).order_id}", issuer(yard, EXTERNAL)
    assert first_order(yard).order_number in seller.get("/a-facturer").text
    noted = seller.post(f"{path}/facture-externe", data={"number": "V-77", "issued_on": "2026-11-19"})
    assert noted.status_code == 303
    assert "V-77" in seller.get(path).text


def test_a_correction_of_what_was_billed_by_hand_asks_again(make_day: Callable[..., Yard]) -> None:
    """R023, R024, ADR 0060: it is under the terms of the visit, which bind another issuer; a credit by hand goes."""
    yard = left_before_the_change(make_day, EXTERNAL, PLATFORM)
    deliver(yard, missing=0)
    client = issuer(yard, PLATFORM)
    made = bill_by_hand(yard, client)
    delivery = delivery_of(yard, first_order(yard).order_id)
    line = delivery.lines[0]
    answer = correct(office(yard), delivery, {line.order_line_id: recount(line, line.ordered - 1)})
    assert (answer.status_code, answer.json["documents"]) == (200, [])
    assert delivery_of(yard, delivery.order_id).revision == 2
    assert len(questions(yard)) == 2
    assert moved(yard) == [made["number"]]
    asked = {
        "key": str(new_id()),
        "buyer_id": str(yard.world.buyer.id),
        "reason_fr": "Recompté",
        "reason_en": "Counted again",
        "invoice_id": made["id"],
        "items": [{"line_id": made["lines"][0]["id"], "quantity": 1}],
    }
    assert answered(client.post("/api/v1/credit-notes", json=asked), 201)["number"]


def test_a_failure_that_is_corrected_after_another_bills_asks(make_day: Callable[..., Yard]) -> None:
    """R024, C27, ADR 0060: delivered after all, under terms of the seller, an order that its agent bills by now."""
    yard = make_day(Deal(names_agent=True), MANUAL)
    yard.tablet.visit(yard.tablet.stop(), unmet="refused")
    yard.tablet.push()
    with transaction(yard.world.carrier_id) as session:
        replan_order(session, order=orders.order(session, order_id=UUID(first_order(yard).order_id)), stamp=stamp())
    bill_otherwise(yard, AGENT)
    correction_of(yard.tablet, event_id_of(yard.tablet, 1))
    (result,) = yard.tablet.push(2)["results"]
    assert result["status"] == "applied"
    assert order_of(yard, first_order(yard).order_id).state is OrderState.DELIVERED
    assert (len(questions(yard)), moved(yard)) == (1, [])
    assert bill_by_hand(yard, issuer(yard, AGENT))["number"]


def threads(yard: Yard, org_id: UUID) -> list[str]:
    """Return what somebody reads in the threads of the order."""
    with transaction(org_id) as session:
        said = select(Message.text_fr).join(Thread, Thread.id == Message.thread_id)
        return list(session.scalars(said.where(Thread.subject_id == UUID(first_order(yard).order_id))))


@pytest.mark.parametrize(("left", "now"), CHANGES)
def test_whoever_bills_is_told_of_what_was_not_settled(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """R022, C14, ADR 0060: a thread for the parties, of the correction too; a notice where it is billed outside now."""
    yard = left_before_the_change(make_day, left, now)
    deliver(yard, missing=1)
    delivery = delivery_of(yard, first_order(yard).order_id)
    line = delivery.lines[0]
    correct(office(yard), delivery, {line.order_line_id: recount(line, line.ordered - 2)})
    for org_id in (yard.world.seller.id, yard.world.carrier_id):
        said = threads(yard, org_id)
        assert [("1 en moins" in one, "2 en moins" in one) for one in said] == [(True, False), (False, True)]
    assert moved(yard) == ([(1, 0), (2, 0)] if now is EXTERNAL else [])


@pytest.mark.parametrize(("left", "now"), CHANGES)
def test_a_stop_where_nothing_was_accepted_asks_nobody_who_bills(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """C27, ADR 0060: nothing is to be billed by anybody; who bills it outside is told what did not arrive."""
    yard = left_before_the_change(make_day, left, now)
    yard.tablet.visit(yard.tablet.stop(), unmet="refused")
    yard.tablet.push()
    assert order_of(yard, UUID(first_order(yard).order_id)).state is OrderState.NOT_DELIVERED
    assert questions(yard) == []
    short_units = sum(line.quantity for line in first_order(yard).goods.lines)
    assert moved(yard) == ([(short_units, 0)] if now is EXTERNAL else [])


@pytest.mark.parametrize(("left", "now"), CHANGES)
def test_a_correction_of_reasons_alone_asks_nobody_who_bills(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """R023, ADR 0060: what is lost and what came back are billed alike; the first question stands."""
    yard = left_before_the_change(make_day, left, now)
    deliver(yard, missing=1)
    before = moved(yard)
    delivery = delivery_of(yard, first_order(yard).order_id)
    line = delivery.lines[0]
    answer = correct(office(yard), delivery, {line.order_line_id: recount(line, line.ordered - 1, kind="returned")})
    assert answer.status_code == 200
    assert (len(questions(yard)), moved(yard)) == (1, before)


def test_what_its_new_issuer_billed_before_nothing_was_accepted_is_asked_about(make_day: Callable[..., Yard]) -> None:
    """C27, ADR 0060: an invoice of all of it stands, and no terms that were signed name who made it."""
    yard = left_before_the_change(make_day, EXTERNAL, PLATFORM)
    bill_by_hand(yard, issuer(yard, PLATFORM))
    yard.tablet.visit(yard.tablet.stop(), unmet="refused")
    yard.tablet.push()
    assert len(questions(yard)) == 1
