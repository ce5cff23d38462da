"""Which tests show which requirement and which law, read from the tests' docstrings."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
_TOOLS: Final = Path(__file__).parent
_NUMBERS: Final = re.compile(r"\bR(\d{3})(?:\s*[-–]\s*R?(\d{3}))?\b")
_LAWS: Final = re.compile(r"\blaws?\s+((?:\d{1,2}(?:\s*(?:,|and|to|-|–)\s*(?:law\s+)?)?)+)", re.IGNORECASE)
_LAW: Final = re.compile(r"(\d{1,2})(?:\s*(?:to|-|–)\s*(\d{1,2}))?")
_ROW: Final = re.compile(r"^\| ([A-Z]\d+) \| .* \| (.*) \|$", re.MULTILINE)
_LINK: Final = "]("


class NothingShows(Exception):
    """A row that tests showed has none left, or a docstring names a row that does not exist or that waits."""


@dataclass(frozen=True)
class Table:
    """One generated page: its rows, how a docstring names them, and what the rows without tests come with."""

    name: str
    title: str
    says: tuple[str, ...]
    rows: Mapping[str, Any]
    waits: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> set[str]:
        """Every row's number."""
        return {key for section in self.rows.values() for key in section if key != "title"}


def requirements() -> str:
    """Return docs/requirements.md: each requirement with the tests that show it.

    Raises:
        NothingShows: names the rows that lost their tests, or the tests that name no row.
    """
    says = (
        "A test shows a requirement when its docstring names it. A row that has tests keeps some: `make docs` and the",
        "tests refuse a page on which a row lost them all.",
    )
    return _page(Table("requirements.md", "Requirements and their tests", says, _read("requirements.toml")))


def laws() -> str:
    """Return docs/laws.md: each law of the books with the tests that show it.

    Raises:
        NothingShows: as for the requirements.
    """
    says = (
        "Laws hold for whatever is done, in any order; most are shown by random examples (`tests/property`) and by the",
        "database itself. A docstring names them as « law 9 » or « laws 3, 4 ». A law about a feature that is not",
        "built yet says with which it comes.",
    )
    rows = dict(_read("laws.toml"))
    waits = rows.pop("comes_with")
    return _page(Table("laws.md", "Laws of the books and their tests", says, rows, waits))


def named_in(docstring: str) -> set[str]:
    """Return what a docstring names: ``R016`` of « R015-R017 »; ``L09`` of « law 9 », « laws 8, 9 and 11 »."""
    found: set[str] = set()
    for first, last in _NUMBERS.findall(docstring):
        found |= {f"R{number:03}" for number in range(int(first), int(last or first) + 1)}
    for listed in _LAWS.findall(docstring):
        for first, last in _LAW.findall(listed):
            found |= {f"L{number:02}" for number in range(int(first), int(last or first) + 1)}
    return found


def shows_in(root: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Yield every test below ``tests`` as its file, its name and what its docstring names."""
    for path in sorted((root / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("test_"):
            for node in ast.walk(ast.parse(text, str(path))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_test(node):
                    yield path.relative_to(root).as_posix(), node.name, named_in(ast.get_docstring(node) or "")


def lost_rows(before: str, after: str) -> list[str]:
    """Return the rows that have tests on one page and none on the other."""
    now = dict(_ROW.findall(after))
    return [key for key, tests in _ROW.findall(before) if _LINK in tests and _LINK not in now.get(key, "")]


def _is_test(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return node.name.startswith("test_" if isinstance(node, ast.FunctionDef) else "Test")


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((_TOOLS / name).read_text(encoding="utf-8"))


def _page(table: Table) -> str:
    page = "\n".join([f"# {table.title}", "", *_note(), *table.says, *_sections(table, _shown(table))]) + "\n"
    kept = ROOT / "docs" / table.name
    if kept.exists() and (lost := lost_rows(kept.read_text(encoding="utf-8"), page)):
        raise NothingShows(
            f"docs/{table.name}: no test names {', '.join(lost)} any more; delete its row first if that is meant"
        )
    return page


def _note() -> tuple[str, str]:
    return "<!-- Written by `make docs` from the tests; change the tests instead. -->", ""


def _shown(table: Table) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {key: [] for key in table.keys}
    letters = {key[0] for key in shown}
    for path, name, named in shows_in(ROOT):
        for key in sorted(one for one in named if one[0] in letters):
            if key not in shown:
                raise NothingShows(f"{path}::{name} names {key}, which does not exist")
            shown[key].append(f"[{name}](../{path})")
    _check_waits(table, shown)
    return shown


def _check_waits(table: Table, shown: Mapping[str, list[str]]) -> None:
    """Refuse a row that waits for its feature and has tests, or that is none of the table's."""
    stale = sorted(key for key in table.waits if shown.get(key, [key]))
    if stale:
        raise NothingShows(
            f"docs/{table.name}: {', '.join(stale)} waits for nothing any more; delete what it comes with"
        )


def _sections(table: Table, shown: Mapping[str, list[str]]) -> Iterator[str]:
    for letter, section in table.rows.items():
        rows = [key for key in section if key != "title"]
        found = sum(1 for key in rows if shown[key])
        yield from ("", f"## {letter}. {section['title']}" if len(table.rows) > 1 else f"## {section['title']}", "")
        yield from (f"{found} of {len(rows)} shown.", "", "| number | what | tests |", "| --- | --- | --- |")
        yield from (f"| {key} | {section[key]} | {_cell(table, shown[key], key)} |" for key in rows)


def _cell(table: Table, tests: list[str], key: str) -> str:
    if tests:
        return "<br>".join(tests)
    return f"comes with {table.waits[key]}" if key in table.waits else "–"
