"""A restore that is killed: no server starts on what it left, and the next restore begins anew."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from server.core.blobs import LocalBlobStore
from server.core.embedded.locks import StillHeld
from server.core.embedded.postgres import EmbeddedPostgres, PostgresBroken
from server.core.keys import server_key
from server.sync.backups.base import PlaceTaken, stood_up, under_restore
from server.sync.backups.objects import copy_secrets
from server.sync.backups.restoring import Place, restore_backup
from server.sync.backups.taking import take_backup
from tests.conftest import Database

_NONCE = "SELECT nonce FROM server_epoch"
_DIES = """
import os, signal, sys
from pathlib import Path
from server.core.blobs import LocalBlobStore
from server.sync.backups import restoring
from server.sync.backups.kept import latest_backup
where, pool, place = sys.argv[1], *map(Path, sys.argv[2:])
def die(*_any):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(restoring, where, die)
target = restoring.Place(place / "postgres", place / "secrets", LocalBlobStore(place / "store"))
restoring.restore_backup(latest_backup(pool), target)
"""
_COPIES = """
import signal, sys
from pathlib import Path
from server.sync.backups.objects import copy_secrets
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
copy_secrets(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    "where", ["copy_secrets", "_begin_epoch"], ids=["before its keys", "its database stands without an epoch"]
)
def test_no_server_starts_where_a_restore_was_killed_and_the_next_one_goes_ahead(
    database: Database, tmp_path: Path, where: str
) -> None:
    """G5: a restored server without its new epoch would never be sent what it lacks, and half a one is none."""
    conninfo = database.superuser_url.replace("+psycopg", "")
    server_key()
    taken = take_backup(tmp_path / "pool", conninfo, lambda: datetime.now(UTC))
    into = tmp_path / "into"
    killed = subprocess.run([sys.executable, "-c", _DIES, where, tmp_path / "pool", into], check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(PostgresBroken, match="tournee restore"):
        EmbeddedPostgres(into / "postgres").start()
    place = Place(into / "postgres", into / "secrets", LocalBlobStore(into / "store"))
    restored = restore_backup(taken.backup, place)
    assert restored.contents.rows == taken.label.rows
    with stood_up(place.postgres) as address:
        assert _nonce(address.conninfo(database.name)) != _nonce(conninfo)
    with pytest.raises(PlaceTaken):
        restore_backup(taken.backup, place)


def test_two_restores_at_once_do_not_share_a_place(tmp_path: Path) -> None:
    """Operations: what looks like a killed restore's leavings may be a running one's."""
    with under_restore(tmp_path / "postgres"):
        with pytest.raises(StillHeld), under_restore(tmp_path / "postgres"):
            pytest.fail("the place is held")
        assert (tmp_path / "postgres" / "restoring").exists()
    assert not (tmp_path / "postgres" / "restoring").exists()


def test_a_key_that_was_half_copied_is_copied_whole_by_the_next_restore(tmp_path: Path) -> None:
    """G5: a key that is there already stays; half of one is none."""
    source, target = tmp_path / "backup", tmp_path / "secrets"
    source.mkdir()
    (source / "server_keys.json").write_bytes(b"k" * 8_192)
    killed = subprocess.run(
        [sys.executable, "-c", _COPIES, source, target], check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGXFSZ
    copy_secrets(source, target)
    assert (target / "server_keys.json").read_bytes() == b"k" * 8_192


def test_a_cluster_that_root_keeps_elsewhere_takes_the_place_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operations: moved there, the restored cluster would lie inside the former one, which would start instead."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)  # only root keeps one elsewhere; here nothing is started
    folder, elsewhere = tmp_path / "postgres", tmp_path / "elsewhere"
    away = elsewhere / sha256(os.fsencode(folder)).hexdigest()[:16]
    (away / "cluster").mkdir(parents=True)
    with pytest.raises(PlaceTaken) as refused, under_restore(folder, elsewhere=elsewhere):
        pytest.fail("the place is taken")
    assert refused.value.where == str(away)


def _nonce(conninfo: str) -> object:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(_NONCE).fetchone()
