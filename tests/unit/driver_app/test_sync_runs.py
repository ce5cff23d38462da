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
from shared.wire.bundle import RunStanding, StopDone
from tests.factories.rounds import deliver
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
