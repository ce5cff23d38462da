"""The report's table says what its figures are."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import pytest
from rich.console import Console

from server.example.check.books import Books
from server.example.report import make_report, report_table
from server.planning.model import MatrixSource


def _books(*sources: MatrixSource) -> Books:
    runs = [SimpleNamespace(distance_m=61_250, matrix_source=source, stops=()) for source in sources]
    nothing = {name: {} for name in ("orders", "visits", "terms", "invoices", "invoices_of", "names")}
    none = dict.fromkeys(("supplements", "deliveries", "notices", "returns", "proofs", "credit_notes"), ())
    scope = SimpleNamespace(runs_on=date(2026, 11, 26), carrier_id=uuid4(), tablets=None, drills=None)
    return Books(scope=scope, runs=runs, corrected=frozenset(), **nothing, **none)


@pytest.mark.parametrize(
    ("sources", "french"),
    [
        ((MatrixSource.ESTIMATE, MatrixSource.ESTIMATE), "km estimés\u00a0: 122,5"),
        ((MatrixSource.ROADS, MatrixSource.ESTIMATE), "km estimés\u00a0: 122,5"),
        ((MatrixSource.ROADS, MatrixSource.ROADS), "km\u00a0: 122,5"),
    ],
)
def test_kilometres_are_called_estimated_when_they_are(database, sources, french):
    """R015: an estimate is labelled wherever it is shown, in the report of the day as well."""
    console = Console(width=160)
    with console.capture() as said:
        console.print(report_table(make_report(_books(*sources), (), store="local"), "fr"))
    row = next(line for line in said.get().splitlines() if "Tournées" in line)
    assert french in row
    assert ("estimés" in row) is (MatrixSource.ESTIMATE in sources)
