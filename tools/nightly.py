"""The long drills: ``make nightly``.

Each leaves its result in var/nightly; a drill that passed at this commit is not run again, so that an interrupted night
goes on where it stopped. ``ARGS=--again`` runs them all, ``ARGS="leaks books"`` those that begin so.
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
    settings: tuple[tuple[str, str], ...] = ()


def _faults(name: str, test: str, **settings: str) -> Drill:
    """Return a fault drill of real processes; long ones come in parts, so that a broken night goes on."""
    return Drill(name, ("-m", "pytest", "-q", f"tests/faults/{test}"), settings=tuple(settings.items()))


_BOOKS = tuple(
    f"tests/integration/billing/test_{name}.py"
    for name in ("machines", "policies_alike", "one_invoice_settled", "killed_publishers", "revaluation")
)
_REHEARSE = ("-c", "from server.cli import main; main()", "rehearse", "--json")
DRILLS = (
    Drill("properties", ("-m", "pytest", "-q", "tests/property", "-n", "2")),
    Drill("faults", ("-m", "pytest", "-q", "tests/faults", "tests/scenarios")),
    *(
        _faults(f"power-cuts-{part}", "test_power_cut.py", DRILL_POWER_CUT_DAYS="20", DRILL_SEED=str(1 + 20 * part))
        for part in range(10)  # 5 cuts a day: 1,000
    ),
    *(
        _faults(f"networks-{part}", "test_network.py", DRILL_NETWORKS="30", DRILL_SEED=str(1001 + 30 * part))
        for part in range(10)
    ),
    *(
        _faults(f"kill-loop-{part}", "test_kill_loop.py", DRILL_KILL_SECONDS="600", DRILL_SEED=str(1 + 1000 * part))
        for part in range(6)
    ),
    _faults("full-disks", "test_full_disk.py", DRILL_FULL_DISKS="9"),
    _faults("restores", "test_restore.py", DRILL_RESTORES="4"),
    Drill("books", ("-m", "pytest", "-q", *_BOOKS)),
    Drill("leaks", ("-m", "pytest", "-q", "tests/integration/delivery/test_leaks.py", "-n", "2")),
    Drill("changed-proofs", ("-m", "tests.browser.changed_proofs", "--count", "10000")),
    Drill("rehearsal", (*_REHEARSE, "--days", "10000", "--resume", "var/nightly/rehearsal-full.jsonl")),
    Drill(
        "rehearsal-network",
        (*_REHEARSE, "--days", "20000", "--profile", "network", "--resume", "var/nightly/rehearsal-network.jsonl"),
    ),
    Drill(
        "order-lives",
        ("-m", "pytest", "-q", "tests/integration/orders/test_order_machine.py"),
        settings=(("DRILL_ORDER_LIVES", "400"),),
    ),
    Drill("tablet-lock", ("-m", "tools.tablet_lock")),
    Drill(
        "pages",
        (
            "-m",
            "pytest",
            "-q",
            "tests/browser/test_every_page.py",
            "tests/browser/test_totals.py",
            "tests/browser/test_badges.py",
        ),
    ),
    Drill("hostile", ("-m", "pytest", "-q", "tests/integration/api", "tests/conformance")),
    Drill("planning-gap", ("benchmarks/planning_gap.py",)),
    Drill("publications", ("-m", "benchmarks.publish", "--documents", "4000")),
    Drill("evening", ("-m", "benchmarks.evening", "--tablets", "56", "--visits", "60", "--at-once", "56")),
    Drill("settling", ("-m", "benchmarks.settle", "--at-once", "56")),
    Drill("order-lists", ("-m", "benchmarks.orders")),
    Drill("statement", ("-m", "benchmarks.statement")),
)


def main(arguments: list[str]) -> int:
    """Run what has not passed yet at this commit; return 1 when a drill failed, 2 for a name that none begins with."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    named = tuple(one for one in arguments if not one.startswith("-"))
    unknown = [one for one in named if not any(drill.name.startswith(one) for drill in DRILLS)]
    if unknown:
        print(f"épreuves inconnues · unknown drills: {', '.join(unknown)}", file=sys.stderr)
        return 2
    commit, again = _commit(), "--again" in arguments
    wanted = [drill for drill in DRILLS if not named or drill.name.startswith(named)]
    failed = [drill.name for drill in wanted if not _passes(drill, commit, again=again)]
    print("tout tient · all holds" if not failed else f"à revoir · to look at: {', '.join(failed)}")
    return 1 if failed else 0


def _passes(drill: Drill, commit: str, *, again: bool) -> bool:
    result = FOLDER / f"{drill.name}.json"
    if not again and result.exists():
        before = json.loads(result.read_text(encoding="utf-8"))
        if before["commit"] == commit and before["exit_code"] == 0:
            return True
    began = time.monotonic()
    environment = os.environ | {"HYPOTHESIS_PROFILE": drill.profile} | dict(drill.settings)
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
