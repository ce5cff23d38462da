"""Signatures as lines."""

import pytest

from shared.signature import MAGIC, BadSignature, pack_strokes, unpack_strokes

ZIGZAG = [(20 * step, 100 + 40 * (step % 2)) for step in range(30)]


def test_strokes_come_back_as_drawn():
    """R025: what was drawn is what is kept; a point is a stroke too."""
    drawing = unpack_strokes(pack_strokes(800, 300, [ZIGZAG, [(5, 5)], []]))
    assert (drawing.width, drawing.height) == (800, 300)
    assert drawing.strokes == (tuple(ZIGZAG), ((5, 5),))


def test_a_signature_of_180_points_stays_small():
    """The figure of the wire protocol: 180 points in 540 bytes."""
    assert len(pack_strokes(800, 300, [[(4 * at, 150 + at % 50) for at in range(180)]])) <= 540


def test_points_beyond_the_pad_are_held_to_its_edge():
    """R025: a finger that leaves the frame loses nothing."""
    assert unpack_strokes(pack_strokes(100, 50, [[(-5, 10), (120, 60)]])).strokes == (((0, 10), (100, 50)),)


def test_a_signature_is_judged_by_its_ink():
    """R019: slow frames merge moves, so two far points sign and a hundred taps on one spot do not."""
    assert unpack_strokes(pack_strokes(800, 300, [[(10, 150), (700, 150)]])).problem() is None
    taps = unpack_strokes(pack_strokes(800, 300, [[(10, 10)]] * 100))
    assert taps.ink_length == 0
    assert "Signer de nouveau" in taps.problem().fr


def test_the_drawing_is_an_svg_path():
    """R018: the proof shows the lines as vectors."""
    packed = pack_strokes(100, 50, [[(1, 2), (3, 4)], [(9, 9)]])
    assert unpack_strokes(packed).to_svg_path() == "M1 2L3 4 M9 9L9 9"


@pytest.mark.parametrize("size", [(0, 300), (800, 0), (20_000, 300)])
def test_a_pad_beyond_reason_is_refused(size):
    """Limits stand on every input."""
    with pytest.raises(BadSignature):
        pack_strokes(*size, [ZIGZAG])


def test_more_points_than_a_hand_draws_are_refused():
    """Limits stand on every input."""
    with pytest.raises(BadSignature):
        pack_strokes(800, 300, [[(1, 1)] * 8001])
    with pytest.raises(BadSignature):
        pack_strokes(800, 300, [[(1, 1)]] * 401)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"PNG",
        MAGIC,
        MAGIC + b"\x64\x32\x01",
        MAGIC + b"\x64\x32\x01\x00",
        MAGIC + b"\x64\x32\x01\x01\x02",
        MAGIC + b"\x64\x32\x01\x01\x01\x02",
        MAGIC + b"\x64\x32\x00\x00",
        MAGIC + b"\x64\x32\x80\x00",
        MAGIC + b"\x64\x32" + b"\xff" * 9,
        MAGIC + b"\x64\x32\x80",
        MAGIC + bytes(70_000),
    ],
    ids=[
        "empty",
        "another file",
        "nothing",
        "no stroke",
        "stroke without points",
        "half a point",
        "beyond the pad",
        "too long",
        "another form of a number",
        "endless number",
        "cut number",
        "too large",
    ],
)
def test_other_bytes_are_no_signature(packed):
    """G7: bytes that are no strokes are refused, whatever they are."""
    with pytest.raises(BadSignature) as refused:
        unpack_strokes(packed)
    assert refused.value.detail.fr.startswith("La signature ne peut pas être lue\u00a0: ")
