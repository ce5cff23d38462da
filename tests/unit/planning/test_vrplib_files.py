"""Public instances: VRPLIB and Solomon files, in their own rounding conventions."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
import pyvrp

from server.planning.solver import BadProblem, StopRule, check_plan, solve
from server.planning.solver.vrplib_files import Convention, decode_instance

SOLOMON = """T101

VEHICLE
NUMBER     CAPACITY
  3         50

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        200          0
    1      1          1         20          0        100         10
    2      2          2         20         50        100         10
    3      0          3         20          0        200         10
"""

CVRP = """NAME : K-n5-k2
COMMENT : drawn for the tests
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 20
NODE_COORD_SECTION
1 0 0
2 0 7
3 5 5
4 7 0
5 3 3
DEMAND_SECTION
1 0
2 10
3 10
4 10
5 10
DEPOT_SECTION
1
-1
EOF
"""

SEVERAL_DEPOTS = """NAME: two
TYPE: MDVRPTW
EDGE_WEIGHT_TYPE: EUC_2D
DIMENSION: 4
VEHICLES: 2
CAPACITY: 10
VEHICLES_MAX_DURATION: 40
NODE_COORD_SECTION
1 0 0
2 10.5 0
3 1 0
4 9 0
DEMAND_SECTION
1 0
2 0
3 5
4 5
SERVICE_TIME_SECTION
1 0
2 0
3 3
4 3
TIME_WINDOW_SECTION
1 0 100
2 0 100
3 0 100
4 20 30
VEHICLES_DEPOT_SECTION
1 1
2 2
DEPOT_SECTION
1
2
-1
EOF
"""

SEVERAL_TRIPS = """NAME: trips
TYPE: MTVRPTWR
EDGE_WEIGHT_TYPE: EUC_2D
DIMENSION: 3
VEHICLES: 1
CAPACITY: 10
SERVICE_TIME: 10
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
DEMAND_SECTION
1 0
2 10
3 10
TIME_WINDOW_SECTION
1 0 1000
2 0 1000
3 0 1000
RELEASE_TIME_SECTION
1 0
2 0
3 100
VEHICLES_RELOAD_DEPOT_SECTION
1 1
DEPOT_SECTION
1
-1
EOF
"""

QUICK = StopRule(iterations=100)


def test_solomon_figures_are_truncated_to_one_decimal() -> None:
    """Planning: VRPTW counts in tenths, truncated, and tells decimals (DIMACS 2022)."""
    instance = decode_instance(SOLOMON.encode(), name="T101")
    assert instance.convention is Convention.DIMACS
    assert instance.problem.matrices["truck"].distances_m[0].tolist() == [0, 14, 28, 30]
    assert instance.problem.stops[1].windows[0].opens_s == 500
    assert (len(instance.problem.vehicles), instance.problem.vehicles[0].shift.closes_s) == (3, 2_000)
    assert instance.convention.told(8_273) == 827.3


def test_cvrp_distances_are_rounded_to_the_nearest_integer() -> None:
    """Planning: CVRP counts whole distances."""
    instance = decode_instance(CVRP.encode(), name="K")
    assert instance.convention is Convention.ROUND
    assert instance.problem.matrices["truck"].distances_m[0].tolist() == [0, 7, 7, 7, 4]
    assert [stop.id for stop in instance.problem.stops] == ["1", "2", "3", "4"]


def test_several_depots_count_in_thousandths() -> None:
    """Planning: MDVRPTW trucks start and end at their own depot, and have a longest day."""
    instance = decode_instance(SEVERAL_DEPOTS.encode(), name="two")
    assert instance.convention is Convention.EXACT
    assert [vehicle.start_depot for vehicle in instance.problem.vehicles] == ["D0", "D1"]
    assert instance.problem.vehicles[0].duration_limit_s == 40_000
    plan = solve(instance.problem, QUICK, seed=1)
    assert check_plan(instance.problem, plan) == ()
    assert plan.cost == 5_000  # 1 out and back, 1.5 out and back


def test_several_trips_reload_and_wait_for_releases() -> None:
    """Planning: the truck loads again at the depot, and leaves when the second load is released."""
    instance = decode_instance(SEVERAL_TRIPS.encode(), name="trips")
    plan = solve(instance.problem, QUICK, seed=1)
    assert check_plan(instance.problem, plan) == ()
    (route,) = plan.routes
    assert [visit.depot for visit in route.visits] == [None, "D0", None]
    leaves_s = {route.visits[0].stop: route.departs_s, route.visits[2].stop: route.visits[1].leaves_s}
    assert leaves_s["2"] >= 1_000


@pytest.mark.parametrize(("text", "rounding"), [(CVRP, "round"), (SEVERAL_DEPOTS, "exact"), (SEVERAL_TRIPS, "dimacs")])
def test_the_problem_is_the_one_that_the_solver_itself_would_read(text: str, rounding: str, tmp_path: Path) -> None:
    """Planning: nothing is lost between file and solver: same seed, same iterations, same cost."""
    file = tmp_path / "instance.vrp"
    file.write_text(text, "utf-8")
    raw = pyvrp.solve(pyvrp.read(file, rounding), pyvrp.stop.MaxIterations(100), seed=3, collect_stats=False)
    plan = solve(decode_instance(text.encode(), name="x").problem, QUICK, seed=3)
    assert plan.cost == raw.cost()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"bonjour",
        b"\xff\xfe\x00",
        SOLOMON.replace("CUSTOMER", "CLIENTS").encode(),
        SOLOMON[:200].encode(),
        CVRP.replace("3 5 5", "3 5 x").encode(),
        CVRP.replace("CAPACITY : 20", "CAPACITY : -20").encode(),
        CVRP.replace("2 10\n", "2 -10\n", 1).encode(),
        CVRP.replace("DIMENSION : 5", "DIMENSION : 50").encode(),
        CVRP.replace("DIMENSION : 5", "DIMENSION : 99999999").encode(),
        CVRP.replace("DEPOT_SECTION\n1", "DEPOT_SECTION\n3").encode(),
        CVRP.replace("2 0 7", "2 0 nan").encode(),
        CVRP.replace("2 0 7", "2 0 1e300").encode(),
    ],
)
def test_what_is_no_whole_instance_is_refused(content: bytes) -> None:
    """Bad input: a clear problem in both languages, never a stack trace."""
    with pytest.raises(BadProblem) as caught:
        decode_instance(content, name="x")
    assert caught.value.detail.fr
    assert caught.value.detail.en


def test_a_section_that_would_be_ignored_is_refused_by_name() -> None:
    """Bad input: no constraint of a file is dropped in silence."""
    odd = CVRP.replace("DEPOT_SECTION", "LINEHAUL_BEFORE_SECTION\n1 2\nDEPOT_SECTION")
    with pytest.raises(BadProblem) as caught:
        decode_instance(odd.encode(), name="x")
    assert caught.value.where == "LINEHAUL_BEFORE"


def test_published_instances_come_near_their_best_known_values() -> None:
    """Planning: costs are told in the convention of the published values, and no plan is illegal."""
    folder = os.environ.get("TOURNEE_VRP")
    if not folder:
        pytest.skip("TOURNEE_VRP names no folder of instances")
    rows = list(csv.DictReader((Path(folder) / "BKS.csv").read_text("utf-8").splitlines()))
    chosen = {"C101", "R201", "X-n101-k25", "X-n157-k13", "PR12A", "R201R0.5"}
    for row in (row for row in rows if row["instance"] in chosen):
        instance = decode_instance((Path(folder) / row["file"]).read_bytes(), name=row["instance"])
        plan = solve(instance.problem, StopRule(iterations=200), seed=1)
        assert check_plan(instance.problem, plan) == ()
        best = float(row["bks_as_in_file"])
        assert best <= instance.convention.told(plan.cost) <= 1.25 * best, row["instance"]
