"""Signatures drawn by a formula: scripted days have no hand."""

from __future__ import annotations

import hashlib
import math

from driver_app.actions.signing import Signing
from driver_app.ink import to_png
from shared.signature import Point, pack_strokes, unpack_strokes

PAD_WIDTH, PAD_HEIGHT = 1200, 480
_POINTS = 120


def draw_signing(name: str, role: str) -> Signing:
    """Return a signing whose strokes depend on the name alone."""
    seed = hashlib.sha256(name.encode()).digest()
    packed = pack_strokes(PAD_WIDTH, PAD_HEIGHT, [_flourish(seed), _underline(seed)])
    return Signing(name=name, role=role, strokes=packed, picture=to_png(unpack_strokes(packed)))


def _flourish(seed: bytes) -> list[Point]:
    loops, swing = 4 + seed[0] % 4, 90 + seed[1] % 60
    return [_on_loop(at / _POINTS, loops, swing, seed[2] / 40) for at in range(_POINTS + 1)]


def _on_loop(share: float, loops: int, swing: int, phase: float) -> Point:
    """A prolate cycloid that flattens towards its end, as a hurried name does."""
    angle = 2 * math.pi * loops * share + phase
    x = 180 + share * 780 + swing * 0.55 * math.cos(angle)
    y = PAD_HEIGHT / 2 - swing * (1 - 0.65 * share) * math.sin(angle) + 25 * math.sin(3.1 * share)
    return round(x), round(y)


def _underline(seed: bytes) -> list[Point]:
    return [(200 + step * 70, 380 - (seed[3 + step] % 12)) for step in range(11)]
