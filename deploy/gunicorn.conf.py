"""How the web processes run: threads wait for the database, two processes use two cores."""

from typing import Any

from server.core.heap import keep_loaded

bind = "0.0.0.0:8000"  # inside the container: only the proxy's network reaches it
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190
forwarded_allow_ips = "*"  # the proxy is the only one that can connect
worker_tmp_dir = "/dev/shm"  # noqa: S108  # heartbeats in memory: a slow disk must not look like a dead worker


def post_worker_init(_worker: Any) -> None:
    """Called by gunicorn once a worker has loaded the application."""
    keep_loaded()
