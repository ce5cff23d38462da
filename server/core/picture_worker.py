"""The process that looks at one picture from outside: bytes in, a clean copy out, and a crash that harms nobody.

Run by its path in isolated mode, so that it loads Pillow and nothing of the product. The first line of its output is
JSON; after a copy the bytes follow.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 25_000_000
QUALITY = 88
LONGEST_SIDE = 3000
MOST_CODES, LONGEST_CODE = 8, 512


class Unfit(Exception):
    """The picture is none that we keep a copy of; the message is a word for it."""


def main(arguments: list[str]) -> int:
    """Read a picture, write its copy; the arguments bound memory in bytes and processor time in seconds.

    With ``codes`` behind them the copy is a JPEG for people to read, and the texts of its QR codes are told.
    """
    memory_bytes, cpu_s = (int(argument) for argument in arguments[:2])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        payload = sys.stdin.buffer.read()
        kind, copy, codes = read_paper(payload) if "codes" in arguments else (*write_anew(payload), [])
    except Unfit as unfit:
        _say({"unfit": str(unfit)})
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        _say({"unfit": "too_many_pixels"})
    except MemoryError:
        _say({"unfit": "too_much_memory"})
    except Exception as error:  # noqa: BLE001 - decoders of strangers' bytes raise anything, and this process ends here
        _say({"unfit": "unreadable", "kind": type(error).__name__})
    else:
        _say({"media_type": kind, "codes": codes}, copy)
    return 0


def write_anew(payload: bytes) -> tuple[str, bytes]:
    """Return the media type and bytes of a copy that has the pixels, upright, and nothing else of the original.

    Raises:
        Unfit: several frames, or no area.
    """
    upright, is_photo = _decoded(payload)
    pixels = upright.convert("RGB" if is_photo or not upright.has_transparency_data else "RGBA")
    copy = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    file = io.BytesIO()
    if is_photo:
        copy.save(file, "JPEG", quality=QUALITY)
        return "image/jpeg", file.getvalue()
    copy.save(file, "PNG")
    return "image/png", file.getvalue()


def read_paper(payload: bytes) -> tuple[str, bytes, list[str]]:
    """Return media type and bytes of a JPEG that people can read, and the texts of the QR codes on the picture.

    Raises:
        Unfit: several frames, or no area.
    """
    import zxingcpp

    pixels = _decoded(payload)[0].convert("RGB")
    found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = io.BytesIO()
    Image.frombytes(pixels.mode, pixels.size, pixels.tobytes()).save(file, "JPEG", quality=QUALITY, optimize=True)
    return "image/jpeg", file.getvalue(), [one.text for one in found[:MOST_CODES] if len(one.text) <= LONGEST_CODE]


def _decoded(payload: bytes) -> tuple[Image.Image, bool]:
    """Return the upright picture and whether it came as a JPEG."""
    with Image.open(io.BytesIO(payload), formats=FORMATS) as picture:
        if getattr(picture, "n_frames", 1) != 1:
            raise Unfit("several_frames")
        if picture.width * picture.height > MAX_PIXELS:
            raise Unfit("too_many_pixels")
        is_photo = picture.format == "JPEG"
        picture.load()
        return ImageOps.exif_transpose(picture), is_photo


def _say(said: dict[str, object], copy: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + copy)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
