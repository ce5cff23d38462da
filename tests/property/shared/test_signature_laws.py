"""Laws of packed strokes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.signature import MAGIC, BadSignature, pack_strokes, unpack_strokes

points = st.tuples(st.integers(0, 900), st.integers(0, 400))
strokes = st.lists(st.lists(points, min_size=1, max_size=40), max_size=12)


@given(strokes)
def test_strokes_come_back_and_pack_alike(drawn):
    """R025: what was drawn is kept, and one drawing has one packing (its hash is sealed)."""
    packed = pack_strokes(900, 400, drawn)
    drawing = unpack_strokes(packed)
    assert drawing.strokes == tuple(tuple(stroke) for stroke in drawn)
    assert pack_strokes(drawing.width, drawing.height, drawing.strokes) == packed


@given(strokes, st.data())
def test_cut_strokes_are_refused(drawn, data):
    """G7: a file that misses its end is no signature."""
    packed = pack_strokes(900, 400, drawn)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(BadSignature):
        unpack_strokes(cut)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(noise):
    """Bad input gets a clear answer: a drawing within its limits, or a problem."""
    try:
        drawing = unpack_strokes(MAGIC + noise)
    except BadSignature:
        return
    assert pack_strokes(drawing.width, drawing.height, drawing.strokes) == MAGIC + noise
