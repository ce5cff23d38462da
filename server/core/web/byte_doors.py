"""Doors whose body or answer is a file: what they take and give, for the API's document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

_MARK: Final = "bytes"
_BYTES: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A header or a parameter of the query that a view reads by itself."""

    name: str
    where: Literal["header", "query"]
    words: str
    kind: Literal["string", "integer"] = "string"
    required: bool = False

    def described(self) -> dict[str, Any]:
        """Return the parameter as the document has it."""
        schema = {"type": self.kind} | ({"minimum": 0} if self.kind == "integer" else {})
        return {
            "name": self.name, "in": self.where, "required": self.required, "description": self.words, "schema": schema
        }  # fmt: skip


FILE_NAME: Final = Asked("X-Name", "header", "what the file is called, for people")


@dataclass(frozen=True, slots=True)
class _Bytes:
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    asks: tuple[Asked, ...]
    says: tuple[tuple[str, str], ...]


def carries_bytes[**P, R](
    *,
    takes: tuple[str, ...] = (),
    gives: tuple[str, ...] = (),
    asks: tuple[Asked, ...] = (),
    says: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say which media types a view takes and gives, what else it reads, and which headers its answer always has."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _MARK, _Bytes(takes, gives, asks, says))
        return view

    return mark


def takes_bytes(view: Any) -> bool:
    """Say whether a view takes its body as a file, whatever is in it."""
    marked: _Bytes | None = getattr(view, _MARK, None)
    return marked is not None and bool(marked.takes)


def describe_bytes(operation: dict[str, Any], view: Any) -> None:
    """Write into an operation what its view was marked with, if it was."""
    marked: _Bytes | None = getattr(view, _MARK, None)
    if marked is None:
        return
    if marked.asks:
        operation.setdefault("parameters", []).extend(one.described() for one in marked.asks)
    if marked.takes:
        operation["requestBody"] = {"required": True, "content": _content(marked.takes)}
    answer = next(one for status, one in operation["responses"].items() if str(status).startswith("2"))
    if marked.gives:
        answer["content"] = _content(marked.gives)
    if marked.says:
        answer.setdefault("headers", {}).update({name: _said(words) for name, words in marked.says})


def _content(kinds: tuple[str, ...]) -> dict[str, Any]:
    return {kind: {"schema": {"type": "object"} if kind == "application/json" else _BYTES} for kind in kinds}


def _said(words: str) -> dict[str, Any]:
    return {"required": True, "description": words, "schema": {"type": "string"}}
