"""Jobs on procrastinate, enqueued on the session's own connection: the job exists if the transaction does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(), import_paths=[])

_of_sessions = procrastinate.manager.JobManager(procrastinate.SyncPsycopgConnector())

AGAIN = procrastinate.RetryStrategy(max_attempts=6, exponential_wait=3)
"""For jobs that are idempotent by a natural key, as all are: what failed in passing is tried again, ever later."""

type JobFunction = Callable[..., None]


def enqueue(
    session: Session,
    task: procrastinate.tasks.Task[..., Any, Any],
    *,
    key: str,
    at: datetime | None = None,
    **arguments: str | int,
) -> None:
    """Enqueue one job in the session's transaction; while a job with the same ``key`` waits, it is not doubled.

    It runs as soon as a worker is free, or not before ``at``.

    Arguments are identifiers: the job reads the subject as it is when it runs.
    """
    with suppress(procrastinate.exceptions.AlreadyEnqueued), session.begin_nested():
        connection = session.connection().connection.driver_connection  # its first use inside sets the savepoint
        deferrer = task.configure(queueing_lock=key, schedule_at=at, connection=connection)
        deferrer.job_manager = _of_sessions  # inside a worker, the queue's own is asynchronous
        deferrer.defer(**arguments)
