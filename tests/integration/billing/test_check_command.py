"""``tournee ledger check`` and ``tournee statement``: never a green answer where nothing was read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.core.embedded.postgres import EmbeddedPostgres
from server.core.ground import database_of
from server.documents.cli import ledger
from tests.integration.billing.test_check import a_day_of_books

ROOT = Path(__file__).parents[3]


def tournee(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    command = [sys.executable, "-c", "from server.cli import main; main()", *arguments]
    return subprocess.run(
        command, cwd=folder, env=own | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [("ledger", "check"), ("ledger", "check", "--store", "s3"), ("statement", "X")])
def test_a_folder_without_books_is_refused_and_stays_empty(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Bad input, everywhere: no books are not sound books; what, where, what to do, and nothing is made."""
    said = tournee(tmp_path, *arguments)
    assert said.returncode == (1 if "check" in arguments else 2), said
    assert said.stderr.startswith("Aucun livre à lire\u00a0: Aucun émetteur ici.")
    assert "No books to read: No issuer here." in said.stderr
    assert str(tmp_path / "var") in said.stderr
    assert (said.stdout, list(tmp_path.iterdir())) == ("", [])


def test_sound_books_are_named_with_their_database_and_store(database) -> None:
    """The green answer says what it is about: how many books, which database, which store."""
    a_day_of_books()
    answer = CliRunner().invoke(ledger, ["check"])
    assert answer.exit_code == 0, answer.output
    assert f"database: {database.name}; magasin · store: {os.environ['TOURNEE_STORE_PATH']}" in answer.output


def test_each_kind_of_store_is_checked_in_its_own_database(tmp_path: Path) -> None:
    """The check of one store's day is green about its own books alone, and says which those are."""
    new = ("organisation", "create", "--kind", "supplier", "--name", "Brasserie", "--email", "b@brasserie.example")
    with EmbeddedPostgres(tmp_path / "var" / "postgres", options={"fsync": "off"}):
        (tmp_path / "var" / "s3").mkdir()
        assert tournee(tmp_path, *new).returncode == 0
        local = tournee(tmp_path, "ledger", "check", "--store", "local")
        s3 = tournee(tmp_path, "ledger", "check", "--store", "s3")
    assert (local.returncode, local.stdout.startswith("1 livres justes")) == (0, True), local
    assert "database: tournee; magasin · store: var/store" in local.stdout
    assert (s3.returncode, s3.stdout) == (1, ""), s3
    assert f"database: {database_of('s3')}; magasin · store: s3, tournee" in s3.stderr
