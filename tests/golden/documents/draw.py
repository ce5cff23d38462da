"""Draw the documents' pictures and write down their words: ``python -m tests.golden.documents.draw``.

With names of papers behind it (``invoice statement``), only these are made anew.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from pypdf import PdfReader

from server.documents.rendering.papers import Paper
from server.documents.rendering.render import draw_pages, render
from server.documents.rendering.samples import ISSUED_AT, LANGUAGES, sample_papers
from shared.problems import Language

FOLDER = Path(__file__).parent
PPI = 54
GREY_STEP = 17  # 16 greys keep the files small

PICTURED = {
    f"{kind}-{'long' if long else 'short'}-{language}": (kind, long, language)
    for kind in sample_papers(long=False)
    for long, language in ((False, LANGUAGES[0]), (False, LANGUAGES[1]), (True, LANGUAGES[0]))
}

SAID = [name for name, (_kind, long, _language) in PICTURED.items() if not long]
"""The papers whose words are kept beside the pictures."""


def picture(name: str) -> Image.Image:
    """Return the picture of one named document."""
    kind, long, language = PICTURED[name]
    return greys(sample_papers(long=long)[kind], language)


def greys(paper: Paper, language: Language) -> Image.Image:
    """Return the first and the last page of a paper side by side, in 16 greys."""
    pages = draw_pages(paper, language=language, ppi=PPI)
    drawn = [Image.open(io.BytesIO(page)).convert("L") for page in dict.fromkeys((pages[0], pages[-1]))]
    sheet = Image.new("L", (sum(page.width for page in drawn), drawn[0].height), 255)
    for at, page in enumerate(drawn):
        sheet.paste(page, (at * drawn[0].width, 0))
    return sheet.point([grey // GREY_STEP * GREY_STEP for grey in range(256)])


def said(name: str) -> str:
    """Return the words of one named document's PDF, page after page, in the order in which a reader hears them."""
    kind, long, language = PICTURED[name]
    pdf = render(sample_papers(long=long)[kind], language=language, issued_at=ISSUED_AT)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return "\n\f\n".join(pages) + "\n"


def main(wanted: list[str]) -> None:
    """Write pictures and words anew, of every paper or of the wanted kinds."""
    for name, (kind, _long, _language) in PICTURED.items():
        if not wanted or kind in wanted:
            picture(name).save(FOLDER / f"{name}.png", optimize=True)
            if name in SAID:
                (FOLDER / f"{name}.txt").write_text(said(name), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
