"""Scripted days, and the scripted driver as a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from shared.wire.bundle import FileRef
from tests.factories.nursery import let_drive
from tests.factories.protocol_peer import CODE, OfficePeer
from tests.factories.runs import KEG_OWNER, ident, make_run, with_file

ROOT = Path(__file__).parents[2]


def play(home: Path, server: str, script: dict[str, Any], *, patience_s: int = 15) -> tuple[int, list[dict[str, Any]]]:
    """Run the scripted driver's command as a process of its own and return its exit code and phases."""
    arguments = _arguments(home, server, script, patience_s)
    done = subprocess.run(
        [sys.executable, "-m", "driver_app.headless", *arguments],
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


def play_quickly(home: Path, server: str, script: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """Do the same in a process that need not read the code from disk: for drills of many starts."""
    said = home.parent / "said.log"
    arguments = _arguments(home, server, script, 15)
    code, phases = let_drive(arguments, environment=os.environ, said=said, patience_s=120)
    assert code in (0, 2, 3, -9), said.read_text()
    return code, phases


def _arguments(home: Path, server: str, script: dict[str, Any], patience_s: int) -> list[str]:
    path = home.parent / "script.json"
    path.write_text(json.dumps(script))
    return ["--home", str(home), "--server", server, str(path), "--patience", str(patience_s)]


def day_script(**stop: Any) -> dict[str, Any]:
    """Return a day with one stop of each outcome; ``stop`` adds to the first."""
    run = make_run(stops=4)
    first = {
        "position": 1,
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
        {"position": 2, "outcome": "refused", "signer": "Rachel Côté"},
        {"position": 3, "outcome": "closed"},
    ]
    return {
        "enrol": CODE,
        "nip": "2468",
        "pull": True,
        "runs": [{"run_id": "*", "stops": stops, "return": True}],
        "push": True,
        "clock": "2026-11-24T08:00:00-05:00",
    }


def whole_script(kill_at: str | None = None) -> dict[str, Any]:
    """Return a day with everything that the app can write: a missed NIP, a preference, a stop undone, one corrected."""
    script = day_script(undone=True)
    script["runs"][0]["stops"].append({"position": 4, "corrected": {"#0": {"returned": 1, "reason": "refused_item"}}})
    return script | {"wrong_nips": ["1357"], "prefers": {"left_handed": True}, "kill_at": kill_at}


def whole_office() -> OfficePeer:
    """Return the office of that day: it hands out a paper, and takes a new key once the tablet has its run."""
    office, paper = OfficePeer(), b"%PDF-1.7 bon de livraison"
    sha256 = hashlib.sha256(paper).hexdigest()
    file = FileRef(
        kind="delivery_slip",
        sha256=sha256,
        size_bytes=len(paper),
        media_type="application/pdf",
        name="Bon de livraison",
    )
    office.runs, office.documents = (with_file(make_run(stops=4), file),), {sha256: paper}

    def take_new_key(_method: str, path: str) -> None:
        if "/sync/pull" in path and not office.links:
            office.rotate()

    office.after = take_new_key
    return office


def outcomes(office: OfficePeer) -> list[str]:
    """Return what the office holds, one word an event: of a visit, how its stop ended."""
    return [office.disk.ends.get(event.event_id, event.type) for event in office.disk.events]


WHOLE_DAY = [
    "run.departed",
    *("stop.arrived", "partial", "stop.arrived", "refused", "stop.arrived", "failed", "stop.arrived", "complete"),
    "partial",
    "run.returned",
]
DAY = [
    "run.departed",
    *("stop.arrived", "partial", "stop.arrived", "refused", "stop.arrived", "failed", "stop.arrived", "complete"),
    "run.returned",
]
