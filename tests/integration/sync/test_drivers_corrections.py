"""A driver corrects a visit: alone until the office has it, and then for a person to look at."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.parties.model import CorrectionPolicy, DeliverWith, Emission
from server.parties.model import Organisation as Company
from tests.factories.corrections import (
    assert_books_agree,
    billed,
    correct,
    correction_of,
    delivered_in_full,
    delivery_of,
    event_id_of,
    first_event,
    notes_of,
    office,
    only_order,
    recount,
)
from tests.factories.hand_tablet import Yard, short
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, Deal
from tests.integration.sync.test_decisions import decide

PO = Deal(deliver_with=DeliverWith.PO, emission=Emission.ON_DELIVERED)


def test_a_driver_corrects_alone_until_the_office_has_the_visit(make_day: Callable[..., Yard]) -> None:
    """Section 3 and 4: sealed before the sync, first visit and correction come together and the second one counts."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    correction_of(tablet, first_event(tablet), counted=short(line.line_id, line.quantity, 1))
    results = tablet.push()["results"]
    assert [one["status"] for one in results] == ["applied", "applied"]
    assert [one["kind"] for one in results[1]["documents"]] == ["credit_note"]
    assert delivery_of(yard, only_order(yard)).revision == 2
    assert_books_agree(yard, only_order(yard))


@pytest.mark.parametrize("deal", [CREDIT, ADJUST, AGENT, EXTERNAL], ids=["credit", "adjust", "agent", "external"])
def test_a_visit_corrected_to_nothing_in_its_own_batch_blocks_nobody(make_day: Callable[..., Yard], deal: Deal) -> None:
    """G6, C27, law 19: an invoice that was about to be numbered is let go; the tablet drains (day 114)."""
    yard = make_day(deal)
    tablet, lines = yard.tablet, yard.tablet.stop().orders[0].goods.lines
    tablet.visit(tablet.stop())
    nothing = {
        key: counts for line in lines for key, counts in short(line.line_id, line.quantity, line.quantity).items()
    }
    correction_of(tablet, first_event(tablet), counted=nothing)
    said = tablet.push()
    assert [one["status"] for one in said["results"]] == ["applied", "applied"]
    assert all(one["number"] for result in said["results"] for one in result["documents"] if one["kind"] == "invoice")
    if deal is not EXTERNAL:
        assert billed(delivery_of(yard, only_order(yard))) == 0


def test_a_driver_corrects_alone_whatever_the_tablets_clock_says(make_day: Callable[..., Yard]) -> None:
    """Section 3, protocol 8: what comes in one push with its visit needs no clock to be early (rehearsed day 13)."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    wrong = {"wall_ms": tablet.run.starts_at_ms + 3 * 86_400_000}
    tablet.visit(tablet.stop(), envelope=wrong)
    correction_of(tablet, first_event(tablet), counted=short(line.line_id, line.quantity, 1), envelope=wrong)
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "applied"]
    assert delivery_of(yard, only_order(yard)).revision == 2
    assert_books_agree(yard, only_order(yard))


def test_correcting_a_visit_that_never_counted_is_for_a_person(make_day: Callable[..., Yard]) -> None:
    """Protocol 7, section 4: the first tablet's word stands; the second one's own correction does not replace it."""
    yard = make_day(CREDIT)
    line = yard.tablet.stop().orders[0].goods.lines[0]
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.push()
    yard.again.visit(yard.again.stop(), counted=short(line.line_id, line.quantity, 1))
    correction_of(yard.again, first_event(yard.again), counted=short(line.line_id, line.quantity, 2))
    said = yard.again.push()["results"]
    assert [one["status"] for one in said] == ["applied", "parked"]
    assert said[1]["refusal"]["slug"] == "correction-waits"
    assert delivery_of(yard, only_order(yard)).revision == 1
    assert notes_of(delivery_of(yard, only_order(yard)).issuer_id) == []


@pytest.mark.parametrize("deal", [CREDIT, ADJUST, AGENT, PO], ids=["credit", "adjust", "agent", "order only"])
def test_a_short_visit_and_its_correction_in_one_batch_are_both_taken(
    make_day: Callable[..., Yard], deal: Deal
) -> None:
    """G6, R005, law 19: what the first visit made has no number yet when the second changes it; nothing is refused."""
    yard = make_day(deal)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop(), counted=short(line.line_id, line.quantity, 1))
    correction_of(tablet, first_event(tablet), counted=short(line.line_id, line.quantity, 2))
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "applied"]
    assert_books_agree(yard, only_order(yard))
    assert [one["status"] for one in tablet.push()["results"]] == ["known", "known"]


def test_a_correction_of_a_received_visit_waits_unless_the_carrier_lets_it_through(
    make_day: Callable[..., Yard],
) -> None:
    """Section 4 (Stop), C23: review is the rule; a carrier may let its tablets correct by themselves."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    tablet.push()
    late = {"envelope": {"wall_ms": 4_000_000_000_000}}
    correction_of(tablet, first_event(tablet), counted=short(line.line_id, line.quantity, 1), **late)
    (waits,) = tablet.push(2)["results"]
    assert (waits["status"], waits["refusal"]["slug"]) == ("parked", "correction-waits")
    let_tablets_correct(yard)
    event_id = waits["event_id"]
    decided = office(yard).post(f"/api/v1/sync/parked/{event_id}/decision", json={"choice": "apply"})
    assert (decided.status_code, decided.json["outcome"]) == (200, "decided")
    correction_of(tablet, event_id, counted=short(line.line_id, line.quantity, 2), **late)
    (through,) = tablet.push(3)["results"]
    assert (through["status"], through["documents"][0]["kind"]) == ("applied", "credit_note")
    assert_books_agree(yard, only_order(yard))


def test_a_correction_after_the_offices_own_waits_for_a_person(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7: a tablet that does not know of the dispatcher's correction does not undo it."""
    yard = make_day(CREDIT)
    delivery, tablet = delivered_in_full(yard), yard.tablet
    line = delivery.lines[0]
    assert correct(office(yard), delivery, {line.order_line_id: recount(line, 2)}).status_code == 200
    correction_of(tablet, first_event(tablet), counted=short(str(line.order_line_id), line.ordered, 1))
    (waits,) = tablet.push(2)["results"]
    assert (waits["status"], waits["refusal"]["slug"]) == ("parked", "correction-waits")


def test_a_second_correction_undoes_nothing_that_the_office_said(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7: a first correction that left an order as it was does not hide what the office said of it since."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    correction_of(tablet, first_event(tablet))
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "applied"]
    delivery = delivery_of(yard, only_order(yard))
    counted = {delivery.lines[0].order_line_id: recount(delivery.lines[0], 2)}
    assert correct(office(yard), delivery, counted).status_code == 200
    correction_of(tablet, event_id_of(tablet, 2), counted=short(line.line_id, line.quantity, 1))
    (waits,) = tablet.push(3)["results"]
    assert (waits["status"], waits["refusal"]["slug"]) == ("parked", "correction-waits")


def let_tablets_correct(yard: Yard) -> None:
    """Let the carrier's tablets correct by themselves."""
    with transaction(yard.world.carrier_id) as session:
        session.get_one(Company, yard.world.carrier_id).correction_policy = CorrectionPolicy.AUTOMATIC


LATE = {"envelope": {"wall_ms": 4_000_000_000_000}}
"""Sealed when the office had everything."""


def test_a_correction_behind_an_approved_one_waits_for_a_person_too(make_day: Callable[..., Yard]) -> None:
    """Section 3 (driver until sync): both came after the visit was received; approving the first approves no other."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    tablet.push()
    correction_of(tablet, event_id_of(tablet, 1), counted=short(line.line_id, line.quantity, 1), **LATE)
    correction_of(tablet, event_id_of(tablet, 2), counted=short(line.line_id, line.quantity, 2), **LATE)
    first, second = (one["event_id"] for one in tablet.push(2)["results"])
    decided = decide(office(yard), first, "apply")
    assert (decided.json["outcome"], decided.json["followers"]) == ("decided", [])
    (waits,) = office(yard).get("/api/v1/sync/parked").json
    assert (waits["event_id"], waits["refusal"]["slug"]) == (second, "correction-waits")
    assert (billed(delivery_of(yard, only_order(yard))), tablet.push(3)["results"][0]["status"]) == (40_109, "parked")
    assert decide(office(yard), second, "apply").json["outcome"] == "decided"
    assert_books_agree(yard, only_order(yard))


def test_a_correction_sealed_while_an_approved_one_was_on_its_way_waits(make_day: Callable[..., Yard]) -> None:
    """Section 3: early is before the office had the visit, not before it had the latest correction of it."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    received_ms = tablet.push()["server_ms"]
    correction_of(tablet, event_id_of(tablet, 1), counted=short(line.line_id, line.quantity, 1), **LATE)
    between = {"envelope": {"wall_ms": received_ms + 1, "server_ms": 0}}
    correction_of(tablet, event_id_of(tablet, 2), counted=short(line.line_id, line.quantity, 2), **between)
    (first,) = tablet.push(2, 2)["results"]
    assert decide(office(yard), first["event_id"], "apply").json["outcome"] == "decided"
    (waits,) = tablet.push(3)["results"]
    assert (waits["status"], waits["refusal"]["slug"]) == ("parked", "correction-waits")


@pytest.mark.parametrize("deal", [CREDIT, ADJUST], ids=["credit", "adjust"])
def test_a_second_correction_in_one_push_meets_the_numbered_documents_of_the_first(
    make_day: Callable[..., Yard], deal: Deal
) -> None:
    """G6, law 19: the first one's supplementary invoice has its number when the second credits it; nobody is asked."""
    yard = make_day(deal)
    let_tablets_correct(yard)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop(), counted=short(line.line_id, line.quantity, 2))
    tablet.push()
    correction_of(tablet, event_id_of(tablet, 1), **LATE)
    correction_of(tablet, event_id_of(tablet, 2), counted=short(line.line_id, line.quantity, 1), **LATE)
    more, less = tablet.push(2)["results"]
    kinds = [[one["kind"] for one in result["documents"]] for result in (more, less)]
    assert ([more["status"], less["status"]], kinds) == (["applied", "applied"], [["invoice"], ["credit_note"]])
    assert all(one["number"] for result in (more, less) for one in result["documents"])
    assert refused_settlements(yard) == []
    assert_books_agree(yard, only_order(yard))
    assert [one["documents"] for one in tablet.push(2)["results"]] == [more["documents"], less["documents"]]


def test_a_visit_and_three_corrections_in_one_push_leave_books_that_agree(make_day: Callable[..., Yard]) -> None:
    """Section 3, G6, law 19: all are the driver's own; each after the first meets documents that have their number."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    for seq, missing in enumerate((2, 1, 2), start=1):
        correction_of(tablet, event_id_of(tablet, seq), counted=short(line.line_id, line.quantity, missing), **LATE)
    assert [one["status"] for one in tablet.push()["results"]] == ["applied"] * 4
    assert refused_settlements(yard) == []
    assert_books_agree(yard, only_order(yard))


def refused_settlements(yard: Yard) -> list[str]:
    """Return why billing left a delivery to a dispatcher."""
    with transaction(yard.world.carrier_id) as session:
        found = select(Discrepancy.text_fr).where(Discrepancy.kind == "settlement_refused")
        return list(session.scalars(found))


def test_a_bill_that_has_no_number_yet_is_billed_as_last_corrected(make_day: Callable[..., Yard]) -> None:
    """What is signed is what is billed: two corrections behind a visit in one push credit nothing (day 2392)."""
    yard = make_day(ADJUST)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop())
    for at, missing in enumerate((2, 1)):
        corrected = str(msgspec.json.decode(tablet.events[at].body)["event_id"])
        correction_of(tablet, corrected, counted=short(line.line_id, line.quantity, missing))
    assert [one["status"] for one in tablet.push()["results"]] == ["applied"] * 3
    delivery = delivery_of(yard, only_order(yard))
    assert (delivery.revision, notes_of(delivery.issuer_id)) == (3, [])
    assert billed(delivery) == delivery.shown_total_cents
    assert_books_agree(yard, only_order(yard))
