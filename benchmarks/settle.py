"""Deliveries settled, published and posted: an evening of so many, and the same rows by a bare script.

    python -m benchmarks.settle [--deliveries 5000] [--at-once 16] [--seed 1] [--without-bare]

It is the evening of as many tablets as make the deliveries, 60 visits and 90 deliveries each, every tenth visit short,
without attachments: signatures and chains are checked, deliveries settled by the terms that were signed, invoices and
credits numbered, chained and posted, receipts signed. Prints one JSON object; exits 1 when the books do not hold.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.evening import is_sound, live, options

TO_REACH_S = 30.0
_VISITS, _DELIVERIES = 60, 90


def main() -> None:
    """Live it and print its figures."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in (("deliveries", 5_000), ("at-once", 16), ("seed", 1)):
        wanted.add_argument(f"--{name}", type=int, default=usual)
    wanted.add_argument("--without-bare", action="store_true")
    asked = wanted.parse_args()
    tablets = -(-asked.deliveries // _DELIVERIES)
    scale = [f"--tablets={tablets}", f"--visits={_VISITS}", "--files=0"]
    figures = live(
        options("").parse_args(
            [*scale, f"--at-once={asked.at_once}", f"--seed={asked.seed}"] + ["--without-bare"] * asked.without_bare
        )
    )
    print(json.dumps(figures | {"asked": asked.deliveries, "goal_s": TO_REACH_S}, indent=1))
    if not is_sound(figures):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
