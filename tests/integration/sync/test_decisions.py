"""What people decide: parked events, disputes of two tablets, credits above the threshold; by API and by page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from server.billing.model import CreditNote
from server.core import facts
from server.core.transaction import transaction
from server.delivery.model import Correction, CorrectionSource, Delivery, Discrepancy, DiscrepancyState
from server.identity.model import OrganisationKind, Role
from server.identity.service import revoke_device
from server.planning.model import Run
from server.sync.events import EVENT_DECIDED, EVENT_SET_ASIDE
from server.sync.model import DecisionKind, DeviceEvent, EventDecision, EventOutcome
from shared.states import CreditState, RunState
from tests.factories.corrections import (
    assert_books_agree,
    correct,
    delivery_of,
    give_run,
    office,
    recount,
    strangers_tablet,
)
from tests.factories.hand_tablet import Yard, short
from tests.factories.unfolding import unfolded
from tests.factories.web import Client, Organisation, browser_of, make_member, now_stamp, program_of
from tests.factories.world import CREDIT, Deal

THRESHOLD = Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=1_000)


def decide(client: Client, event_id: str, choice: str, reason: str = ""):
    return client.post(f"/api/v1/sync/parked/{event_id}/decision", json={"choice": choice, "reason": reason})


def outcomes(yard: Yard) -> list[str]:
    with transaction(yard.world.carrier_id) as session:
        events = session.scalars(select(DeviceEvent).order_by(DeviceEvent.device_id, DeviceEvent.seq)).all()
        return [event.outcome.value for event in events]


def names_of_facts(yard: Yard) -> list[str]:
    with transaction(yard.world.carrier_id) as session:
        return list(session.scalars(select(facts.Fact.name).order_by(facts.Fact.position)))


def test_a_parked_visit_is_read_repaired_and_applied_with_what_stands_behind_it(
    make_day: Callable[..., Yard],
) -> None:
    """G6: seen whole, what blocks it said, applied once after the repair; later events of the stop follow."""
    yard = make_day(CREDIT)
    tablet, driver_id = strangers_tablet(yard)
    stop = tablet.stop()
    line = stop.orders[0].goods.lines[0]
    tablet.arrive(stop)
    tablet.visit(stop, counted=short(line.line_id, line.quantity, 1))
    tablet.come_back()
    results = tablet.push()["results"]
    assert [one["status"] for one in results] == ["parked"] * 3
    client = office(yard)
    first, visit = results[0]["event_id"], results[1]["event_id"]
    early = decide(client, visit, "apply")
    assert (early.status_code, early.json["slug"]) == (409, "earlier-event-first")
    read = client.get(f"/api/v1/sync/parked/{visit}").json
    assert (read["signer_name"], read["orders"][0]["lines"][0]["lost"]) == ("Luce Tremblay", 1)
    assert (read["would_refuse"]["slug"], read["waits_for_event_id"]) == ("run-of-another-driver", first)
    assert len(read["attachments_missing"]) == 2
    still = decide(client, first, "apply")
    assert (still.status_code, still.json["outcome"]) == (200, "parked")
    assert still.json["refusal"]["slug"] == "run-of-another-driver"
    give_run(yard, driver_id)
    foreseen = client.get(f"/api/v1/sync/parked/{visit}").json
    assert [one["kind"] for one in foreseen["would_issue"]] == ["credit_note"]
    assert delivery_count(yard) == 0
    done = decide(client, first, "apply")
    assert (done.json["outcome"], done.json["followers"]) == ("decided", [visit])
    assert decide(client, first, "apply").json["followers"] == []
    again = decide(client, first, "set_aside", "Trop tard")
    assert (again.status_code, again.json["slug"]) == (409, "event-already-decided")
    assert decide(client, results[2]["event_id"], "apply").json["outcome"] == "decided"
    assert outcomes(yard) == ["decided"] * 3
    assert [one["status"] for one in tablet.push()["results"]] == ["known"] * 3
    assert_books_agree(yard, stop.orders[0].order_id)
    with transaction(yard.world.carrier_id) as session:
        assert session.get_one(Run, yard.run_id).state is RunState.SYNCED
    assert names_of_facts(yard).count(EVENT_DECIDED) == 3


def delivery_count(yard: Yard) -> int:
    with transaction(yard.world.carrier_id) as session:
        return len(session.scalars(select(Delivery)).all())


def test_an_event_is_set_aside_for_good_with_a_reason_and_its_bytes_stay(make_day: Callable[..., Yard]) -> None:
    """G6: nothing of it counts, its bytes and the reason remain, a fact says who decided; the run can close."""
    yard = make_day(CREDIT)
    tablet, _driver_id = strangers_tablet(yard)
    sealed = tablet.visit(tablet.stop())
    tablet.seal_bytes("{")
    visit, broken = (one["event_id"] for one in tablet.push()["results"])
    client = office(yard)
    mute = decide(client, visit, "set_aside", " ")
    assert (mute.status_code, mute.json["slug"]) == (422, "reason-needed")
    assert client.get(f"/api/v1/sync/parked/{broken}").json["unread"]
    assert decide(client, broken, "apply").json["outcome"] == "parked"
    for event_id in (visit, broken, visit):
        answer = decide(client, event_id, "set_aside", "Tablette prêtée, visite refaite")
        assert (answer.json["outcome"], answer.json["kind"]) == ("decided", "set_aside")
    assert client.get("/api/v1/sync/parked").json == []
    with transaction(yard.world.carrier_id) as session:
        kept = session.scalars(select(DeviceEvent).where(DeviceEvent.event_id == UUID(visit))).one()
        assert (kept.body.decode(), kept.outcome) == (sealed.body, EventOutcome.DECIDED)
        decisions = session.scalars(select(EventDecision)).all()
        assert {(one.kind, one.reason) for one in decisions} == {
            (DecisionKind.SET_ASIDE, "Tablette prêtée, visite refaite")
        }
        assert all(one.by == client.member.user_id for one in decisions)
    assert names_of_facts(yard).count(EVENT_SET_ASIDE) == 2
    assert delivery_count(yard) == 0


def test_a_revoked_tablets_visit_replaces_what_another_one_told(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7 and 10: a dispatcher lets the parked visit stand: a correction with its reason, by the difference."""
    yard = make_day(CREDIT)
    stop, other = yard.tablet.stop(), yard.again
    line = stop.orders[0].goods.lines[0]
    yard.tablet.visit(stop)
    yard.tablet.push()
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, other.tablet.device_id, stamp=now_stamp())
    other.visit(stop, counted=short(line.line_id, line.quantity, 2))
    (parked,) = other.push()["results"]
    assert parked["refusal"]["slug"] == "tablet-revoked"
    answer = decide(office(yard), parked["event_id"], "replace", "Le second livreur a recompté")
    assert [one["kind"] for one in answer.json["documents"]] == ["credit_note"]
    with transaction(yard.world.carrier_id) as session:
        correction = session.scalars(select(Correction)).one()
        assert (correction.source, correction.reason) == (CorrectionSource.DISPUTE, "Le second livreur a recompté")
    assert_books_agree(yard, stop.orders[0].order_id)


def test_a_dispute_of_two_tablets_is_decided_on_its_page(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7, R022: keep the first, or let the other replace it, on the page or by a program, with a reason."""
    yard = make_day(CREDIT)
    stop = yard.tablet.stop()
    line = stop.orders[0].goods.lines[0]
    yard.tablet.visit(stop)
    yard.again.visit(stop, counted=short(line.line_id, line.quantity, 1))
    yard.tablet.push()
    yard.again.push()
    browser = browser_of(
        yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), Role.DISPATCHER)
    )
    with transaction(yard.world.carrier_id) as session:
        dispute = session.scalars(select(Discrepancy).where(Discrepancy.kind == "two_deliveries")).one()
    assert any(unfolded(browser, "/tableau/a-voir?jour=2026-11-19"))
    queue = browser.get("/tableau/a-voir?jour=2026-11-19").text
    assert f"/ecarts/{dispute.id}" in queue
    page = browser.get(f"/ecarts/{dispute.id}").text
    assert "Remplacer par celle-ci" in page
    told = office(yard).get(f"/api/v1/discrepancies/{dispute.id}/explanation").json["totals"]
    assert [one["label"]["fr"].partition(",")[0] for one in told] == ["Facture montrée", "Crédit montré"]
    assert not [one for whole in told for one in whole["parts"] if "sans que" in one["label"]["fr"]]
    assert unfolded(browser, f"/ecarts/{dispute.id}") == [one["amount_cents"] for one in told]
    assert browser.post(f"/ecarts/{dispute.id}/remplacer", data={"reason": ""}).status_code == 422
    path = f"/api/v1/discrepancies/{dispute.id}"
    assert office(yard, Role.DRIVER).post(f"{path}/decision", json={"decision": "Vu"}).status_code == 403
    assert office(yard, Role.DRIVER).post(f"{path}/replacement", json={"decision": "Vue"}).status_code == 403
    done = office(yard, Role.DISPATCHER).post(f"{path}/replacement", json={"decision": "Vu avec la cliente"})
    assert (done.status_code, done.json["state"]) == (200, "decided")
    with transaction(yard.world.carrier_id) as session:
        closed = session.scalars(select(Discrepancy).where(Discrepancy.kind == "two_deliveries")).one()
        assert (closed.state, closed.decision) == (DiscrepancyState.DECIDED, "Vu avec la cliente")
    assert delivery_of(yard, stop.orders[0].order_id).revision == 2
    assert_books_agree(yard, stop.orders[0].order_id)
    assert browser.post(f"/ecarts/{dispute.id}/remplacer", data={"reason": "Encore"}).status_code == 409


def test_a_dispatcher_decides_and_corrects_on_the_pages(make_day: Callable[..., Yard]) -> None:
    """G6, section 3: the pages show the event and take the decision; the correction form counts again with a reason."""
    yard = make_day(CREDIT)
    tablet, driver_id = strangers_tablet(yard)
    stop = tablet.stop()
    tablet.visit(stop)
    tablet.upload_signature()
    (parked,) = tablet.push()["results"]
    browser = browser_of(
        yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), Role.DISPATCHER)
    )
    where = f"/tableau/mis-de-cote/{parked['event_id']}"
    assert where in browser.get("/tableau/a-voir?jour=2026-11-19").text
    page = browser.get(where).text
    assert "Luce Tremblay" in page
    assert 'class="ink"' in page
    give_run(yard, driver_id)
    foreseen = unfolded(browser, where)
    told = office(yard, Role.DISPATCHER).get(f"/api/v1/sync/parked/{parked['event_id']}").json
    would = [one["amount_cents"] for one in told["would_come_to"]]
    assert would == [one["total_cents"] for one in told["would_issue"]]
    shown = [one["amount_cents"] for order in told["orders"] for one in order["shown_comes_from"]]
    assert foreseen == [*shown, *would]
    assert browser.post(f"{where}/decider", data={"choix": "appliquer"}).status_code == 303
    assert "Appliqué" in browser.get(where).text
    delivery = delivery_of(yard, stop.orders[0].order_id)
    line = delivery.lines[0]
    form = f"/livraisons/{delivery.id}/corriger"
    assert browser.get(form).text.count('name="recu-') == len(delivery.lines)
    told = {f"{name}-{one.order_line_id}": value for one in delivery.lines
            for name, value in (("recu", one.delivered), ("plus", 0), ("motif", ""))}  # fmt: skip
    told |= {f"recu-{line.order_line_id}": line.ordered - 1, f"motif-{line.order_line_id}": "refused_item"}
    sent = browser.post(form, data=told | {"key": parked["event_id"], "reason": "Une caisse reprise"})
    assert sent.status_code == 303
    corrected = delivery_of(yard, stop.orders[0].order_id)
    assert (corrected.lines[0].returned, corrected.revision) == (1, 2)
    assert_books_agree(yard, stop.orders[0].order_id)
    assert browser.post("/tableau/corrections", data={"regle": "automatic"}).status_code == 303
    assert 'value="automatic" checked' in browser.get("/tableau/corrections").text
    review = office(yard, Role.DISPATCHER).open(
        "/api/v1/organisation/correction-policy", "PUT", json={"correction_policy": "review"}
    )
    assert (review.status_code, review.json["correction_policy"]) == (200, "review")


def test_a_driver_and_a_stranger_decide_nothing(make_day: Callable[..., Yard]) -> None:
    """Section 3, law 33: the driver until sync, nobody else's carrier ever."""
    yard = make_day(CREDIT)
    tablet, _driver_id = strangers_tablet(yard)
    tablet.visit(tablet.stop())
    (parked,) = tablet.push()["results"]
    assert decide(office(yard, Role.DRIVER), parked["event_id"], "set_aside", "Pour voir").status_code == 403
    stranger = program_of(yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DISPATCHER))
    assert decide(stranger, parked["event_id"], "set_aside", "Pour voir").status_code == 404
    assert outcomes(yard) == ["parked"]


@pytest.mark.parametrize("approve", [True, False])
def test_a_credit_above_the_threshold_is_its_issuers_to_decide(make_day: Callable[..., Yard], *, approve: bool) -> None:
    """C12, section 3: the supplier that issued the invoice approves or refuses, the carrier cannot; twice is once."""
    yard = make_day(THRESHOLD)
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.push()
    delivery = delivery_of(yard, yard.tablet.stop().orders[0].order_id)
    line = delivery.lines[0]
    correct(office(yard), delivery, {line.order_line_id: recount(line, 1)})
    with transaction(delivery.issuer_id) as session:
        note = session.scalars(select(CreditNote)).one()
    door, body = f"/api/v1/credit-notes/{note.id}/decision", {"approve": approve, "reason": "Bris non constaté"}
    assert office(yard, Role.ACCOUNTANT).post(door, json=body).status_code == 403
    owner = make_member(Organisation(OrganisationKind.SUPPLIER, delivery.issuer_id), Role.OWNER)
    supplier = program_of(yard.app, owner)
    for _ in range(2):
        assert supplier.post(door, json=body).status_code == 200
    with transaction(delivery.issuer_id) as session:
        note = session.get_one(CreditNote, note.id)
        assert (note.state, bool(note.number)) == (CreditState.ISSUED if approve else CreditState.REFUSED, approve)
    assert msgspec.json.decode(supplier.get(f"/api/v1/credit-notes/{note.id}").data)["state"] == note.state.value
