"""The part of the verdict about rows rather than amounts: whose they are and where things stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.rehearsal import books_standing, oracle_standing
from server.rehearsal.books_owners import read_by_others, strangers_rows
from server.rehearsal.ground import Rows
from server.rehearsal.oracle_said import Expected, World
from server.rehearsal.verdict import Verdict


def judge_standing(verdict: Verdict, rows: Rows, world: World, expected: Expected) -> None:
    """Compare what has no amount."""
    verdict.doubled += strangers_rows(rows)
    verdict.doubled += read_by_others(rows)
    verdict.lost += _elsewhere(rows, world, expected)


def _elsewhere(rows: Rows, world: World, expected: Expected) -> Iterator[str]:
    """Yield the runs, stops and orders that stand otherwise than what was told of them."""
    may_be, states = oracle_standing.runs(world, expected), books_standing.run_states(rows)
    for run, state in sorted(states.items()):
        if state not in may_be[run]:
            yield f"run {run} is {state}, not {' or '.join(sorted(may_be[run]))}"
    yield from _differing("stop", books_standing.stop_states(rows), oracle_standing.stops(world, expected))
    yield from _differing("order", books_standing.order_states(rows), oracle_standing.orders(world, expected))
    yield from _differing("what was delivered of", books_standing.outcomes(rows), expected.outcomes)


def _differing(kind: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for one in sorted({*found, *wanted}):
        if found.get(one) != wanted.get(one):
            yield f"{kind} {one} is {found.get(one)}, not {wanted.get(one)}"
