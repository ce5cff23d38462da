"""Refuses problems that contradict themselves, before any solver sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from server.planning.solver.problem import (
    MAX_DIMENSIONS,
    MAX_FIGURE,
    MAX_LOCATIONS,
    MAX_STOPS,
    MAX_VEHICLES,
    Problem,
    Stop,
    Vehicle,
    Window,
)
from shared.problems import Problem as Refusal
from shared.problems import Text

type Fault = tuple[str, str, str]
"""Where, in French, in English."""


class BadProblem(Refusal):
    """The planning problem contradicts itself or passes a limit."""

    slug = "planning-bad-problem"
    title = Text("Problème de planification invalide", "Invalid planning problem")


def checked(problem: Problem) -> Problem:
    """Return the problem itself when it is sound.

    Raises:
        BadProblem: the first fault found, with its place.
    """
    for where, french, english in _faults(problem):
        raise BadProblem(
            Text(f"{french}\N{NO-BREAK SPACE}: corrigez ce champ.", f"{english}: correct it."), where=where
        )
    return problem


def _faults(problem: Problem) -> Iterator[Fault]:
    yield from _sizes(problem)
    yield from _unique("locations", (location.id for location in problem.locations))
    yield from _unique("depots", (depot.id for depot in problem.depots))
    yield from _unique("vehicles", (vehicle.id for vehicle in problem.vehicles))
    yield from _unique("stops", (stop.id for stop in problem.stops))
    yield from _matrix_faults(problem)
    for index, depot in enumerate(problem.depots):
        yield from _known(f"depots[{index}].location", depot.location, problem.location_index)
    for index, vehicle in enumerate(problem.vehicles):
        yield from _vehicle_faults(problem, vehicle, f"vehicles[{index}]")
    for index, stop in enumerate(problem.stops):
        yield from _stop_faults(problem, stop, f"stops[{index}]")


def _sizes(problem: Problem) -> Iterator[Fault]:
    limits = (
        ("dimensions", len(problem.dimensions), 0, MAX_DIMENSIONS),
        ("locations", len(problem.locations), 1, MAX_LOCATIONS),
        ("depots", len(problem.depots), 1, 100),
        ("vehicles", len(problem.vehicles), 1, MAX_VEHICLES),
        ("stops", len(problem.stops), 0, MAX_STOPS),
    )
    for where, size, least, most in limits:
        if not least <= size <= most:
            yield where, f"{size} éléments, il en faut de {least} à {most}", f"{size} items, {least} to {most} allowed"


def _unique(where: str, ids: Iterable[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, one in enumerate(ids):
        if one in seen:
            yield (
                f"{where}[{index}].id",
                f"l'identifiant «\N{NO-BREAK SPACE}{one}\N{NO-BREAK SPACE}» revient",
                (f"id “{one}” appears twice"),
            )
        seen.add(one)


def _known(where: str, name: str, names: Iterable[str]) -> Iterator[Fault]:
    if name not in names:
        yield where, f"«\N{NO-BREAK SPACE}{name}\N{NO-BREAK SPACE}» n'existe pas", f"“{name}” does not exist"


def _matrix_faults(problem: Problem) -> Iterator[Fault]:
    size = len(problem.locations)
    for name, matrix in problem.matrices.items():
        for field, figures in (("durations_s", matrix.durations_s), ("distances_m", matrix.distances_m)):
            where = f"matrices.{name}.{field}"
            if figures.shape != (size, size):
                yield where, f"la matrice n'est pas {size} × {size}", f"the matrix is not {size} × {size}"
            elif (figures < 0).any() or (figures > MAX_FIGURE).any():
                yield where, "un nombre sort des limites", "a figure is out of bounds"
            elif figures.diagonal().any():
                yield where, "la diagonale n'est pas nulle", "the diagonal is not zero"


def _out_of_bounds(part: Vehicle | Stop, where: str) -> Iterator[Fault]:
    """Hold values made in code to the bounds that files are held to."""
    try:
        msgspec.convert(msgspec.structs.asdict(part), type(part))
    except msgspec.ValidationError as error:
        yield where, f"une valeur sort des limites ({error})", f"a value is out of bounds ({error})"


def _vehicle_faults(problem: Problem, vehicle: Vehicle, where: str) -> Iterator[Fault]:
    yield from _out_of_bounds(vehicle, where)
    yield from _known(f"{where}.start_depot", vehicle.start_depot, problem.depot_of)
    yield from _known(f"{where}.end_depot", vehicle.end_depot, problem.depot_of)
    yield from _known(f"{where}.truck_class", vehicle.truck_class, problem.matrices)
    for depot in vehicle.reload_depots:
        yield from _known(f"{where}.reload_depots", depot, problem.depot_of)
    if len(vehicle.capacities) != len(problem.dimensions):
        yield f"{where}.capacities", *_wrong_length(problem)
    if vehicle.shift:
        yield from _window_faults(f"{where}.shift", vehicle.shift)
    if vehicle.pause and vehicle.pause.closes_s - vehicle.pause.opens_s < vehicle.pause.duration_s:
        yield f"{where}.pause", "la pause ne tient pas dans sa plage", "the pause does not fit in its window"


def _stop_faults(problem: Problem, stop: Stop, where: str) -> Iterator[Fault]:
    yield from _out_of_bounds(stop, where)
    yield from _known(f"{where}.location", stop.location, problem.location_index)
    if stop.pinned_to is not None:
        yield from _known(f"{where}.pinned_to", stop.pinned_to, problem.vehicle_of)
    for field, load in (("delivery", stop.delivery), ("pickup", stop.pickup)):
        if load and len(load) != len(problem.dimensions):
            yield f"{where}.{field}", *_wrong_length(problem)
    for index, window in enumerate(stop.windows):
        yield from _window_faults(f"{where}.windows[{index}]", window)


def _window_faults(where: str, window: Window) -> Iterator[Fault]:
    if window.closes_s < window.opens_s:
        yield where, "la plage ferme avant d'ouvrir", "the window closes before it opens"
    if not (0 <= window.opens_s <= MAX_FIGURE and 0 <= window.closes_s <= MAX_FIGURE):
        yield where, "un instant sort des limites", "an instant is out of bounds"


def _wrong_length(problem: Problem) -> tuple[str, str]:
    size = len(problem.dimensions)
    return f"il faut {size} nombres, un par dimension", f"{size} figures are needed, one for each dimension"
