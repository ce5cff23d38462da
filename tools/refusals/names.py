"""What a name in a function's source stands for: the object itself, or a value of a class that the annotations tell."""

from __future__ import annotations

import ast
import builtins
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from functools import cache, cached_property, partial
from typing import Any, Final, get_args, get_origin

from procrastinate.tasks import Task

ROOMS: Final = ("server", "shared", "tests")
"""Where refusals come from; those of tests show that the reader of the code finds them."""
_MISSING: Final = object()
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Thing:
    """A name that stands for this very object: a module, a function, a class, a table."""

    value: Any


@dataclass(frozen=True, slots=True)
class Some:
    """A name that stands for some value of this class."""

    kind: Any


type Meaning = Thing | Some | None


def is_ours(value: Any) -> bool:
    """Say whether the object is of the product's own code."""
    return str(getattr(value, "__module__", "")).partition(".")[0] in ROOMS


@cache
def hints(target: Any) -> Mapping[str, Any]:
    """Return the resolved annotations of a function or class; none where they name what only a type checker sees."""
    try:
        return typing.get_type_hints(target)
    except (NameError, TypeError, AttributeError):
        return {}


def plain_kind(hint: Any) -> Any:
    """Return the class that an annotation speaks of: the one of ``X | None``, the member of a list, what is yielded."""
    if isinstance(hint, typing.TypeAliasType):
        return plain_kind(hint.__value__)
    origin = get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        kinds = [plain_kind(one) for one in get_args(hint) if one is not type(None)]
        return kinds[0] if len(kinds) == 1 else None
    if isinstance(origin, type) and is_ours(origin):
        return origin
    return hint if isinstance(hint, type) else None


def member_kind(hint: Any) -> Any:
    """Return the class of what an annotation's collection or generator holds."""
    if isinstance(hint, typing.TypeAliasType):
        return member_kind(hint.__value__)
    arguments = get_args(hint)
    origin = get_origin(hint)
    if not arguments or not isinstance(origin, type) or not issubclass(origin, Iterable):
        return None
    return plain_kind(arguments[0])


def functions_in(value: Any, depth: int = 0) -> list[Callable[..., Any]]:
    """Return the functions of ours that a value is, holds or wraps: tables of verbs, partial calls, views.

    A job is none of them: it is enqueued, and answers nobody.
    """
    inner = _unwrapped(value)
    if isinstance(inner, types.FunctionType):
        return [inner] if is_ours(inner) else []
    return (
        []
        if isinstance(value, Task)
        else [one for held in _held(value, depth) for one in functions_in(held, depth + 1)]
    )


def _unwrapped(value: Any) -> Any:
    """Return the function behind methods, properties, partial calls and decorators; a value that is none, as it is."""
    while not isinstance(value, Task):
        match value:
            case types.MethodType() | staticmethod() | classmethod():
                value = value.__func__
            case property():
                value = value.fget
            case cached_property() | partial():
                value = value.func
            case _ if hasattr(value, "__wrapped__") and is_ours(value):
                value = inspect.unwrap(value)
            case _:
                return value
    return value


def _held(value: Any, depth: int) -> Iterable[Any]:
    if depth >= _DEEPEST:
        return ()
    if isinstance(value, Mapping):
        return [*value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if is_dataclass(value) and not isinstance(value, type) and is_ours(type(value)):
        return [getattr(value, name, None) for name in value.__dataclass_fields__]
    return ()


class Names:
    """The names of one function: its parameters, what it assigns, and its module's."""

    def __init__(self, function: types.FunctionType, tree: ast.AST) -> None:
        """Read what the annotations and the plain assignments tell."""
        self._globals = function.__globals__ | dict(inspect.getclosurevars(function).nonlocals)
        self._locals: dict[str, Meaning] = {}
        for name, hint in hints(function).items():
            if name != "return":
                self._locals[name] = Some(plain_kind(hint))
        self._own(function)
        self._hold(tree)

    def of(self, node: ast.AST) -> Meaning:
        """Return what an expression stands for; None where the source alone does not tell."""
        match node:
            case ast.Name(id=name):
                return self._of_name(name)
            case ast.Attribute(value=value, attr=attr):
                return _attribute(self.of(value), attr)
            case ast.Call(func=func):
                return _called(self.of(func))
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.of(value)
        return None

    def _of_name(self, name: str) -> Meaning:
        if name in self._locals:
            return self._locals[name]
        value = self._globals.get(name, getattr(builtins, name, _MISSING))
        return None if value is _MISSING else Thing(value)

    def _own(self, function: types.FunctionType) -> None:
        """``self`` and ``cls`` are of the class in which the function stands."""
        first = next(iter(inspect.signature(function).parameters), "")
        if first in {"self", "cls"}:
            kind: Any = inspect.getmodule(function)
            for part in function.__qualname__.split(".")[:-1]:
                kind = getattr(kind, part, None)
            self._locals[first] = Thing(kind) if first == "cls" else Some(kind)

    def _hold(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.NamedExpr(target=ast.Name(id=name), value=value)
                ):
                    self._locals[name] = self.of(value)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    self._locals[name] = self._annotated(annotation)
                case ast.withitem(context_expr=ast.Call(func=func), optional_vars=ast.Name(id=name)):
                    self._locals[name] = self._entered(func)
                case (
                    ast.For(target=ast.Name(id=name), iter=ast.Call(func=func))
                    | ast.comprehension(target=ast.Name(id=name), iter=ast.Call(func=func))
                ):
                    self._locals[name] = self._yielded(func)
                case ast.For(target=target) | ast.comprehension(target=target):
                    self._forget(target)

    def _annotated(self, annotation: ast.AST) -> Meaning:
        if isinstance(annotation, ast.BinOp):
            return self._annotated(annotation.left)
        found = self.of(annotation)
        return Some(found.value) if isinstance(found, Thing) and isinstance(found.value, type) else None

    def _yielded(self, func: ast.AST) -> Meaning:
        found = self.of(func)
        return Some(member_kind(hints(inspect.unwrap(found.value)).get("return"))) if _is_function(found) else None

    def _entered(self, func: ast.AST) -> Meaning:
        found = self.of(func)
        if isinstance(found, Thing) and isinstance(found.value, type):
            return Some(found.value)
        return self._yielded(func)

    def _forget(self, target: ast.AST) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self._locals[node.id] = None


def _is_function(found: Meaning) -> typing.TypeGuard[Thing]:
    return isinstance(found, Thing) and callable(found.value) and not isinstance(found.value, type)


def _attribute(base: Meaning, attr: str) -> Meaning:
    if isinstance(base, Thing):
        with suppress(Exception):
            return (
                Thing(inspect.getattr_static(base.value, attr))
                if isinstance(base.value, type)
                else Thing(getattr(base.value, attr))
            )
        return None
    if isinstance(base, Some) and isinstance(base.kind, type):
        held = inspect.getattr_static(base.kind, attr, None)
        if isinstance(held, property | cached_property):
            getter = held.fget if isinstance(held, property) else held.func
            return Some(plain_kind(hints(getter).get("return")))
        if functions_in(held):
            return Thing(held)
        return Some(plain_kind(hints(base.kind).get(attr)))
    return None


def _called(found: Meaning) -> Meaning:
    if isinstance(found, Thing) and isinstance(found.value, type):
        return Some(found.value)
    if isinstance(found, Thing):
        for function in functions_in(found.value)[:1]:
            return Some(plain_kind(hints(function).get("return")))
    return None
