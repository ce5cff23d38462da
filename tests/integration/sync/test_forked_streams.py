"""A cloned tablet: the office follows one branch, keeps the other as evidence, and a person decides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Visit
from server.identity.model import Role
from server.planning.model import Run
from server.sync.board import queue
from server.sync.model import DeviceEvent, StrayPush
from server.sync.service import strays
from shared.lifecycles import RunState
from tests.factories.hand_tablet import HandTablet, Yard
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import stamp

NOTE = {"note": "Luc a tout livré avec la tablette bleue, l’autre est une copie."}


def person(yard: Yard, role: Role = Role.DISPATCHER, *, browser: bool = False) -> Client:
    from server.identity.model import OrganisationKind

    member = make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), role)
    return (browser_of if browser else program_of)(yard.app, member)


def fork(yard: Yard) -> tuple[HandTablet, HandTablet]:
    """Return a tablet and its copy, which delivered the stop, too; the office heard the first."""
    first = yard.tablet
    first.depart()
    copy = HandTablet(first.tablet, first.run, list(first.events))
    first.visit(first.stop())
    copy.visit(copy.stop(), payload={"signer_name": "Autre signataire"})
    copy.come_back()
    first.push()
    return first, copy


def kept(yard: Yard) -> list[StrayPush]:
    with transaction(yard.world.carrier_id) as session:
        return list(session.scalars(select(StrayPush).order_by(StrayPush.received_at)))


def streams(client: Client) -> dict[str, Any]:
    found = client.get("/api/v1/streams").json
    return next(one for one in found if one["state"] != "unheard")


def test_the_other_branch_is_kept_verbatim_and_shown_and_decided(yard: Yard) -> None:
    """G6: nothing of the copy is applied, every byte of it is kept once, and the dispatcher decides on a page."""
    first, copy = fork(yard)
    device_id = first.tablet.device_id
    for _again in range(2):
        answer = copy.push(2)
        assert (answer["standing"], answer["quarantined"], answer["results"]) == ("fork", True, [])
    (stray,) = kept(yard)
    message = msgspec.json.decode(stray.body)
    assert [event["body"] for event in message["events"]] == [event.body for event in copy.events[1:]]
    assert first.push()["standing"] == copy.hello()["standing"] == "fork"
    assert len(kept(yard)) == 1, "what the office's own log holds is not kept twice"

    dispatcher = person(yard)
    seen = streams(dispatcher)
    assert (seen["state"], seen["strays"], seen["last_seq"], seen["announced_seq"]) == ("forked", 1, 2, 3)
    page = person(yard, browser=True).get(f"/tablettes/{device_id}").text
    assert "Garder la suite du bureau" in page
    assert "Autre signataire" in page
    assert "doit être inscrite de nouveau" in page
    with transaction(yard.world.carrier_id) as session:
        links = {one.link for one in queue(session, day=stamp().at.date(), now=stamp().at)}
    assert f"/tablettes/{device_id}" in links
    verbatim = dispatcher.get(f"/api/v1/streams/{device_id}/strays/{stray.id}")
    assert verbatim.data == stray.body

    decided = dispatcher.post(f"/api/v1/streams/{device_id}/retire", json=NOTE)
    assert (decided.status_code, decided.json["state"]) == (200, "retired")
    assert decided.json["revoked_at"] is not None
    again = dispatcher.post(f"/api/v1/streams/{device_id}/retire", json=NOTE)
    assert (again.status_code, again.json["slug"]) == (409, "stream-not-forked")
    first.come_back()
    taken = first.push()
    assert (taken["standing"], taken["last_seq"], taken["results"][-1]["status"]) == ("revoked", 3, "parked")
    copy.depart()
    assert (copy.push(4)["standing"], len(kept(yard))) == ("fork", 2)
    with transaction(yard.world.carrier_id) as session:
        (visit,) = session.scalars(select(Visit)).all()
        assert visit.signer_name == "Luce Tremblay"


def test_a_full_quarantine_is_said_and_counted(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: bounded, and never dropped in silence: the tablet hears that the office did not keep it."""
    _first, copy = fork(yard)
    monkeypatch.setattr(strays, "MAX_STRAYS", 1)
    assert copy.push(2, 2)["quarantined"]
    assert not copy.push(3)["quarantined"]
    assert streams(person(yard))["strays_refused"] == 1
    assert len(kept(yard)) == 1


def test_the_same_events_in_other_batches_are_kept_once(yard: Yard) -> None:
    """G6: who hands in again cuts its log anew; what is here already takes no room, and the rest is kept."""
    _first, copy = fork(yard)
    assert copy.push(2, 2)["quarantined"]
    assert copy.push(2)["quarantined"]
    assert [(one.from_seq, one.last_seq) for one in kept(yard)] == [(2, 2), (3, 3)]
    assert copy.push(3)["quarantined"]
    assert copy.push(1)["quarantined"]
    assert len(kept(yard)) == 2, "the past that both share is in the office’s own log"
    copy.depart()
    assert copy.push(2)["quarantined"]
    assert kept(yard)[-1].from_seq == 4


def test_the_office_says_whether_it_holds_a_copy(yard: Yard) -> None:
    """G5: by place and hash, in its own log, at the end of a batch or inside one; a hole before a batch is told."""
    first, copy = fork(yard)
    ours, theirs = first.events[1].hash, copy.events[1].hash

    def holds(seq: int, digest: str) -> bool:
        return bool(copy.hello(strays_seq=seq, hash_at_strays=digest)["holds_strays"])

    assert [holds(2, ours), holds(2, theirs), holds(3, copy.head)] == [True, False, False]
    assert copy.hello()["holds_strays"], "none was asked about"
    assert first.push(2, 2)["standing"] == "ok"
    assert copy.push(2, 2)["lacks_before"] is False, "the log that both share is here"
    copy.depart()
    assert copy.push(4)["lacks_before"] is True
    assert copy.push(2)["lacks_before"] is False
    assert [holds(2, theirs), holds(3, copy.events[2].hash), holds(4, copy.head)] == [True, True, True]
    assert not holds(3, theirs)


def test_nobody_else_reads_or_decides_a_fork(yard: Yard, make_day: Any) -> None:
    """G10: another carrier finds no such tablet, a driver may not look, and a reason must be written."""
    first, copy = fork(yard)
    copy.push(2)
    path = f"/api/v1/streams/{first.tablet.device_id}"
    stranger = person(make_day())
    assert [stranger.get(path).status_code, stranger.post(f"{path}/retire", json=NOTE).status_code] == [404, 404]
    assert stranger.get(f"{path}/strays").json == []
    assert person(yard, Role.DRIVER).get(path).status_code == 403
    assert person(yard).post(f"{path}/retire", json={"note": "non"}).status_code == 422


def test_a_log_that_the_tablet_can_no_longer_read_waits_for_a_person(yard: Yard) -> None:
    """G6: a hole in the tablet's own log can never be filled: what it can still read is kept as evidence."""
    tablet = yard.tablet
    tablet.depart()
    tablet.arrive(tablet.stop())
    tablet.visit(tablet.stop())
    tablet.push(1, 1)
    assert tablet.hello(acked=1, broken_at=2)["standing"] == "fork"
    assert tablet.push(3, 3)["quarantined"]
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(DeviceEvent)).all()) == 1
        assert session.scalars(select(Run)).one().state is RunState.UNDER_WAY
