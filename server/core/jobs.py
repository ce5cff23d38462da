"""Jobs on procrastinate, enqueued on the session's own connection: the job exists if the transaction does."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import procrastinate
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

type JobFunction = Callable[..., None]


def enqueue(
    session: Session, task: procrastinate.tasks.Task[..., Any, Any], *, key: str, **arguments: str | int
) -> None:
    """Enqueue one job in the session's transaction; while a job with the same ``key`` waits, it is not doubled.

    Arguments are identifiers: the job reads the subject as it is when it runs.
    """
    with suppress(procrastinate.exceptions.AlreadyEnqueued), session.begin_nested():
        connection = session.connection().connection.driver_connection  # its first use inside sets the savepoint
        deferrer = task.configure(queueing_lock=key, connection=connection)
        deferrer.job_manager = _of_sessions  # inside a worker, the queue's own is asynchronous
        deferrer.defer(**arguments)
