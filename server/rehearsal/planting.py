"""What every planted mistake is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.rehearsal.office import Office
from server.rehearsal.patches import Patch

type Plant = Callable[[Office], Iterator[Patch]]


def nothing(*_: object, **__: object) -> None:
    """Stand in for what a plant leaves undone."""
