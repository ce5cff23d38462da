"""The part of the verdict about rows rather than amounts: whose they are, where things stand, what proofs rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server.rehearsal import books_standing, oracle_standing
from server.rehearsal.books_owners import read_by_others, strangers_rows
from server.rehearsal.ground import Rows
from server.rehearsal.oracle_said import Expected, World
from server.rehearsal.verdict import Verdict

_MOST_APART_MS: Final = 1


def judge_standing(verdict: Verdict, rows: Rows, world: World, expected: Expected, *, asks_for_proofs: bool) -> None:
    """Compare what has no amount; a day whose facts wake nobody ``asks_for_proofs`` of nothing."""
    verdict.doubled += strangers_rows(rows)
    verdict.doubled += read_by_others(rows)
    verdict.lost += _elsewhere(rows, world, expected)
    verdict.lost += _unlike_said(rows, expected)
    if asks_for_proofs:
        verdict.lost += books_standing.unasked(rows)
        verdict.lost += books_standing.broken_trails(rows)


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


def _unlike_said(rows: Rows, expected: Expected) -> Iterator[str]:
    """Yield the visits that say otherwise than their sealed events, and deliveries otherwise than their visits."""
    found, wanted = books_standing.visits(rows), oracle_standing.visits(expected)
    for visit in sorted({*found, *wanted}):
        if visit not in found or visit not in wanted:
            yield f"visit {visit} is {'told and not recorded' if visit in wanted else 'recorded and not told'}"
            continue
        (at_ms, said), (sealed_ms, signed) = found[visit], wanted[visit]
        if sealed_ms is not None and abs(at_ms - sealed_ms) > _MOST_APART_MS:
            yield f"visit {visit} took place {at_ms - sealed_ms} ms after it was sealed"
        if said != signed:
            yield f"visit {visit} says {said}, not {signed}"
    for row in books_standing.unlike_their_visit(rows):
        yield f"delivery {row[0]} names another hour or signer than its visit"
