"""Free ports of the loopback address."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Final

from server.core.problems import Problem, Text

LOOPBACK: Final = "127.0.0.1"
_HIGHEST_PORT: Final = 65535
_TRIES: Final = 200


class NoFreePort(Problem):
    """The machine has no port left to give."""

    slug = "no-free-port"
    status = 500
    title = Text("Aucun port libre", "No free port")


def free_ports(count: int) -> list[int]:
    """Return ``count`` different ports that nothing listens on; somebody may take one before its use."""
    with ExitStack() as held:
        return [_hold(held, 0) for _ in range(count)]


def free_port_with_twin(distance: int) -> int:
    """Return a port that is free, as is the one ``distance`` above it.

    Raises:
        NoFreePort: none was found.
    """
    for _ in range(_TRIES):
        with ExitStack() as held:
            port = _hold(held, 0)
            if port + distance <= _HIGHEST_PORT and _is_free(port + distance):
                return port
    raise NoFreePort(
        Text("Fermer des programmes et recommencer.", "Close some programs and start again."), where=LOOPBACK
    )


def _hold(held: ExitStack, port: int) -> int:
    listener = held.enter_context(socket.socket())
    listener.bind((LOOPBACK, port))
    bound: int = listener.getsockname()[1]
    return bound


def _is_free(port: int) -> bool:
    with ExitStack() as held:
        try:
            _hold(held, port)
        except OSError:
            return False
        return True
