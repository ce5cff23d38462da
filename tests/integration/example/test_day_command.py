"""``tournee day``: lived once, found again, and honest about a day that was not lived."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.example.cli import day
from tests.factories.memory import quick_folder

ROOT = Path(__file__).parents[3]
COUNTED = ("runs", "stops", "documents", "invoices", "credits", "supplementary", "proofs")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", "day", *arguments],
        cwd=folder,
        env=_own_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


_ROWS = """
import json, sys
from pathlib import Path
import psycopg
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.ground import DATABASE

with EmbeddedPostgres(Path("var/postgres").resolve()) as address:
    with psycopg.connect(address.conninfo(DATABASE)) as connection:
        tables = [name for (name,) in connection.execute(
            "SELECT quote_ident(table_name) FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1").fetchall()]
        json.dump({name: connection.execute(
            f"SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') "
            f"FROM {name} t").fetchone()[0] for name in tables}, sys.stdout)
"""
"""A digest of every row of every table, the queue's among them, as the superuser sees them."""


def _left(folder: Path) -> dict[str, str]:
    """Return a digest of everything that the day left: each table's rows, and each file of papers, proofs, store."""
    rows = subprocess.run(
        [sys.executable, "-c", _ROWS], cwd=folder, env=_own_environment(), capture_output=True, text=True, check=True
    )
    files = [path for part in ("day", "store") for path in (folder / "var" / part).rglob("*") if path.is_file()]
    hashes = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
    return json.loads(rows.stdout) | hashes


def _own_environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    return own | {"PYTHONPATH": str(ROOT)}


def test_a_day_that_was_not_lived_proves_nothing(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """G4: an empty database is no proof, and the command says what to do."""
    monkeypatch.chdir(tmp_path)
    answered = CliRunner().invoke(day, ["check", "--lang", "en"])
    assert answered.exit_code == 1
    assert "✗ Each order delivered exactly once" in answered.output
    assert "tournee day run" in answered.output


@pytest.mark.timeout(1500)  # the whole day: a minute and a half on two idle cores, several when others work
def test_the_whole_day_is_lived_proven_and_found_again_unchanged(tmp_path: Path):
    """The example day: exit 0, a report with counts and amounts, papers, proofs, and twice is once."""
    with quick_folder(tmp_path) as folder:
        _live_twice(folder)


def _live_twice(folder: Path) -> None:
    first = _run(folder, "run", "--once")
    assert first.returncode == 0, first.stdout + first.stderr
    left = folder / "var" / "day"
    report = json.loads((left / "report.json").read_text())
    assert all(report[key]["count"] > 0 and "amount_cents" in report[key] for key in COUNTED)
    assert (report["runs"]["count"], report["store"], report["matrix_source"]) == (4, "local", "estimate")
    assert report["invoices"]["joined"] > 0  # two sellers at a stop, billed by their agent on one invoice
    assert report["tablets"] == {"count": 4, "offline": 4, "killed": 1, "late": 1}
    assert all(check["holds"] for check in report["checks"])
    proofs = sorted((left / "proofs").glob("*.proof"))
    assert len(proofs) == report["proofs"]["count"] == report["proofs"]["announced"]
    assert (left / "users.txt").stat().st_mode & 0o077 == 0
    assert "planifiée avec des estimations" in first.stdout
    before = _left(folder)
    assert {"invoice", "procrastinate_jobs", "var/day/report.json"} <= before.keys()
    second = _run(folder, "run", "--once")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "planifiée avec des estimations" in second.stdout
    assert {name: (before.get(name), after) for name, after in _left(folder).items() if before.get(name) != after} == {}
