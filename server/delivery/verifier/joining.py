"""ES modules joined into one script, in the order in which they need each other: for a page that is a single file.

Only the plain forms are known: named and namespace imports, exported declarations and lists. Anything else is refused
rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from server.core.problems import Problem, Text

_COMMENT: Final = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)  # keeps licences: /*! … */
_IMPORT: Final = re.compile(
    r"""^import (?:\{(?P<names>[^}]*)\}|\* as (?P<whole>\w+)) from ["'](?P<place>[^"']+)["'];?[ \t]*\n""", re.MULTILINE
)
_EXPORTED: Final = re.compile(r"^export ((?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_EXPORTS: Final = re.compile(r"^export \{([^}]*)\};?[ \t]*\n", re.MULTILINE)
_LEFT: Final = re.compile(r"^\s*(?:import\b(?!\()|export\b)", re.MULTILINE)


class PageUnbuildable(Problem):
    """A file that the page is made of is missing, or is written in a way that cannot be joined."""

    slug = "verify-page-unbuildable"
    status = 500
    title = Text("Page de vérification impossible à faire", "The verify page cannot be made")


def join_modules(start: Path, locate: Callable[[str, Path], Path]) -> str:
    """Return one script with ``start`` and everything that it imports, each module once, before those that need it.

    ``locate`` says which file an import means, given who imports.

    Raises:
        PageUnbuildable: naming the file.
    """
    names: dict[Path, str] = {}
    return "".join(_joined(start, locate, names))


def _joined(path: Path, locate: Callable[[str, Path], Path], names: dict[Path, str]) -> Iterator[str]:
    if path in names:
        return
    text = _COMMENT.sub("", _read(path))
    places = {found["place"]: locate(found["place"], path) for found in _IMPORT.finditer(text)}
    for place in places.values():
        yield from _joined(place, locate, names)
    names[path] = f"module_{len(names)}"
    yield _wrapped(text, names[path], {place: names[file] for place, file in places.items()}, path)


def _wrapped(text: str, name: str, needs: dict[str, str], path: Path) -> str:
    exported = [found[2] for found in _EXPORTED.finditer(text)]
    exported += [word.strip() for found in _EXPORTS.finditer(text) for word in found[1].split(",") if word.strip()]
    body = _IMPORT.sub(lambda found: _import(found, needs), text)
    body = _EXPORTS.sub("", _EXPORTED.sub(r"\1", body))
    if _LEFT.search(body) or "</script" in body.lower() or any(" " in word for word in exported):
        raise _unbuildable(path)
    return f"const {name} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _import(found: re.Match[str], needs: dict[str, str]) -> str:
    module = needs[found["place"]]
    if found["whole"]:
        return f"const {found['whole']} = {module};\n"
    return f"const {{ {found['names'].strip().replace(' as ', ': ')} }} = {module};\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _unbuildable(path) from error


def _unbuildable(path: Path) -> PageUnbuildable:
    return PageUnbuildable(
        Text(
            "Ce fichier manque ou ne se joint pas. Les bibliothèques d’npm viennent avec «\u00a0make setup\u00a0».",
            "This file is missing or cannot be joined. The libraries of npm come with “make setup”.",
        ),
        where=path.name,
    )
