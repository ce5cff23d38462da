"""Pages that import a file: looked at first, then taken, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, make_response, render_template, request

from server.core.csv_rows import MAX_BYTES, Column
from server.core.imports import VERDICTS, ImportReport
from server.core.problems import Problem, Text

MAX_KEPT: Final = 400_000  # characters that the page itself holds between looking and taking; more is chosen again


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWords:
    """What a page of an import is called, where it leads back to, and what a row is."""

    title: Text
    back: str
    from_where: Text
    what: Text
    columns: Sequence[Column]


def is_trial() -> bool:
    """Say whether the form asks what the file would do."""
    return request.form.get("do") != "import"


def sent_file() -> bytes:
    """Return the file that was chosen, read no further than an import may be long, or what the page kept of it."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read(MAX_BYTES + 1)
    return request.form.get("kept", "").encode()


def import_page(words: ImportWords) -> str:
    """Return the page that takes a file and says which columns it has."""
    return _page(words)


def report_page(words: ImportWords, report: ImportReport, content: bytes) -> Response:
    """Return the page of what a file would do, with the button that takes it, or of what it did."""
    text = content.decode("utf-8-sig") if is_trial() else ""
    return make_response(_page(words, report=report, is_dry=is_trial(), kept=text if len(text) <= MAX_KEPT else ""))


def fault_page(words: ImportWords, problem: Problem) -> Response:
    """Return the page of what is wrong, line by line; nothing was written."""
    return make_response(_page(words, problem=problem), problem.status)


def _page(words: ImportWords, **shown: Any) -> str:
    blank = {"report": None, "problem": None, "is_dry": True, "kept": ""}
    return render_template("import.html", words=words, columns=words.columns, verdicts=VERDICTS, **(blank | shown))
