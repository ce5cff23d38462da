"""Draw the documents' pictures: ``python -m tests.golden.documents.draw``."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from server.documents.rendering.papers import Paper
from server.documents.rendering.render import draw_pages
from server.documents.rendering.samples import LANGUAGES, sample_papers
from shared.problems import Language

FOLDER = Path(__file__).parent
PPI = 54
GREY_STEP = 17  # 16 greys keep the files small

PICTURED = {
    f"{kind}-{'long' if long else 'short'}-{language}": (kind, long, language)
    for kind in sample_papers(long=False)
    for long, language in ((False, LANGUAGES[0]), (False, LANGUAGES[1]), (True, LANGUAGES[0]))
}


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


def main() -> None:
    """Write every picture anew."""
    for name in PICTURED:
        picture(name).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
