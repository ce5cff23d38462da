"""The API's document held against what tests are answered: each refusal that any test gets must be in it."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished

from server.core.web.refusals import table

_untrue: list[str] = []


@pytest.fixture(autouse=True)
def _the_document_tells_what_is_answered() -> Iterator[None]:
    """Fail the test whose request was refused in a way that the API's document does not name."""
    _untrue.clear()
    yield
    found = sorted(set(_untrue))
    _untrue.clear()
    assert found == [], "not in the API's document: is `python -m tools.refusals` up to date?"


def untold(endpoint: str, status: int, slug: str) -> str:
    """Say how an answer is missing in the document; nothing when it is there, or when the endpoint is a test's own."""
    known = table().operations.get(endpoint)
    if known is None or status < HTTPStatus.BAD_REQUEST or slug in known.get(str(status), ()):
        return ""
    is_fault = status == HTTPStatus.INTERNAL_SERVER_ERROR  # whatever broke, it is described as a fault of ours
    return "" if is_fault else f"{endpoint}: {status} {slug}"


@request_finished.connect
def _look(app: Flask, response: Response, **_: Any) -> None:
    del app
    if request.endpoint and request.method not in {"HEAD", "OPTIONS"} and response.mimetype.endswith("problem+json"):
        said = untold(request.endpoint, response.status_code, (response.get_json(silent=True) or {}).get("slug", ""))
        if said:
            _untrue.append(said)
