"""Mean gap to the best known values: through the product's interface, and raw PyVRP in the same run, and their ratio.

    planning_gap.py FOLDER [--seconds 10] [--seed 1] [--only C101,R201,X-n101-k25]

FOLDER holds ``BKS.csv`` (columns instance, file, bks_as_in_file, class) and the instances. Each instance is solved by
both with the same seed and the same time, one after the other, in turns that alternate: a machine that slows down slows
both. Prints one line for each instance and the summary as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyvrp
import vrplib
from pyvrp.stop import MaxRuntime

from server.planning.solver import StopRule, check_plan, solve
from server.planning.solver.vrplib_files import decode_instance

ROUNDING = {"CVRP": "round", "MDVRPTW": "exact", "MTVRPTWR": "dimacs"}
DEFAULT = (
    "C101,C207,R101,R201,RC101,RC205,C1_2_1,R1_2_4,RC2_2_1,X-n101-k25,X-n157-k13,X-n237-k14,PR12A,R201R0.5,RC201R0.5"
)


def solomon_for_raw(file: Path) -> pyvrp.ProblemData:
    """Return a plain Solomon file as PyVRP's own reader would see it, DIMACS convention."""
    fields: dict[str, Any] = vrplib.read_instance(file, instance_format="solomon")
    tenths = {key: (10 * np.asarray(value)).astype(np.int64) for key, value in fields.items() if key != "name"}
    weights, windows = tenths["edge_weight"], tenths["time_window"]
    clients = [
        pyvrp.Client(
            location=index,
            delivery=[int(tenths["demand"][index])],
            pickup=[0],
            service_duration=int(tenths["service_time"][index]),
            tw_early=int(windows[index][0]),
            tw_late=int(windows[index][1]),
        )
        for index in range(1, len(weights))
    ]
    fleet = pyvrp.VehicleType(
        num_available=int(fields["vehicles"]),
        capacity=[int(tenths["capacity"])],
        tw_early=int(windows[0][0]),
        tw_late=int(windows[0][1]),
    )
    places = [pyvrp.Location(x, y) for x, y in fields["node_coord"]]
    return pyvrp.ProblemData(places, clients, [pyvrp.Depot(location=0)], [fleet], [weights], [weights])


def raw_gap(row: dict[str, str], file: Path, *, seconds: float, seed: int) -> float:
    """Return raw PyVRP's gap in percent."""
    is_solomon = row["class"] not in ROUNDING
    search_space = solomon_for_raw(file) if is_solomon else pyvrp.read(file, ROUNDING[row["class"]])
    cost = pyvrp.solve(search_space, MaxRuntime(seconds), seed=seed, collect_stats=False).cost()
    return gap(cost / 10 if is_solomon else cost, row)


def our_gap(row: dict[str, str], file: Path, *, seconds: float, seed: int) -> float:
    """Return the product's gap in percent; an illegal plan counts as infinitely bad."""
    instance = decode_instance(file.read_bytes(), name=row["instance"])
    plan = solve(instance.problem, StopRule(seconds=seconds), seed=seed)
    if check_plan(instance.problem, plan):
        return float("inf")
    return gap(instance.convention.told(plan.cost), row)


def gap(cost: float, row: dict[str, str]) -> float:
    """Return how far ``cost`` is above the best known value, in percent."""
    best = float(row["bks_as_in_file"])
    return 100 * (cost - best) / best


def main() -> None:
    """Run both on each instance and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=DEFAULT)
    options = parser.parse_args()
    rows = list(csv.DictReader((options.folder / "BKS.csv").read_text("utf-8").splitlines()))
    chosen = [row for row in rows if row["instance"] in set(options.only.split(","))]
    ours: list[float] = []
    raw: list[float] = []
    for turn, row in enumerate(chosen):
        file = options.folder / row["file"]
        contest = [(ours, our_gap), (raw, raw_gap)]
        for gaps, measure in contest if turn % 2 else reversed(contest):
            gaps.append(measure(row, file, seconds=options.seconds, seed=options.seed))
        print(f"{row['instance']:14} ours {ours[-1]:7.3f} %   raw {raw[-1]:7.3f} %", flush=True)
    summary = {
        "instances": len(chosen),
        "seconds": options.seconds,
        "mean_gap_percent": round(float(np.mean(ours)), 4),
        "raw_mean_gap_percent": round(float(np.mean(raw)), 4),
        "cost_ratio": round(float(np.mean((100 + np.array(ours)) / (100 + np.array(raw)))), 6),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
