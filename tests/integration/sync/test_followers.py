"""A decision is about one event: what stands behind it does only what its driver may do alone, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from server.core.transaction import transaction
from server.identity.model import Role
from server.identity.service import revoke_device
from tests.factories.corrections import assert_books_agree, correct, delivery_of, office, recount
from tests.factories.hand_tablet import Yard, short
from tests.factories.web import now_stamp
from tests.factories.world import CREDIT
from tests.integration.sync.test_closing_runs import person
from tests.integration.sync.test_corrections import billed, correction_of, delivered_in_full, first_event, only_order
from tests.integration.sync.test_decisions import decide

NOBODYS = "01900000-0000-7000-8000-0000000000ff"
SET_ASIDE = {"choix": "ecarter", "reason": "Doublon de la visite du matin"}


def parked_pair(yard: Yard, corrects: str) -> list[str]:
    """Send a doubled visit that cites unknown terms and a correction of one unit less; return both ids, parked."""
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.visit(tablet.stop(), terms={str(only_order(yard)): "ab" * 32})
    correction_of(tablet, corrects, counted=short(line.line_id, line.quantity, 1))
    results = tablet.push(2)["results"]
    assert [one["refusal"]["slug"] for one in results] == ["unknown-terms", "earlier-event-parked"]
    return [one["event_id"] for one in results]


def waiting(yard: Yard) -> dict[str, str]:
    """Return why each event waits, by its id, as the office's list says."""
    return {one["event_id"]: one["refusal"]["slug"] for one in office(yard).get("/api/v1/sync/parked").json}


def test_setting_a_duplicate_aside_applies_no_correction_behind_it(make_day: Callable[..., Yard]) -> None:
    """Protocol, corrections; R024: what the office corrected by hand stays billed until a person looks at the other."""
    yard = make_day(CREDIT)
    delivery = delivered_in_full(yard)
    line = delivery.lines[0]
    assert billed(delivery) == 45_236
    assert correct(office(yard), delivery, {line.order_line_id: recount(line, 2)}).status_code == 200
    assert billed(delivery) == 34_983
    duplicate, correction = parked_pair(yard, first_event(yard.tablet))
    browser = person(yard, browser=True)
    where = f"/tableau/mis-de-cote/{duplicate}"
    assert "sauf s’il attend lui-même une décision" in browser.get(where).text
    assert browser.post(f"{where}/decider", data=SET_ASIDE).status_code == 303
    assert waiting(yard) == {correction: "correction-waits"}
    assert (billed(delivery), delivery_of(yard, only_order(yard)).revision) == (34_983, 2)
    applied = decide(office(yard), correction, "apply")
    assert applied.json["outcome"] == "decided"
    assert (billed(delivery), delivery_of(yard, only_order(yard)).revision) == (40_109, 3)
    assert_books_agree(yard, only_order(yard))


def test_a_correction_of_a_visit_that_nobody_has_only_replaces(make_day: Callable[..., Yard]) -> None:
    """Protocol, corrections: behind a decision or by hand, it issues nothing by « apply »; « replace » is a choice."""
    yard = make_day(CREDIT)
    delivery = delivered_in_full(yard)
    duplicate, correction = parked_pair(yard, NOBODYS)
    done = decide(office(yard), duplicate, "set_aside", "Doublon de la visite du matin")
    assert (done.json["outcome"], done.json["followers"]) == ("decided", [])
    assert waiting(yard) == {correction: "corrects-unknown-visit"}
    still = decide(office(yard), correction, "apply")
    assert (still.json["outcome"], still.json["refusal"]["slug"]) == ("parked", "corrects-unknown-visit")
    assert (billed(delivery), delivery_of(yard, only_order(yard)).revision) == (45_236, 1)
    browser, where = person(yard, browser=True), f"/tableau/mis-de-cote/{correction}"
    assert "Remplacer la livraison reçue" in browser.get(where).text
    said = {"choix": "remplacer", "reason": "Le livreur a recompté avec la cliente"}
    assert browser.post(f"{where}/decider", data=said).status_code == 303
    assert billed(delivery) == 40_109
    assert_books_agree(yard, only_order(yard))


def test_what_a_driver_may_correct_alone_still_follows(make_day: Callable[..., Yard]) -> None:
    """Section 3: a correction that came in one push with its parked visit follows once that is decided."""
    yard = make_day(CREDIT)
    tablet, line = yard.tablet, yard.tablet.stop().orders[0].goods.lines[0]
    tablet.arrive(tablet.stop(), run_id=NOBODYS)
    tablet.visit(tablet.stop())
    visit = str(msgspec.json.decode(tablet.events[1].body)["event_id"])
    correction_of(tablet, visit, counted=short(line.line_id, line.quantity, 1))
    results = tablet.push()["results"]
    assert [one["status"] for one in results] == ["parked"] * 3
    done = decide(office(yard), results[0]["event_id"], "set_aside", "Mauvaise tournée ouverte")
    assert done.json["followers"] == [one["event_id"] for one in results[1:]]
    delivery = delivery_of(yard, only_order(yard))
    assert (billed(delivery), delivery.revision) == (40_109, 2)
    assert_books_agree(yard, only_order(yard))


@pytest.mark.parametrize("choice", ["apply", "set_aside"])
def test_nothing_of_a_revoked_tablet_follows_by_itself(make_day: Callable[..., Any], choice: str) -> None:
    """Protocol, 10: a decision about its arrival bills no visit that whoever holds the tablet sealed behind it."""
    yard = make_day(CREDIT)
    tablet = yard.tablet
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, tablet.tablet.device_id, stamp=now_stamp())
    tablet.arrive(tablet.stop())
    tablet.visit(tablet.stop())
    arrival, visit = (one["event_id"] for one in tablet.push()["results"])
    done = decide(office(yard, Role.DISPATCHER), arrival, choice, "Tablette retrouvée au quai")
    assert (done.json["outcome"], done.json["followers"]) == ("decided", [])
    assert waiting(yard) == {visit: "tablet-revoked"}
    assert decide(office(yard), visit, "apply").json["outcome"] == "decided"
    assert billed(delivery_of(yard, only_order(yard))) == 45_236
