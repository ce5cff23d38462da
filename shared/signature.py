"""A signature as lines on a pad: positions only, neither pressure nor speed nor time, which would be biometrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.problems import Problem, Text

MAGIC = b"TSG1"
MAX_SIDE = 10_000
MAX_STROKES = 400
MAX_POINTS = 8_000
MAX_PACKED_BYTES = 64 * 1024
MIN_INK_SHARE = 0.2
SEPTET = 0x7F
MAX_SHIFT = 28

type Point = tuple[int, int]
type Stroke = tuple[Point, ...]


class BadSignature(Problem):
    """Strokes that cannot be packed, or bytes that are no packed strokes."""

    slug = "bad-signature"
    title = Text("Signature illisible", "Signature cannot be read")


@dataclass(frozen=True, slots=True)
class SignatureDrawing:
    """The strokes on a pad of ``width`` by ``height``; the origin is the top left corner, y grows downwards."""

    width: int
    height: int
    strokes: tuple[Stroke, ...]

    @property
    def ink_length(self) -> float:
        """The length of all lines, in the pad's own unit. Points count for nothing: slow frames merge them."""
        return sum(math.dist(before, after) for stroke in self.strokes for before, after in pairwise(stroke))

    def problem(self) -> Text | None:
        """Return why this is no signature, or None when it is one: its lines are a fifth of the pad's width."""
        if self.ink_length >= MIN_INK_SHARE * self.width:
            return None
        return Text(
            "La signature est trop courte. Signer de nouveau dans le cadre.",
            "The signature is too short. Sign again inside the frame.",
        )

    def to_svg_path(self) -> str:
        """Return the strokes as the ``d`` of one SVG path in the pad's coordinates."""
        return " ".join(_svg_stroke(stroke) for stroke in self.strokes)


def pack_strokes(width: int, height: int, strokes: Iterable[Sequence[Point]]) -> bytes:
    """Return the drawing in two to four bytes a point; the same strokes always give the same bytes.

    Points beyond the pad are held to its edge, a stroke without points is left out.

    Raises:
        BadSignature: the pad's size, the strokes or the points are beyond the limits.
    """
    kept = [_held(stroke, width, height) for stroke in strokes if stroke]
    _require_bounds(width, height, kept)
    numbers = [width, height, len(kept)]
    for stroke in kept:
        numbers.append(len(stroke))
        x, y = 0, 0
        for then_x, then_y in stroke:
            numbers += (_zigzag(then_x - x), _zigzag(then_y - y))
            x, y = then_x, then_y
    return MAGIC + b"".join(_varint(number) for number in numbers)


def unpack_strokes(packed: bytes) -> SignatureDrawing:
    """Return the drawing that ``pack_strokes`` packed.

    Raises:
        BadSignature: other bytes, cut or too many of them, or points beyond the pad.
    """
    if not packed.startswith(MAGIC) or len(packed) > MAX_PACKED_BYTES:
        raise _bad("ce ne sont pas des traits", "these are no strokes")
    numbers = _numbers(packed[len(MAGIC) :])
    width, height, count = _following(numbers), _following(numbers), _following(numbers)
    _require(count <= MAX_STROKES)
    strokes = tuple(_read_stroke(numbers) for _ in range(count))
    _require(next(numbers, None) is None)
    _require_bounds(width, height, strokes)
    _require(all(0 <= x <= width and 0 <= y <= height for stroke in strokes for x, y in stroke))
    _require(pack_strokes(width, height, strokes) == packed)
    return SignatureDrawing(width, height, strokes)


def _read_stroke(numbers: Iterator[int]) -> Stroke:
    count = _following(numbers)
    _require(0 < count <= MAX_POINTS)
    points, x, y = [], 0, 0
    for _ in range(count):
        x, y = x + _unzigzag(_following(numbers)), y + _unzigzag(_following(numbers))
        points.append((x, y))
    return tuple(points)


def _numbers(packed: bytes) -> Iterator[int]:
    value, shift = 0, 0
    for byte in packed:
        _require(shift <= MAX_SHIFT)
        value |= (byte & SEPTET) << shift
        shift += 7
        if byte <= SEPTET:
            yield value
            value, shift = 0, 0
    _require(shift == 0)


def _following(numbers: Iterator[int]) -> int:
    number = next(numbers, None)
    if number is None:
        raise _bad("la fin manque", "the end is missing")
    return number


def _varint(value: int) -> bytes:
    septets = bytearray()
    while value > SEPTET:
        septets.append(value & SEPTET | 0x80)
        value >>= 7
    septets.append(value)
    return bytes(septets)


def _zigzag(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def _unzigzag(value: int) -> int:
    return -(value + 1 >> 1) if value & 1 else value >> 1


def _held(stroke: Sequence[Point], width: int, height: int) -> Stroke:
    return tuple((min(max(x, 0), width), min(max(y, 0), height)) for x, y in stroke)


def _svg_stroke(stroke: Stroke) -> str:
    (x, y), *rest = stroke
    lines = "".join(f"L{after_x} {after_y}" for after_x, after_y in rest or [(x, y)])
    return f"M{x} {y}{lines}"


def _require_bounds(width: int, height: int, strokes: Sequence[Stroke]) -> None:
    _require(0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE)
    _require(len(strokes) <= MAX_STROKES and sum(len(stroke) for stroke in strokes) <= MAX_POINTS)


def _require(is_true: bool) -> None:  # noqa: FBT001 - an assertion
    if not is_true:
        raise _bad("les traits dépassent les limites", "the strokes are beyond the limits")


def _bad(reason_fr: str, reason_en: str) -> BadSignature:
    return BadSignature(
        Text(
            f"La signature ne peut pas être lue\u00a0: {reason_fr}. Signer de nouveau.",
            f"The signature cannot be read: {reason_en}. Sign again.",
        )
    )
