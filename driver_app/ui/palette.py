"""The colours of both themes: text reaches a contrast of 7:1 on every ground that it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "bg": "#F2F4F7",
    "surface": "#FFFFFF",
    "ink": "#101828",
    "muted": "#344054",
    "line": "#98A2B3",
    "primary": "#0B5C3B",
    "primary_ink": "#FFFFFF",
    "primary_soft": "#DDF1E6",
    "good": "#084A2F",
    "warn": "#7A2E0E",
    "warn_soft": "#FEF0C7",
    "danger": "#7A1208",
    "danger_soft": "#FEE4E2",
    "notice": "#123C8C",
    "notice_soft": "#DCE9FF",
    "shadow": "#10182824",
}
DARK: Final[Mapping[str, str]] = {
    "bg": "#0C111D",
    "surface": "#182230",
    "ink": "#F5F7FA",
    "muted": "#C8D0DC",
    "line": "#667085",
    "primary": "#4CC38A",
    "primary_ink": "#04160D",
    "primary_soft": "#123324",
    "good": "#86E3B7",
    "warn": "#FDC55A",
    "warn_soft": "#3B2306",
    "danger": "#FFB4A9",
    "danger_soft": "#45110C",
    "notice": "#B3D1FF",
    "notice_soft": "#122B52",
    "shadow": "#00000066",
}
TEXT_ON_GROUND: Final = (
    ("ink", "bg"),
    ("ink", "surface"),
    ("ink", "primary_soft"),
    ("muted", "bg"),
    ("muted", "surface"),
    ("muted", "primary_soft"),
    ("primary_ink", "primary"),
    ("primary", "surface"),
    ("good", "primary_soft"),
    ("warn", "warn_soft"),
    ("warn", "surface"),
    ("danger", "danger_soft"),
    ("notice", "notice_soft"),
)
_LINEAR_BELOW = 0.03928


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours.

    Source: WCAG 2.2, relative luminance.
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return float(value / 12.92 if value <= _LINEAR_BELOW else ((value + 0.055) / 1.055) ** 2.4)
