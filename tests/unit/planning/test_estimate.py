"""Estimated travel where no road network is built."""

from __future__ import annotations

import numpy as np
import pytest

from server.planning.roads import MatrixSource, Point, estimate_matrix
from server.planning.roads.estimate import great_circle_m
from server.planning.roads.points import BadPoints

MONTREAL = Point(-73.5673, 45.5017)
QUEBEC = Point(-71.2080, 46.8139)


def test_the_great_circle_from_montreal_to_quebec() -> None:
    """Planning: 233 km as the crow flies."""
    assert great_circle_m([MONTREAL, QUEBEC])[0, 1] == pytest.approx(233_000, rel=0.01)


def test_an_estimate_is_the_great_circle_times_1_44_at_36_km_h() -> None:
    """Planning: no extract."""
    crow_m = great_circle_m([MONTREAL, QUEBEC])[0, 1]
    matrix = estimate_matrix([MONTREAL, QUEBEC])
    assert matrix.distances_m[0, 1] == pytest.approx(1.44 * crow_m, abs=1)
    assert matrix.durations_s[0, 1] == pytest.approx(1.44 * crow_m / 10, abs=1)


def test_a_promise_is_287_s_and_0_12_s_a_metre() -> None:
    """Planning: times told to customers are generous."""
    plain, promise = estimate_matrix([MONTREAL, QUEBEC]), estimate_matrix([MONTREAL, QUEBEC], promise=True)
    assert promise.durations_s[0, 1] == pytest.approx(287 + 0.12 * plain.distances_m[0, 1], abs=1)
    assert np.array_equal(promise.distances_m, plain.distances_m)


def test_the_same_place_is_no_drive_at_all() -> None:
    """Planning: several orders of one dock cost no travel, promised or not."""
    assert not estimate_matrix([MONTREAL, MONTREAL]).durations_s.any()
    assert not estimate_matrix([MONTREAL, MONTREAL], promise=True).durations_s.any()


def test_an_estimate_says_that_it_is_one() -> None:
    """Planning: always labelled « estimé »."""
    matrix = estimate_matrix([MONTREAL])
    assert matrix.source is MatrixSource.ESTIMATE
    assert (matrix.source.label.fr, matrix.source.label.en) == ("estimé", "estimated")


@pytest.mark.parametrize(
    ("points", "where"),
    [([], ""), ([MONTREAL, Point(-73.0, 90.5)], "points[1]"), ([Point(float("nan"), 45.0)], "points[0]")],
)
def test_what_is_no_position_is_refused_by_its_place(points: list[Point], where: str) -> None:
    """Bad input: the problem names the position."""
    with pytest.raises(BadPoints) as caught:
        estimate_matrix(points)
    assert caught.value.where == where


def test_a_part_of_a_matrix_keeps_its_origin() -> None:
    """Planning: a taken matrix is still an estimate, in the new order."""
    whole = estimate_matrix([MONTREAL, QUEBEC, Point(-72.0, 46.0)])
    part = whole.take([2, 0])
    assert part.durations_s.tolist() == [
        [0, whole.durations_s[2, 0]],
        [whole.durations_s[0, 2], 0],
    ]
    assert part.source is MatrixSource.ESTIMATE
