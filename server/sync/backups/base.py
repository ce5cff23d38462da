"""PostgreSQL's own base backup: taken while everybody works, checked file by file, and stood up to be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server.core.durable import write_durably
from server.core.embedded.address import PostgresAddress
from server.core.embedded.binaries import find_pg_bin
from server.core.embedded.locks import exclusive
from server.core.embedded.postgres import ELSEWHERE, RESTORING, EmbeddedPostgres
from server.sync.backups.kept import Backup
from shared.durable import make_folder, sync_folder
from shared.problems import Problem, Text

PASSWORD: Final = "postgres_password"  # noqa: S105  # the name of a file
# nobody reads a half-played log: it answers once it stands at its moment
_STANDING: Final[Mapping[str, str]] = {"archive_mode": "off", "hot_standby": "off"}


class BackupFailed(Problem):
    """One of PostgreSQL's programs refused; its words say why."""

    slug = "backup-failed"
    status = 500
    title = Text("La sauvegarde a échoué", "The backup failed")


class PlaceTaken(Problem):
    """Where the database should be restored there is one already."""

    slug = "restore-place-taken"
    title = Text("Une base est déjà là", "There is a database already")


def take_base(backup: Backup, conninfo: str) -> None:
    """Copy the running cluster with the log that makes the copy whole, then check every file against its manifest.

    Raises:
        BackupFailed: the role may not replicate, the disk is full, or a file is not what the server sent.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if name != "dbname"}
    secret = {"PGPASSWORD": parts.pop("password", "")}
    wanted = [
        "--pgdata",
        str(backup.cluster),
        "--checkpoint=fast",
        "--wal-method=stream",
        "--manifest-checksums=SHA256",
    ]
    _run("pg_basebackup", "--dbname", make_conninfo(**parts), *wanted, environment=secret)
    _run("pg_verifybackup", str(backup.cluster))


def keep_password(backup: Backup, conninfo: str) -> None:
    """Keep what opens the copy: without it nobody could read what was restored."""
    backup.secrets.mkdir(mode=0o700, exist_ok=True)
    password = str(conninfo_to_dict(conninfo).get("password", ""))
    write_durably(backup.secrets / PASSWORD, password.encode("ascii"))


def lay_out(backup: Backup, home: Path) -> None:
    """Make ``home`` the folder of an embedded PostgreSQL that holds the backup."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copytree(backup.cluster, home / "cluster", symlinks=True)
    (home / "cluster").chmod(0o700)
    write_durably(home / "password", (backup.secrets / PASSWORD).read_bytes())


def recover_until(home: Path, *, archive: Path, until: str) -> None:
    """Let the next start play the archived log up to ``until``, then go on under a timeline of its own."""
    settings = [
        f'restore_command = \'cp "{archive}/%f" "%p"\'',
        f"recovery_target_time = '{until}'",
        "recovery_target_action = 'promote'",
    ]
    with (home / "cluster" / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(settings) + "\n")
    (home / "cluster" / "recovery.signal").touch()


@contextmanager
def under_restore(home: Path, *, elsewhere: Path = ELSEWHERE) -> Iterator[None]:
    """Keep servers from ``home`` until the block ended well, a kill included; what one left there is deleted first.

    Raises:
        PlaceTaken: a database is there; nothing of it is touched.
        StillHeld: another restore is at work there.
    """
    place, marker = EmbeddedPostgres(home, elsewhere=elsewhere), home / RESTORING
    make_folder(home, above=0o755)
    with exclusive(home / "restore.lock", patience_s=0):
        if marker.exists():
            place.discard()
        elif clusters := place.clusters():
            raise PlaceTaken(
                Text(
                    "Arrêtez le serveur et déplacez d’abord ce dossier; une restauration n’efface rien.",
                    "Stop the server and move this folder away first; a restore erases nothing.",
                ),
                where=str(clusters[0].parent),
            )
        write_durably(marker, b"")
        yield
        marker.unlink()
        sync_folder(home)


@contextmanager
def stood_up(home: Path, *, is_restoring: bool = False) -> Iterator[PostgresAddress]:
    """Run the PostgreSQL of ``home`` inside the block; it archives nothing."""
    with EmbeddedPostgres(home, options=_STANDING, is_restoring=is_restoring) as address:
        yield address


@contextmanager
def scratch_copy(backup: Backup) -> Iterator[PostgresAddress]:
    """Stand the backup up in a place of its own inside the block, and remove it after."""
    with tempfile.TemporaryDirectory(prefix="tournee-restore-") as place:
        Path(place).chmod(0o711)  # where root runs it as somebody else, that one must cross this folder
        lay_out(backup, Path(place) / "postgres")
        with stood_up(Path(place) / "postgres") as address:
            yield address


def _run(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    command = [str(find_pg_bin() / program), *arguments]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"} | dict(environment or {})
    )
    if ended.returncode:
        words = ended.stderr.strip()[-600:]
        raise BackupFailed(Text(f"{program}\u00a0: {words}", f"{program}: {words}"), where=program)
