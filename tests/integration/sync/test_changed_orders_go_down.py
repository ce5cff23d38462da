"""An order that changes once its run is loaded goes down again to the tablets that are still to bring it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.fulfilment.service.leaving import take_off_run
from server.fulfilment.service.orders import choose_paper, replan_order
from server.orders import queries as orders_read
from server.parties.model import DeliverWith
from server.planning import service as planning
from server.planning.model import Run
from server.worker import run_until_empty
from shared.states import RunState
from tests.factories.changed_orders import (
    PAPER,
    RIDING,
    add_kegs,
    deliver,
    first,
    kinds,
    order_id,
    pulled,
    units,
)
from tests.factories.corrections import strangers_tablet
from tests.factories.hand_tablet import Yard
from tests.factories.web import now_stamp
from tests.factories.world import Deal, stamp


@RIDING
def test_an_order_that_gains_a_keg_goes_down_anew(make_day: Callable[..., Yard], deal: Deal) -> None:
    """Sync, protocol 4 and 7, R013: only the order changed; its tablet gets another version, with its papers."""
    yard = make_day(deal)
    before = pulled(yard)
    cursor = yard.tablet.pull().cursor
    add_kegs(yard, 2)
    now = pulled(yard)
    assert now.version == before.version + 1
    assert units(now, yard) == [*units(before, yard), 2]
    assert yard.tablet.pull(cursor).runs == (now,)
    (slip,), (former,) = first(now, yard).files, first(before, yard).files
    assert (slip.kind, slip.sha256 == former.sha256) == ("delivery_slip", False)
    yard.tablet.run = now
    deliver(yard)
    assert kinds(yard) == []


def test_the_paper_that_an_order_rides_with_goes_down_anew(make_day: Callable[..., Yard]) -> None:
    """R013, protocol 4: with an invoice chosen after loading, the tablet may show its prices; no goods differ."""
    yard = make_day(PAPER)
    before = pulled(yard)
    with transaction(yard.world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id(yard))
        choose_paper(session, order=order, deliver_with=DeliverWith.INVOICE, stamp=stamp())
    now = pulled(yard)
    assert (now.version, first(now, yard).goods.deliver_with) == (before.version + 1, "invoice")
    deliver(yard)
    assert kinds(yard) == []


def test_a_run_that_no_tablet_has_yet_is_made_of_what_is_ordered_then(make_day: Callable[..., Yard]) -> None:
    """Protocol 4: nothing was pulled; the newest version alone is."""
    yard = make_day(PAPER)
    run_until_empty()
    add_kegs(yard)
    run_until_empty()
    (run,) = yard.tablet.pull().runs
    assert units(run, yard)[-1] == 1


def test_a_run_that_is_over_is_sent_no_more(make_day: Callable[..., Yard]) -> None:
    """Protocol 4, C27: an order that came back is changed for its next ride; the former one stays as it was driven."""
    yard = make_day(PAPER, PAPER)
    before = pulled(yard)
    yard.tablet.run = before
    yard.tablet.depart()
    yard.tablet.push()
    deliver(yard, unmet="refused")
    with transaction(yard.world.seller.id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id(yard)), stamp=now_stamp())
    add_kegs(yard)
    assert pulled(yard) == before
    assert kinds(yard) == []


def test_only_the_stops_that_changed_are_asked_about(make_day: Callable[..., Yard]) -> None:
    """Protocol 7, ADR 0062: a tablet drove the former version; its other stop is as it was, papers apart."""
    yard = make_day(PAPER, shops=2)
    former = yard.tablet.run
    add_kegs(yard)
    now = pulled(yard)
    assert now.version > former.version
    slips = [[file.sha256 for order in run.stops[1].orders for file in order.files] for run in (former, now)]
    assert slips[0] != slips[1], "each paper names its version"
    for stop in former.stops:
        yard.tablet.visit(stop)
    assert {one["status"] for one in yard.tablet.push()["results"]} == {"applied"}
    with transaction(yard.world.carrier_id) as session:
        (plan,) = session.scalars(select(Discrepancy).where(Discrepancy.kind == "plan_changed"))
        assert str(plan.stop_id) == former.stops[0].stop_id
    assert kinds(yard) == ["order_changed"]


def test_a_version_that_is_not_made_yet_may_differ(make_day: Callable[..., Yard]) -> None:
    """Protocol 7: the run changed and no bundle of it is made so far: nobody knows, and a dispatcher is asked."""
    yard = make_day(PAPER)
    with transaction(yard.world.carrier_id) as session:
        session.scalars(select(Run)).one().version += 1
    deliver(yard)
    with transaction(yard.world.carrier_id) as session:
        assert [one.kind for one in session.scalars(select(Discrepancy))] == ["plan_changed"]


def test_a_version_that_the_office_never_had_may_differ(make_day: Callable[..., Yard]) -> None:
    """Protocol 7, G5: a restored office lost the version that was driven; its visit is applied, and asked about."""
    yard = make_day(PAPER)
    yard.tablet.run = msgspec.structs.replace(yard.tablet.run, version=2**40)
    deliver(yard)
    with transaction(yard.world.carrier_id) as session:
        assert [one.kind for one in session.scalars(select(Discrepancy))] == ["plan_changed"]


def test_a_run_given_to_another_driver_goes_down_to_that_tablet(make_day: Callable[..., Yard]) -> None:
    """Protocol 4, R015: given away once it is ready, and back, its driver alone has it, and nothing is asked."""
    yard = make_day(PAPER)
    run_until_empty()
    second, other = strangers_tablet(yard)
    give(yard, other)
    (given,) = second.pull().runs
    assert (given.driver_id, yard.tablet.pull().live) == (str(other), ())
    give(yard, yard.world.driver_id)
    (back,) = yard.tablet.pull().runs
    assert (back.driver_id, second.pull().live) == (str(yard.world.driver_id), ())
    yard.tablet.run = back
    deliver(yard)
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Discrepancy)).all() == []


def test_a_run_given_away_and_back_before_it_is_sent_is_asked_about_by_nobody(make_day: Callable[..., Yard]) -> None:
    """Protocol 7: the same bundle again is a version all the same: tablets have the one that stands."""
    yard = make_day(PAPER)
    assert run_until_empty().failed == []
    for driver in (strangers_tablet(yard)[1], yard.world.driver_id):
        assign(yard, driver)
    yard.tablet.run = pulled(yard)
    deliver(yard)
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Discrepancy)).all() == []


def give(yard: Yard, driver_id: UUID) -> None:
    assign(yard, driver_id)
    assert run_until_empty().failed == []


def assign(yard: Yard, driver_id: UUID) -> None:
    with transaction(yard.world.carrier_id) as session:
        planning.assign_driver(session, run_id=yard.run_id, driver_id=driver_id, driver_name="Maude", stamp=stamp())


def test_a_draft_of_a_run_is_not_sent_by_a_change_of_its_orders(make_day: Callable[..., Yard]) -> None:
    """R015: what is not on paper yet goes to no tablet."""
    yard = make_day(PAPER)
    with transaction(yard.world.carrier_id) as session:
        session.scalars(select(Run)).one().state = RunState.PREPARED
    run_until_empty()
    cursor = yard.tablet.pull().cursor
    add_kegs(yard)
    run_until_empty()
    assert yard.tablet.pull(cursor).runs == ()


def test_an_order_that_left_its_run_is_sent_with_no_run(make_day: Callable[..., Yard]) -> None:
    """Protocol 4: what rides on nothing changes no version; its older terms are asked about if a tablet delivers it."""
    yard = make_day(PAPER, PAPER)
    run_until_empty()
    with transaction(yard.world.carrier_id) as session:
        session.scalars(select(Run)).one().state = RunState.PREPARED
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=order_id(yard), stamp=stamp())
    run_until_empty()
    cursor = yard.tablet.pull().cursor
    add_kegs(yard)
    run_until_empty()
    assert yard.tablet.pull(cursor).runs == ()
    deliver(yard)
    assert kinds(yard) == ["order_changed"]
