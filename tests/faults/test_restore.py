"""The server comes back from a backup: real tablets send again, unaided, what it no longer knows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from server.core.embedded.postgres import ARCHIVE_FOLDER, EmbeddedPostgres
from server.sync.backups.contents import BackupBroken, check_chains, contents_of
from tests.factories.drill import ROOT, Cluster, Drill, day_script, morning_of
from tests.factories.real_office import web_office
from tests.factories.state import differences, state_digest
from tests.factories.waiting import IS_NIGHT
from tests.faults.conftest import Untroubled

pytestmark = pytest.mark.timeout(900 if IS_NIGHT else 300)
by_night = pytest.mark.skipif("DRILL_RESTORES" not in os.environ, reason="by night: see tools/nightly.py")
_COMMAND = "import sys; from server.cli import main; sys.exit(main())"


class Server:
    """The office of a drill in a folder of its own, as a restore leaves it."""

    def __init__(self, drill: Drill, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.drill, self.folder = drill, folder
        self.postgres = EmbeddedPostgres(folder / "postgres", options=options)

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serve it and yield its address."""
        address = self.postgres.start()
        self.superuser_url = address.url(self.drill.database)
        self.own_urls = {
            "TOURNEE_DATABASE_URL": address.url(self.drill.database, user="tournee_app"),
            "TOURNEE_OWNER_DATABASE_URL": address.url(self.drill.database, user="tournee_owner"),
        }
        environment = (
            self.drill.environment
            | self.own_urls
            | {
                "TOURNEE_STORE_PATH": str(self.folder / "store"),
                "TOURNEE_SECRETS_PATH": str(self.folder / "secrets"),
            }
        )
        try:
            with web_office(environment, self.drill.folder / "restored.log") as office:
                yield office.url
        finally:
            self.state = state_digest(self.superuser_url)
            self.postgres.stop()


def command(drill: Drill, *arguments: str, **settings: str) -> str:
    """Run one command of the product on the drill's office and return what it says."""
    environment = drill.environment | {
        "TOURNEE_BACKUP_DATABASE_URL": drill.morning.cluster.address.url(drill.database),
        "TOURNEE_BACKUPS_PATH": str(drill.folder / "backups"),
        **settings,
    }
    ended = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def streams(url: str) -> list[tuple[int, int]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute("SELECT last_seq, safe_seq FROM device_stream").fetchall()


@pytest.fixture
def synced(drill: Drill) -> Drill:
    """A morning backed up, and then the whole day received and signed for."""
    command(drill, "backup")
    drill.serve()
    drill.sync()
    return drill


def test_restored_from_a_backup_everything_comes_again(synced: Drill, untroubled: Untroubled) -> None:
    """G5: the day was signed for after the backup; restored, the server receives it again, files included."""
    restored = synced.folder / "again"
    command(synced, "restore", "--into", str(restored))
    server = Server(synced, restored)
    with server.open() as url:
        said = synced.sync(url=url)
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, server.state) == {}

    assert streams(_superuser_url(synced))[0][1] == 0
    command(synced, "backup")
    ((last_seq, safe_seq),) = streams(_superuser_url(synced))
    assert last_seq == safe_seq > 10
    drilled = json.loads(command(synced, "restore-drill", "--json"))
    assert drilled["faults"] == []
    assert drilled["events"] == last_seq
    assert drilled["rpo_tablets_s"] == 0 < drilled["rto_s"] < 600
    _check_that_changed_bytes_are_found(synced)


def test_a_machine_rolled_back_is_found_out(synced: Drill, untroubled: Untroubled) -> None:
    """G5: yesterday's data folder under the same epoch; the tablet's position alone says so, and is enough."""
    place = synced.folder / "machine"
    command(synced, "restore", "--into", str(place))
    shutil.copytree(place, synced.folder / "snapshot", symlinks=True)
    server = Server(synced, place)
    with server.open() as url:
        synced.sync(url=url)
    assert differences(untroubled.synced, server.state) == {}
    for part in ("postgres/cluster", "store"):
        shutil.rmtree(place / part)
        if (synced.folder / "snapshot" / part).exists():
            shutil.copytree(synced.folder / "snapshot" / part, place / part, symlinks=True)
    with server.open() as url:
        said = synced.sync(url=url)
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, server.state) == {}


@by_night
def test_brought_back_to_a_point_in_time(synced: Drill, untroubled: Untroubled) -> None:
    """G5: the archived log brings the office to the second before a mistake, under another timeline."""
    first, archive = synced.folder / "first", synced.folder / "archive"
    command(synced, "restore", "--into", str(first))
    options = {"archive_mode": "on", "archive_library": "basic_archive", ARCHIVE_FOLDER: str(archive)}
    server = Server(synced, first, options)
    with server.open() as url:
        kept = {"TOURNEE_BACKUP_DATABASE_URL": server.superuser_url, "TOURNEE_STORE_PATH": str(first / "store")}
        command(synced, "backup", "--to", str(synced.folder / "later"), **server.own_urls, **kept)
        synced.sync(url=url)
        until = _make_a_mistake(server.superuser_url)
    second = synced.folder / "second"
    command(
        synced, "restore", "--from", str(synced.folder / "later"), "--into", str(second),
        "--until", until, "--archive", str(archive),
    )  # fmt: skip
    server = Server(synced, second)
    with server.open() as url:
        said = synced.sync(url=url)
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, server.state) == {}


def _make_a_mistake(superuser_url: str) -> str:
    """Ruin every organisation's name, and return the second before."""
    with psycopg.connect(superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
        time.sleep(2.1)
        until = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute("UPDATE organisation SET code = 'RUINED'")
        connection.execute("SELECT pg_switch_wal()")
        deadline_s = time.monotonic() + 60
        while not connection.execute("SELECT archived_count > 0 FROM pg_stat_archiver").fetchone()[0]:
            assert time.monotonic() < deadline_s, "nothing is archived"
            time.sleep(0.2)
        connection.execute("SELECT pg_switch_wal()")
    return until.strftime("%Y-%m-%dT%H:%M:%S")


@by_night
def test_a_cloned_tablet_harms_nobody(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6: two tablets with one identity: the second one's other history waits for a person, and changes no book."""
    loaded = morning_of(cluster, tmp_path_factory.mktemp("cloned"), monkeypatch, driven=False)
    with Drill(loaded, tmp_path_factory.mktemp("clone")) as drill:
        drill.serve()
        drill.sync(enrol=loaded.code, pull=True, push=False)
        shutil.copytree(drill.folder / "tablet-1", drill.folder / "clone")
        drill.sync(**day_script(loaded.world, loaded.stops))
        before = drill.state()
        (drill.folder / "tablet-1").rename(drill.folder / "original")
        (drill.folder / "clone").rename(drill.folder / "tablet-1")
        said = drill.sync(**day_script(loaded.world, dict.fromkeys(loaded.stops, "elsewhere")), may_wait=True)
        after = drill.state()
    assert said[-1]["ending"] == "fork"
    assert said[-1]["waiting_events"] > 10
    books = ("deliveries", "delivery lines", "invoices", "credits", "numbers", "postings", "payments", "stock")
    assert {part: after[part] for part in books} == {part: before[part] for part in books}


def _check_that_changed_bytes_are_found(drill: Drill) -> None:
    conninfo = drill.morning.cluster.address.conninfo(drill.database)
    held = contents_of(conninfo).streams
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE device_event SET body = set_byte(body, 20, 65) WHERE seq = 3")
    with pytest.raises(BackupBroken, match="3"):
        check_chains(conninfo, held)


def _superuser_url(drill: Drill) -> str:
    return drill.morning.cluster.address.url(drill.database)
