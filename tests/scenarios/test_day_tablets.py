"""A tablet that dies in the middle of a stop, and one that meets no network before the evening."""

from __future__ import annotations

import signal

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof
from server.sync.model import DeviceEvent
from shared.states import RunState
from tests.factories.world import ADJUST, CREDIT, make_order
from tests.scenarios.stories import drive_alone, invoices_of, make_ready

NOT_SENT = 3
SHORT = {"outcome": "short", "lines": {"#0": {"lost": 1, "reason": "breakage"}}}


@pytest.mark.parametrize("point", ["set_line:after_commit", "add_photo:before_commit", "finish_stop:after_commit"])
def test_a_tablet_killed_in_the_middle_of_a_stop_goes_on_where_it_stood(open_office, point: str):
    """G1, G3: nothing lost and nothing twice, wherever the app died."""
    office = open_office([ADJUST], buyers=2)
    for buyer in office.world.buyers:
        make_order(office.world, buyer=buyer)
    run_id = make_ready(office)
    killed = {"position": 1, **SHORT, "kill_at": point}
    drive_alone(office, killed, code=-signal.SIGKILL)
    drive_alone(office, killed)
    assert office.run(run_id).state is RunState.SYNCED
    with transaction(office.world.carrier_id) as session:
        assert len(session.scalars(select(Delivery)).all()) == len(session.scalars(select(Proof)).all()) == 2
        kinds = session.scalars(select(DeviceEvent.type).order_by(DeviceEvent.seq)).all()
    assert kinds == ["run.departed", *("stop.arrived", "visit.finished") * 2, "run.returned"]
    assert len(invoices_of(office.world.seller.id)) == 2


def test_a_run_that_is_synced_in_the_evening_settles_as_any_other(open_office):
    """G2, R025: until the push the office knows nothing; after it the invoices and proofs stand."""
    office = open_office([CREDIT])
    make_order(office.world)
    run_id = make_ready(office)
    tried = drive_alone(office, {"position": 1}, code=NOT_SENT, network=False)[-1]
    assert (tried["phase"], tried["ending"], tried["acked"]) == ("push", "offline", 0)
    assert office.run(run_id).state is RunState.READY
    with transaction(office.world.carrier_id) as session:
        assert session.scalars(select(DeviceEvent)).all() == []
    sent = office.drive({"pull": False, "runs": [], "push": True})[-1]
    assert (sent["ending"], sent["acked"], sent["waiting_events"]) == ("done", tried["waiting_events"], 0)
    office.jobs()
    assert office.run(run_id).state is RunState.SYNCED
    with transaction(office.world.seller.id) as session:
        assert len(session.scalars(select(Proof)).all()) == 1
