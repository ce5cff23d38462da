"""A tablet that dies in the middle of a stop, and one that meets no network before the evening."""

from __future__ import annotations

import signal

import pytest

from shared.states import RunState
from tests.factories.world import ADJUST, CREDIT
from tests.scenarios.stories import drive_alone, make_ready

NOT_SENT = 3
SHORT = {"outcome": "short", "lines": {"#0": {"lost": 1, "reason": "breakage"}}}


@pytest.mark.parametrize("point", ["set_line:after_commit", "add_photo:before_commit", "finish_stop:after_commit"])
def test_a_tablet_killed_in_the_middle_of_a_stop_goes_on_where_it_stood(open_office, point: str):
    """G1, G3: nothing lost and nothing twice, wherever the app died."""
    office = open_office([ADJUST], buyers=2)
    for buyer in office.world.buyers:
        office.order(buyer=buyer)
    run_id = make_ready(office)
    killed = {"position": 1, **SHORT, "kill_at": point}
    drive_alone(office, killed, code=-signal.SIGKILL)
    drive_alone(office, killed)
    run = office.run(run_id)
    assert run.state == RunState.SYNCED
    assert all(stop.arrived_at and stop.finished_at for stop in run.stops)
    (stream,) = office.dispatcher.get("/streams")
    assert (stream.last_seq, stream.missing, stream.parked, stream.strays) == (6, 0, 0, 0)  # left, 2 x 2, came back
    supplier = office.program_of(office.world.seller)
    assert len(supplier.all("/deliveries")) == len(supplier.proofs()) == len(supplier.invoices()) == 2


def test_a_run_that_is_synced_in_the_evening_settles_as_any_other(open_office):
    """G2, R025: until the push the office knows nothing; after it the invoices and proofs stand."""
    office = open_office([CREDIT])
    office.order()
    run_id = make_ready(office)
    tried = drive_alone(office, {"position": 1}, code=NOT_SENT, network=False)[-1]
    assert (tried["phase"], tried["ending"], tried["acked"]) == ("push", "offline", 0)
    supplier = office.program_of(office.world.seller)
    assert office.run(run_id).state == RunState.READY
    assert [stream.last_seq for stream in office.dispatcher.get("/streams")] == [0]
    assert supplier.all("/deliveries") == supplier.proofs() == []
    sent = office.drive({"pull": False, "runs": [], "push": True})[-1]
    assert (sent["ending"], sent["acked"], sent["waiting_events"]) == ("done", tried["waiting_events"], 0)
    office.jobs()
    assert office.run(run_id).state == RunState.SYNCED
    (proof,) = supplier.proofs()
    assert supplier.verified(proof).order.leaf.outcome == "complete"
