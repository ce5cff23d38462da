"""Jobs that an earlier start of the day left: failed, or cut short with their process."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from server.core.transaction import engine

_LEFT: Final = text("SELECT id FROM procrastinate_jobs WHERE status IN ('failed', 'doing') ORDER BY id")
_AGAIN: Final = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")


def give_back_jobs() -> int:
    """Put what an earlier start left back in the queue and return how many; where its like waits, that one does it.

    Every job may run twice, so one that another worker still holds does no harm.
    """
    count = 0
    with engine().begin() as connection:
        for job_id in connection.scalars(_LEFT).all():
            try:
                with connection.begin_nested():
                    connection.execute(_AGAIN, {"id": job_id})
            except IntegrityError:
                continue
            count += 1
    return count
