"""Pictures that people send: decoded in a process of its own, with bounded memory and time, and encoded anew.

Only the new encoding is ever shown to others; the bytes that came are kept as evidence beside it.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Final

import msgspec

from shared.problems import Problem, Text

MAX_PICTURE_BYTES: Final = 12 * 1024 * 1024
MAX_PIXELS: Final = 25_000_000
TIMEOUT_S: Final = 20
JPEG: Final = "image/jpeg"


class PictureRefused(Problem):
    """The file is no picture that is taken: another kind, too large, several frames, or damaged."""

    slug = "picture-refused"
    title = Text("Image refusée", "Picture refused")


class PictureReading(msgspec.Struct, frozen=True):
    """What the decoding process answers: a JPEG of the picture and the texts of its bar codes, or why not."""

    jpeg: bytes = b""
    codes: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as others may see it."""

    jpeg: bytes
    codes: tuple[str, ...]


def read_picture(payload: bytes) -> Picture:
    """Return a JPEG made anew from a JPEG, PNG or WebP of one frame, and the texts of the QR codes on it.

    At most ``MAX_PICTURE_BYTES`` and ``MAX_PIXELS``; places, owners and whatever else hides in the file stay behind.

    Raises:
        PictureRefused: it is no such picture, or took too long or too much memory.
    """
    check_size(payload)
    command = [sys.executable, "-m", "server.core.picture_reader"]
    try:
        ended = subprocess.run(command, input=payload, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise _refused("time") from error
    if ended.returncode != 0:  # its memory limit, or a fault inside a decoder: nothing else went with it
        raise _refused("crash")
    reading = msgspec.msgpack.decode(ended.stdout, type=PictureReading)
    if reading.refusal:
        raise _refused(reading.refusal)
    return Picture(reading.jpeg, reading.codes)


def check_size(payload: bytes) -> None:
    """Refuse at once what is nothing, or too large to be looked at.

    Raises:
        PictureRefused: no bytes, or over ``MAX_PICTURE_BYTES``.
    """
    if not 0 < len(payload) <= MAX_PICTURE_BYTES:
        raise _refused("size")


def _refused(why: str) -> PictureRefused:
    largest = MAX_PICTURE_BYTES // 1024**2
    return PictureRefused(
        Text(
            f"Envoyez une seule image JPEG, PNG ou WebP, intacte, de {largest} Mo et 25 mégapixels au plus.",
            f"Send one intact JPEG, PNG or WebP picture of at most {largest} MB and 25 megapixels.",
        ),
        where="file",
        why=why,
    )
