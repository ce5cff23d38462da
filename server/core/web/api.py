"""What operators ask the product: is it alive, is it ready, which version, how much."""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import prometheus_client
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from prometheus_client import multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text

from server.core.blobs import blob_store
from server.core.logs import log
from server.core.problems import NotFound, Text
from server.core.settings import settings
from server.core.transaction import engine
from server.core.web.access import public

LEAST_FREE_BYTES = 200 * 1024 * 1024
_GAUGES = "tournee.gauges"
operations = Blueprint("operations", __name__)


@operations.get("/healthz")
@public("a probe has no account, and learns nothing")
def health() -> Response:
    """Say that the process answers"""
    return jsonify(status="ok")


@operations.get("/readyz")
@public("a probe has no account, and learns nothing but yes or no")
def readiness() -> tuple[Response, int]:
    """Say which of database, schema, disk and store are ready"""
    checks = {"database": _database, "schema": _schema, "disk": _disk, "store": _store}
    found = {name: _holds(name, check) for name, check in checks.items()}
    ready = all(found.values())
    return jsonify(status="ok" if ready else "not ready", checks=found), 200 if ready else 503


@operations.get("/version")
@public("the number of the release is printed in its documentation, too")
def release() -> Response:
    """Say which release runs"""
    return jsonify(name="tournee", version=version("tournee"))


@operations.get("/metrics")
@public("counts without names, for addresses of this network alone")
def metrics() -> Response:
    """Return the metrics in Prometheus's text format"""
    _check_neighbour()
    registry = prometheus_client.REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    told = prometheus_client.generate_latest(registry) + prometheus_client.generate_latest(_Measured())
    return Response(told, mimetype="text/plain")


def install_gauge(app: Flask, name: str, words: str, measure: Callable[[], float | None]) -> None:
    """Show in the metrics what is measured when they are asked for; what cannot be said then is left out."""
    app.extensions.setdefault(_GAUGES, []).append((name, words, measure))


class _Measured(Collector):
    """The gauges of this application; values of other processes do not matter, since each measures the same."""

    def collect(self) -> Iterator[Metric]:
        """Measure each."""
        for name, words, measure in current_app.extensions.get(_GAUGES, []):
            value = measure()
            if value is not None:
                yield GaugeMetricFamily(name, words, value=value)


def _check_neighbour() -> None:
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104  # an unknown address is no neighbour
    if not (address.is_loopback or address.is_private):
        raise NotFound(Text("Rien ne se trouve à cette adresse.", "There is nothing at this address."))


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  # whatever the reason, the answer is: not ready
        log(__name__).warning("not ready", check=name, exc_info=error)
        return False


def _database() -> bool:
    with engine().connect() as connection:
        return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)


def _schema() -> bool:
    from server.core.migrations import pending

    with engine().connect() as connection:
        return not pending(connection)


def _disk() -> bool:
    folder = Path(settings().store_path)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free > LEAST_FREE_BYTES


def _store() -> bool:
    return not blob_store().has(UUID(int=0), "0" * 64)
