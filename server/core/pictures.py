"""Pictures from outside are shown as copies: decoded and written anew in a process of its own, under limits."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

import msgspec

from server.core.problems import Problem, Text

JPEG = "image/jpeg"
PICTURE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_PICTURE_BYTES = 12 * 1024**2
MEMORY_BYTES = 768 * 1024**2
CPU_S = 10
TIMEOUT_S = 20.0
MAX_COPY_BYTES = 100 * 1024**2
_PATIENCE_S = 5.0
_WORKER = Path(__file__).with_name("picture_worker.py")
_seats = BoundedSemaphore(2)

_WORDS = {
    "several_frames": Text("elle a plusieurs images", "it has several frames"),
    "too_many_pixels": Text("elle dépasse 25 mégapixels", "it is over 25 megapixels"),
    "too_much_memory": Text("elle demande trop de mémoire", "it takes too much memory"),
    "unreadable": Text("ses octets ne sont pas une image entière", "its bytes are no whole picture"),
}


class PictureUnfit(Problem):
    """No copy can be made of the picture; its own bytes stay as evidence and are never shown."""

    slug = "picture-unfit"
    status = 422
    title = Text("Image impossible à montrer", "Picture cannot be shown")


class PictureRefused(Problem):
    """The file that a person sends is no picture that is taken: another kind, too large, several frames, or damaged."""

    slug = "picture-refused"
    title = Text("Image refusée", "Picture refused")


class PicturesBusy(Problem):
    """Every process that makes copies is at work."""

    slug = "pictures-busy"
    status = 503
    title = Text("Images en attente", "Pictures wait")


@dataclass(frozen=True, slots=True)
class Copy:
    """What may be shown: pixels alone, upright, as JPEG or PNG."""

    media_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a person sent, as others may see it: a JPEG, and the texts of the QR codes on it."""

    jpeg: bytes
    codes: tuple[str, ...]


class _Said(msgspec.Struct):
    media_type: str = ""
    unfit: str = ""
    codes: tuple[str, ...] = ()


def copy_of(payload: bytes) -> Copy:
    """Return a copy of a JPEG, PNG or WebP of one frame and at most 25 megapixels; metadata and all else are gone.

    The decoders run in a process with bounds of memory and time: a picture made to harm ends that process alone.

    Raises:
        PictureUnfit: the bytes are no such picture, are cut, or ask for too much.
        PicturesBusy: come back later.
    """
    said, copy = _seated(payload)
    if not said.media_type:
        words = _WORDS.get(said.unfit, _WORDS["unreadable"])
        raise PictureUnfit(
            Text(
                f"Cette image ne peut pas être montrée\u00a0: {words.fr}. L’original est gardé comme preuve.",
                f"This picture cannot be shown: {words.en}. The original is kept as evidence.",
            ),
            where=said.unfit or "unreadable",
        )
    return Copy(said.media_type, copy)


def read_picture(payload: bytes) -> Picture:
    """Return a JPEG made anew from a JPEG, PNG or WebP of one frame, at most 3,000 pixels long, and its QR codes.

    At most ``MAX_PICTURE_BYTES`` and 25 megapixels; places, owners and whatever else hides in the file stay behind.

    Raises:
        PictureRefused: it is no such picture, or took too long or too much memory.
        PicturesBusy: come back later.
    """
    check_size(payload)
    said, jpeg = _seated(payload, "codes")
    if not said.media_type:
        raise _refused(said.unfit or "unreadable")
    return Picture(jpeg, said.codes)


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


def _seated(payload: bytes, *options: str) -> tuple[_Said, bytes]:
    if not _seats.acquire(timeout=_PATIENCE_S):
        raise PicturesBusy(
            Text(
                "Trop d’images à la fois. Réessayez dans un instant.", "Too many pictures at once. Try again shortly."
            ),
            retry_after_s=5,
        )
    try:
        return _ask(payload, *options)
    finally:
        _seats.release()


def _ask(payload: bytes, *options: str) -> tuple[_Said, bytes]:
    command = [sys.executable, "-I", str(_WORKER), str(MEMORY_BYTES), str(CPU_S), *options]
    try:
        ended = subprocess.run(
            command, input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False,
            env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _Said(unfit="too_much_memory"), b""
    line, _, copy = ended.stdout.partition(b"\n")
    try:
        said = msgspec.json.decode(line, type=_Said)
    except msgspec.DecodeError:
        return _Said(unfit="too_much_memory"), b""  # killed by a limit before it could speak
    return (said, copy) if len(copy) <= MAX_COPY_BYTES else (_Said(unfit="too_many_pixels"), b"")
