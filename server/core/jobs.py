"""Jobs on procrastinate, enqueued on the session's own connection: the job exists if the transaction does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(), import_paths=[])

type JobFunction = Callable[..., None]


def enqueue(session: Session, task: procrastinate.tasks.Task[..., Any, Any], *, key: str, **arguments: str | int) -> None:
    """Enqueue one job in the session's transaction; while a job with the same ``key`` waits, it is not doubled.

    Arguments are identifiers: the job reads the subject as it is when it runs.
    """
    connection = session.connection().connection.driver_connection
    with session.begin_nested() as point:
        try:
            task.configure(queueing_lock=key, connection=connection).defer(**arguments)
        except procrastinate.exceptions.AlreadyEnqueued:
            point.rollback()
