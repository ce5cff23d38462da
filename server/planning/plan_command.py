"""What ``tournee plan`` does between reading a file and printing: read, solve, judge, tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from server.planning.roads.matrix import MatrixSource
from server.planning.solver import Plan, Problem, StopRule, check_plan, decode_problem, solve
from server.planning.solver.checker import plan_cost, plan_distance_m
from server.planning.solver.checking import BadProblem
from server.planning.solver.vrplib_files import Convention, Instance, decode_instance
from shared.problems import Text

MAX_FILE_BYTES: Final = 256_000_000

type Document = dict[str, Any]


def plan_file(file: Path, *, seconds: float | None, iterations: int | None, seed: int) -> Document:
    """Return the plan for ``file`` as a document for people and machines.

    ``cost`` and ``distance`` are recomputed by the checker and told in the file's own convention; ``feasible`` is the
    checker's word: no violation. ``routes`` lists each truck's stops in order, as customer numbers for public
    instances; ``timetable`` has the times.

    Raises:
        BadProblem: the file cannot be read or contradicts itself.
        BadStopRule: the search would have no end.
    """
    rule = StopRule(seconds=seconds, iterations=iterations)
    content = _content(file)
    if content.lstrip()[:1] == b"{":
        problem = decode_problem(content)
        return _document(problem, solve(problem, rule, seed=seed), None)
    instance = decode_instance(content, name=file.stem)
    return _document(instance.problem, solve(instance.problem, rule, seed=seed), instance)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BadProblem(
                Text(
                    "Le fichier dépasse 256 Mo\N{NO-BREAK SPACE}: réduisez-le.", "The file is over 256 MB: reduce it."
                ),
                where=str(file),
            )
        return file.read_bytes()
    except OSError as error:
        raise BadProblem(
            Text(
                "Ce fichier est illisible ou absent\N{NO-BREAK SPACE}: vérifiez le chemin.",
                "This file is missing or cannot be read: check the path.",
            ),
            where=str(file),
        ) from error


def _document(problem: Problem, plan: Plan, instance: Instance | None) -> Document:
    violations = check_plan(problem, plan)
    convention = instance.convention if instance else None
    return {
        "name": problem.name,
        "cost": _told(plan_cost(problem, plan), convention),
        "feasible": not violations,
        "routes": [[_customer(stop, instance) for stop in route.stops] for route in plan.routes],
        "distance": _told(plan_distance_m(problem, plan), convention),
        "duration": _told(plan.duration_s, convention),
        "convention": convention or "metres_and_seconds",
        "roads": _source(problem),
        "unassigned": [{"stop": _customer(one.stop, instance), "reason": str(one.reason)} for one in plan.unassigned],
        "violations": [
            msgspec.to_builtins(violation) | {"fr": violation.kind.label.fr, "en": violation.kind.label.en}
            for violation in violations
        ],
        "timetable": [msgspec.to_builtins(route) | {"duration_s": route.duration_s} for route in plan.routes],
        "iterations": plan.iterations,
    }


def _told(figure: int, convention: Convention | None) -> int | float:
    return figure if convention is None else convention.told(figure)


def _customer(stop: str, instance: Instance | None) -> int | str:
    return stop if instance is None else int(stop)


def _source(problem: Problem) -> str:
    sources = {matrix.source for matrix in problem.matrices.values()}
    return str(MatrixSource.ESTIMATE if MatrixSource.ESTIMATE in sources else min(sources))
