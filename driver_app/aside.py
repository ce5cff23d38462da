"""An old log laid aside: its file and its keys under a number of their own, whole, and a fresh tablet in its place.

Every step can be cut and is gone on with at the next start: a marker is durable before the first and goes after the
last one. Nothing is ever deleted.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from driver_app.platform.protocols import Secrets
from driver_app.store.vault import KEY_BYTES
from shared.durable import make_folder, sync_folder

NAMES: Final = ("store-key", "device-key")
_FOLDER, _MARKER = "aside", "laying-aside"
_FILE: Final = "tablet.db"
_BESIDE: Final = ("-journal", "-wal", "-shm")


def begin(home: Path) -> int:
    """Decide durably that the log in ``home``, whose store is closed, is laid aside; return its number.

    ``go_on`` does it, now or at the next start.
    """
    number = max(numbers(home), default=0) + 1
    marker = home / _MARKER
    beside = home / f".{_MARKER}.new"
    with beside.open("w", encoding="ascii") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(marker)
    sync_folder(home)
    return number


def go_on(home: Path, keys: Secrets) -> None:
    """Lay aside what ``begin`` decided, from wherever it was cut; nothing where nothing was."""
    marker = home / _MARKER
    if not marker.exists():
        return
    number = int(marker.read_text("ascii"))
    for name in NAMES:
        secret = keys.load(name)
        if secret is not None and keys.load(_named(number, name)) is None:
            keys.keep(_named(number, name), secret)
    _move(home, folder_of(home, number))
    for name in NAMES:
        if keys.load(name) == keys.load(_named(number, name)):
            keys.keep(name, secrets.token_bytes(KEY_BYTES))
    marker.unlink()
    sync_folder(home)


def numbers(home: Path) -> tuple[int, ...]:
    """Return the numbers of the logs that were laid aside in ``home``, oldest first."""
    return tuple(sorted(int(one.name) for one in (home / _FOLDER).glob("*") if one.name.isdigit()))


def folder_of(home: Path, number: int) -> Path:
    """Return where a log that was laid aside lies."""
    return home / _FOLDER / str(number)


class AsideSecrets:
    """The secrets of a log that was laid aside, under the names that they had."""

    def __init__(self, keys: Secrets, number: int) -> None:
        """Take the machine's secrets and the log's number."""
        self._keys, self._number = keys, number

    def load(self, name: str) -> bytes | None:
        """Return the secret, or None when there is none."""
        return self._keys.load(_named(self._number, name))

    def keep(self, name: str, secret: bytes) -> None:
        """Keep a secret of this log."""
        self._keys.keep(_named(self._number, name), secret)


def _move(home: Path, target: Path) -> None:
    """The file goes last of what belongs to it: while it is here, what lies beside it may be its journal."""
    make_folder(target.parent)
    make_folder(target)
    for suffix in (*_BESIDE, ""):
        source = home / f"{_FILE}{suffix}"
        if source.exists() and not (target / source.name).exists():
            source.replace(target / source.name)
    sync_folder(target)
    sync_folder(home)


def _named(number: int, name: str) -> str:
    return f"aside-{number}-{name}"
