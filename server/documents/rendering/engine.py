"""Typesetting: sheets in, the bytes of one PDF out.

Sheets reach the templates as JSON beside the source and never inside it, so no text of theirs is ever run.
Only the fonts that typst carries are used: the same sheets give the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import msgspec
import structlog
import typst

from server.core.problems import Problem, Text
from server.documents.rendering.sheet import Sheet

TEMPLATES = Path(__file__).parent / "templates"
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]

# The compiler refuses a second caller while it works, and typesetting gains nothing from threads.
_one_at_a_time = Lock()
_log = structlog.get_logger(__name__)


class NotTypeset(Problem):
    """The typesetter refused a paper."""

    slug = "not-typeset"
    status = 500
    title = Text("Document non composé", "Document not typeset")


def typeset(sheets: Sequence[Sheet], *, title: str, author: str, issued_at: datetime) -> bytes:
    """Return one PDF with the sheets in order; each counts its own pages.

    The PDF is tagged and follows PDF/A-2a and PDF/UA-1. A character that no carried font has (an emoji in a name)
    is forbidden there: such a document becomes a plain tagged PDF, and the log says so. The same sheets and the
    same ``issued_at`` give the same bytes.

    Raises:
        NotTypeset: the typesetter fails otherwise.
    """
    given = _given(sheets, title, author)
    try:
        return _one_file(_compile(given, "pdf", timestamp=_seconds(issued_at), pdf_standards=STANDARDS))
    except typst.TypstError as refusal:
        _log.warning("document.without_archive_standard", title=title, reason=refusal.message)
    return _one_file(_compile_or_raise(given, "pdf", timestamp=_seconds(issued_at)))


def draw(sheets: Sequence[Sheet], *, title: str, author: str, ppi: int) -> tuple[bytes, ...]:
    """Return each page as a PNG of ``ppi`` pixels an inch, for looking at documents without a PDF reader.

    Raises:
        NotTypeset: the typesetter fails.
    """
    return _compile_or_raise(_given(sheets, title, author), "png", ppi=ppi)


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    return typst.Compiler(TEMPLATES / "main.typ", root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True)


def _given(sheets: Sequence[Sheet], title: str, author: str) -> dict[str, str]:
    document = {"title": title, "author": author, "sheets": list(sheets)}
    return {"sheets": msgspec.json.encode(document).decode()}


def _one_file(files: tuple[bytes, ...]) -> bytes:
    (pdf,) = files
    return pdf


def _seconds(issued_at: datetime) -> int:
    return int(issued_at.astimezone(UTC).timestamp())


def _compile(given: dict[str, str], output: Literal["pdf", "png"], **options: Any) -> tuple[bytes, ...]:
    with _one_at_a_time:
        made = _compiler().compile(sys_inputs=given, format=output, **options)
    return (made,) if isinstance(made, bytes) else tuple(made or ())


def _compile_or_raise(given: dict[str, str], output: Literal["pdf", "png"], **options: Any) -> tuple[bytes, ...]:
    try:
        return _compile(given, output, **options)
    except typst.TypstError as error:
        raise NotTypeset(
            Text(
                f"La composition du document a échoué\u00a0: {error.message}. Signalez ce document au soutien.",
                f"The document could not be typeset: {error.message}. Report this document to support.",
            ),
            where=error.diagnostic,
        ) from error
