"""What each operation refuses, as the API's document says it: read from the table that ``make docs`` writes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

_FILE: Final = Path(__file__).with_name("refusals.json")
_FEW: Final = 3
_NOT_MODIFIED: Final = "304"
_REPEATED: Final = frozenset({429, 503, 507})
_PROBLEM: Final = "application/problem+json"
_RETRY: Final[dict[str, Any]] = {
    "description": "Seconds to wait before asking again",
    "schema": {"type": "integer", "minimum": 0},
}
_SIGN_IN: Final[dict[str, Any]] = {"description": "How to sign in", "schema": {"type": "string"}}
_ETAG: Final[dict[str, Any]] = {
    "description": "The file’s sha256 in quotes: send it as `If-None-Match` to be answered 304 while it is the same",
    "schema": {"type": "string"},
}
_FAULT: Final = "A fault of ours; nothing was saved. Quote `request_id` when asking for help."


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By endpoint and status the slugs that are answered, and by slug the title in both languages."""

    operations: dict[str, dict[str, list[str]]]
    problems: dict[str, dict[str, str]]


@cache
def table() -> Table:
    """Return the table; an operation that it does not know refuses nothing, which a test forbids."""
    return msgspec.json.decode(_FILE.read_bytes(), type=Table) if _FILE.is_file() else Table({}, {})


def responses(endpoint: str, shared: dict[str, Any]) -> dict[str, Any]:
    """Return the refusals of an operation by status; those that many share are put into ``shared`` and named."""
    found: dict[str, Any] = {}
    for status, slugs in table().operations.get(endpoint, {}).items():
        described = _not_modified() if status == _NOT_MODIFIED else _refusal(int(status), slugs)
        if len(slugs) > _FEW:
            found[status] = described
        else:
            name = ".".join([status, *slugs])
            shared[name] = described
            found[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(found.items()))


def gives_file(endpoint: str) -> bool:
    """Say whether the operation answers with a stored file, which a client may keep."""
    return _NOT_MODIFIED in table().operations.get(endpoint, {})


def describe_file(operation: dict[str, Any]) -> None:
    """Add to a file's operation the headers that say its name and whether it changed."""
    operation.setdefault("parameters", []).append(
        {
            "in": "header",
            "name": "If-None-Match",
            "description": "The `ETag` of the copy that you have",
            "schema": {"type": "string"},
        }
    )
    operation["responses"]["200"].setdefault("headers", {}).update(
        {
            "ETag": _ETAG,
            "Content-Disposition": {"description": "The file’s name (RFC 6266)", "schema": {"type": "string"}},
        }
    )


def titles() -> dict[str, Mapping[str, Any]]:
    """Return every problem that the API answers: its statuses and its title in both languages."""
    statuses: dict[str, set[int]] = {}
    for answered in table().operations.values():
        for status, slugs in answered.items():
            for slug in slugs:
                statuses.setdefault(slug, set()).add(int(status))
    return {slug: {"status": min(found), "title": table().problems[slug]} for slug, found in sorted(statuses.items())}


def _refusal(status: int, slugs: list[str]) -> dict[str, Any]:
    content = {"schema": _of(slugs), "example": _example(status, slugs[0])}
    described: dict[str, Any] = {"description": _words(status, slugs), "content": {_PROBLEM: content}}
    if status in _REPEATED:
        described["headers"] = {"Retry-After": _RETRY}
    if status == HTTPStatus.UNAUTHORIZED:
        described["headers"] = {"WWW-Authenticate": _SIGN_IN | {"required": True}}
    return described


def _words(status: int, slugs: list[str]) -> str:
    said = " · ".join(f"`{slug}` {table().problems[slug]['en']}" for slug in slugs)
    return f"{_FAULT} {said}" if status == HTTPStatus.INTERNAL_SERVER_ERROR else said


def _of(slugs: list[str]) -> dict[str, Any]:
    return {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"slug": {"enum": slugs}}}]}


def _example(status: int, slug: str) -> dict[str, Any]:
    title = table().problems[slug]
    said = {
        "fr": f"{title['fr']}. Ce qui ne va pas, où, et quoi faire.",
        "en": f"{title['en']}. What, where, what to do.",
    }
    return {
        "type": f"https://tournee.example/problems/{slug}",
        "title": title["en"],
        "status": status,
        "detail": said["en"],
        "slug": slug,
        "details": said,
        "request_id": "01a2165d8c567f36863496c82b2b12b3",
    }


def _not_modified() -> dict[str, Any]:
    return {"description": "The copy that `If-None-Match` names is still the file", "headers": {"ETag": _ETAG}}
