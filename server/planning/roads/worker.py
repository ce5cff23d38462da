"""The process that holds the road engine's memory, so that a crash of native code never takes the server along.

Run as ``python -m server.planning.roads.worker FOLDER``; messages of ``frames`` on standard input and output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import msgspec
import numpy as np
import osrm

from server.planning.roads.frames import (
    Answer,
    Failure,
    Ready,
    Request,
    RouteAnswer,
    RouteRequest,
    TableAnswer,
    TableRequest,
    pack,
    read_body,
)
from server.planning.roads.matrix import UNREACHABLE
from server.planning.roads.network import BASE_NAME
from server.planning.roads.points import MAX_POINTS


def main() -> None:
    """Open the network named on the command line and answer until the input ends."""
    answers = _private_output()
    os.chdir(sys.argv[1])  # the engine opens no path with accents
    try:
        engine = osrm.OSRM(
            storage_config=BASE_NAME,
            algorithm="MLD",
            use_shared_memory=False,
            max_locations_distance_table=MAX_POINTS,
            max_locations_viaroute=MAX_POINTS,
        )
    except RuntimeError as error:
        _say(answers, Failure(str(error)))
        return
    _say(answers, Ready())
    while (body := read_body(sys.stdin.buffer)) is not None:
        request = msgspec.msgpack.decode(body, type=TableRequest | RouteRequest)
        _say(answers, _answer(engine, request))


def _private_output() -> BinaryIO:
    # The engine logs to standard output: that goes to standard error, and messages keep the pipe to themselves.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


def _say(answers: BinaryIO, answer: Answer) -> None:
    answers.write(pack(answer))
    answers.flush()


def _answer(engine: Any, request: Request) -> Answer:
    try:
        return _table(engine, request) if isinstance(request, TableRequest) else _route(engine, request)
    except RuntimeError as error:
        return Failure(str(error))


def _table(engine: Any, request: TableRequest) -> TableAnswer:
    parameters = osrm.TableParameters(
        coordinates=request.places, annotations=["duration", "distance"], generate_hints=False
    )
    found = engine.Table(parameters)
    return TableAnswer(
        durations_s=_buffer(found["durations"]),
        distances_m=_buffer(found["distances"]),
        off_road_m=[float(place["distance"]) for place in found["sources"]],
    )


def _buffer(rows: Iterable[Iterable[float | None]]) -> bytes:
    figures = (UNREACHABLE if figure is None else figure for row in rows for figure in row)
    return np.rint(np.fromiter(figures, dtype=np.float64)).astype("<i8").tobytes()


def _route(engine: Any, request: RouteRequest) -> RouteAnswer:
    parameters = osrm.RouteParameters(
        coordinates=request.places, geometries="geojson", overview="full", generate_hints=False
    )
    try:
        found = engine.Route(parameters)
    except RuntimeError as error:
        if "NoRoute" not in str(error):
            raise
        return RouteAnswer(line=[], legs=[], off_road_m=[])
    route = found["routes"][0]
    return RouteAnswer(
        line=[(float(place[0]), float(place[1])) for place in route["geometry"]["coordinates"]],
        legs=[(float(leg["duration"]), float(leg["distance"])) for leg in route["legs"]],
        off_road_m=[float(place["distance"]) for place in found["waypoints"]],
    )


if __name__ == "__main__":
    main()
