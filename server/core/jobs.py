"""Jobs on procrastinate, enqueued in the session's own transaction: the job exists if the transaction does."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
import procrastinate
from sqlalchemy import text
from sqlalchemy.orm import Session

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(), import_paths=[])

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_ROOM_EVERY_S: Final = 60


class _Patient(procrastinate.RetryStrategy):
    """A full disk is waited for as long as it takes: giving up would leave papers that nobody makes any more."""

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        """Return when to try again, or None for never."""
        if isinstance(exception, OSError) and exception.errno in _NO_ROOM:
            return procrastinate.RetryDecision(retry_in={"seconds": _ROOM_EVERY_S})
        return super().get_retry_decision(exception=exception, job=job)


AGAIN = _Patient(max_attempts=6, exponential_wait=3)
"""For jobs that are idempotent by a natural key, as all are: what failed in passing is tried again, ever later."""

MOST_TURNS: Final = 20
"""How often a job of one key may be fetched between our two looks at it."""

PENDING: Final = "jobs"

type JobFunction = Callable[..., None]

# What procrastinate's own deferral inserts, for many at once, passing over the keys of which a job waits.
_DEFER = text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    SELECT * FROM json_to_recordset(CAST(:jobs AS json)) AS one (
        queue varchar, task varchar, priority integer, lock text, key text, args jsonb, starts timestamptz
    )
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
    RETURNING queueing_lock
""")

# The waiting jobs, out of every worker's reach until we commit: a fetch skips locked rows. Whoever waits for news is
# told at the commit, since the word of the first enqueueing may have been heard while the row was locked.
_HOLD = text("""
    WITH held AS (
        SELECT id, queue_name, queueing_lock FROM procrastinate_jobs
        WHERE queueing_lock = ANY(CAST(:keys AS text[])) AND status = 'todo' ORDER BY queueing_lock FOR KEY SHARE
    ), word AS (
        SELECT *, json_build_object('type', 'job_inserted', 'job_id', id)::text AS word FROM held
    )
    SELECT queueing_lock, pg_notify('procrastinate_queue_v1#' || queue_name, word),
           pg_notify('procrastinate_any_queue_v1', word)
    FROM word
""")


class _Job(msgspec.Struct, frozen=True):
    """A row of the queue, as the statement above reads it."""

    queue: str
    task: str
    priority: int
    lock: str | None
    key: str
    args: dict[str, str | int]
    starts: datetime | None


class QueueContended(RuntimeError):
    """Jobs of one key were taken faster than this transaction could look at them: no fault of any event or request."""


def enqueue(
    session: Session,
    task: procrastinate.tasks.Task[..., Any, Any],
    *,
    key: str,
    not_before: datetime | None = None,
    **arguments: str | int,
) -> None:
    """Enqueue one job in the session's transaction; while a job with the same ``key`` waits, it is not doubled.

    Arguments are identifiers: the job reads the subject as it is when it runs, at once or ``not_before`` an
    instant. A job that waits already is held back until this transaction ends, so that it never reads the state from
    before the change that wanted it.

    Raises:
        QueueContended: workers took the key's job in between each time; the whole transaction is to be tried again.
    """
    _write(session, [_job(task, key, arguments, not_before)])


def enqueue_at_end(
    session: Session, task: procrastinate.tasks.Task[..., Any, Any], *, key: str, **arguments: str | int
) -> None:
    """Note one job that ``write_jobs`` enqueues at the end of the transaction, all of them by one statement.

    A job of the key that was fetched meanwhile is no longer waiting then, and another one is enqueued.
    """
    session.info.setdefault(PENDING, []).append(_job(task, key, arguments))


def write_jobs(session: Session) -> None:
    """Enqueue every noted job.

    Raises:
        QueueContended: as ``enqueue``.
    """
    _write(session, session.info.pop(PENDING, []))


def _job(
    task: procrastinate.tasks.Task[..., Any, Any],
    key: str,
    arguments: dict[str, str | int],
    not_before: datetime | None = None,
) -> _Job:
    return _Job(task.queue, task.name, task.priority, task.lock, key, arguments, not_before)


def _write(session: Session, wanted: list[_Job]) -> None:
    """Insert or hold, in the order of the keys: one order for all, so that two transactions cannot deadlock."""
    jobs = {job.key: job for job in reversed(wanted)}
    for _turn in range(MOST_TURNS):
        if not jobs:
            return
        known = _deferred(session, [jobs[key] for key in sorted(jobs)])
        known += (
            session.scalars(_HOLD, {"keys": sorted(jobs.keys() - set(known))}).all() if len(known) < len(jobs) else ()
        )
        for key in known:
            del jobs[key]
    if jobs:
        raise QueueContended(f"{min(jobs)}: taken {MOST_TURNS} times while this transaction looked")


def _deferred(session: Session, jobs: list[_Job]) -> list[str]:
    return list(session.scalars(_DEFER, {"jobs": msgspec.json.encode(jobs).decode()}))
