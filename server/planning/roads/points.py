"""Positions on the ground."""

from __future__ import annotations

from typing import NamedTuple

from shared.problems import Problem, Text

MAX_POINTS = 5_000
LON_LIMIT = 180.0
LAT_LIMIT = 90.0


class Point(NamedTuple):
    """A position in degrees, longitude first as in GeoJSON (WGS 84)."""

    lon: float
    lat: float


class BadPoints(Problem):
    """The positions asked for are too few, too many or not on Earth."""

    slug = "roads-bad-points"
    title = Text("Positions inutilisables", "Unusable positions")


def check_points(points: list[Point]) -> None:
    """Accept 1 to ``MAX_POINTS`` positions on Earth.

    Raises:
        BadPoints: none, too many, or one that is not a position.
    """
    if not 1 <= len(points) <= MAX_POINTS:
        raise BadPoints(
            Text(
                f"{len(points)} positions reçues\N{NO-BREAK SPACE}: il en faut de 1 à {MAX_POINTS}.",
                f"{len(points)} positions received: between 1 and {MAX_POINTS} are needed.",
            )
        )
    for index, point in enumerate(points):
        if not (abs(point.lon) <= LON_LIMIT and abs(point.lat) <= LAT_LIMIT):  # also refuses NaN
            raise BadPoints(
                Text(
                    f"La position ({point.lon}, {point.lat}) n’est pas sur Terre\N{NO-BREAK SPACE}: "
                    "la longitude va de −180 à 180, la latitude de −90 à 90.",
                    f"Position ({point.lon}, {point.lat}) is not on Earth: "
                    "longitude runs from -180 to 180, latitude from -90 to 90.",
                ),
                where=f"points[{index}]",
            )
