"""The worker: runs the jobs that transactions left, and those that a killed worker left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import procrastinate
import structlog
from procrastinate import jobs
from procrastinate.job_context import JobContext
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from server.core.heap import keep_loaded
from server.core.jobs import queue
from server.core.logs import log
from server.core.modules import doors
from server.core.settings import settings
from server.core.structs import all_structs, make_ready
from server.subscriptions import install_subscriptions, plan_hours

HEARTBEAT_S: Final = 30
LONGEST_JOB_S: Final = 30 * 60
SWEEP_EVERY_S: Final = 15
MOST_ATTEMPTS: Final = 8
CONCURRENCY: Final = 2


@dataclass(slots=True)
class Ran:
    """What a worker did: jobs by task name that ended well, and those that failed."""

    succeeded: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return how many jobs ran."""
        return sum(self.succeeded.values()) + len(self.failed)


def run_forever(*, concurrency: int = CONCURRENCY) -> None:
    """Run jobs as they come, and those due by the clock, until a signal; running ones are finished first."""
    _prepare()
    plan_hours(queue)
    keep_loaded()
    with queue.replace_connector(_connector(concurrency)):
        asyncio.run(_work(concurrency))


def run_until_empty(*, concurrency: int = CONCURRENCY) -> Ran:
    """Run every waiting job, and those that they enqueue, in this process; return what ran.

    Jobs that wait for a later moment, e.g. a retry, stay.
    """
    _prepare()
    ran = Ran()
    with queue.replace_connector(_connector(concurrency)):
        asyncio.run(_drain(concurrency, ran))
    return ran


async def sweep(app: procrastinate.App) -> int:
    """Give the jobs of dead or stuck workers back to the queue, or fail those tried too often; return how many."""
    stalled = {job.id: job for job in await _stalled(app)}
    for job in stalled.values():
        log(__name__).warning("stalled job", job_id=job.id, task=job.task_name, attempts=job.attempts)
        if job.attempts >= MOST_ATTEMPTS or not await _is_given_back(app, job):
            await app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=False)
    return len(stalled)


async def _is_given_back(app: procrastinate.App, job: jobs.Job) -> bool:
    """Put the job back in the queue; not where its like already waits, and does the work."""
    try:
        await app.job_manager.retry_job(job, retry_at=datetime.now(UTC) + timedelta(seconds=1))
    except procrastinate.exceptions.UniqueViolation:
        return False
    return True


def _prepare() -> None:
    for _module in doors("jobs"):
        pass
    install_subscriptions()
    make_ready(all_structs())


def _connector(concurrency: int) -> procrastinate.PsycopgConnector:
    url = make_url(settings().database_url).set(drivername="postgresql")
    conninfo = make_conninfo(url.render_as_string(hide_password=False), application_name="tournee worker")
    return procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=concurrency + 2)


async def _work(concurrency: int) -> None:
    async with queue.open_async():
        sweeper = asyncio.create_task(_keep_sweeping())
        try:
            await queue.run_worker_async(
                concurrency=concurrency,
                worker_middleware=[_with_job_id],
                update_heartbeat_interval=HEARTBEAT_S / 3,
                stalled_worker_timeout=HEARTBEAT_S,
                shutdown_graceful_timeout=60,
            )
        finally:
            sweeper.cancel()


async def _drain(concurrency: int, ran: Ran) -> None:
    async with queue.open_async():
        before = -1
        while ran.total > before:  # a pass may end while a running job enqueues another
            before = ran.total
            await queue.run_worker_async(
                wait=False,
                concurrency=concurrency,
                listen_notify=False,
                install_signal_handlers=False,
                worker_middleware=[_with_job_id, _counting(ran)],
            )


async def _keep_sweeping() -> None:
    while True:
        try:
            await sweep(queue)
        except procrastinate.exceptions.ConnectorException as error:
            log(__name__).warning("sweep failed, next one follows", exc_info=error)
        await asyncio.sleep(SWEEP_EVERY_S)


async def _stalled(app: procrastinate.App) -> list[jobs.Job]:
    silent = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=HEARTBEAT_S)
    rows = await app.connector.execute_query_all_async(
        procrastinate.sql.queries["select_stalled_jobs_by_started"],
        nb_seconds=LONGEST_JOB_S,
        queue=None,
        task_name=None,
    )
    return [*silent, *(jobs.Job.from_row(row) for row in rows)]


type _Next = Callable[[], Awaitable[Any]]


async def _with_job_id(call_next: _Next, context: JobContext, _worker: object) -> Any:
    began_at = datetime.now(UTC)
    job = context.job
    with structlog.contextvars.bound_contextvars(job_id=job.id, task=job.task_name):
        try:
            result = await call_next()
        except Exception:
            log(__name__).exception("job failed", attempts=job.attempts)
            raise
        log(__name__).info("job", duration_ms=round((datetime.now(UTC) - began_at).total_seconds() * 1000))
        return result


def _counting(ran: Ran) -> Callable[[_Next, JobContext, object], Awaitable[Any]]:
    async def count(call_next: _Next, context: JobContext, _worker: object) -> Any:
        name = context.job.task_name
        try:
            result = await call_next()
        except Exception:
            ran.failed.append(name)
            raise
        ran.succeeded[name] = ran.succeeded.get(name, 0) + 1
        return result

    return count
