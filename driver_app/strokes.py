"""Signatures drawn by a formula: scripted days have no hand."""

from __future__ import annotations

import hashlib
import math

from driver_app.actions.signing import Signing
from driver_app.ink import to_png
from shared.signature import Point, pack_strokes, unpack_strokes

PAD_WIDTH, PAD_HEIGHT = 1200, 480
_POINTS = 90


def draw_signing(name: str, role: str) -> Signing:
    """Return a signing whose strokes depend on the name alone."""
    seed = hashlib.sha256(name.encode()).digest()
    packed = pack_strokes(PAD_WIDTH, PAD_HEIGHT, [_flourish(seed), _underline(seed)])
    return Signing(name=name, role=role, strokes=packed, picture=to_png(unpack_strokes(packed)))


def _flourish(seed: bytes) -> list[Point]:
    waves, swing = 3 + seed[0] % 4, 70 + seed[1] % 80
    return [_on_wave(at / _POINTS, waves, swing, seed[2] / 40) for at in range(_POINTS + 1)]


def _on_wave(share: float, waves: int, swing: int, phase: float) -> Point:
    x = 150 + share * 850 + 40 * math.sin(share * waves * 4 * math.pi)
    y = PAD_HEIGHT / 2 - swing * math.sin(share * waves * 2 * math.pi + phase) * (1 - 0.6 * share)
    return round(x), round(y)


def _underline(seed: bytes) -> list[Point]:
    return [(200 + step * 70, 380 - (seed[3 + step] % 12)) for step in range(11)]
