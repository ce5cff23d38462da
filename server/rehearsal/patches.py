"""Attributes replaced for the time of a block, and put back whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Patch(NamedTuple):
    """One attribute of a module, class or object, and what stands in for it."""

    target: Any
    name: str
    value: Any


@contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """Hold every patch inside the block; the last one made is the first one undone."""
    before: list[Patch] = []
    try:
        for target, name, value in patches:
            before.append(Patch(target, name, getattr(target, name)))
            setattr(target, name, value)
        yield
    finally:
        for target, name, value in reversed(before):
            setattr(target, name, value)
