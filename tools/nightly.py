"""The long drills: ``make nightly``.

Each leaves its result in var/nightly; a drill that passed at this commit is not run again, so that an interrupted night
goes on where it stopped. ``ARGS=--again`` runs them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("var/nightly")


@dataclass(frozen=True)
class Drill:
    """A command with more examples or repetitions than each push can afford."""

    name: str
    command: tuple[str, ...]
    profile: str = "nightly"


DRILLS = (
    Drill("properties", ("-m", "pytest", "-q", "tests/property", "-n", "2")),
    Drill("faults", ("-m", "pytest", "-q", "tests/faults", "tests/scenarios")),
    Drill("hostile", ("-m", "pytest", "-q", "tests/integration/api", "tests/conformance")),
    Drill("planning-gap", ("benchmarks/planning_gap.py",)),
    Drill("publications", ("benchmarks/publish.py",)),
)


def main(arguments: list[str]) -> int:
    """Run what has not passed yet at this commit; return 1 when a drill failed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    commit = _commit()
    failed = [drill.name for drill in DRILLS if not _passes(drill, commit, again="--again" in arguments)]
    print("tout tient · all holds" if not failed else f"à revoir · to look at: {', '.join(failed)}")
    return 1 if failed else 0


def _passes(drill: Drill, commit: str, *, again: bool) -> bool:
    result = FOLDER / f"{drill.name}.json"
    if not again and result.exists():
        before = json.loads(result.read_text(encoding="utf-8"))
        if before["commit"] == commit and before["exit_code"] == 0:
            return True
    began = time.monotonic()
    environment = os.environ | {"HYPOTHESIS_PROFILE": drill.profile}
    ended = subprocess.run(
        [sys.executable, *drill.command], env=environment, capture_output=True, text=True, check=False
    )
    record = asdict(drill) | {
        "commit": commit,
        "exit_code": ended.returncode,
        "seconds": round(time.monotonic() - began),
        "said": (ended.stdout + ended.stderr)[-4000:],
    }
    result.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{'✓' if ended.returncode == 0 else '✗'} {drill.name} ({record['seconds']} s)")
    return ended.returncode == 0


def _commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
