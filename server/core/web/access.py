"""Denied by default: every view names its permission or says why it is open to strangers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask


@dataclass(frozen=True, slots=True)
class Required:
    """Who holds one of ``permissions`` may enter."""

    permissions: tuple[StrEnum, ...]


@dataclass(frozen=True, slots=True)
class Public:
    """Everyone may enter, for ``reason``."""

    reason: str


type Access = Required | Public

_MARK = "access"
_KEY = "tournee.access"
_FILES = Public("files of the pages")


class UnmarkedView(Exception):
    """A view says neither which permission it needs nor why it needs none; the app does not start."""


def requires[**P, R](*permissions: StrEnum) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only callers who hold one of ``permissions`` enter the view."""
    if not permissions:
        raise ValueError("name at least one permission")
    return _marked(Required(permissions))


def public[**P, R](reason: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Open the view to strangers; ``reason`` stands in the API's document."""
    return _marked(Public(reason))


def seal_access(app: Flask) -> None:
    """Read the mark of every view, once all are registered.

    Raises:
        UnmarkedView: a view has no mark.
    """
    marks = {endpoint: _mark_of(endpoint, view) for endpoint, view in app.view_functions.items()}
    missing = sorted(endpoint for endpoint, mark in marks.items() if mark is None)
    if missing:
        raise UnmarkedView(f"mark with @requires or @public: {', '.join(missing)}")
    app.extensions[_KEY] = marks


def marks(app: Flask) -> Mapping[str, Access]:
    """Return what every endpoint of a sealed app asks for."""
    known: Mapping[str, Access] = app.extensions[_KEY]
    return known


def _marked[**P, R](access: Access) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _MARK, access)
        return view

    return mark


def _mark_of(endpoint: str, view: Any) -> Access | None:
    if endpoint.endswith(".static"):
        return _FILES
    mark: Access | None = getattr(view, _MARK, None)
    return mark
