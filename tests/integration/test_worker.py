"""Jobs exist if their transaction does, run once, and outlive the worker that died on them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import procrastinate
import psycopg
import pytest

from server.core import facts
from server.core.database import IDENTITY_ORG
from server.core.jobs import enqueue, queue
from server.core.transaction import transaction
from server.worker import MOST_ATTEMPTS, _connector, run_until_empty, sweep
from shared.ids import new_id
from tests.factories.web import now_stamp

seen: list[str] = []


@pytest.fixture
def task() -> Iterator[procrastinate.tasks.Task]:
    """A task that remembers its subject, and enqueues another or fails when its subject says so."""
    seen.clear()

    @queue.task(name="tests.remember")
    def remember(subject: str) -> None:
        seen.append(subject)
        if subject == "parent":
            with transaction(IDENTITY_ORG) as session:
                enqueue(session, remember, key="child", subject="child")
        if subject == "broken":
            raise RuntimeError("on purpose")

    yield remember
    del queue.tasks["tests.remember"]


def statuses(database) -> list[tuple[str, int]]:
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        return connection.execute("SELECT status::text, attempts FROM procrastinate_jobs ORDER BY id").fetchall()


def test_a_job_of_a_rolled_back_transaction_never_was(database, task) -> None:
    """Platform: jobs are enqueued in the same transaction."""

    def change_ones_mind() -> None:
        with transaction(IDENTITY_ORG) as session:
            enqueue(session, task, key="a", subject="a")
            raise LookupError("on second thoughts")

    with pytest.raises(LookupError):
        change_ones_mind()
    assert run_until_empty().succeeded == {}
    assert seen == []


def test_jobs_and_those_that_they_enqueue_run_once(database, task) -> None:
    """Platform: a waiting job with the same key is not doubled; the worker runs until nothing waits."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="parent", subject="parent")
        enqueue(session, task, key="parent", subject="parent")
    assert run_until_empty().succeeded == {"tests.remember": 2}
    assert seen == ["parent", "child"]
    assert run_until_empty().succeeded == {}


def test_a_waiting_job_sees_the_change_that_wanted_it(database, task) -> None:
    """Platform: a job that waits already is not fetched between its second enqueueing and that one's commit."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
        assert run_until_empty().total == 0
    assert run_until_empty().succeeded == {"tests.remember": 1}


def test_a_change_that_was_given_up_lets_the_waiting_job_go(database, task) -> None:
    """Platform: holding a job back ends with the transaction, whichever way it ends."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")

    def change_ones_mind() -> None:
        with transaction(IDENTITY_ORG) as session:
            enqueue(session, task, key="a", subject="a")
            raise LookupError("on second thoughts")

    with pytest.raises(LookupError):
        change_ones_mind()
    assert run_until_empty().succeeded == {"tests.remember": 1}


def test_a_running_job_is_followed_by_another(database, task) -> None:
    """Platform: a job that was fetched may have read the former state, so the change gets one of its own."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    _leave_behind(database)
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    assert [status for status, _ in statuses(database)] == ["doing", "todo"]


def test_a_worker_that_listens_hears_of_a_job_that_was_held(database, task) -> None:
    """Platform: the word of a held job comes with the commit, not with the next poll."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as listening:
        listening.execute('LISTEN "procrastinate_any_queue_v1"')
        with transaction(IDENTITY_ORG) as session:
            enqueue(session, task, key="a", subject="a")
        heard = [json.loads(word.payload)["type"] for word in listening.notifies(timeout=5, stop_after=1)]
    assert heard == ["job_inserted"]


def test_a_failed_job_is_told_and_kept(database, task) -> None:
    """Platform: nothing is swallowed."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="broken", subject="broken")
    ran = run_until_empty()
    assert (ran.succeeded, ran.failed) == ({}, ["tests.remember"])
    assert statuses(database) == [("failed", 1)]


def test_a_fact_wakes_its_subscribers_in_its_own_transaction(database, task, monkeypatch) -> None:
    """Architecture rule 3: the reaction to a fact is a job of the same transaction, about its subject."""
    from server import subscriptions

    @queue.task(name="tests.react")
    def note(owner_id: str, subject_id: str) -> None:
        seen.append(f"{owner_id} {subject_id}")

    monkeypatch.setattr(subscriptions, "REACTIONS", {"tests.happened": (note,)})
    subscriptions.install_subscriptions()
    org_id, subject_id = new_id(), new_id()
    with transaction(org_id) as session:
        facts.record(session, "tests.happened", subject_id, now_stamp())
        facts.record(session, "tests.other", subject_id, now_stamp())
    run_until_empty()
    del queue.tasks["tests.react"]
    assert seen == [f"{org_id} {subject_id}"]


def _leave_behind(database, *, attempts: int = 1) -> None:
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = %s", [attempts])


def _sweep() -> int:
    async def once() -> int:
        async with queue.open_async():
            return await sweep(queue)

    with queue.replace_connector(_connector(1)):
        return asyncio.run(once())


def test_a_dead_workers_job_goes_back_to_the_queue(database, task) -> None:
    """Platform: stalled jobs are swept, by heartbeat."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    _leave_behind(database)
    assert _sweep() == 1
    assert [status for status, _ in statuses(database)] == ["todo"]
    assert _sweep() == 0


def test_a_job_that_kills_its_workers_is_given_up(database, task) -> None:
    """Platform: a job tried too often fails for good, where an operator sees it."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    _leave_behind(database, attempts=MOST_ATTEMPTS)
    assert _sweep() == 1
    assert [status for status, _ in statuses(database)] == ["failed"]


def test_a_stalled_job_yields_to_its_waiting_like(database, task) -> None:
    """Platform: sweeping never trips over the key of a job that waits already."""
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    _leave_behind(database)
    with transaction(IDENTITY_ORG) as session:
        enqueue(session, task, key="a", subject="a")
    assert _sweep() == 1
    assert [status for status, _ in statuses(database)] == ["failed", "todo"]
    run_until_empty()
    assert seen == ["a"]


def test_the_command_works_until_it_is_told_to_stop(database) -> None:
    """Commands: ``tournee worker`` ends in order on SIGTERM."""
    command = [sys.executable, "-c", "from server.cli import main; main()", "worker"]
    spoken = os.environ | {"TOURNEE_LOG_LEVEL": "INFO"}
    with subprocess.Popen(command, env=spoken, stderr=subprocess.PIPE, text=True) as running:
        fuse = threading.Timer(60, running.kill)
        fuse.start()
        try:
            assert running.stderr is not None
            assert any("Starting worker" in line for line in running.stderr)
            running.send_signal(signal.SIGTERM)
            running.stderr.read()
        finally:
            running.terminate()  # nothing, where it ended by itself
            running.wait(30)
            fuse.cancel()
    assert running.returncode == 0
