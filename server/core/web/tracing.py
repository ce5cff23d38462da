"""Each request has an id, one log line and its place in the metrics."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from server.core.logs import log
from shared.ids import new_id

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")
_REQUESTS = Counter("tournee_requests", "Answers by view, method and status", ["view", "method", "status"])
_SECONDS = Histogram("tournee_request_seconds", "Time from request to answer by view", ["view"])


def install_tracing(app: Flask) -> None:
    """Name, time and log every request of ``app``."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """Return the id of this request, as its answer and its log lines carry it."""
    named: str = g.get("request_id", "")
    return named


def _begin() -> None:
    proposed = request.headers.get(HEADER, "")
    g.request_id = proposed if _ACCEPTED.fullmatch(proposed) else new_id().hex
    g.began_s = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    duration_s = time.perf_counter() - g.get("began_s", time.perf_counter())
    view = request.endpoint or "none"
    _REQUESTS.labels(view, _method(), response.status_code).inc()
    _SECONDS.labels(view).observe(duration_s)
    response.headers[HEADER] = request_id()
    log(__name__).info(
        "request",
        method=_method(),
        path=request.path,
        view=view,
        status=response.status_code,
        duration_ms=round(duration_s * 1000, 1),
    )
    return response


def _method() -> str:
    known = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
    return request.method if request.method in known else "OTHER"
