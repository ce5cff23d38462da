"""A Linux or Windows machine: development, training, tests."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

from shared.durable import make_folder, sync_folder
from shared.wire.event import Fix


class FileSecrets:
    """Secrets as files that only this account reads; a tablet's keystore does better."""

    def __init__(self, folder: Path) -> None:
        """Keep secrets under ``folder``."""
        make_folder(folder)
        self._folder = folder

    def load(self, name: str) -> bytes | None:
        """Return the secret, or None when there is none."""
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def keep(self, name: str, secret: bytes) -> None:
        """Write beside, synchronise, rename, synchronise the folder: a cut leaves the old or the new secret."""
        beside = self._folder / f".{name}.new"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._folder / name)
        sync_folder(self._folder)


class NoCamera:
    """A machine without a camera."""

    def take(self) -> bytes | None:
        """Return nothing."""
        return None


class NoLocation:
    """Location is off, as it is by default."""

    def fix(self) -> Fix | None:
        """Return nothing."""
        return None


class Wired:
    """A connection that costs nothing."""

    is_metered = False


class Browser:
    """Directions in the browser; no telephone."""

    def navigate(self, lat_e7: int, lon_e7: int, _name: str) -> bool:
        """Open the place on openstreetmap.org."""
        lat, lon = lat_e7 / 1e7, lon_e7 / 1e7
        return webbrowser.open(
            f"https://www.openstreetmap.org/?mlat={lat:.7f}&mlon={lon:.7f}#map=17/{lat:.5f}/{lon:.5f}"
        )

    def call(self, _phone: str) -> bool:
        """Say that this machine cannot call."""
        return False
