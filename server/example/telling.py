"""A finding as a line for the eyes."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape

from server.core.problems import Language
from server.example.check.finding import Finding

MOST_FAULTS: Final = 10


def tell(console: Console, finding: Finding, language: Language) -> Finding:
    """Print a finding with its figures and first faults, and return it."""
    mark = "[green]✓[/]" if finding.holds else "[red]✗[/]"
    words = f"{finding.title.say(language)} — {finding.figures.say(language)}"
    console.print(f"{mark} {escape(words)}", highlight=False, soft_wrap=True)
    for fault in finding.faults[:MOST_FAULTS]:
        console.print(f"    {escape(fault)}", highlight=False, soft_wrap=True)
    if (left := len(finding.faults) - MOST_FAULTS) > 0:
        console.print(f"    … + {left}", highlight=False)
    return finding
