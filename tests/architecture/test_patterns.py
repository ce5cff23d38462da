"""What a pattern ends with: Python's `$` lets a newline through, so that no pattern of ours relies on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, sources

MAKERS = frozenset({"compile", "match", "search", "findall", "finditer", "split", "sub", "subn", "Regexp"})
_QUOTED = re.compile(r"\\.", re.DOTALL)
_CHOICE = re.compile(r"\[\^?\]?[^\]]*\]")
_LOOSE_END = re.compile(r"\$(?!\(\?!\))")  # `$(?!\n)` without what is quoted in it


def ends_loosely(pattern: str) -> bool:
    r"""Say whether a `$` stands in it as the end of the text, and no `(?!\n)` behind it."""
    return bool(_LOOSE_END.search(_CHOICE.sub("", _QUOTED.sub("", pattern))))


def patterns(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the patterns of a file with their lines: what a maker is given, and whatever looks like one by itself."""
    of_lines = {id(part) for node in source.nodes if is_of_lines(node) for part in ast.walk(node)}
    for node in source.nodes:
        if id(node) in of_lines:
            continue
        if isinstance(node, ast.Call):
            yield from ((part.lineno, text_of(part)) for part in given(node) if text_of(part))
        elif isinstance(node, ast.Constant) and str(node.value).startswith("^") and str(node.value).endswith("$"):
            yield node.lineno, str(node.value)


def is_of_lines(node: ast.AST) -> bool:
    """Say whether it is a call whose pattern reads lines: there `$` ends one."""
    return isinstance(node, ast.Call) and any(
        isinstance(part, ast.Attribute) and part.attr == "MULTILINE"
        for word in (*node.args, *(one.value for one in node.keywords))
        for part in ast.walk(word)
    )


def given(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    yield from node.args[:1] if name in MAKERS else ()
    yield from (word.value for word in node.keywords if word.arg in {"pattern", "regex"})


def text_of(part: ast.expr) -> str:
    """Return a text as it is written, with a letter for what is put into it; nothing where it is no text."""
    if isinstance(part, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in part.values)
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


def test_no_pattern_ends_where_a_newline_may_follow() -> None:
    r"""Rule 10: `$` also matches before a last newline: a pattern ends in `\Z` or `$(?!\n)`, or asks `fullmatch`."""
    found = [(source.path, line, text) for source in sources() for line, text in patterns(source)]
    assert len(found) > 40
    assert [f"{path}:{line} {text}" for path, line, text in found if ends_loosely(text)] == []


@pytest.mark.parametrize(
    ("pattern", "is_loose"),
    [
        ("^a$", True),
        (r"^a(b$|c)", True),
        (r"^a$(?!\n)", False),
        (r"^a\Z", False),
        (r"a\$", False),
        ("[a$]", False),
        (r"[\]$]", False),
    ],
)
def test_a_loose_end_is_told_from_a_dollar(pattern: str, *, is_loose: bool) -> None:
    """Rule 10: the rule above sees an end, and no dollar that is quoted or one of several characters."""
    assert ends_loosely(pattern) is is_loose
