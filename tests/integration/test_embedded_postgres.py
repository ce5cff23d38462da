"""The embedded PostgreSQL: one folder, one server, whoever starts it and however its launcher ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from server.core.embedded import postgres
from server.core.embedded.address import APP_ROLE, OWNER_ROLE
from server.core.embedded.footing import find_footing
from server.core.embedded.postgres import EmbeddedPostgres, PostgresBroken, ensure_database, ensure_roles, find_pg_bin
from server.core.embedded.postmaster import running_postmaster

FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")

LAUNCH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from server.core.embedded.footing import find_footing
from server.core.embedded.postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1]), options={"fsync": "off"}, elsewhere=Path(sys.argv[2])).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that everybody may cross, as a checkout of root's in a public place is."""
    with tempfile.TemporaryDirectory(prefix="tournee-tests-") as made:
        Path(made).chmod(0o755)
        yield Path(made) / "postgres"


def query(address: postgres.PostgresAddress, statement: str, user: str | None = None) -> object:
    with psycopg.connect(address.conninfo(user=user)) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def elsewhere(folder: Path) -> Path:
    return folder.parent / "elsewhere"


def server_in(folder: Path, options: Mapping[str, str] = FAST) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, options=options, elsewhere=elsewhere(folder))


def cluster_of(folder: Path) -> Path:
    """Return where the cluster stands: in the folder, unless this checkout is closed to the user it must run as."""
    return find_footing(folder.resolve(), find_pg_bin(), elsewhere=elsewhere(folder)).home / "cluster"


def server_process(folder: Path) -> int:
    found = running_postmaster(cluster_of(folder))
    assert found is not None
    return found.pid


def test_a_new_folder_becomes_a_server_that_listens_on_no_network(folder: Path) -> None:
    """Platform: PostgreSQL 18, UTF-8, byte order, checksums, socket only."""
    with server_in(folder) as address:
        shown = {
            name: query(address, f"SELECT current_setting('{name}')")
            for name in ("server_encoding", "data_checksums", "listen_addresses", "TimeZone", "fsync")
        }
        collation = query(address, "SELECT datcollate FROM pg_database WHERE datname = 'template1'")
        assert query(address, "SHOW server_version_num").startswith("18")
    assert shown == {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "fsync": "off",
    }
    assert collation == "C"


def test_a_stranger_finds_no_password_and_no_open_door(folder: Path) -> None:
    """Platform: the password is generated, kept in a 0600 file, and needed on the socket."""
    with server_in(folder) as address:
        assert (folder / "password").stat().st_mode & 0o777 == 0o600
        assert Path(address.host).stat().st_mode & 0o777 == 0o700
        assert address.password not in repr(address)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address.conninfo(), password="guess")


def test_roles_own_the_schema_or_run_the_product_and_no_more(folder: Path) -> None:
    """Platform: the app role is neither owner nor superuser and cannot pass row-level security."""
    with server_in(folder) as address:
        for _ in range(2):
            ensure_roles(address)
        assert ensure_database(address, "tournee")
        assert not ensure_database(address, "tournee")
        with psycopg.connect(address.conninfo("tournee", OWNER_ROLE)) as connection:
            connection.execute("CREATE TABLE one (id int)")
        with psycopg.connect(address.conninfo("tournee", APP_ROLE)) as connection:
            powers = connection.execute(
                "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE two (id int)")
    assert powers == (False, False, False, False)


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    """Platform: stopping is in order, starting again finds the same data and password."""
    server = server_in(folder)
    address = server.start()
    with psycopg.connect(address.conninfo()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    assert running_postmaster(cluster_of(folder)) is None
    again = server.start()
    assert again == address
    assert query(again, "SELECT answer FROM kept") == 42
    server.stop()


def test_a_server_that_outlived_its_killed_launcher_is_adopted(folder: Path) -> None:
    """Platform: kill -9 of the launcher leaves the server; the next launcher uses it and stops it."""
    killed = subprocess.run([sys.executable, "-c", LAUNCH_AND_DIE, folder, elsewhere(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = server_process(folder)
    with server_in(folder, {}) as address:
        assert server_process(folder) == orphan
        assert query(address, "SELECT 1") == 1
    assert running_postmaster(cluster_of(folder)) is None


def test_a_killed_server_recovers(folder: Path) -> None:
    """Platform: after kill -9 of the server itself, the next start recovers what was committed."""
    server = server_in(folder, {})
    address = server.start()
    with psycopg.connect(address.conninfo()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(server_process(folder), signal.SIGKILL)
    with server_in(folder, {}) as recovered:
        assert query(recovered, "SELECT answer FROM kept") == 42


def test_a_server_that_is_not_quite_dead_is_waited_for(folder: Path) -> None:
    """Platform: a killed server keeps its number for a moment; the next start waits instead of giving up."""
    with server_in(folder) as address:
        assert query(address, "SELECT 1") == 1
    cluster = cluster_of(folder)
    owner = cluster.stat().st_uid
    dying = subprocess.Popen(["sleep", "1"], user=owner, cwd=cluster)
    (cluster / "postmaster.pid").write_text(f"{dying.pid}\n{cluster}\n1\n5432\n\n\n")
    os.chown(cluster / "postmaster.pid", owner, owner)
    buried = threading.Thread(target=dying.wait)
    buried.start()
    with server_in(folder) as recovered:
        assert query(recovered, "SELECT 1") == 1
    buried.join()


def test_a_dead_servers_number_that_another_process_has_keeps_nobody_out(folder: Path) -> None:
    """Platform: numbers are given out again; a killed server's may belong to somebody who lives on for ever."""
    with server_in(folder) as address:
        query(address, "SELECT 1")
    cluster = cluster_of(folder)
    owner = cluster.stat().st_uid
    stranger = subprocess.Popen(["sleep", "600"], user=owner, cwd="/")
    for lock in (cluster / "postmaster.pid", Path(address.host) / ".s.PGSQL.5432.lock"):
        lock.write_text(f"{stranger.pid}\n{cluster}\n1\n5432\n\n\n")
        os.chown(lock, owner, owner)
    try:
        with server_in(folder) as recovered:
            assert query(recovered, "SELECT 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


def test_the_last_user_of_a_server_stops_it(folder: Path) -> None:
    """Platform: two launchers share one server and do not fight over it."""
    first, second = server_in(folder), server_in(folder)
    assert first.start() == second.start()
    first.stop()
    with psycopg.connect(second.start().conninfo()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.stop()
    assert running_postmaster(cluster_of(folder)) is None


def test_stopping_what_was_never_started_does_nothing(folder: Path) -> None:
    """Platform: a launcher ends nothing that it does not use."""
    with server_in(folder) as address:
        server_in(folder).stop()
        assert query(address, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    """Platform: a socket's path has 107 bytes at most; spaces and accents are none of its business."""
    deep = folder / "Tournée de bière à Montréal" / ("x" * 80)
    for parent in (deep, deep.parent, folder):
        parent.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(deep, options=FAST, elsewhere=elsewhere(folder)) as address:
        assert query(address, "SELECT 1") == 1
    sockets = Path(address.host)
    assert sockets.is_relative_to(folder.parent) or not sockets.exists()


def test_a_file_of_a_dead_server_misleads_nobody(folder: Path) -> None:
    """Platform: a process number that belongs to somebody else today is not taken for the server."""
    with server_in(folder):
        pass
    stale = cluster_of(folder) / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n0\n5432\n{folder}/socket\n\n0 0\nready\n")
    assert running_postmaster(cluster_of(folder)) is None


def test_a_lost_password_is_said(folder: Path) -> None:
    """Platform: bad input gets a clear answer, in French and English."""
    with server_in(folder):
        pass
    (folder / "password").write_text("another")
    server = server_in(folder)
    with pytest.raises(PostgresBroken) as caught:
        server.start()
    assert "mot de passe" in caught.value.detail.fr
    assert "password" in caught.value.detail.en
    server.stop()


def test_another_versions_data_are_refused(folder: Path) -> None:
    """Platform: PostgreSQL 18 only; other data stay untouched."""
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster" / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresBroken, match="PostgreSQL 15"):
        server_in(folder).start()


@as_root
def test_root_keeps_the_cluster_from_everybody_else(folder: Path) -> None:
    """Platform: as root PostgreSQL runs as nobody or without root's powers, its data folder 0700."""
    with server_in(folder):
        status = Path(f"/proc/{server_process(folder)}/status").read_text()
    assert cluster_of(folder).stat().st_mode & 0o777 == 0o700
    assert "CapEff:\t0000000000000000" in status


@as_root
@pytest.mark.parametrize("tools", ["with unshare", "without unshare"])
def test_root_may_work_in_a_folder_closed_to_others(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: str
) -> None:
    """Platform: under a 0700 folder root enters a user namespace, or places the cluster where it works."""
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700)
    if tools == "without unshare":
        monkeypatch.setenv("PATH", "/nonexistent")
    stays = tools == "with unshare" and subprocess.run(["unshare", "--user", "true"], check=False).returncode == 0
    for _ in range(2):
        with EmbeddedPostgres(closed / "postgres", options=FAST, elsewhere=elsewhere(folder)) as address:
            assert query(address, "SELECT 1") == 1
    assert (closed / "postgres" / "cluster").exists() == stays
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_programs_come_with_the_installation() -> None:
    """Platform: nothing of the system is needed for PostgreSQL 18."""
    assert (find_pg_bin() / "postgres").exists()
