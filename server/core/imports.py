"""What an import would do or did: row by row, and how it is told in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Final

from server.core.csv_rows import MAX_BYTES, RowFault, UnreadableSheet
from server.core.problems import Problem, Text

_MAX_TOLD: Final = 50


class Verdict(StrEnum):
    """What a row means for what is there already; the same file again leaves everything unchanged."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


VERDICTS: Final = {
    Verdict.NEW: Text("ajouté", "added"),
    Verdict.CHANGED: Text("modifié", "changed"),
    Verdict.UNCHANGED: Text("inchangé", "unchanged"),
}


class FaultyRows(Problem):
    """Some rows have faults, listed in ``faults``; nothing was written."""

    slug = "faulty-rows"
    status: ClassVar[int] = 422
    title = Text("Lignes à corriger", "Rows to correct")

    def __init__(self, faults: tuple[RowFault, ...]) -> None:
        """Keep the faults for pages, and for programs as members."""
        many = len(faults) > 1
        super().__init__(
            Text(
                f"{len(faults)} {'erreurs' if many else 'erreur'}; rien n’a été importé. "
                "Corriger le fichier et recommencer.",
                f"{len(faults)} {'errors' if many else 'error'}; nothing was imported. "
                "Correct the file and start again.",
            ),
            where=f"{faults[0].line}",
            faults=[fault_as_members(fault) for fault in faults],
        )
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that a row changes, as people read it."""

    field: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What one row does: to what (``key``, ``name``), which values change, and what the reader should know."""

    line: int
    key: str
    name: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Every row's change, in the order of the lines."""

    changes: tuple[RowChange, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have this verdict."""
        return sum(change.verdict is verdict for change in self.changes)


type Note = Callable[[], None]
"""Called for each row that an import is done with, so that somebody may watch."""


def quietly() -> None:
    """Tell nobody how far an import is."""


def require_faultless(faults: Iterable[RowFault]) -> None:
    """Refuse a file that has faulty rows: nothing is ever half-written.

    Raises:
        FaultyRows: with every fault's line, column and sentence.
    """
    found = tuple(sorted(faults, key=lambda fault: fault.line))
    if found:
        raise FaultyRows(found)


def fault_as_members(fault: RowFault) -> dict[str, Any]:
    """Return a fault for programs."""
    column = {"fr": fault.column.fr, "en": fault.column.en} if fault.column else None
    return {"line": fault.line, "column": column, "text": {"fr": fault.text.fr, "en": fault.text.en}}


def read_import_file(path: Path) -> bytes:
    """Return a file's bytes, read no further than an import may be long.

    Raises:
        UnreadableSheet: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableSheet(
            Text(
                "Ce fichier est absent ou illisible. Vérifier le chemin.",
                "This file is missing or cannot be read. Check the path.",
            ),
            where=str(path),
        ) from error


def told_faults(faults: Iterable[RowFault]) -> Iterator[str]:
    """Yield two lines of text for each fault, French then English."""
    for fault in faults:
        column = (f", {fault.column.fr}", f", {fault.column.en}") if fault.column else ("", "")
        yield f"ligne {fault.line}{column[0]}\u00a0: {fault.text.fr}"
        yield f"line {fault.line}{column[1]}: {fault.text.en}"


def told_report(report: ImportReport, *, is_dry: bool) -> Iterator[str]:
    """Yield what an import does, for a terminal: a line for each row that changes something, then the counts."""
    moved = [change for change in report.changes if change.verdict is not Verdict.UNCHANGED or change.note]
    for change in moved[:_MAX_TOLD]:
        verdict = VERDICTS[change.verdict]
        yield f"{change.line:>5}  {verdict.fr} · {verdict.en}  {change.key}  {change.name}"
        for one in change.differences:
            yield f"       {one.field.fr} · {one.field.en}: {one.before or '–'} → {one.after or '–'}"
        if change.note:
            yield f"       {change.note.fr} · {change.note.en}"
    if len(moved) > _MAX_TOLD:
        yield f"       … {len(moved) - _MAX_TOLD}"
    yield ", ".join(
        f"{report.count(one)} {VERDICTS[one].fr}{'s' if report.count(one) > 1 else ''} · {VERDICTS[one].en}"
        for one in Verdict
    )
    if is_dry:
        yield "Essai\u00a0: rien n’a été écrit · Dry run: nothing was written"
