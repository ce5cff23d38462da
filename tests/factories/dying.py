"""``python -m tests.factories.dying serve FD | work``: the product's web server or worker, which dies where it is told.

``DRILL_AT`` names places as ``WHERE:MOMENT:N``, with commas between. WHERE is a view's endpoint or a job's name, with
``@identity`` behind it for what it writes of people and tablets, and ``+2`` where a request writes a second time;
N counts over all lives of a drill; MOMENT is

- ``before_commit``, ``after_commit``: around the N-th transaction there that writes;
- ``savepoint``: when the N-th savepoint is released, in the middle of a transaction;
- ``written``: the N-th statement that writes rows was executed, in the middle of a transaction;
- ``stored``: the N-th object is in the store and no row names it yet;
- ``chunk``: the N-th chunk of a file is on disk and nobody was told.

``DRILL_MARKS`` is the folder where a file is made just before, so that nothing dies twice at one place, and where
``reached`` says which moments came, one a line: what a day writes is read there. ``DRILL_PID`` dies instead of this
process when it is given: the database's first process.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, g, has_request_context, request
from procrastinate import jobs
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from server import worker
from server.core import blobs
from server.core.acting import KEY
from server.core.database import IDENTITY_ORG
from server.core.jobs import queue
from server.core.logs import configure_logs
from server.core.settings import settings
from server.core.transaction import engine

_REACHED = "reached"
_WROTE = "drill.wrote"
_WRITES = re.compile(r"\s*(WITH\b.*)?\b(INSERT INTO|UPDATE|DELETE FROM)\b", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Serve on an inherited socket until the end, or do every waiting job."""
    if marks := os.environ.get("DRILL_MARKS"):
        _arm(frozenset(os.environ.get("DRILL_AT", "").split(",")), Path(marks))
    if arguments[0] == "serve":
        _serve(int(arguments[1]))
    else:
        _work()
    return 0


def mark_of(marks: Path, death: str) -> Path:
    """Return the file that says that something died there."""
    return marks / f"died-{death.replace(':', '-')}"


def moments_of(marks: Path) -> Counter[str]:
    """Return how often each ``WHERE:MOMENT`` came, over all lives of a drill."""
    reached = marks / _REACHED
    return Counter(reached.read_text().splitlines()) if reached.exists() else Counter()


class _Silent(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        """Say nothing: the product has its own log."""


@cache
def ready_app(_max_body_bytes: int, _proxies: int) -> Flask:
    """Return the application, made once for these settings: the others are read when they are needed."""
    from server.app import create_app

    return create_app()


def app_as_set() -> Flask:
    """Return the application under this process's settings."""
    app = ready_app(settings().max_body_bytes, settings().proxies)
    configure_logs(settings().log_level)
    return app


def _serve(descriptor: int) -> None:
    make_server(
        "127.0.0.1", 0, app_as_set(), threaded=True, request_handler=_Silent, fd=descriptor
    ).serve_forever()  # fmt: skip


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
    query = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name <> ALL(:later)"
    later = ["delivery.seal_day", "notifications.send_waiting"]
    with engine().connect() as connection:  # the day's root waits for midnight, mail without a server for its hour
        return int(connection.execute(text(query), {"later": later}).scalar_one())


def _arm(deaths: frozenset[str], marks: Path) -> None:
    seen = moments_of(marks)
    log = os.open(marks / _REACHED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    counting = threading.Lock()

    def reach(moment: str, where: str = "") -> None:
        here = f"{_place()}{where}:{moment}"
        with counting:
            os.write(log, f"{here}\n".encode())
            seen[here] += 1
            death = f"{here}:{seen[here]}"
        if death in deaths and not (mark := mark_of(marks, death)).exists():
            mark.write_text(death)
            os.kill(int(os.environ.get("DRILL_PID") or os.getpid()), signal.SIGKILL)

    _watch_transactions(reach)
    _watch_files(reach)


def _watch_transactions(reach: Any) -> None:
    def before(session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()  # as the commit is about to do
        if session.connection().info.get(_WROTE):
            session.info[_WROTE] = where = _turn("@identity" if session.info.get(KEY) == IDENTITY_ORG else "")
            reach("before_commit", where)

    def after(session: Session) -> None:
        if not session.in_nested_transaction() and _WROTE in session.info:
            reach("after_commit", session.info.pop(_WROTE))

    def executed(connection: Connection, _cursor: Any, statement: str, *_told: Any) -> None:
        if _WRITES.match(statement):
            connection.info[_WROTE] = True
            reach("written")

    event.listen(Session, "before_commit", before)
    event.listen(Session, "after_commit", after)
    event.listen(Engine, "begin", lambda connection: connection.info.pop(_WROTE, None))
    event.listen(Engine, "release_savepoint", lambda connection, name, context: reach("savepoint"))
    event.listen(Engine, "after_cursor_execute", executed)


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

    blobs.LocalBlobStore.put = put_and_reach
    doors.append_chunk = append_and_reach


def _turn(where: str) -> str:
    """Return ``where``, with ``+2`` behind it in the second transaction that one request writes there."""
    if not has_request_context():
        return where
    turns: Counter[str] = g.setdefault("drill_turns", Counter())
    turns[where] += 1
    return where if turns[where] == 1 else f"{where}+{turns[where]}"


def _place() -> str:
    if has_request_context():
        return request.endpoint or ""
    return str(structlog.contextvars.get_contextvars().get("task", ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
