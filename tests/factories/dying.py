"""``python -m tests.factories.dying serve FD | work``: the product's web server or worker, which dies where it is told.

``DRILL_AT`` names places as ``WHERE:MOMENT:N``, with commas between. WHERE is a view's endpoint or a job's name; MOMENT

- ``before_commit``, ``after_commit``: around the N-th transaction of the carrier or issuer there;
- ``savepoint``: when the N-th savepoint is released, in the middle of a transaction;
- ``written``: the N-th statement that writes rows was executed, in the middle of a transaction;
- ``stored``: the N-th object is in the store and no row names it yet;
- ``chunk``: the N-th chunk of a file is on disk and nobody was told.

``DRILL_MARKS`` is the folder where a file is made just before, so that nothing dies twice at one place. ``DRILL_PID``
dies instead of this process when it is given: the database's first process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from flask import has_request_context, request
from procrastinate import jobs
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from server import worker
from server.core import blobs
from server.core.acting import KEY
from server.core.database import IDENTITY_ORG
from server.core.jobs import queue
from server.core.transaction import engine

_seen: Counter[str] = Counter()


def main(arguments: list[str]) -> int:
    """Serve on an inherited socket until the end, or do every waiting job."""
    if at := os.environ.get("DRILL_AT"):
        _arm(frozenset(at.split(",")), Path(os.environ["DRILL_MARKS"]))
    if arguments[0] == "serve":
        _serve(int(arguments[1]))
    else:
        _work()
    return 0


def mark_of(marks: Path, death: str) -> Path:
    """Return the file that says that something died there."""
    return marks / f"died-{death.replace(':', '-')}"


def _serve(descriptor: int) -> None:
    from server.app import create_app

    class Silent(WSGIRequestHandler):
        def log(self, *arguments: Any) -> None:
            """Say nothing: the product has its own log."""

    make_server("127.0.0.1", 0, create_app(), threaded=True, request_handler=Silent, fd=descriptor).serve_forever()


def _work() -> None:
    while _take_over() or _waiting():
        ran = worker.run_until_empty(concurrency=1)
        if ran.failed:
            sys.exit(f"jobs failed: {ran.failed}")


def _take_over() -> int:
    """Give back at once what a dead worker held; the product waits for its heartbeat to stop."""
    worker._prepare()

    async def give_back() -> int:
        async with queue.open_async():
            rows = await queue.connector.execute_query_all_async(
                "SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts,"
                " worker_id FROM procrastinate_jobs WHERE status = 'doing'"
            )
            held = [jobs.Job.from_row(row) for row in rows]
            for job in held:
                if not await _again(job):
                    await queue.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
            return len(held)

    with queue.replace_connector(worker._connector(1)):
        return asyncio.run(give_back())


async def _again(job: jobs.Job) -> bool:
    try:
        await queue.job_manager.retry_job(job, retry_at=datetime.now(UTC))
    except worker.procrastinate.exceptions.UniqueViolation:
        return False
    return True


def _waiting() -> int:
    query = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name <> 'delivery.seal_day'"
    with engine().connect() as connection:  # the day's root waits for midnight
        return int(connection.execute(text(query)).scalar_one())


def _arm(deaths: frozenset[str], marks: Path) -> None:
    def reach(moment: str) -> None:
        here = f"{_place()}:{moment}"
        _seen[here] += 1
        death = f"{here}:{_seen[here]}"
        if death in deaths and not (mark := mark_of(marks, death)).exists():
            mark.write_text(death)
            os.kill(int(os.environ.get("DRILL_PID") or os.getpid()), signal.SIGKILL)

    _watch_transactions(reach)
    _watch_files(reach)


def _watch_transactions(reach: Any) -> None:
    def is_whole(session: Session) -> bool:
        return not session.in_nested_transaction() and session.info.get(KEY) != IDENTITY_ORG

    event.listen(Session, "before_commit", lambda session: reach("before_commit") if is_whole(session) else None)
    event.listen(Session, "after_commit", lambda session: reach("after_commit") if is_whole(session) else None)
    event.listen(Engine, "release_savepoint", lambda connection, name, context: reach("savepoint"))
    event.listen(Engine, "after_cursor_execute", lambda *told: reach("written") if _writes(told[2]) else None)


def _writes(statement: str) -> bool:
    return statement.lstrip().startswith(("INSERT", "UPDATE"))


def _watch_files(reach: Any) -> None:
    from server.sync.service import attachments

    doors = import_module("server.sync.api.tablets")  # named: its package calls a blueprint by the module's name

    put, append = blobs.LocalBlobStore.put, attachments.append_chunk

    def put_and_reach(*arguments: Any, **named: Any) -> str:
        sha256 = put(*arguments, **named)
        reach("stored")
        return sha256

    def append_and_reach(*arguments: Any, **named: Any) -> int:
        offset = append(*arguments, **named)
        reach("chunk")
        return offset

    blobs.LocalBlobStore.put = put_and_reach  # type: ignore[method-assign]
    doors.append_chunk = append_and_reach


def _place() -> str:
    if has_request_context():
        return request.endpoint or ""
    return str(structlog.contextvars.get_contextvars().get("task", ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
