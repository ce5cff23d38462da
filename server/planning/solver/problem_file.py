"""The product's own JSON format for planning problems: one object, described in ``docs/planning.md``."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta

from server.planning.roads.estimate import estimate_matrix
from server.planning.roads.matrix import IntMatrix, Matrix, MatrixSource
from server.planning.roads.points import Point
from server.planning.solver.checking import BadProblem, checked
from server.planning.solver.problem import (
    MAX_DIMENSIONS,
    MAX_FIGURE,
    MAX_LOCATIONS,
    MAX_STOPS,
    MAX_VEHICLES,
    Depot,
    Id,
    Location,
    Problem,
    Stop,
    Vehicle,
)
from shared.problems import Text

FORMAT: Final = "tournee-problem/1"
MAX_FILE_BYTES: Final = 256_000_000

_PLACE: Final = re.compile(r"at `(\$[^`]*)`|field `([^`]+)`|(byte \d+)")

type Row = list[Annotated[int, Meta(ge=0, le=MAX_FIGURE)]]


class MatrixPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Travel between the locations in their order: rows of whole seconds and metres; 1 000 000 000 means no way."""

    durations_s: list[Row]
    distances_m: list[Row]


class ProblemFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The file as it is written. Without ``matrices``, travel is estimated from the positions and labelled so."""

    format: Annotated[str, Meta(pattern=rf"^{FORMAT}$(?!\n)")]
    name: Annotated[str, Meta(max_length=200)] = ""
    dimensions: Annotated[tuple[Id, ...], Meta(max_length=MAX_DIMENSIONS)] = ()
    locations: Annotated[tuple[Location, ...], Meta(min_length=1, max_length=MAX_LOCATIONS)]
    depots: Annotated[tuple[Depot, ...], Meta(min_length=1, max_length=100)]
    vehicles: Annotated[tuple[Vehicle, ...], Meta(min_length=1, max_length=MAX_VEHICLES)]
    stops: Annotated[tuple[Stop, ...], Meta(max_length=MAX_STOPS)]
    matrices: dict[Id, MatrixPart] = {}


def decode_problem(content: bytes) -> Problem:
    """Return the problem written in ``content``.

    Raises:
        BadProblem: not JSON, an unknown or wrong field, a figure out of bounds, or parts that contradict each other.
    """
    if len(content) > MAX_FILE_BYTES:
        raise BadProblem(
            Text(f"Le fichier dépasse {MAX_FILE_BYTES // 1_000_000} Mo.", f"Over {MAX_FILE_BYTES // 1_000_000} MB.")
        )
    try:
        file = msgspec.json.decode(content, type=ProblemFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = _place(error)
        raise BadProblem(
            Text(
                f"Le fichier JSON ne suit pas le format {FORMAT} à cet endroit\u00a0: {place or 'début du fichier'}. "
                "Corrigez-le; voyez docs/planning.md.",
                f"The JSON file does not follow {FORMAT}: {error}. See docs/planning.md.",
            ),
            where=place,
        ) from error
    return checked(
        Problem(
            name=file.name,
            dimensions=file.dimensions,
            locations=file.locations,
            depots=file.depots,
            vehicles=file.vehicles,
            stops=file.stops,
            matrices=_matrices(file),
        )
    )


def _place(error: Exception) -> str:
    """Return where the decoder stopped: the path of the field, the field that is missing, or the byte."""
    found = _PLACE.finditer(str(error))
    fields = [next(filter(None, one.groups())) for one in found]
    return ".".join(sorted(fields, key=lambda field: not field.startswith("$")))


def encode_problem(problem: Problem) -> bytes:
    """Return the problem as a file that ``decode_problem`` reads back."""
    file = ProblemFile(
        format=FORMAT,
        name=problem.name,
        dimensions=problem.dimensions,
        locations=problem.locations,
        depots=problem.depots,
        vehicles=problem.vehicles,
        stops=problem.stops,
        matrices={
            name: MatrixPart(matrix.durations_s.tolist(), matrix.distances_m.tolist())
            for name, matrix in problem.matrices.items()
        },
    )
    return msgspec.json.encode(file)


def _matrices(file: ProblemFile) -> dict[str, Matrix]:
    if not file.matrices:
        estimate = estimate_matrix([_point(location, index) for index, location in enumerate(file.locations)])
        return dict.fromkeys({vehicle.truck_class for vehicle in file.vehicles}, estimate)
    return {
        name: Matrix(
            _square(part.durations_s, f"matrices.{name}.durations_s"),
            _square(part.distances_m, f"matrices.{name}.distances_m"),
            MatrixSource.GIVEN,
        )
        for name, part in file.matrices.items()
    }


def _point(location: Location, index: int) -> Point:
    if location.lon is None or location.lat is None:
        raise BadProblem(
            Text(
                "Sans «\N{NO-BREAK SPACE}matrices\N{NO-BREAK SPACE}», chaque lieu a besoin de lon et de lat.",
                "Without “matrices”, every location needs lon and lat.",
            ),
            where=f"locations[{index}]",
        )
    return Point(location.lon, location.lat)


def _square(rows: list[Row], where: str) -> IntMatrix:
    if any(len(row) != len(rows) for row in rows):
        raise BadProblem(
            Text(
                "La matrice n’est pas carrée\N{NO-BREAK SPACE}: corrigez-la.", "The matrix is not square: correct it."
            ),
            where=where,
        )
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))
