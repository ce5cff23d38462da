"""PostgreSQL 18 inside the checkout: started when needed, adopted after a crash, stopped by its last user."""

from __future__ import annotations

import enum
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

import psycopg

from server.core.embedded.address import PostgresAddress
from server.core.embedded.binaries import MAJOR_VERSION, find_pg_bin
from server.core.embedded.footing import Footing, clusters_of, find_footing
from server.core.embedded.locks import Users, exclusive
from server.core.embedded.postmaster import Postmaster, forget_dead, running_postmaster
from server.core.embedded.roles import ensure_database, ensure_roles
from server.core.problems import Problem, Text

__all__ = ["EmbeddedPostgres", "PostgresAddress", "PostgresBroken", "ensure_database", "ensure_roles", "find_pg_bin"]

ARCHIVE_FOLDER: Final = "basic_archive.archive_directory"
ELSEWHERE: Final = Path("/var/lib/tournee")
"""Where root keeps a cluster when nobody else can enter its folder."""
RESTORING: Final = "restoring"
"""The file that stands in the folder for as long as a restore did not end well."""
_PORT: Final = 5432  # only names the socket: nothing listens on the network
_LONGEST_SOCKET_PATH: Final = 107
_LARGEST_LOG_BYTES: Final = 8 * 1024 * 1024
_DYING_PATIENCE_S: Final = 60.0
_INITDB_S: Final = 600.0
_SILENCE_S: Final = 120.0  # a server that recovers says so; one that says nothing for so long never will
_HELD_BY_A_DYING_SERVER: Final = (
    b"pre-existing shared memory block",
    b'lock file "postmaster.pid" already exists',
    b'.lock" already exists',
)
_POLL_S: Final = 0.02
_OPTIONS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "cluster_name": "tournee",
    "jit": "off",  # our queries are short: compiling them costs more than it saves
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "120",
}


class PostgresBroken(Problem):
    """The embedded PostgreSQL cannot start; its log says why."""

    slug = "postgres-broken"
    status = 500
    title = Text("PostgreSQL ne démarre pas", "PostgreSQL does not start")


class EmbeddedPostgres:
    """A cluster in ``folder``, reached through a socket only, with a password of its own.

    Several processes may use one folder: the first starts the server, the last to stop ends it. A server that outlived
    its launcher is adopted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        options: Mapping[str, str] | None = None,
        elsewhere: Path = ELSEWHERE,
        is_restoring: bool = False,
    ) -> None:
        """Name the folder; nothing is touched yet.

        Args:
            folder: what the cluster, its password and its log are kept in.
            options: settings of PostgreSQL beside ours, e.g. ``{"fsync": "off"}`` for tests.
            elsewhere: where root keeps the cluster when nobody else can enter ``folder``.
            is_restoring: whether the caller is the restore that has not ended; nobody else may start its cluster.
        """
        self._folder = folder.resolve()
        self._options = {**_OPTIONS, **(options or {})}
        self._elsewhere = elsewhere
        self._is_restoring = is_restoring
        self._users = Users(self._folder / "users.lock")

    def __enter__(self) -> PostgresAddress:
        """Start the server."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def start(self) -> PostgresAddress:
        """Start the server, or adopt the one that runs, and return its address once it answers.

        A recovery after a crash may take long; it is waited for.

        Raises:
            PostgresNotFound: PostgreSQL 18 is not installed.
            PostgresBroken: the folder is another user's or another version's, a restore of it did not end, two clusters
                stand for it, or PostgreSQL gave up or answers nothing.
            StillHeld: another process has been starting or stopping this server for too long.
        """
        self._make_folder()
        with exclusive(self._folder / "launcher.lock"):
            self._check_one_whole_cluster()
            footing = find_footing(self._folder, find_pg_bin(), elsewhere=self._elsewhere)
            password = self._password()
            if not (footing.home / "cluster").exists():
                _initialise(footing, password, synced=self._options.get("fsync") != "off")
            self._users.join()
            postmaster = running_postmaster(footing.home / "cluster") or self._launch(footing)
            return self._await_answer(postmaster, footing, password)

    def stop(self) -> None:
        """Stop the server when no other process uses it; without a started server, do nothing.

        Raises:
            PostgresBroken: the server ignores the request.
        """
        with exclusive(self._folder / "launcher.lock"):
            if not self._users.leave():
                return
            footing = find_footing(self._folder, find_pg_bin(), elsewhere=self._elsewhere)
            postmaster = running_postmaster(footing.home / "cluster")
            if postmaster is None:
                return
            self._shut_down(postmaster)
            if postmaster.sockets.parent != footing.home:
                shutil.rmtree(postmaster.sockets, ignore_errors=True)  # the short folder made for a long path

    def clusters(self) -> list[Path]:
        """Return where a cluster of this folder stands now; more than one is a mistake."""
        return clusters_of(self._folder, elsewhere=self._elsewhere)

    def discard(self) -> None:
        """Delete what a restore that did not end left of a cluster; a server that outlived it is stopped first.

        Raises:
            PostgresBroken: that server ignores the request.
        """
        with exclusive(self._folder / "launcher.lock"):
            for cluster in self.clusters():
                if (postmaster := running_postmaster(cluster)) is not None:
                    self._shut_down(postmaster)
                shutil.rmtree(cluster)

    def _shut_down(self, postmaster: Postmaster) -> None:
        if not postmaster.shut_down(signal.SIGINT):
            raise self._broken("PostgreSQL ne s’arrête pas.", "PostgreSQL does not stop.")

    def _check_one_whole_cluster(self) -> None:
        if (self._folder / RESTORING).exists() and not self._is_restoring:
            raise self._broken(
                "Une restauration n’a pas fini ici\u00a0: relancez «\u00a0tournee restore\u00a0», qui recommence.",
                "A restore did not end here: run “tournee restore” again, which begins anew.",
            )
        if len(clusters := self.clusters()) > 1:
            both = ", ".join(str(cluster) for cluster in clusters)
            raise self._broken(
                f"Deux bases sont là pour un serveur\u00a0: {both}. Déplacez celle qui n’est pas la bonne.",
                f"Two databases are there for one server: {both}. Move the wrong one away.",
            )

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        owner = self._folder.stat().st_uid
        if owner != os.geteuid():
            raise self._broken(
                "Ce dossier est à un autre utilisateur; lancer la commande sous son nom, ou effacer le dossier.",
                "This folder belongs to another user; run the command as that user, or remove the folder.",
            )
        # Root's cluster is nobody's, who must cross this folder; all inside is closed to others.
        self._folder.chmod(0o711 if owner == 0 else 0o700)

    def _password(self) -> str:
        path = self._folder / "password"
        if not path.exists():
            partial = path.with_suffix(".new")
            _write_secret(partial, secrets.token_urlsafe(24))
            partial.rename(path)
        return path.read_text(encoding="ascii")

    def _launch(self, footing: Footing) -> Postmaster:
        self._check_version(footing)
        footing.give(footing.home / "cluster")
        sockets = _socket_folder(footing)
        if archive := self._options.get(ARCHIVE_FOLDER):
            Path(archive).mkdir(parents=True, exist_ok=True, mode=0o700)
            footing.give(Path(archive))
        options = {**self._options, "unix_socket_directories": str(sockets)}
        command = footing.command("postgres", "-D", str(footing.home / "cluster"), "-p", str(_PORT))
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self._log().open("ab") as log:
            child = subprocess.Popen(  # its own session: Ctrl-C is for us, who then stop it in order
                command, stdout=log, stderr=log, start_new_session=True, **footing.popen_options()
            )
        return Postmaster(child.pid, footing.home / "cluster", sockets, child)

    def _await_answer(self, postmaster: Postmaster, footing: Footing, password: str) -> PostgresAddress:
        began = time.monotonic()
        dying_ends, silence_ends = began + _DYING_PATIENCE_S, began + _SILENCE_S
        while True:
            address = PostgresAddress(str(postmaster.sockets), _PORT, "postgres", password)
            answer = _answer_of(address)
            if answer is _Answer.READY:
                return address
            if answer is _Answer.STARTING:
                silence_ends = time.monotonic() + _SILENCE_S
            if not postmaster.is_alive():
                is_ours = postmaster.child is not None  # one that ran before us was being killed: it is followed
                if is_ours and (not self._met_a_dying_server() or time.monotonic() > dying_ends):
                    raise self._broken("PostgreSQL a renoncé; lire son journal.", "PostgreSQL gave up; read its log.")
                forget_dead(footing.home / "cluster", postmaster.sockets)
                postmaster = self._launch(footing)
            elif time.monotonic() > silence_ends:
                raise self._broken("PostgreSQL tourne et ne répond pas.", "PostgreSQL runs and answers nothing.")
            time.sleep(_POLL_S)

    def _check_version(self, footing: Footing) -> None:
        version = (footing.home / "cluster" / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != str(MAJOR_VERSION):
            raise self._broken(
                f"Les données sont de PostgreSQL {version}, pas {MAJOR_VERSION} ; les exporter avec leur version.",
                f"The data are PostgreSQL {version}'s, not {MAJOR_VERSION}'s; export them with their own version.",
            )

    def _met_a_dying_server(self) -> bool:
        """Tell whether the last start met what a killed server still holds for a moment: its number, or its memory."""
        last = self._log().read_bytes()[-2000:].rpartition(b"starting PostgreSQL")[2]
        return any(holding in last for holding in _HELD_BY_A_DYING_SERVER)

    def _log(self) -> Path:
        path = self._folder / "postgres.log"
        if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        path.touch(mode=0o600)
        return path

    def _broken(self, french: str, english: str) -> PostgresBroken:
        return PostgresBroken(Text(french, english), where=str(self._folder))


def _initialise(footing: Footing, password: str, *, synced: bool) -> None:
    """Make the cluster beside its place and move it there, so that a kill leaves no half of one."""
    attempt = footing.home / "attempt"
    shutil.rmtree(attempt, ignore_errors=True)  # what a killed attempt left
    attempt.mkdir(mode=0o700)
    partial, secret = attempt / "cluster", attempt / "password"
    _write_secret(secret, password)
    footing.give(attempt)
    arguments = ("-D", str(partial), "-U", "postgres", "--encoding=UTF8", "--locale=C", "-k", "--auth=scram-sha-256")
    haste = () if synced else ("--no-sync",)
    command = footing.command("initdb", *arguments, *haste, f"--pwfile={secret}")
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_INITDB_S, **footing.popen_options()
    )
    secret.unlink()
    if done.returncode != 0:
        raise PostgresBroken(
            Text(f"initdb a échoué\u00a0: {done.stderr[-500:]}", f"initdb failed: {done.stderr[-500:]}"),
            where=str(footing.home),
        )
    partial.rename(footing.home / "cluster")
    attempt.rmdir()


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _socket_folder(footing: Footing) -> Path:
    """Return a folder for the socket whose path is short enough for the kernel, closed to other users."""
    folder = footing.home / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{_PORT}.lock")) > _LONGEST_SOCKET_PATH:
        folder = Path(tempfile.mkdtemp(prefix="tournee-"))
    folder.mkdir(exist_ok=True, mode=0o700)
    footing.give(folder)
    return folder


class _Answer(enum.Enum):
    READY = enum.auto()
    STARTING = enum.auto()
    NONE = enum.auto()


def _answer_of(address: PostgresAddress) -> _Answer:
    try:
        psycopg.connect(address.conninfo(), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise PostgresBroken(
                Text(
                    "Le mot de passe gardé n’est pas celui de ces données; remettre le fichier «\u00a0password\u00a0».",
                    "The password kept is not the one of these data; put the “password” file back.",
                ),
                where=address.host,
            ) from error
        return _Answer.STARTING if "the database system is" in str(error) else _Answer.NONE
    return _Answer.READY
