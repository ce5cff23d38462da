"""Waits with an end: whoever waits in vain says for what."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final

IS_NIGHT: Final = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
"""Whether the long drills run: what each push plays ends in minutes, or something hangs."""
PATIENCE_S: Final = 60.0
BOUNDED: Final = {"connect_timeout": 20, "options": "-c statement_timeout=120000 -c lock_timeout=60000"}
"""For libpq: a server that answers nothing, or waits for somebody itself, is an error."""


class WaitedInVain(AssertionError):
    """Something did not come in its time."""


def end_of(thread: threading.Thread, what: str, *, within_s: float = PATIENCE_S) -> None:
    """Wait until a thread has ended.

    Raises:
        WaitedInVain: it goes on.
    """
    thread.join(within_s)
    if thread.is_alive():
        raise WaitedInVain(f"{what} goes on after {within_s:g} s")


def until(condition: Callable[[], bool], what: str, *, within_s: float = PATIENCE_S) -> None:
    """Wait until something holds.

    Raises:
        WaitedInVain: it never did.
    """
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            raise WaitedInVain(f"{what}: not within {within_s:g} s")
        time.sleep(0.02)
