"""Reads public instances: VRPLIB (CVRP, VRPTW, several depots, several trips) and plain Solomon files.

Each kind of file has its rounding convention, and results are told in it:

* CVRP: distances rounded to the nearest integer;
* VRPTW and several trips: everything times ten and truncated, which is « truncated to one decimal » (DIMACS 2022);
* several depots (MDVRPTW): everything times a thousand and rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import vrplib.parse
from numpy.typing import NDArray

from server.planning.roads.matrix import Matrix, MatrixSource
from server.planning.solver.checking import BadProblem, checked
from server.planning.solver.problem import MAX_FIGURE, MAX_STOPS, Depot, Location, Problem, Stop, Vehicle, Window
from shared.problems import Text

MAX_FILE_BYTES: Final = 64_000_000
TRUCK_CLASS: Final = "truck"
_DIMENSION: Final = "demand"
_IGNORED: Final = frozenset(
    {
        *("name", "comment", "type", "dimension", "display_data_type", "display_data"),
        *("edge_weight_type", "edge_weight_format", "edge_weight", "node_coord_type", "node_coord"),
    }
)
_READ: Final = frozenset(
    {
        *("capacity", "vehicles", "demand", "backhaul", "service_time", "time_window", "depot", "release_time"),
        *("vehicles_depot", "vehicles_max_duration", "vehicles_max_distance", "distance"),
        *("vehicles_reload_depot", "vehicles_max_reloads"),
    }
)


class Convention(StrEnum):
    """How a file's figures become integers."""

    ROUND = "round"
    DIMACS = "dimacs"
    DIMACS_TENTHS = "dimacs_x10"
    EXACT = "exact_x1000"

    @property
    def label(self) -> Text:
        """Return the words for people."""
        return _LABELS[self]

    def apply(self, figures: Any) -> NDArray[np.int64]:
        """Return ``figures`` as the integers that the solver counts in.

        Raises:
            ValueError: one is negative, no number, or too large.
        """
        array = np.asarray(figures, dtype=np.float64)
        if not ((array >= 0) & (array <= MAX_FIGURE / 1_000)).all():
            raise ValueError("a figure is negative, no number, or too large")
        if self is Convention.ROUND:
            return np.rint(array).astype(np.int64)
        if self is Convention.EXACT:
            return np.rint(1_000 * array).astype(np.int64)
        return (10 * array).astype(np.int64)

    def told(self, figure: int) -> int | float:
        """Return a counted figure as results of this kind of file are published."""
        return figure / 10 if self is Convention.DIMACS else figure


_LABELS = {
    Convention.ROUND: Text("distances arrondies à l’entier le plus proche", "distances rounded to the nearest integer"),
    Convention.DIMACS: Text(
        "distances et durées tronquées à une décimale (DIMACS)",
        "distances and durations truncated to one decimal (DIMACS)",
    ),
    Convention.DIMACS_TENTHS: Text(
        "distances et durées en dixièmes, tronquées (DIMACS × 10)",
        "distances and durations in tenths, truncated (DIMACS × 10)",
    ),
    Convention.EXACT: Text("distances et durées en millièmes, arrondies", "distances and durations in thousandths"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A public instance: its problem in whole figures, and how to tell results."""

    problem: Problem
    convention: Convention


def decode_instance(content: bytes, *, name: str) -> Instance:
    """Return the VRPLIB or Solomon instance written in ``content``; stops are named by the file's customer numbers.

    Customers are numbered from 1 after the depots, as in published solutions.

    Raises:
        BadProblem: not such a file, a section this reader does not know, or figures out of bounds.
    """
    if len(content) > MAX_FILE_BYTES:
        raise _bad(f"le fichier dépasse {MAX_FILE_BYTES // 10**6} Mo", f"the file is over {MAX_FILE_BYTES // 10**6} MB")
    fields = _parse(content)
    unknown = sorted(set(fields) - _IGNORED - _READ)
    if unknown:
        where = unknown[0].upper()
        raise _bad(f"la section {where} n'est pas prise en charge", f"section {where} is not supported", where)
    try:
        return _instance(fields, name)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise _bad(f"contenu incohérent ({error})", f"inconsistent content ({error})") from error


def _parse(content: bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8")
        _refuse_large(text)
        if re.search(r"^\s*VEHICLE\s*$", text, re.MULTILINE):
            return dict(vrplib.parse.parse_solomon(text)) | {"type": "VRPTW"}
        with np.errstate(all="ignore"):  # absurd coordinates are refused as weights, a line later
            return dict(vrplib.parse.parse_vrplib(text))
    except BadProblem:
        raise
    except Exception as error:  # the parser raises whatever its text handling meets
        raise _bad(
            "ce n'est ni un fichier VRPLIB ni un fichier Solomon", "neither a VRPLIB nor a Solomon file"
        ) from error


def _refuse_large(text: str) -> None:
    """Refuse before the parser builds an n × n matrix."""
    said = re.search(r"^\s*DIMENSION\s*:\s*(\d+)", text, re.MULTILINE)
    lines = text.count("\n") if said is None else int(said.group(1))
    if lines > MAX_STOPS:
        raise _bad(f"plus de {MAX_STOPS} lieux", f"over {MAX_STOPS} places", "DIMENSION")


def _instance(fields: dict[str, Any], name: str) -> Instance:
    convention = _convention(fields)
    size = int(fields.get("dimension", len(fields["edge_weight"])))
    depots = [int(index) for index in np.atleast_1d(fields.get("depot", [0]))]
    if depots != list(range(len(depots))) or not depots:
        raise _bad("les dépôts ne sont pas les premiers lieux", "depots are not the first places", "DEPOT_SECTION")
    reader = _Reader(fields, convention, size, len(depots))
    weights = convention.apply(fields["edge_weight"])
    problem = Problem(
        name=name,
        dimensions=(_DIMENSION,),
        locations=tuple(Location(id=str(index)) for index in range(size)),
        depots=tuple(Depot(id=f"D{index}", location=str(index)) for index in depots),
        vehicles=reader.vehicles(),
        stops=reader.stops(),
        matrices={TRUCK_CLASS: Matrix(weights, weights, MatrixSource.GIVEN)},
    )
    return Instance(problem=checked(problem), convention=convention)


def _convention(fields: dict[str, Any]) -> Convention:
    kind = str(fields.get("type", "")).upper()
    if kind.startswith("MD"):
        return Convention.EXACT
    if kind.startswith("MT"):
        return Convention.DIMACS_TENTHS
    if kind == "VRPTW" or "time_window" in fields:
        return Convention.DIMACS
    return Convention.ROUND


class _Reader:
    """Turns parsed sections into vehicles and stops."""

    def __init__(self, fields: dict[str, Any], convention: Convention, size: int, depots: int) -> None:
        self._fields, self._convention, self._size, self._depots = fields, convention, size, depots
        self._windows = self._windows_of()

    def vehicles(self) -> tuple[Vehicle, ...]:
        count = int(self._fields.get("vehicles", self._size - self._depots))
        homes = [int(depot) - 1 for depot in np.broadcast_to(self._fields.get("vehicles_depot", 1), count)]
        capacities = self._each("capacity", count)
        durations = self._each("vehicles_max_duration", count)
        distances = self._each("vehicles_max_distance" if "distance" not in self._fields else "distance", count)
        reload_limits = np.broadcast_to(self._fields.get("vehicles_max_reloads", -1), count)
        return tuple(
            Vehicle(
                id=str(index + 1),
                start_depot=f"D{homes[index]}",
                end_depot=f"D{homes[index]}",
                capacities=(MAX_FIGURE if capacities is None else capacities[index],),
                shift=self._windows[homes[index]] if self._windows else None,
                duration_limit_s=None if durations is None else durations[index],
                distance_limit_m=None if distances is None else distances[index],
                reload_depots=self._reload_depots(index),
                reload_limit=int(reload_limits[index]) if reload_limits[index] >= 0 else None,
            )
            for index in range(count)
        )

    def stops(self) -> tuple[Stop, ...]:
        demands = self._sections("demand")
        backhauls = self._sections("backhaul")
        service = self._service()
        releases = self._sections("release_time")
        return tuple(
            Stop(
                id=str(index - self._depots + 1),
                location=str(index),
                delivery=(demands[index],),
                pickup=(backhauls[index],),
                windows=(self._windows[index],) if self._windows else (),
                service_s=service[index],
                released_s=releases[index],
            )
            for index in range(self._depots, self._size)
        )

    def _windows_of(self) -> list[Window]:
        if "time_window" not in self._fields:
            return []
        rows = self._convention.apply(self._fields["time_window"]).reshape(self._size, 2)
        return [Window(opens_s=int(opens), closes_s=int(closes)) for opens, closes in rows]

    def _sections(self, section: str) -> list[int]:
        figures = self._convention.apply(np.broadcast_to(self._fields.get(section, 0), self._size))
        return [int(figure) for figure in figures]

    def _service(self) -> list[int]:
        figures = self._sections("service_time")
        return [0] * self._depots + figures[self._depots :]

    def _each(self, name: str, count: int) -> list[int] | None:
        if name not in self._fields:
            return None
        return [int(figure) for figure in self._convention.apply(np.broadcast_to(self._fields[name], count))]

    def _reload_depots(self, index: int) -> tuple[str, ...]:
        if "vehicles_reload_depot" not in self._fields:
            return ()
        return tuple(f"D{int(depot) - 1}" for depot in np.atleast_1d(self._fields["vehicles_reload_depot"][index]))


def _bad(french: str, english: str, where: str = "") -> BadProblem:
    return BadProblem(
        Text(
            f"Instance refusée\N{NO-BREAK SPACE}: {french}. Donnez un fichier VRPLIB ou Solomon complet.",
            f"Instance refused: {english}. Give a whole VRPLIB or Solomon file.",
        ),
        where=where,
    )
