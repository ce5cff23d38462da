"""A thread of its own for what runs an event loop: a browser's driver holds the one of the thread that tests run in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def apart[**P, T](call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call in a thread of its own, and return what it returns."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(call, *arguments, **named).result()
