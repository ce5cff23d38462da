"""What a process that stays has loaded is out of the garbage collector's way."""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 20_000
"""A push or a page makes tens of thousands of objects and lets go of them by itself: looking sooner finds nothing."""


def keep_loaded() -> None:
    """Let the collector pass over all that stands now; for a process that has loaded what it needs and stays.

    A full collection otherwise walks some hundred thousand objects of libraries and of our own code, in the middle of
    whatever request happens to make the next object.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
