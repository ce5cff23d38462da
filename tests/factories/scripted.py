"""Scripted days, and the scripted driver as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.factories.protocol_peer import CODE, OfficePeer
from tests.factories.runs import KEG_OWNER, ident, make_run

ROOT = Path(__file__).parents[2]


def play(home: Path, server: str, script: dict[str, Any], *, patience_s: int = 15) -> tuple[int, list[dict[str, Any]]]:
    """Run the scripted driver as a process of its own and return its exit code and phases."""
    path = home.parent / "script.json"
    path.write_text(json.dumps(script))
    command = [sys.executable, "-m", "driver_app.headless", "--home", str(home), "--server", server, str(path)]
    done = subprocess.run(
        [*command, "--patience", str(patience_s)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    phases = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode in (0, 2, 3, -9), done.stderr
    return done.returncode, phases


def day_script(**stop: Any) -> dict[str, Any]:
    """Return a day with one stop of each outcome; ``stop`` adds to the first."""
    run = make_run(stops=4)
    first = {
        "position": 0,
        "outcome": "short",
        "lines": {"#0": {"lost": 2, "reason": "breakage"}, "#1": {"extra": 1}},
        "containers": {f"keg_50l+{ident(KEG_OWNER)}": 2},
        "cash": {run.stops[0].collect[0].issuer_id: 128_436},
        "photo": True,
        "signer": "Éloïse Gagné",
        **stop,
    }
    stops = [
        first,
        {"position": 1, "outcome": "refused", "signer": "Rachel Côté"},
        {"position": 2, "outcome": "closed"},
    ]
    return {
        "enrol": CODE,
        "nip": "2468",
        "pull": True,
        "runs": [{"run_id": "*", "stops": stops, "return": True}],
        "push": True,
        "clock": "2026-11-24T08:00:00-05:00",
    }


def outcomes(office: OfficePeer) -> list[str]:
    """Return what the office holds, one word an event."""
    return [event.payload.get("outcome", event.type) for event in office.disk.events]


DAY = [
    "run.departed",
    *("stop.arrived", "partial", "stop.arrived", "refused", "stop.arrived", "failed", "stop.arrived", "complete"),
    "run.returned",
]
