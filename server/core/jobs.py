"""Jobs on procrastinate, enqueued on the session's own connection: the job exists if the transaction does."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import procrastinate
from sqlalchemy import text
from sqlalchemy.orm import Session

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(), import_paths=[])

_of_sessions = procrastinate.manager.JobManager(procrastinate.SyncPsycopgConnector())

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

type JobFunction = Callable[..., None]

# The waiting job, out of every worker's reach until we commit: a fetch skips locked rows. Whoever waits for news is
# told at the commit, since the word of the first enqueueing may have been heard while the row was locked.
_HOLD = text("""
    WITH held AS (
        SELECT id, queue_name FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo' FOR KEY SHARE
    ), word AS (
        SELECT id, queue_name, json_build_object('type', 'job_inserted', 'job_id', id)::text AS word FROM held
    )
    SELECT id, pg_notify('procrastinate_queue_v1#' || queue_name, word), pg_notify('procrastinate_any_queue_v1', word)
    FROM word
""")


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
    for _turn in range(MOST_TURNS):
        deferrer = task.configure(queueing_lock=key, schedule_at=not_before)
        if _defer(session, deferrer, arguments) or session.execute(_HOLD, {"key": key}).first() is not None:
            return
    raise QueueContended(f"{key}: taken {MOST_TURNS} times while this transaction looked")


def _defer(session: Session, deferrer: procrastinate.jobs.JobDeferrer, arguments: dict[str, str | int]) -> bool:
    """Put the job into the queue; False where one of its key waits."""
    try:
        with session.begin_nested():
            deferrer.connection = session.connection().connection.driver_connection  # its first use sets the savepoint
            deferrer.job_manager = _of_sessions  # inside a worker, the queue's own is asynchronous
            deferrer.defer(**arguments)
    except procrastinate.exceptions.AlreadyEnqueued:
        return False
    return True
