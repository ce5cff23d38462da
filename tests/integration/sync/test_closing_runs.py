"""M4: a run closes only when the office holds all that its tablets sealed, and everything of it is decided."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.core.facts import Fact
from server.core.transaction import transaction
from server.delivery.model import Discrepancy, Visit
from server.identity.model import OrganisationKind, Role
from server.planning.model import Run
from server.sync.events import RUN_WAIVED
from shared.lifecycles import RunState
from tests.factories.hand_tablet import HandTablet, Yard
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of

REASON = {"reason": "Tablette écrasée par un chariot, livraisons confirmées par téléphone."}


def person(yard: Yard, role: Role = Role.DISPATCHER, *, browser: bool = False) -> Client:
    member = make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), role)
    return (browser_of if browser else program_of)(yard.app, member)


def state(yard: Yard) -> RunState:
    with transaction(yard.world.carrier_id) as session:
        return session.scalars(select(Run.state).where(Run.id == yard.run_id)).one()


def refusal(yard: Yard, who: Client, step: str = "settle") -> dict[str, Any]:
    answer = who.post(f"/api/v1/runs/{yard.run_id}/{step}")
    assert (answer.status_code, answer.json["slug"]) == (409, "run-incomplete"), answer.json
    return answer.json["details"]


def test_a_run_waits_for_every_event_that_its_tablet_announced(yard: Yard) -> None:
    """M4: synced only when the office's head is the tablet's; the refusal names the tablet and how many are missing."""
    tablet, dispatcher = yard.tablet, person(yard)
    tablet.depart()
    tablet.visit(tablet.stop())
    tablet.come_back()
    tablet.seal("run.departed", {})
    tablet.hello()
    tablet.push(1, 2)
    assert state(yard) is RunState.UNDER_WAY
    tablet.push(3, 3)
    assert state(yard) is RunState.BACK
    said = refusal(yard, dispatcher)
    assert "Tablette 1" in said["fr"]
    assert "il manque 1 événement" in said["fr"]
    assert "1 event is missing" in said["en"]
    seen = dispatcher.get(f"/api/v1/runs/{yard.run_id}/tablets").json
    assert (seen["is_whole"], [one["missing"] for one in seen["tablets"]]) == (False, [1])
    tablet.push(4)
    assert state(yard) is RunState.SYNCED
    assert dispatcher.post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"
    assert dispatcher.post(f"/api/v1/runs/{yard.run_id}/close").json["state"] == "closed"


def test_a_tablet_that_had_the_run_is_heard_before_it_closes(yard: Yard) -> None:
    """M4: a second tablet may hold deliveries that nobody knows of; the run waits for its word after the return."""
    yard.again.hello()
    assert len(yard.again.pull().runs) == 1
    yard.tablet.depart()
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.come_back()
    yard.tablet.hello()
    yard.tablet.push()
    assert state(yard) is RunState.BACK
    assert "pas de nouvelles depuis le retour" in refusal(yard, person(yard))["fr"]
    yard.again.hello()
    assert state(yard) is RunState.SYNCED


def test_nothing_closes_over_a_parked_event(yard: Yard) -> None:
    """Protocol, 2: a day closes when nothing is parked undecided."""
    tablet = yard.tablet
    tablet.visit(tablet.stop(), terms={tablet.stop().orders[0].order_id: "ab" * 32})
    tablet.come_back()
    tablet.hello()
    tablet.push()
    assert state(yard) is RunState.BACK
    assert "1 parked event to decide" in refusal(yard, person(yard))["en"]


def test_a_lost_tablet_is_waived_in_writing_by_an_administrator_alone(yard: Yard) -> None:
    """M4: a destroyed tablet does not hold a day for ever; who, why and what was missing stay on record."""
    tablet = yard.tablet
    tablet.depart()
    tablet.visit(tablet.stop())
    tablet.come_back()
    tablet.hello()
    tablet.push(1, 1)
    path = f"/api/v1/runs/{yard.run_id}/waive"
    admin = person(yard, Role.ADMIN)
    assert person(yard).post(path, json=REASON).status_code == 403
    assert admin.post(path, json={"reason": "perdue"}).status_code == 422
    page = person(yard, Role.ADMIN, browser=True).get(f"/tournees/{yard.run_id}/tablettes").text
    assert "il manque 2 événements" in page
    assert "Ne plus attendre" in page
    assert admin.post(path, json=REASON).json["state"] == "synced"
    again = admin.post(path, json=REASON)
    assert (again.status_code, again.json["slug"]) == (409, "nothing-to-waive")
    seen = admin.get(f"/api/v1/runs/{yard.run_id}/tablets").json
    assert seen["waiver"]["reason"] == REASON["reason"]
    assert any("il manque 2 événements" in one["fr"] for one in seen["waiver"]["missing"])
    for step in ("settle", "close"):
        assert admin.post(f"/api/v1/runs/{yard.run_id}/{step}").status_code == 200
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Fact).where(Fact.name == RUN_WAIVED)).one().subject_id == yard.run_id
    assert [one["status"] for one in tablet.push(2)["results"]] == ["applied", "applied"]
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(Visit)).all()) == 1
        late = session.scalars(select(Discrepancy).where(Discrepancy.kind == "after_closing")).one()
        assert "après le règlement" in late.text_fr
    assert state(yard) is RunState.CLOSED


def test_another_carrier_sees_and_waives_nothing(yard: Yard, make_day: Any) -> None:
    """G10: the run of another carrier is not there, whatever one's role."""
    other = person(make_day(), Role.ADMIN)
    assert other.get(f"/api/v1/runs/{yard.run_id}/tablets").status_code == 404
    assert other.post(f"/api/v1/runs/{yard.run_id}/waive", json=REASON).status_code == 404


def test_a_synced_run_is_not_settled_while_one_of_its_logs_has_two_branches(yard: Yard) -> None:
    """M4: a copy that comes late may say otherwise what happened; a person keeps one branch, then it is settled."""
    tablet, dispatcher = yard.tablet, person(yard)
    tablet.depart()
    copy = HandTablet(tablet.tablet, tablet.run, list(tablet.events))
    tablet.visit(tablet.stop())
    tablet.come_back()
    tablet.hello()
    tablet.push()
    assert state(yard) is RunState.SYNCED
    copy.visit(copy.stop())
    assert copy.push(2)["standing"] == "fork"
    assert "two logs differ" in refusal(yard, dispatcher)["en"]
    retired = dispatcher.post(
        f"/api/v1/streams/{tablet.tablet.device_id}/retire", json={"note": "Comparé avec le livreur."}
    )
    assert retired.status_code == 200
    assert dispatcher.post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"
