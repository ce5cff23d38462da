"""Write sample documents as PDF and pictures: ``python -m server.documents.rendering.samples FOLDER``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from server.documents.rendering.papers import Paper
from server.documents.rendering.render import draw_pages, render
from server.documents.rendering.sample_accounts import statement
from server.documents.rendering.sample_commerce import (
    credit_note,
    delivery_slip,
    invoice,
    invoice_section,
    joined_invoice,
    purchase_order,
)
from server.documents.rendering.sample_visits import load_list, proof, run_sheet, variance_notice
from shared.problems import Language

ISSUED_AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("fr", "en")


def sample_papers(*, long: bool) -> dict[str, Paper]:
    """Return one paper of each kind (several for invoices and slips) by file name, of few or of 60 lines."""
    count = 60 if long else 5
    return {
        "purchase-order": purchase_order(count),
        "delivery-slip": delivery_slip(count),
        "delivery-slip-received": delivery_slip(count, received=True),
        "invoice": invoice(count),
        "invoice-provisional": invoice(count, provisional=True),
        "invoice-joined": joined_invoice(30 if long else 3),
        "invoice-joined-provisional": joined_invoice(3, provisional=True),
        "invoice-section": invoice_section(count),
        "credit-note": credit_note(count if long else 2),
        "variance-notice": variance_notice(count),
        "run-sheet": run_sheet(count if long else 8),
        "load-list": load_list(count if long else 6),
        "proof-of-delivery": proof(count),
        "statement": statement(count),
    }


def write_samples(folder: Path) -> tuple[Path, ...]:
    """Write every kind of paper, short and long, in both languages; return the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for language in LANGUAGES:
        for length, long in (("short", False), ("long", True)):
            for name, paper in sample_papers(long=long).items():
                written += _write(folder / f"{name}-{length}-{language}", paper, language)
    return tuple(written)


def _write(stem: Path, paper: Paper, language: Language) -> list[Path]:
    pdf = stem.with_name(stem.name + ".pdf")
    pdf.write_bytes(render(paper, language=language, issued_at=ISSUED_AT))
    pictures = [pdf]
    for number, page in enumerate(draw_pages(paper, language=language), start=1):
        picture = stem.with_name(f"{stem.name}-{number}.png")
        picture.write_bytes(page)
        pictures.append(picture)
    return pictures


def main(arguments: list[str]) -> int:
    """Write the samples into the folder named first; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m server.documents.rendering.samples FOLDER\n")
        return 2
    written = write_samples(Path(arguments[0]))
    sys.stdout.write(f"{len(written)} files in {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
