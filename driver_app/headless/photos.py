"""Photos for a machine without a camera."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SIZE_PX = (1280, 960)
QUALITY = 70


def draw_photo(caption: str) -> bytes:
    """Return a JPEG of stacked cases with a caption; the same caption gives the same picture."""
    picture = Image.new("RGB", SIZE_PX, "#8fa3ad")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 640, *SIZE_PX), fill="#6b5b4b")
    for row in range(4):
        for column in range(5 - row % 2):
            left, top = 240 + column * 160 + row % 2 * 80, 560 - row * 130
            pen.rectangle((left, top, left + 150, top + 120), fill="#c49a5f", outline="#7a5c33", width=4)
    pen.text((40, 880), caption, fill="white", font_size=36)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
