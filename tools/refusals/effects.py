"""What a function can come to: refusals that it makes, functions that it calls, and what it catches of them."""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from shared.problems import Problem
from tools.refusals.names import ROOMS, Names, Some, Thing, functions_in, is_ours

_INTO: Final = ("__init__", "__post_init__", "__enter__", "__exit__", "__call__")


@dataclass(frozen=True, slots=True)
class Refused:
    """A problem that is made here."""

    problem: type[Problem]


@dataclass(frozen=True, slots=True)
class Called:
    """A function of ours that is called here, or given to one that calls it."""

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is done under an ``except`` that keeps these classes from going further."""

    inside: tuple[Effect, ...]
    caught: tuple[type[BaseException], ...]


type Effect = Refused | Called | Guarded


@cache
def effects_of(function: Callable[..., Any]) -> tuple[Effect, ...]:
    """Return what a function of ours can come to; nothing where it has no source."""
    tree = source_of(function)
    if tree is None or not isinstance(function, types.FunctionType):
        return ()
    return tuple(_Reader(Names(function, tree)).read(_body(tree)))


@cache
def source_of(function: Callable[..., Any]) -> ast.AST | None:
    """Return the syntax tree of a function."""
    code = getattr(function, "__code__", None)
    return None if code is None else _trees(code.co_filename).get((code.co_qualname, code.co_firstlineno))


@cache
def _trees(filename: str) -> dict[tuple[str, int], ast.AST]:
    path = Path(filename)
    return dict(_functions(ast.parse(path.read_text(encoding="utf-8")), "")) if path.is_file() else {}


def _functions(tree: ast.AST, within: str) -> Iterator[tuple[tuple[str, int], ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            yield (within + node.name, first), node
            yield from _functions(node, f"{within}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")
        else:
            yield from _functions(node, within)


def _body(tree: ast.AST) -> list[ast.AST]:
    return list(getattr(tree, "body", []))


class _Reader:
    def __init__(self, names: Names) -> None:
        self._names = names

    def read(self, nodes: Iterable[ast.AST]) -> Iterator[Effect]:
        for node in nodes:
            yield from self._read(node)

    def _read(self, node: ast.AST) -> Iterator[Effect]:
        match node:
            case ast.Try() | ast.TryStar():
                yield from self._read_try(node)
            case ast.With(items=items, body=body):
                yield from self.read(items)
                inside = tuple(self.read(body))
                yield Guarded(inside, caught) if (caught := self._swallowed(items)) else Guarded(inside, ())
            case ast.Raise(exc=ast.Name() as name):
                yield from self._made(name)
            case ast.Call(func=func):
                yield from self._made(func)
                yield from self.read(ast.iter_child_nodes(node))
            case ast.Name() | ast.Attribute():
                yield from self._named(node)
                yield from self.read(ast.iter_child_nodes(node))
            case _:
                yield from self.read(ast.iter_child_nodes(node))

    def _read_try(self, node: ast.Try | ast.TryStar) -> Iterator[Effect]:
        yield Guarded(tuple(self.read(node.body)), self.caught(node))
        yield from self.read([*node.handlers, *node.orelse, *node.finalbody])

    def caught(self, node: ast.Try | ast.TryStar) -> tuple[type[BaseException], ...]:
        """Return the classes that the handlers keep from going further."""
        return tuple(
            kind for handler in node.handlers if not _raises_again(handler) for kind in self._kinds(handler.type)
        )

    def _kinds(self, node: ast.AST | None) -> Iterator[type[BaseException]]:
        if node is None:
            yield BaseException
            return
        for one in node.elts if isinstance(node, ast.Tuple) else [node]:
            found = self._names.of(one.value if isinstance(one, ast.Starred) else one)
            values = found.value if isinstance(found, Thing) else ()
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, type) and issubclass(value, BaseException):
                    yield value

    def _swallowed(self, items: list[ast.withitem]) -> tuple[type[BaseException], ...]:
        """Return what the generators of ``with`` catch around their ``yield``."""
        found: list[type[BaseException]] = []
        for item in items:
            if isinstance(item.context_expr, ast.Call):
                meaning = self._names.of(item.context_expr.func)
                for function in functions_in(meaning.value) if isinstance(meaning, Thing) else ():
                    found += _caught_around_yield(function)
        return tuple(found)

    def _made(self, func: ast.AST) -> Iterator[Effect]:
        """A class that is called or raised: a refusal, or a value whose making may refuse."""
        found = self._names.of(func)
        if (
            isinstance(found, Some)
            and isinstance(found.kind, type)
            and issubclass(found.kind, Problem)
            and found.kind is not Problem
        ):
            yield Refused(found.kind)  # one that was kept is raised at last
        if not isinstance(found, Thing) or not isinstance(found.value, type) or not is_ours(found.value):
            return
        if issubclass(found.value, Problem):
            yield Refused(found.value)
        for name in _INTO:
            yield from map(Called, functions_in(inspect.getattr_static(found.value, name, None)))

    def _named(self, node: ast.AST) -> Iterator[Effect]:
        found = self._names.of(node)
        if isinstance(found, Thing) and not isinstance(found.value, type | types.ModuleType):
            for function in functions_in(found.value):
                yield Called(function)
                if isinstance(node, ast.Attribute):
                    yield from map(Called, _overrides(self._names.of(node.value), node.attr))
        if isinstance(node, ast.Attribute):
            base = self._names.of(node.value)
            if isinstance(base, Some) and isinstance(base.kind, type):
                yield from map(Called, functions_in(inspect.getattr_static(base.kind, node.attr, None)))


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Say whether the handler lets what it caught go on: ``raise``, or ``raise error`` of the one that it named."""
    return any(
        isinstance(one, ast.Raise)
        and (one.exc is None or (isinstance(one.exc, ast.Name) and one.exc.id == handler.name))
        for one in ast.walk(handler)
    )


@cache
def _caught_around_yield(function: Callable[..., Any]) -> tuple[type[BaseException], ...]:
    tree = source_of(function)
    if tree is None or not isinstance(function, types.FunctionType):
        return ()
    reader = _Reader(Names(function, tree))
    return tuple(
        kind
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(isinstance(one, ast.Yield) for part in node.body for one in ast.walk(part))
        for kind in reader.caught(node)
    )


def _overrides(base: Any, name: str) -> Iterator[Callable[..., Any]]:
    """Yield what stands for a method in the classes that are given where this one is asked for."""
    if isinstance(base, Some) and isinstance(base.kind, type) and is_ours(base.kind):
        for kind in _stand_ins(base.kind):
            yield from functions_in(vars(kind).get(name))


def _stand_ins(kind: type) -> tuple[type, ...]:
    children: list[type] = kind.__subclasses__()
    below = [one for child in children for one in (child, *_stand_ins(child))]
    if Protocol in kind.__bases__:
        asked = {name for name in vars(kind) if not name.startswith("_")}
        below += [one for one in _all_classes() if one is not kind and asked <= set(dir(one))]
    return tuple(dict.fromkeys(below))


@cache
def _all_classes() -> tuple[type, ...]:
    return tuple(
        value
        for name, module in sorted(sys.modules.items())
        if name.partition(".")[0] in ROOMS
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == name and is_ours(value)
    )
