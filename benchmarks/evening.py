"""The end of the day: many tablets push at once what they sealed; then the same rows by a bare script.

    python -m benchmarks.evening [--tablets 8] [--visits 20] [--suppliers 12] [--short-every 10] [--at-once 16]
        [--files 3] [--file-bytes 20000] [--store local|s3] [--seed 1] [--json FILE] [--pause] [--without-bare]

Real gunicorn (2 workers × 4 threads) over embedded PostgreSQL with fsync on, in a folder of its own. Events are sealed
and packed before the clock starts. Prints one JSON object, and writes it to FILE; exits 1 when the books do not hold or
a push was refused otherwise than by back-pressure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import psycopg
from sqlalchemy import create_engine

from benchmarks.bare import postmaster_of, processor_s, read_written, replay
from benchmarks.evening_load import Told, push_all, upload_all
from benchmarks.evening_world import Evening, Scale, make_evening
from server.app import create_app
from server.cli.web_server import WebServer
from server.core.embedded.postgres import EmbeddedPostgres, PostgresAddress, ensure_database, ensure_roles
from server.core.embedded.seaweed import EmbeddedS3
from server.core.ground import StoreKind, name_store
from server.core.settings import reload_settings
from server.core.transaction import engine, transaction
from server.migrations.schema import install
from server.receivables.audit import book_faults

_THREADS = 8
_ENVIRONMENT = {"TOURNEE_LOG_LEVEL": "WARNING", "TOURNEE_SECURE_COOKIES": "0"}


@dataclass(frozen=True)
class Used:
    """Processor seconds and memory of the processes that serve, at one instant."""

    web_s: float
    postgres_s: float
    own_s: float
    web_bytes: int

    @classmethod
    def now(cls, web: psutil.Process, postgres: psutil.Process) -> Used:
        """Return what was used so far."""
        workers = web.children(recursive=True)
        own = time.process_time()
        return cls(_cpu_s([web, *workers]), processor_s(postgres), own,
                   sum(one.memory_info().rss for one in workers))  # fmt: skip


def _cpu_s(processes: list[psutil.Process]) -> float:
    total = 0.0
    for one in processes:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


@contextmanager
def office(folder: Path, store: StoreKind = "local") -> Iterator[PostgresAddress]:
    """Hold an empty database with the product's schema and an empty store; the settings point to them."""
    options = {"track_commit_timestamp": "on"}  # the bare script groups rows by it
    with EmbeddedPostgres(folder / "postgres", options=options) as address:
        ensure_roles(address)
        ensure_database(address, "bench")
        os.environ |= _ENVIRONMENT | {
            "TOURNEE_DATABASE_URL": address.url("bench", user="tournee_app"),
            "TOURNEE_OWNER_DATABASE_URL": address.url("bench", user="tournee_owner"),
            "TOURNEE_STORE_PATH": str(folder / "store"),
            "TOURNEE_SECRETS_PATH": str(folder / "secrets"),
        }
        owner = create_engine(address.url("bench", user="tournee_owner"))
        with owner.begin() as connection:
            install(connection)
        owner.dispose()
        reload_settings()
        with _store(folder, store):
            yield address


@contextmanager
def _store(folder: Path, store: StoreKind) -> Iterator[None]:
    """Hold the S3 store that the project starts, if one is asked for; a local one is there as soon as it is named."""
    if store == "local":
        yield
        return
    with EmbeddedS3(folder / "s3") as address:
        os.environ["TOURNEE_STORE"] = store
        name_store(address)
        yield


def main() -> None:
    """Live the evening and print its figures."""
    asked = _asked()
    figures = live(asked)
    text = json.dumps(figures | {"json": str(asked.json or "")}, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")
    if not is_sound(figures):
        raise SystemExit(1)


def is_sound(figures: dict[str, Any]) -> bool:
    """Say whether the books hold and every push was taken, or put off until later."""
    return not figures["faults"] and not figures["unexpected"]


def live(asked: argparse.Namespace) -> dict[str, Any]:
    """Live an evening as large as the options say, and return its figures."""
    scale = Scale(asked.tablets, asked.visits, asked.suppliers, asked.short_every, asked.seed)
    with tempfile.TemporaryDirectory() as folder, office(Path(folder), asked.store) as address:
        started = time.perf_counter()
        evening = make_evening(create_app(), _plain(address, "bench"), scale)
        engine().dispose()
        _say(f"{evening.events} events of {len(evening.tablets)} tablets are sealed")
        figures: dict[str, Any] = vars(asked) | {"prepared_s": round(time.perf_counter() - started, 1)}
        figures |= _measure(asked, evening, address)
        _say(f"pushed in {figures['seconds']} s")
        figures["faults"] = _faults(evening)
        figures |= {} if asked.without_bare else _bare(address, figures)
    return figures


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _asked() -> argparse.Namespace:
    return options(__doc__.partition("\n")[0]).parse_args()


def options(title: str) -> argparse.ArgumentParser:
    """Return the options of an evening."""
    wanted = argparse.ArgumentParser(description=title)
    for name, usual in (("tablets", 8), ("visits", 20), ("suppliers", 12), ("short-every", 10), ("at-once", 16),
                        ("files", 3), ("file-bytes", 20_000), ("seed", 1)):  # fmt: skip
        wanted.add_argument(f"--{name}", type=int, default=usual)
    wanted.add_argument("--store", choices=("local", "s3"), default="local", help="where attachments go")
    wanted.add_argument("--json", type=Path)
    wanted.add_argument(
        "--pause", action="store_true", help="wait for Enter before the pushes (for a profiler, or quiet)"
    )
    wanted.add_argument(
        "--without-bare", action="store_true", help="leave out the bare script, which keeps all rows in memory"
    )
    return wanted


def _measure(asked: argparse.Namespace, evening: Evening, address: PostgresAddress) -> dict[str, Any]:
    postgres = postmaster_of(_plain(address, "bench"))
    with WebServer(port=0) as web:
        serving = psutil.Process(web._running.pid)  # type: ignore[union-attr]  # noqa: SLF001  # it is measured
        if asked.pause:
            input(f"gunicorn {serving.pid}, workers {[one.pid for one in serving.children()]}: Enter to start ")
        push_all(web.url, evening.early, at_once=_THREADS)
        if not asked.without_bare:
            _copy(address, "bare_insert", "bare_copy")
        since, before = datetime.now(UTC), Used.now(serving, postgres)
        with _watched(serving) as megabytes:
            seconds, told = push_all(web.url, evening.tablets, at_once=asked.at_once)
        after, until = Used.now(serving, postgres), datetime.now(UTC)
        up_s, files = upload_all(
            web.url, evening.tablets, at_once=asked.at_once, files=asked.files, size=asked.file_bytes
        )
    figures = _pushed(evening, seconds, told, before, after) | {"since": str(since), "until": str(until)}
    figures["web_mb"] = [round(megabytes[len(megabytes) * part // 5]) for part in range(5)] + [round(max(megabytes))]
    figures |= _booked(address, since) | {"database_mb": _size_mb(address)}
    figures["attachments"] = _uploaded(asked, evening, up_s, files)
    return figures


@contextmanager
def _watched(web: psutil.Process) -> Iterator[list[float]]:
    """Note the workers' memory in MB every second while the block runs."""
    seen, done = [_web_mb(web)], Event()

    def watch() -> None:
        while not done.wait(1.0):
            seen.append(_web_mb(web))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def _web_mb(web: psutil.Process) -> float:
    return sum(one.memory_info().rss for one in web.children(recursive=True)) / 1e6


def _pushed(evening: Evening, seconds: float, told: Told, before: Used, after: Used) -> dict[str, Any]:
    events = evening.events
    return {
        "events": events,
        "deliveries": evening.deliveries,
        "documents_told": told.documents,
        "results": dict(told.results),
        "answers": {str(code): count for code, count in told.answers.items()},
        "waits_asked": told.waits,
        "unexpected": told.unexpected[:3],
        "seconds": round(seconds, 2),
        "events_a_second": round(events / seconds, 1),
        "deliveries_a_second": round(evening.deliveries / seconds, 1),
        "push_p50_ms": told.percentile_ms(0.5),
        "push_p99_ms": told.percentile_ms(0.99),
        "cpu_s": round(after.web_s - before.web_s + after.postgres_s - before.postgres_s, 2),
        "web_cpu_ms_an_event": round(1000 * (after.web_s - before.web_s) / events, 2),
        "postgres_cpu_ms_an_event": round(1000 * (after.postgres_s - before.postgres_s) / events, 2),
        "cpu_ms_a_delivery": round(
            1000 * (after.web_s - before.web_s + after.postgres_s - before.postgres_s) / evening.deliveries, 2
        ),
        "generator_cpu_s": round(after.own_s - before.own_s, 2),
        "web_mb_before": round(before.web_bytes / 1e6, 1),
        "web_mb_after": round(after.web_bytes / 1e6, 1),
    }


def _uploaded(asked: argparse.Namespace, evening: Evening, seconds: float, told: Told) -> dict[str, Any]:
    count = asked.files * len(evening.tablets)
    return {
        "count": count,
        "seconds": round(seconds, 2),
        "a_second": round(count / seconds, 1) if count else 0,
        "mb_a_second": round(count * asked.file_bytes / seconds / 1e6, 2) if count else 0,
        "p99_ms": told.percentile_ms(0.99),
        "unexpected": told.unexpected[:3],
    }


def _bare(address: PostgresAddress, figures: dict[str, Any]) -> dict[str, Any]:
    """Write the window's rows again, once by inserts and once by COPY; ratios are theirs to the product's."""
    window = figures["since"], figures["until"]
    written = read_written(_plain(address, "bench"), _plain(address, "bare_insert"), *window)
    found: dict[str, Any] = {"batches": len(written.batches), "rows": written.rows}
    postgres = postmaster_of(_plain(address, "bench"))
    for way in ("insert", "copy"):
        before = processor_s(postgres)
        done = replay(_plain(address, f"bare_{way}"), written, way=way, writers=2)
        cpu_s = processor_s(postgres) - before + done.cpu_s
        found |= {f"{way}_s": round(done.seconds, 2), f"{way}_cpu_s": round(cpu_s, 2)}
        found[f"ratio_to_{way}"] = round(done.seconds / figures["seconds"], 3)
        found[f"cpu_ratio_to_{way}"] = round(cpu_s / figures["cpu_s"], 3)
    return {"bare": found}


def _faults(evening: Evening) -> list[str]:
    found = []
    for seller in evening.world.sellers:
        with transaction(seller.id) as session:
            found += [fault.kind for fault in book_faults(session, issuer_id=seller.id)]
    return found


def _copy(address: PostgresAddress, *names: str) -> None:
    with psycopg.connect(_plain(address, "postgres"), autocommit=True) as rows:
        for name in names:
            rows.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bench'")
            rows.execute(f'CREATE DATABASE "{name}" TEMPLATE bench OWNER tournee_owner')


def _booked(address: PostgresAddress, since: datetime) -> dict[str, int]:
    """Return what the books got since then: documents with a number, and their postings."""
    counts = {
        "published": "invoice WHERE state = 'published' AND pg_xact_commit_timestamp(xmin) >= %s",
        "credited": "credit_note WHERE state = 'issued' AND pg_xact_commit_timestamp(xmin) >= %s",
        "postings": "posting WHERE pg_xact_commit_timestamp(xmin) >= %s",
    }
    with psycopg.connect(_plain(address, "bench")) as rows:
        found = {
            name: rows.execute(f"SELECT count(*) FROM {of}", [since]).fetchone()  # noqa: S608  # ours
            for name, of in counts.items()
        }
    return {name: int(row[0]) if row else 0 for name, row in found.items()}


def _size_mb(address: PostgresAddress) -> float:
    with psycopg.connect(_plain(address, "bench")) as rows:
        found = rows.execute("SELECT pg_database_size(current_database())").fetchone()
        return round(found[0] / 1e6, 1) if found else 0.0


def _plain(address: PostgresAddress, name: str) -> str:
    return address.url(name).replace("postgresql+psycopg", "postgresql")


if __name__ == "__main__":
    main()
