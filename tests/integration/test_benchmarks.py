"""A benchmark runs, at a size that says nothing of speed; the others run by night."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def figures_of(*arguments: str) -> dict[str, Any]:
    """Return what a benchmark prints; it must end well."""
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    figures: dict[str, Any] = json.loads(ended.stdout)
    return figures


def test_lists_of_orders_are_timed_beside_their_bare_statements() -> None:
    """R028, R029: every list of the benchmark answers, and so do its statements without fences."""
    figures = figures_of("benchmarks.orders", "--orders", "200", "--others", "50", "--turns", "1")
    assert len(figures["lists"]) == 14
    assert all(one["bare_p95_ms"] >= 0 for one in figures["lists"].values())
