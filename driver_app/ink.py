"""A signature's picture, drawn from its lines."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw

from shared.signature import SignatureDrawing

PICTURE_WIDTH_PX = 900
PEN_PX = 5
OVERSAMPLING = 3
MARGIN_PX = 12
SHADES = 16
WHITE, BLACK = 255, 0


def to_png(drawing: SignatureDrawing) -> bytes:
    """Return the signature in shades of grey, cropped to its ink with a margin: 3 to 8 KB.

    The same lines give the same bytes under one version of Pillow.
    """
    scale = PICTURE_WIDTH_PX * OVERSAMPLING / drawing.width
    size = (PICTURE_WIDTH_PX * OVERSAMPLING, max(1, round(drawing.height * scale)))
    canvas = Image.new("L", size, WHITE)
    pen = ImageDraw.Draw(canvas)
    for stroke in drawing.strokes:
        _draw(pen, [(x * scale, y * scale) for x, y in stroke])
    return _encode(_crop(canvas))


def _draw(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]]) -> None:
    if len(points) > 1:
        pen.line(points, fill=BLACK, width=PEN_PX * OVERSAMPLING, joint="curve")
    radius = PEN_PX * OVERSAMPLING / 2
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=BLACK)


def _crop(canvas: Image.Image) -> Image.Image:
    box = ImageChops.invert(canvas).getbbox()
    if box is None:
        return canvas
    margin = MARGIN_PX * OVERSAMPLING
    left, top, right, bottom = box
    return canvas.crop(
        (
            max(0, left - margin),
            max(0, top - margin),
            min(canvas.width, right + margin),
            min(canvas.height, bottom + margin),
        )
    )


def _encode(canvas: Image.Image) -> bytes:
    size = (max(1, canvas.width // OVERSAMPLING), max(1, canvas.height // OVERSAMPLING))
    file = io.BytesIO()
    canvas.resize(size, Image.Resampling.LANCZOS).quantize(SHADES).save(file, "PNG", optimize=True)
    return file.getvalue()
