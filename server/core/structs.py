"""Message types are made ready before threads share them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

type Kind = type[msgspec.Struct]


def all_structs() -> Iterator[Kind]:
    """Yield every message type that this process has loaded, ours and the libraries'."""
    waiting: list[Kind] = [msgspec.Struct]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        yield from found


def make_ready(kinds: Iterable[Kind]) -> None:
    """Let the decoder learn each type now, while no other thread runs.

    It learns a type when it first meets it, and notes it before it has read all of its fields: a second thread that
    decodes the same type at that moment reads a field that is not there yet, and the whole process dies of it.
    """
    for kind in kinds:
        try:
            msgspec.json.Decoder(kind)
        except (TypeError, NameError):  # holds what no JSON says: such a type is made here and never decoded
            continue
