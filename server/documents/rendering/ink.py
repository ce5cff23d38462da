"""A signature's strokes as a vector drawing."""

from __future__ import annotations

from server.core.problems import Problem, Text
from server.documents.rendering.parts import Drawing
from shared.signature import MAX_POINTS, SignatureDrawing


class TooMuchInk(Problem):
    """A signature with more points than a hand makes."""

    slug = "too-much-ink"
    title = Text("Signature trop lourde", "Signature too heavy")


def ink_svg(drawing: Drawing) -> str:
    """Return the strokes as an SVG of the drawing's size: straight lines between the recorded points, nothing added.

    Raises:
        TooMuchInk: the strokes have more than ``MAX_POINTS`` points together.
    """
    points = sum(len(stroke) for stroke in drawing.strokes)
    if points > MAX_POINTS:
        raise TooMuchInk(
            Text(
                f"La signature compte {points} points; le maximum est de {MAX_POINTS}.",
                f"The signature has {points} points; the most is {MAX_POINTS}.",
            ),
            where="signature.strokes",
        )
    strokes = tuple(stroke for stroke in drawing.strokes if stroke)
    path = SignatureDrawing(drawing.width, drawing.height, strokes).to_svg_path()
    pen = max(1, drawing.width // 160)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width}" height="{drawing.height}" '
        f'viewBox="0 0 {drawing.width} {drawing.height}">'
        f'<path d="{path or "M0 0"}" fill="none" stroke="#14213d" stroke-width="{pen}" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
