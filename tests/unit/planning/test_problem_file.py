"""The product's own JSON format for planning problems."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.planning.roads import MatrixSource
from server.planning.solver import (
    BadProblem,
    Pause,
    StopRule,
    Window,
    check_plan,
    decode_problem,
    encode_problem,
    solve,
)
from tests.factories.planning_problems import line_problem, stop_at, truck

GUIDE = Path(__file__).parents[3] / "docs" / "planning.md"


def example() -> dict[str, Any]:
    """The example of the guide."""
    (block,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return json.loads(block)


def test_the_example_of_the_guide_is_planned() -> None:
    """Documentation is tested: what docs/planning.md shows works as it stands."""
    problem = decode_problem(json.dumps(example()).encode())
    plan = solve(problem, StopRule(iterations=50), seed=1)
    assert check_plan(problem, plan) == ()
    assert problem.matrices["truck"].source is MatrixSource.ESTIMATE


def test_a_written_problem_reads_back_the_same() -> None:
    """Planning: no field is lost on the way."""
    window = Window(opens_s=5, closes_s=50_000)
    stop = stop_at(
        100,
        pickup=(3,),
        windows=(window,),
        service_s=9,
        needs=frozenset({"lift"}),
        pinned_to="A",
        prize=4,
        released_s=2,
    )
    vehicle = truck(
        "A", shift=window, duration_limit_s=9, distance_limit_m=8, fixed_cost=7, cost_per_m=6, cost_per_s=5,
        skills=frozenset({"lift"}), reload_depots=("depot",), reload_limit=3, pause=Pause(opens_s=0, closes_s=3_600),
    )  # fmt: skip
    problem = line_problem([stop], vehicles=[vehicle])
    assert decode_problem(encode_problem(problem)) == problem


def broken(path: list[str | int], value: object) -> bytes:
    document = example()
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["format"], "tournee-problem/9", "$.format"),
        (["colour"], "blue", "colour"),
        (["stops", 0, "service_s"], -1, "$.stops[0].service_s"),
        (["stops", 0, "service_s"], 1.5, "$.stops[0].service_s"),
        (["stops", 0, "service_s"], "600", "$.stops[0].service_s"),
        (["stops", 0, "delivery"], [10**13, 1], "$.stops[0].delivery[0]"),
        (["stops", 0, "id"], "", "$.stops[0].id"),
        (["vehicles", 0, "colour"], "blue", "$.vehicles[0]"),
        (["locations", 0, "lat"], 91, "$.locations[0].lat"),
        (["vehicles"], [], "$.vehicles"),
    ],
)
def test_a_wrong_field_is_named(path: list[str | int], value: object, named: str) -> None:
    """Bad input: the problem says which field, in both languages."""
    with pytest.raises(BadProblem) as caught:
        decode_problem(broken(path, value))
    assert named in caught.value.detail.fr
    assert named in caught.value.detail.en


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe{}", b'{"format": "tournee-problem/1"}', b"null"])
def test_what_is_no_problem_at_all_is_refused(content: bytes) -> None:
    """Bad input: never a stack trace."""
    with pytest.raises(BadProblem):
        decode_problem(content)


def test_a_location_without_position_needs_matrices() -> None:
    """Bad input: an estimate needs positions, and the problem says whose is missing."""
    document = example()
    del document["locations"][1]["lat"]
    with pytest.raises(BadProblem) as caught:
        decode_problem(json.dumps(document).encode())
    assert caught.value.where == "locations[1]"


@pytest.mark.parametrize("rows", [[[0, 1], [1]], [[0]], [[0, 1, 2], [1, 0, 2], [1, 2, 5]]])
def test_a_matrix_of_the_wrong_shape_is_refused(rows: list[list[int]]) -> None:
    """Bad input: square, as large as the locations, zero on the diagonal."""
    document = example()
    document["matrices"] = {"truck": {"durations_s": rows, "distances_m": rows}}
    with pytest.raises(BadProblem) as caught:
        decode_problem(json.dumps(document).encode())
    assert caught.value.where.startswith("matrices.truck")
