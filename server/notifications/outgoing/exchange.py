"""A time limit for a whole conversation over a socket, where a socket's own timeout starts anew with each byte."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from time import monotonic
from typing import Self


class Deadline:
    """Cuts the sockets it guards when its time is over; ``is_over`` then says why they ended.

    Used as a context: leaving it lets go of the sockets.
    """

    def __init__(self, seconds: float) -> None:
        """Count from now."""
        self.is_over = False
        self._ends_at_s = monotonic() + seconds
        self._timers: list[threading.Timer] = []

    def __enter__(self) -> Self:
        """Return the running deadline."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Cut nothing any more."""
        for timer in self._timers:
            timer.cancel()

    def guard(self, connected: socket.socket) -> None:
        """Cut this connection, both ways, when the time is over: whoever waits on it wakes up at once."""
        timer = threading.Timer(max(0.0, self._ends_at_s - monotonic()), self._cut, (connected,))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _cut(self, connected: socket.socket) -> None:
        self.is_over = True
        with suppress(OSError):  # it ended by itself just now
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not TLS's own, which waits for the other side
