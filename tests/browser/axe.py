"""What a page is asked before it passes: axe's rules, and that the browser complains about nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
IN_ANOTHER_LOOK = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}}
"""What changes with the theme and the width; the rest holds for every look of a page."""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def faults_of(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """Return what axe finds serious or worse, each with the first place."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", rules)
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({one['nodes'][0].get('failureSummary', '')[:160]})"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def complaints_of(page: Page) -> list[str]:
    """Return a list that fills with what the browser complains about: errors, and content that the policy blocks."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "404 (NOT FOUND)" not in message.text:
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
