"""Each document looks and reads as it did when someone last looked at it.

The pictures and words beside this file are made anew by ``python -m tests.golden.documents.draw``; look at them before
they are committed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageChops, ImageStat

from server.documents.rendering.samples import sample_papers
from tests.golden.documents.draw import FOLDER, PICTURED, SAID, greys, picture, said

WHOLE_TOLERANCE = 0.2
TILE_TOLERANCE = 3.0  # a digit that changes moves its tile by more, see the last test
TILE = 8


@pytest.mark.parametrize("name", sorted(PICTURED))
def test_a_document_looks_as_it_did(name):
    """Documents: no text moves, vanishes or is clipped without someone having looked."""
    golden = Image.open(FOLDER / f"{name}.png").convert("L")
    drawn = picture(name)
    assert drawn.size == golden.size
    assert ImageStat.Stat(ImageChops.difference(golden, drawn)).mean[0] <= WHOLE_TOLERANCE
    place, worst = _worst_tile(golden, drawn)
    assert worst <= TILE_TOLERANCE, f"{name} differs most at {place}"


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_document_says_what_it_said(name):
    """R055, R115: no word, date or amount of a PDF changes without someone having read it."""
    assert said(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_picture_is_of_a_document():
    """Documents: no picture is left of a document that no longer exists."""
    assert {path.stem for path in Path(FOLDER).glob("*.png")} == set(PICTURED)
    assert {path.stem for path in Path(FOLDER).glob("*.txt")} == set(SAID)


def test_one_changed_digit_is_seen():
    """Documents: the tolerance is for antialiasing and hides no figure."""
    paper = sample_papers(long=False)["invoice"]
    changed = msgspec.structs.replace(paper, number="F-2026-00378")
    _, worst = _worst_tile(greys(paper, "fr"), greys(changed, "fr"))
    assert worst > TILE_TOLERANCE


def _worst_tile(one: Image.Image, other: Image.Image):
    return max(_tiles(ImageChops.difference(one, other)), key=lambda tile: tile[1])


def _tiles(image: Image.Image):
    for top in range(0, image.height, TILE):
        for left in range(0, image.width, TILE):
            tile = image.crop((left, top, left + TILE, top + TILE))
            yield (left, top), ImageStat.Stat(tile).mean[0]
