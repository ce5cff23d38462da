"""M4: a run closes only when the office holds all that its tablets sealed, and everything of it is decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from server.core.facts import Fact
from server.core.transaction import transaction
from server.delivery.model import Discrepancy, Visit
from server.identity.model import OrganisationKind, Role
from server.planning.model import Run
from server.sync.events import RUN_WAIVED
from shared.lifecycles import RunState
from shared.sealing import GENESIS
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


def restore_office(database: Any, tablet: HandTablet, *, last: int, is_told: bool = True) -> None:
    """Bring the office back to a backup from before everything after ``last`` came, and the run was given.

    A machine that was rolled back to a snapshot is not told of it: its epoch stays.
    """
    owner = database.superuser_url.replace("+psycopg", "")
    device = tablet.tablet.device_id
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM device_event WHERE device_id = %s AND seq > %s", (device, last))
        connection.execute("DELETE FROM run_given WHERE device_id = %s", (device,))
        connection.execute(
            "UPDATE device_stream SET last_seq = %s, announced_seq = %s, owed_seq = 0, head = %s WHERE device_id = %s",
            (last, last, tablet.events[last - 1].hash if last else GENESIS.hex(), device),
        )
        if is_told:
            connection.execute("UPDATE server_epoch SET nonce = gen_random_uuid(), started_at = now()")


def test_a_restored_office_settles_nothing_before_it_heard_of_each_tablet(
    make_day: Callable[..., Yard], database: Any
) -> None:
    """M4, G5: what it once signed for comes back first, whatever state the backup had the run in."""
    yard = make_day()
    tablet, dispatcher = yard.tablet, person(yard)
    tablet.depart()
    tablet.visit(tablet.stop())
    tablet.come_back()
    tablet.hello()
    tablet.push()
    tablet.seal("stop.arrived", {}, stop_id=tablet.stop().stop_id)
    tablet.hello(3)
    assert tablet.push(4)["last_seq"] == 4
    restore_office(database, tablet, last=3)
    assert state(yard) is RunState.SYNCED
    assert "Le bureau a été rétabli : pas de nouvelles depuis" in refusal(yard, dispatcher)["fr"].replace("\u00a0", " ")
    assert tablet.hello(4)["standing"] == "rewind"
    assert "1 event received before is missing" in refusal(yard, dispatcher)["en"]
    assert tablet.hello(3)["standing"] == "ok"
    assert "1 event received before is missing" in refusal(yard, dispatcher)["en"]
    assert tablet.push(4)["last_seq"] == 4
    assert dispatcher.post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"


def test_a_run_of_a_restored_office_may_be_waived(make_day: Callable[..., Yard], database: Any) -> None:
    """M4: a driver's other tablet that the restore forgot holds up the run too, and a lost one is waived in writing."""
    yard = make_day()
    yard.again.hello()
    tablet = yard.tablet
    tablet.depart()
    tablet.come_back()
    tablet.hello()
    tablet.push()
    assert state(yard) is RunState.SYNCED
    restore_office(database, tablet, last=2)
    tablet.hello(2)
    assert refusal(yard, person(yard))["fr"].count("Le bureau a été rétabli") == 1
    admin = person(yard, Role.ADMIN)
    assert admin.post(f"/api/v1/runs/{yard.run_id}/waive", json=REASON).status_code == 200
    assert admin.post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"


def back_but_for_the_other(yard: Yard) -> None:
    """Bring the run back by one tablet of two; the other has a visit of it that it did not send."""
    yard.again.hello()
    assert len(yard.again.pull().runs) == 1
    yard.tablet.depart()
    yard.tablet.visit(yard.tablet.stop(0))
    yard.tablet.come_back()
    yard.tablet.hello()
    yard.tablet.push()
    yard.again.visit(yard.again.stop(1))
    assert state(yard) is RunState.BACK


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        ({}, "il manque 1 événement"),
        ({"head": 0, "held": 1}, "encore changer"),
    ],
)
def test_a_bare_greeting_after_a_restore_frees_no_run(
    make_day: Callable[..., Yard], database: Any, greeting: dict[str, int], words: str
) -> None:
    """M4: a tablet that greets and is cut off may still hold what it was given by an office that forgot it."""
    yard = make_day(shops=2)
    back_but_for_the_other(yard)
    restore_office(database, yard.again, last=0)
    yard.tablet.hello(3)
    yard.again.hello(**greeting)
    assert words in refusal(yard, person(yard))["fr"]
    yard.again.hello()
    assert yard.again.push()["results"][0]["status"] == "applied"
    assert person(yard).post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"


def test_a_tablet_first_known_after_the_backup_says_that_it_knew_another_office(
    make_day: Callable[..., Yard], database: Any
) -> None:
    """M4: the backup is from before it ever greeted, so that only its own word tells of the runs that it may have."""
    yard = make_day(shops=2)
    life = yard.tablet.hello()["epoch"]
    back_but_for_the_other(yard)
    restore_office(database, yard.again, last=0)
    with psycopg.connect(database.superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(b"DELETE FROM device_stream WHERE device_id = %s", (yard.again.tablet.device_id,))
    yard.again.hello(epoch=life, head=0, held=1)
    yard.tablet.hello(3)
    assert "encore changer" in refusal(yard, person(yard))["fr"]


def test_a_pull_with_an_old_cursor_says_again_who_has_a_run(make_day: Callable[..., Yard], database: Any) -> None:
    """M4: a machine that was rolled back changes neither epoch nor cursor, and has forgotten who was given the run."""
    yard = make_day(shops=2)
    yard.again.hello()
    cursor = yard.again.pull().cursor
    restore_office(database, yard.again, last=0, is_told=False)
    assert yard.again.pull(cursor).runs == ()
    yard.tablet.depart()
    yard.tablet.come_back()
    yard.tablet.hello()
    yard.tablet.push()
    assert "pas de nouvelles depuis le retour" in refusal(yard, person(yard))["fr"]
    yard.again.hello()
    assert person(yard).post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"


def test_what_a_drivers_tablet_announces_to_a_machine_that_was_rolled_back_is_waited_for(
    make_day: Callable[..., Yard], database: Any
) -> None:
    """M4: it greeted, and was cut off before it could push or pull; nothing else tells of the rollback."""
    yard = make_day(shops=2)
    back_but_for_the_other(yard)
    restore_office(database, yard.again, last=0, is_told=False)
    yard.again.hello()
    assert "il manque 1 événement" in refusal(yard, person(yard))["fr"]
    yard.again.push()
    assert state(yard) is RunState.SYNCED


def test_a_greeting_of_another_history_holds_up_its_run(yard: Yard) -> None:
    """M4, protocol 1: the office answers a fork and keeps it: a person decides before anything is settled."""
    tablet, dispatcher = yard.tablet, person(yard)
    tablet.depart()
    tablet.visit(tablet.stop())
    tablet.come_back()
    tablet.hello()
    tablet.push()
    assert tablet.hello(2)["standing"] == "ok"
    assert tablet.hello(3, hash_at_acked="ab" * 32)["standing"] == "fork"
    assert "two logs differ" in refusal(yard, dispatcher)["en"]
    assert tablet.hello(3)["standing"] == "fork"


def test_a_tablet_whose_visit_may_still_be_undone_was_not_heard_to_the_end(make_day: Callable[..., Yard]) -> None:
    """M4: a greeting with an event held back says so; the run waits for it, and the visit is in time."""
    yard = make_day(shops=2)
    yard.again.hello()
    yard.again.pull()
    tablet, again = yard.tablet, yard.again
    tablet.depart()
    tablet.visit(tablet.stop(0))
    tablet.come_back()
    tablet.hello()
    tablet.push()
    again.visit(again.stop(1))
    again.hello(head=0, held=1)
    assert state(yard) is RunState.BACK
    assert "encore changer" in refusal(yard, person(yard))["fr"]
    again.hello()
    assert "il manque 1 événement" in refusal(yard, person(yard))["fr"]
    assert again.push()["results"][0]["status"] == "applied"
    assert state(yard) is RunState.SYNCED
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Discrepancy).where(Discrepancy.kind == "after_closing")).all() == []


def test_a_tablet_that_came_back_and_holds_something_back_is_waited_for(yard: Yard) -> None:
    """M4: what it sealed before the office heard of its return is not over while its last word may be taken back."""
    tablet = yard.tablet
    tablet.depart()
    tablet.come_back()
    tablet.visit(tablet.stop())
    tablet.hello(head=2, held=1)
    tablet.push(1, 2)
    assert state(yard) is RunState.BACK
    assert "may still change" in refusal(yard, person(yard))["en"]
    tablet.hello(2)
    tablet.push(3)
    assert state(yard) is RunState.SYNCED


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_log_laid_aside_holds_up_a_run_by_what_it_announced_alone(
    make_day: Callable[..., Yard], database: Any, is_restored: bool
) -> None:
    """M4: it never pulls and speaks once a day, so that nobody waits for more than what it said that it has."""
    yard = make_day(shops=2)
    life = yard.again.hello()["epoch"]
    back_but_for_the_other(yard)
    if is_restored:
        restore_office(database, yard.again, last=0)
        yard.tablet.hello(3)
    yard.again.hello(epoch=life, is_laid_aside=True)
    assert "il manque 1 événement" in refusal(yard, person(yard))["fr"]
    assert yard.again.push()["results"][0]["status"] == "applied"
    assert person(yard).post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"


def test_a_log_laid_aside_before_the_return_or_the_backup_is_not_asked_again(
    make_day: Callable[..., Yard], database: Any
) -> None:
    """M4: all that it will ever hold was here when it said that it is over, unless its copy goes on."""
    yard = make_day()
    life = yard.again.hello()["epoch"]
    yard.again.pull()
    yard.again.hello(epoch=life, is_laid_aside=True)
    yard.tablet.depart()
    yard.tablet.come_back()
    yard.tablet.hello()
    yard.tablet.push()
    assert state(yard) is RunState.SYNCED
    restore_office(database, yard.again, last=0)
    yard.tablet.hello(2)
    yard.tablet.pull()

    def waited_for() -> int:
        return len(person(yard).get(f"/api/v1/runs/{yard.run_id}/tablets").json["tablets"])

    assert waited_for() == 1
    yard.again.hello(epoch=life)
    assert waited_for() == 2
    yard.again.hello(epoch=life, is_laid_aside=True)
    assert waited_for() == 1
    assert person(yard).post(f"/api/v1/runs/{yard.run_id}/settle").json["state"] == "settled"
