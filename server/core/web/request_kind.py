"""What kind of request it is."""

from __future__ import annotations

from flask import request

API_PREFIX = "/api/v1"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def is_api() -> bool:
    """Say whether a program asks, who wants JSON."""
    return request.path.startswith("/api/")


def is_unsafe() -> bool:
    """Say whether the request may change something."""
    return request.method not in SAFE
