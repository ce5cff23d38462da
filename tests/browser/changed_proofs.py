"""``python -m tests.browser.changed_proofs --count 10000``: changed proofs, in the command and in Chromium.

One byte is changed, put in or taken out; behind them come the lies that the office's own key seals. Prints as JSON how
many of each way were found by both, and the time per proof; ends with 1 if a single one was not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import batched
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page

from server.delivery.proofs import Check, check_of, verify_proof
from shared.problems import Problem
from shared.sealing import public_bytes
from tests.browser.browsing import chromium
from tests.browser.verifying import judged, opened
from tests.factories.aged_proofs import make_corrected, make_purged
from tests.factories.changed import Change, changes
from tests.factories.lies import lies, words
from tests.factories.proofs import NEXT, SERVER, SERVER_KEY, make_rotated, make_signed

BATCH = 250


def command_check(payload: bytes, *, server_key: str = SERVER_KEY) -> Check | None:
    """Return the step at which `tournee verify` refuses, None where it finds nothing."""
    try:
        verify_proof(payload, server_key=server_key)
    except Problem as problem:
        return check_of(problem)
    return None


def missed_by_page(page: Page, some: Sequence[Change], times: list[float]) -> list[Change]:
    """Return the changes that the page does not find; add the milliseconds of each."""
    found = judged(page, [one.payload for one in some])
    times += [one["milliseconds"] for one in found]
    return [one for one, said in zip(some, found, strict=True) if said["untouched"]]


def missed_by_command(some: Sequence[Change], times: list[float], *, server_key: str) -> list[Change]:
    """Return the changes that the command does not find; add the milliseconds of each."""
    missed = []
    for one in some:
        began = time.perf_counter()
        if command_check(one.payload, server_key=server_key) is None:
            missed.append(one)
        times.append(1000 * (time.perf_counter() - began))
    return missed


def drill(page: Page, *, count: int, seed: int) -> dict[str, Any]:
    """Change a proof, one behind a rotation, one corrected, one purged and sealed anew; verify in both ways, count.

    Every sealed lie is refused at the same step by both; what the office may write by its word alone, by neither.
    """
    bases = (
        (make_signed().file(), SERVER),
        (make_rotated()[0], NEXT),
        (make_corrected(), SERVER),
        (make_purged(), NEXT),
    )
    ways: Counter[str] = Counter()
    missed: dict[str, list[str]] = {"command": [], "page": []}
    times: dict[str, list[float]] = {"command": [], "page": []}
    for file, key in bases:
        server_key = public_bytes(key).hex()
        for some in batched(changes(file, count // len(bases), seed=seed, key=key), BATCH):
            ways.update(one.way for one in some)
            by_command = missed_by_command(some, times["command"], server_key=server_key)
            missed["command"] += [f"{one.way} {one.where}" for one in by_command]
            missed["page"] += [f"{one.way} {one.where}" for one in missed_by_page(page, some, times["page"])]
    told = [*lies(), *words()]
    by_page = [one.get("check") for one in judged(page, [one.payload for one in told])]
    missed["command"] += [f"lie {one.name}" for one in told if command_check(one.payload) is not one.check]
    missed["page"] += [f"lie {one.name}" for one, check in zip(told, by_page, strict=True) if check != one.check]
    whole = judged(page, [file for file, _ in bases] * 10)
    assert all(one["untouched"] for one in whole)
    return {
        "changed": sum(ways.values()),
        "ways": dict(ways),
        "lies": sum(one.check is not None for one in told),
        "office_words": sum(one.check is None for one in told),
        "missed": missed,
        "milliseconds": {name: _spread(taken) for name, taken in times.items()}
        | {"page_untouched": _spread([one["milliseconds"] for one in whole])},
        "seed": seed,
    }


def _spread(milliseconds: list[float]) -> dict[str, float]:
    return {
        "median": round(median(milliseconds), 2),
        "p99": round(quantiles(milliseconds, n=100)[98], 2),
        "most": round(max(milliseconds), 2),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the drill and print its result."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.changed_proofs")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="tournee-verify-") as folder,
        chromium() as browser,
        opened(browser, Path(folder)) as page,
    ):
        result = drill(page, count=asked.count, seed=asked.seed)
    print(json.dumps(result, ensure_ascii=False, indent=1))  # noqa: T201  # the report of a command
    return 1 if any(result["missed"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
