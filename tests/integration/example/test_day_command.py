"""``tournee day``: lived once, found again, and honest about a day that was not lived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.example.cli import day

ROOT = Path(__file__).parents[3]
COUNTED = ("runs", "stops", "documents", "invoices", "credits", "supplementary", "proofs")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    return subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", "day", *arguments],
        cwd=folder,
        env=own | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_day_that_was_not_lived_proves_nothing(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Issue 2, « How it is shown » 2: an empty database is no proof, and the command says what to do."""
    monkeypatch.chdir(tmp_path)
    answered = CliRunner().invoke(day, ["check", "--lang", "en"])
    assert answered.exit_code == 1
    assert "✗ Each order delivered exactly once" in answered.output
    assert "tournee day run" in answered.output


@pytest.mark.timeout(1500)  # the whole day: a minute and a half on two idle cores, several when others work
def test_the_whole_day_is_lived_proven_and_found_again_unchanged(tmp_path: Path):
    """Issue 2, « Two commands »: exit 0, a report with counts and amounts, papers, proofs, and twice is once."""
    first = _run(tmp_path, "run", "--once")
    assert first.returncode == 0, first.stdout + first.stderr
    left = tmp_path / "var" / "day"
    report = json.loads((left / "report.json").read_text())
    assert all(report[key]["count"] > 0 and "amount_cents" in report[key] for key in COUNTED)
    assert (report["runs"]["count"], report["store"], report["matrix_source"]) == (4, "local", "estimate")
    assert all(check["holds"] for check in report["checks"])
    proofs = sorted((left / "proofs").glob("*.proof"))
    assert len(proofs) == report["proofs"]["count"]
    assert (left / "users.txt").stat().st_mode & 0o077 == 0
    before = {path: path.stat().st_mtime_ns for path in (left / "documents").rglob("*.pdf")}
    second = _run(tmp_path, "run", "--once")
    assert second.returncode == 0, second.stdout + second.stderr
    assert json.loads((left / "report.json").read_text()) == report
    assert {path: path.stat().st_mtime_ns for path in (left / "documents").rglob("*.pdf")} == before
