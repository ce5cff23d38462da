"""A session's pending objects as plain rows: written past the mapper's unit of work, and then as if just read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Mapper, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlalchemy.orm.interfaces import ONETOMANY

from server.core.rows import Rows, table_of


def fresh[One: DeclarativeBase](kind: type[One], /, **values: Any) -> One:
    """Return the new object that the class would make of these columns, without telling the mapper of each value.

    For rows that are made by the thousand. Lists of children are set by ``set_committed_value``, and children name
    their parent themselves.
    """
    one: One = kind.__mapper__.class_manager.new_instance()
    instance_dict(one).update(values)
    return one


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a class is stored: keys with their columns, defaults by key, and the keys that children get from it."""

    table: Table
    columns: dict[str, str]
    defaults: tuple[tuple[str, Callable[[], Any]], ...]
    children: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class Objects:
    """The new and changed objects of a session, to be put among rows, written by them, and settled."""

    def __init__(self, session: Session, *, but: Collection[object] = ()) -> None:
        """Take what is pending but for these; new objects leave the session until they are settled.

        Those that wait on get their defaults all the same: what is hashed before it is written is then whole.
        """
        left, pending = set(map(id, but)), list(session.new)
        for one in pending:
            _complete(one)
        self._session = session
        self._new = [one for one in pending if id(one) not in left]
        self._changed = [one for one in session.dirty if id(one) not in left]
        for one in self._new:
            session.expunge(one)

    def all(self) -> Iterator[Any]:
        """Yield each object once."""
        yield from self._new
        yield from self._changed

    def put(self, one: Any, rows: Rows) -> None:
        """Put an object's row, or what changed of it, among others of its owner."""
        state = instance_state(one)
        held, shape = state.dict, _shape(state.mapper)
        if state.key is None:
            rows.new[shape.table].append({name: held[key] for key, name in shape.columns.items()})
            return
        changed = {
            name: held[key]
            for key, before in state.committed_state.items()
            if (name := shape.columns.get(key)) is not None and held[key] != before
        }
        if changed:
            rows.changed[shape.table, tuple(sorted(changed))].append({"id": one.id, **changed})

    def settle(self) -> None:
        """Let the written objects stand in the session as if they had been read just now.

        A changed one stays marked, so that a savepoint that goes back lets go of it.
        """
        for one in self._new:
            make_transient_to_detached(one)
        self._session.add_all(self._new)
        for one in self._changed:
            state = instance_state(one)
            for key in list(state.committed_state):
                if key in _shape(state.mapper).columns:
                    set_committed_value(one, key, state.dict[key])


def _complete(one: Any) -> None:
    """Set what the mapper would: defaults, NULLs, and in children the keys of their parent."""
    state = instance_state(one)
    held, shape = state.dict, _shape(state.mapper)
    for key, make in shape.defaults:
        if held.get(key) is None:
            held[key] = make()
    for key in shape.columns:
        held.setdefault(key, None)
    for name, pairs in shape.children:
        for child in held.get(name, ()):
            for ours, theirs in pairs:
                if instance_state(child).dict.get(theirs) is None:
                    setattr(child, theirs, held[ours])


@cache
def _shape(mapper: Mapper[Any]) -> _Shape:
    kind: type[DeclarativeBase] = mapper.class_
    table = table_of(kind)
    found = {one.key: one.columns[0] for one in mapper.column_attrs}
    columns = {key: column.name for key, column in found.items() if column.identity is None}
    defaults = tuple((key, _maker(column.default)) for key, column in found.items() if column.default is not None)
    children = tuple(
        (one.key, tuple((mapper.get_property_by_column(ours).key, one.mapper.get_property_by_column(theirs).key)
                        for ours, theirs in one.local_remote_pairs))
        for one in mapper.relationships if one.direction is ONETOMANY
    )  # fmt: skip
    return _Shape(table, columns, defaults, children)


def _maker(default: Any) -> Callable[[], Any]:
    if default.is_callable:
        return lambda: default.arg(None)
    return lambda: default.arg
