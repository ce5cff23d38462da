"""What the app asks of the machine it runs on."""

from __future__ import annotations

from typing import Protocol

from shared.wire.event import Fix


class Secrets(Protocol):
    """Small secrets under a name, out of reach of other apps."""

    def load(self, name: str) -> bytes | None:
        """Return the secret, or None when there is none."""
        ...

    def keep(self, name: str, secret: bytes) -> None:
        """Keep the secret durably before returning."""
        ...


class Camera(Protocol):
    """Takes one photo."""

    def take(self) -> bytes | None:
        """Return a JPEG, or None when the driver gave up."""
        ...


class Location(Protocol):
    """Says where the tablet is, when that is enabled."""

    def fix(self) -> Fix | None:
        """Return the latest position, or None: off, or unknown."""
        ...


class Connection(Protocol):
    """Says what the network costs."""

    @property
    def is_metered(self) -> bool:
        """Whether photos should wait for Wi-Fi."""
        ...


class Handover(Protocol):
    """Hands a task to another app of the machine."""

    def navigate(self, lat_e7: int, lon_e7: int, name: str, /) -> bool:
        """Open turn-by-turn directions; False when no app takes them."""
        ...

    def call(self, phone: str, /) -> bool:
        """Open the telephone; False when the machine has none."""
        ...
