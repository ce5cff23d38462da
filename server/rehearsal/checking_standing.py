"""The part of the verdict about rows rather than amounts: whose they are."""

from __future__ import annotations

from server.rehearsal.books_owners import read_by_others, strangers_rows
from server.rehearsal.ground import Rows
from server.rehearsal.verdict import Verdict


def judge_standing(verdict: Verdict, rows: Rows) -> None:
    """Compare what has no amount."""
    verdict.doubled += strangers_rows(rows)
    verdict.doubled += read_by_others(rows)
