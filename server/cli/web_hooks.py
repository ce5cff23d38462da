"""What gunicorn calls in its workers, as its own settings file."""

from __future__ import annotations

from typing import Any

from server.core.heap import keep_loaded


def post_worker_init(_worker: Any) -> None:
    """Called once a worker has loaded the application."""
    keep_loaded()
