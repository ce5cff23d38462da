"""The process that decodes one picture: bytes in, a message out. It trusts nothing and outlives nothing."""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

import msgspec

from server.core.pictures import MAX_PICTURE_BYTES, MAX_PIXELS, PictureReading

MEMORY_BYTES: Final = 1024**3
CPU_S: Final = 15
_LONGEST_SIDE: Final = 3000
_QUALITY: Final = 85
_MAX_CODES: Final = 8
_MAX_CODE: Final = 512


def main() -> None:
    """Read a picture from the standard input and answer on the standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    payload = sys.stdin.buffer.read(MAX_PICTURE_BYTES + 1)
    sys.stdout.buffer.write(msgspec.msgpack.encode(read(payload)))


def read(payload: bytes) -> PictureReading:
    """Return the picture encoded anew with its codes, or why it is refused."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(payload), formats=("JPEG", "PNG", "WEBP")) as opened:
            if getattr(opened, "n_frames", 1) != 1:
                return PictureReading(refusal="frames")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return PictureReading(refusal="pixels")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
        return PictureReading(refusal="damaged")
    codes = _codes(upright)
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return PictureReading(jpeg=out.getvalue(), codes=codes)


def _codes(picture: object) -> tuple[str, ...]:
    import zxingcpp

    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return tuple(one.text for one in found[:_MAX_CODES] if len(one.text) <= _MAX_CODE)


if __name__ == "__main__":
    main()
