"""Runs down: what is live and changed, how far other tablets are, and never more reading than that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
from sqlalchemy import make_url, select

from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy, Visit
from server.planning.model import Run, Stop
from server.receivables.model import PaymentMethod
from server.receivables.service import NewPayment, record_payment
from server.sync.service.bundles import build_bundle
from shared.ids import new_id
from shared.lifecycles import RunState
from shared.wire.bundle import BundleRun
from tests.factories.hand_tablet import Yard
from tests.factories.world import stamp

_OLD_RUNS = """
INSERT INTO run (id, owner_id, party_ids, name, runs_on, vehicle_id, driver_id, driver_name, state, version, starts_at,
                 distance_m, duration_s, matrix_source, route_e5)
SELECT gen_random_uuid(), owner_id, '{}', 'ancienne ' || n, runs_on - n, vehicle_id, driver_id, driver_name, 'closed',
       1, starts_at, 0, 0, matrix_source, '[]'
FROM run, generate_series(1, 2000) n WHERE state <> 'closed';
INSERT INTO run_bundle (id, owner_id, party_ids, run_id, driver_id, version, position, body, gone, made_at)
SELECT gen_random_uuid(), owner_id, '{}', id, driver_id, 1, row_number() OVER () - 5000, '{}'::bytea, false, starts_at
FROM run WHERE state = 'closed';
ANALYZE run; ANALYZE run_bundle;
"""


def plain(superuser_url: str) -> str:
    return make_url(superuser_url).set(drivername="postgresql").render_as_string(hide_password=False)


def rows_read(superuser_url: str, table: str) -> int:
    """Return how many rows of a table any query has read so far."""
    with psycopg.connect(plain(superuser_url), autocommit=True) as connection:
        (total,) = connection.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s", [table]
        ).fetchone()
        return int(total)


def test_a_pull_reads_what_is_live_and_not_what_ever_was(yard: Yard, database) -> None:
    """Limits on everything: five years of a driver's runs do not slow the morning's pull."""
    with psycopg.connect(plain(database.superuser_url), autocommit=True) as connection:
        connection.execute(_OLD_RUNS)
    with transaction(yard.world.carrier_id) as session:
        session.connection().exec_driver_sql("SELECT pg_stat_force_next_flush()")
    before = {table: rows_read(database.superuser_url, table) for table in ("run", "run_bundle")}
    pulled = yard.tablet.pull()
    assert [run.run_id for run in pulled.runs] == [*pulled.live] == [str(yard.run_id)]
    for _poke in range(3):
        with transaction(yard.world.carrier_id) as session:
            session.connection().exec_driver_sql("SELECT pg_stat_force_next_flush()")
    after = {table: rows_read(database.superuser_url, table) for table in ("run", "run_bundle")}
    assert {table: after[table] - before[table] < 100 for table in before} == {"run": True, "run_bundle": True}, (
        before, after,
    )  # fmt: skip


def test_a_calm_pull_writes_nothing(yard: Yard, database) -> None:
    """Speed: 500 tablets ask all day; what the office knows of them already is not written, nor locked, again."""
    noted = "SELECT xmin::text, xmax::text, ctid::text FROM run_given UNION ALL "
    noted += "SELECT xmin::text, xmax::text, ctid::text FROM device_stream"
    cursor = yard.tablet.pull().cursor
    with psycopg.connect(plain(database.superuser_url), autocommit=True) as connection:
        before = connection.execute(noted.encode()).fetchall()
        assert len(before) == 2
        assert len(yard.tablet.pull().runs) == 1
        assert yard.tablet.pull(cursor).runs == ()
        assert connection.execute(noted.encode()).fetchall() == before


def test_a_replaced_tablet_goes_on_where_the_office_is(make_day: Callable[..., Yard]) -> None:
    """Protocol, 7: the new tablet knows the stops that are done; the old one's later events double nothing."""
    yard = make_day(shops=3)
    old, new = yard.tablet, yard.again
    first, second, third = old.run.stops
    old.depart()
    old.visit(first)
    old.visit(second)
    old.push(1, 2)
    (standing,) = new.pull().standing
    assert standing.run_id == str(yard.run_id)
    assert standing.departed_ms > 0
    assert [(done.stop_id, done.outcome) for done in standing.stops] == [(first.stop_id, "complete")]
    assert old.pull().standing[0].stops == ()
    for stop in (second, third):
        new.visit(stop)
    new.come_back()
    new.hello()
    new.push()
    old.hello(acked=2)
    assert [one["status"] for one in old.push(3)["results"]] == ["applied"]
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(Visit)).all()) == 4
        assert len(session.scalars(select(Delivery)).all()) == 6
        assert {one.kind for one in session.scalars(select(Discrepancy))} == set()
        assert session.scalars(select(Run)).one().state is RunState.SYNCED


def test_a_run_that_changed_while_its_driver_was_offline_keeps_what_was_done(yard: Yard) -> None:
    """Protocol, 7: a visit of the former version is applied as a fact, and a dispatcher is asked about the change."""
    tablet = yard.tablet
    cursor = tablet.pull().cursor
    with transaction(yard.world.carrier_id) as session:
        run = session.scalars(select(Run)).one()
        stop = session.get_one(Stop, UUID(tablet.stop().stop_id))
        stop.planned_at += timedelta(minutes=30)
        run.version += 1
        build_bundle(session, run.id, stamp=stamp())
    tablet.visit(tablet.stop())
    assert tablet.push()["results"][0]["status"] == "applied"
    with transaction(yard.world.carrier_id) as session:
        asked = session.scalars(select(Discrepancy)).one()
        assert (asked.kind, asked.stop_id) == ("plan_changed", UUID(tablet.stop().stop_id))
    changed = tablet.pull(cursor)
    assert [run.version for run in changed.runs] == [tablet.run.version + 1]
    assert tablet.pull(changed.cursor).runs == ()
    assert tablet.pull(changed.cursor).live == (str(yard.run_id),)


def test_a_run_given_to_somebody_else_is_no_longer_live(yard: Yard) -> None:
    """Protocol, 4: what is not live is taken off the list, however often the answer was lost."""
    cursor = yard.tablet.pull().cursor
    with transaction(yard.world.carrier_id) as session:
        session.scalars(select(Run)).one().driver_id = yard.world.carrier_id
    for _again in range(2):
        answer = yard.tablet.pull(cursor)
        assert (answer.runs, answer.live) == ((), ())


def test_what_is_paid_before_the_door_is_not_collected_again(yard: Yard) -> None:
    """R084: the amount on the tablet is what is still open of the invoice, not its total."""
    with transaction(yard.world.carrier_id) as session:
        before = msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)
    asked = {one.issuer_id: one.amount_cents for one in before.stops[0].collect}
    assert len(asked) == 2
    issuer = yard.world.sellers[1]  # its invoice is published with the run's documents
    with transaction(issuer.id) as session:
        record_payment(
            session,
            issuer_id=issuer.id,
            paid=NewPayment(
                buyer_id=yard.world.buyer.id,
                method=PaymentMethod.TRANSFER,
                amount_cents=1_000,
                received_on=stamp().at.date(),
            ),
            key=new_id(),
            stamp=stamp(),
        )
    with transaction(yard.world.carrier_id) as session:
        after = msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)
    asked[str(issuer.id)] -= 1_000
    assert {one.issuer_id: one.amount_cents for one in after.stops[0].collect} == asked
