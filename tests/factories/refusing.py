"""Small functions that refuse in the ways of the code: for the reader of refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from server.core.problems import BadRequest, Conflict, NotFound, Problem, Text

_SAID = Text("non", "no")


class Shelf:
    """Something with a verb."""

    def look(self) -> None:
        """Find nothing."""
        raise NotFound(_SAID)


def plain() -> None:
    """Refuse."""
    raise Conflict(_SAID)


def guarded() -> None:
    """Catch one and refuse otherwise."""
    try:
        plain()
    except Conflict as problem:
        raise BadRequest(_SAID) from problem


def again() -> None:
    """Catch everything and let it go on."""
    try:
        plain()
    except Problem as problem:
        if problem.where:
            return
        raise


def _do(verb: Callable[[], None]) -> None:
    verb()


def handed() -> None:
    """Give a verb to another."""
    _do(plain)


VERBS: Mapping[str, Callable[[], None]] = {"plain": plain}


def listed(name: str) -> None:
    """Choose a verb from a table."""
    VERBS[name]()


def by_method(shelf: Shelf) -> None:
    """Call a method of a value that only its annotation tells."""
    shelf.look()


@contextmanager
def calm() -> Iterator[None]:
    """Keep what is refused inside."""
    try:
        yield
    except Problem:
        return


def calmed() -> None:
    """Refuse inside of what keeps it."""
    with calm():
        plain()
