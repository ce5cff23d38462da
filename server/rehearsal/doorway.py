"""The office's doors without a network: the real application, called in this process."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Flask

from driver_app.sync.transport import Answer

_PACKED_FROM_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it travels: ``length`` is what it announces, ``body`` what arrives of it."""

    method: str
    path: str
    body: bytes
    length: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def cut(self, kept: int) -> Request:
        """Return the request of which only the first ``kept`` bytes arrive."""
        return Request(self.method, self.path, self.body[:kept], self.length, self.headers)


def packed(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Return the request as the tablet's own transport writes it: long messages are packed."""
    sent = dict(headers)
    if len(body) >= _PACKED_FROM_BYTES and sent.get("Content-Type") == "application/json":
        body, sent["Content-Encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
    return Request(method, path, body, len(body), sent)


def ask(app: Flask, request: Request) -> Answer:
    """Return what the application answers; whatever kills it on the way goes through."""
    answer = app.test_client().open(
        request.path,
        method=request.method,
        headers=dict(request.headers),
        data=request.body,
        environ_overrides={"CONTENT_LENGTH": str(request.length)},
    )
    return Answer(answer.status_code, answer.get_data(), {name.lower(): value for name, value in answer.headers})


class Doorway:
    """A tablet's transport straight into the office."""

    def __init__(self, app: Flask) -> None:
        """Take the application."""
        self._app = app

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return the answer, whatever its status."""
        return ask(self._app, packed(method, path, headers, body))
