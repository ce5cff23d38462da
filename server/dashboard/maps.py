"""What the browser draws of a run: a line, a depot and numbered stops, in degrees."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from server.core.web.figures import hour
from server.core.web.tiles import tiles_path
from server.dashboard.queries.board import Board
from server.dashboard.queries.runs import RunWhole, StopRow
from server.parties.model import Site
from shared.states import StopState

_E5, _E7 = 100_000, 10_000_000


def map_of_run(whole: RunWhole, zone: ZoneInfo) -> dict[str, Any]:
    """Return the map of one run: ``line`` as [longitude, latitude], stops with words to show."""
    return {
        "lines": [{"name": whole.row.run.name, "line": line_of(whole.row.run.route_e5)}],
        "stops": [_stop(row, row.site, zone) for row in whole.stops if row.site],
        "depots": [_place(whole.depot)] if whole.depot else [],
        "tiles": tiles_path() is not None,
    }


def map_of_day(seen: Board, zone: ZoneInfo) -> dict[str, Any]:
    """Return the map of a day's runs: one line each, all stops, no depot twice."""
    return {
        "lines": [{"name": run.row.run.name, "line": line_of(run.row.run.route_e5)} for run in seen.runs],
        "stops": [_stop(row, row.site, zone) for run in seen.runs for row in run.stops if row.site],
        "depots": [],
        "tiles": tiles_path() is not None,
    }


def line_of(route_e5: list[list[int]]) -> list[list[float]]:
    """Return a kept way as GeoJSON wants it."""
    return [[lon / _E5, lat / _E5] for lat, lon in route_e5]


def _stop(row: StopRow, site: Site, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **_place(site),
        "number": str(row.stop.position),
        "when": hour(row.stop.planned_at, zone),
        "orders": ", ".join(order.number for order in row.orders),
        "look": _look(row),
    }


def _look(row: StopRow) -> str:
    if row.visit is not None and row.visit.outcome.value in {"refused", "failed"}:
        return "bad"
    if row.stop.state is StopState.FAILED:
        return "bad"
    return "done" if row.is_ended else ""


def _place(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "street": f"{site.street}, {site.city}",
        "at": [site.lon_e7 / _E7, site.lat_e7 / _E7],
    }
