"""Runs that change, go or are taken over while a tablet is out with them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from driver_app.actions.arrive import FinishedElsewhere, arrive
from driver_app.actions.correct import CorrectionBelongsToOffice, correct_stop
from driver_app.actions.finish import finish_stop
from driver_app.actions.run import end_run
from driver_app.store import bundles, drafts
from driver_app.store import states as progress
from driver_app.strokes import draw_signing
from driver_app.sync.transport import Answer
from shared.wire.bundle import RunStanding, StopDone
from tests.factories.rounds import deliver, pill
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


def test_a_new_version_replaces_a_run_and_drafts_survive(cab: Cab) -> None:
    """A run re-published while it is driven: what was entered stays."""
    draft = arrive(cab.tablet, **cab.at(0), now=cab.now)
    cab.office.runs = (make_run(stops=4, version=2),)
    assert cab.engine.pull().runs == 1
    run_id = cab.run.run_id
    assert cab.tablet.store.read(lambda session: bundles.load(session, run_id)).version == 2
    assert arrive(cab.tablet, **cab.at(0), now=cab.now) == draft


def test_a_run_under_way_stays_when_the_office_withdraws_it(cab: Cab) -> None:
    """A withdrawn run disappears from the list, unless the truck is out with it."""
    other = make_run(name="MTL-08", version=2)
    cab.office.runs = (*cab.office.runs, other)
    cab.engine.pull()
    cab.office.gone = (other.run_id, cab.run.run_id)
    cab.office.runs = (make_run(name="MTL-09", version=4),)
    cab.engine.pull()
    assert [run.name for run in cab.tablet.store.read(bundles.current)] == ["MTL-07", "MTL-09"]


def test_a_new_tablet_takes_a_run_over(tmp_path: Path) -> None:
    """Replaced tablets: departed, and the stops that are done are known, so that nobody delivers them twice."""
    cab = make_cab(tmp_path, make_run(stops=3))
    done = tuple(
        StopDone(stop_id=cab.stop(at).stop_id, outcome=outcome, finished_ms=cab.now.wall_ms)
        for at, outcome in ((0, "partial"), (1, "failed"))
    )
    cab.office.elsewhere = (RunStanding(run_id=cab.run.run_id, departed_ms=cab.now.wall_ms, stops=done),)
    for _again in range(2):
        assert cab.engine.pull().ending == "done"
    run_id = cab.run.run_id
    assert cab.tablet.store.read(lambda session: progress.run_progress(session, run_id)).is_under_way
    with pytest.raises(FinishedElsewhere):
        arrive(cab.tablet, **cab.at(0), now=cab.now)
    with pytest.raises(CorrectionBelongsToOffice):
        correct_stop(cab.tablet, **cab.at(1))
    deliver(cab, 2)
    end_run(cab.tablet, run_id=run_id, cash_counted_cents=0, now=cab.now)
    cab.clock.advance(10_001)
    assert cab.engine.sync().events == 3
    assert [event.type for event in cab.office.disk.events] == ["stop.arrived", "visit.finished", "run.returned"]


def test_what_was_begun_or_finished_here_stays_when_the_run_changes(cab: Cab) -> None:
    """A dispatcher changing a run while its driver is offline: drafts, finished stops and the log survive."""
    deliver(cab, 0)
    draft = arrive(cab.tablet, **cab.at(1), now=cab.now)
    moved = tuple(reversed(cab.run.stops))
    cab.office.runs = (msgspec.structs.replace(make_run(stops=4, version=2), stops=moved),)
    at_stop = {one.place.name: {"run_id": cab.run.run_id, "stop_id": one.stop_id} for one in moved}
    done = [StopDone(stop_id=one.stop_id, outcome="complete", finished_ms=1) for one in moved]
    cab.office.elsewhere = (RunStanding(run_id=cab.run.run_id, departed_ms=1, stops=tuple(done)),)
    assert cab.engine.sync().ending == "done"
    stops = cab.tablet.store.read(lambda session: progress.stops_of(session, cab.run.run_id))
    names = {one.stop_id: one.place.name for one in moved}
    assert len(at_stop) == 4
    own = {names[stop_id]: one.elsewhere for stop_id, one in stops.items()}
    assert sorted(own.values()) == [False, False, True, True]
    begun = {"run_id": cab.run.run_id, "stop_id": draft.stop_id}
    assert cab.tablet.store.read(lambda session: drafts.load(session, **begun)) == draft
    assert not stops[draft.stop_id].is_finished
    finish_stop(cab.tablet, **begun, signing=draw_signing("Éloïse Gagné", ""), language="fr", now=cab.now)
    cab.clock.advance(10_001)
    cab.engine.sync()
    assert [event.plan_version for event in cab.office.disk.events] == [1, 1, 1, 1, 2]


def test_a_run_that_this_app_cannot_read_is_left_out_and_asked_for_again(cab: Cab) -> None:
    """G2: what is signed goes up, the other runs come, the driver reads that an update is needed; then it comes."""
    other, good = make_run(name="MTL-08", version=2), msgspec.structs.replace(cab.run, version=2)
    pull = cab.office._pull

    def later(cursor: int) -> Answer:
        answer = msgspec.json.decode(pull(cursor).body)
        for run in answer["runs"]:
            if run["run_id"] == other.run_id:
                run["reasons"][0]["effect"] = "destroyed"
        return Answer(200, msgspec.json.encode(answer))

    deliver(cab, 0)
    cab.office.runs, cab.office._pull = (other, good), later
    ended = cab.engine.sync()
    assert (ended.ending, ended.events, ended.runs) == ("done", 3, 1)
    assert [(run.run_id, run.version) for run in cab.tablet.store.read(bundles.current)] == [(good.run_id, 2)]
    assert "mettez-la à jour" in pill(cab)[1]
    cab.office._pull = pull
    assert cab.engine.sync().ending == "done"
    assert {run.name for run in cab.tablet.store.read(bundles.current)} == {good.name, "MTL-08"}
    assert pill(cab)[1] == ""


def test_a_version_that_this_app_cannot_read_leaves_the_one_that_it_has(cab: Cab) -> None:
    """G3: the day goes on from the version that can be read."""
    pull = cab.office._pull

    def broken(cursor: int) -> Answer:
        answer = msgspec.json.decode(pull(cursor).body)
        answer["runs"] = [run | {"stops": "none"} for run in answer["runs"]]
        return Answer(200, msgspec.json.encode(answer))

    cab.office.runs, cab.office._pull = (msgspec.structs.replace(cab.run, version=2),), broken
    assert cab.engine.sync().ending == "done"
    assert [run.version for run in cab.tablet.store.read(bundles.current)] == [1]
