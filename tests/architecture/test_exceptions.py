"""Whoever goes round a rule says why, in the same place; and tests speak of the product alone."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, sources

FOLDERS = ("server", "driver_app", "shared", "tools", "tests", "benchmarks")
WAYS_ROUND = re.compile(
    r"noqa(?::\s*[A-Z]+[0-9]+(?:[, ]+[A-Z]+[0-9]+)*)?|type:\s*ignore(?:\[[^\]]*\])?|pragma:\s*no cover"
)
REASON = re.compile(r"[^\W\d_]{2,}")
PLANNING = re.compile(r"\bissues?\W+\d|\bissue'?s? point\b", re.IGNORECASE)


def unexplained(text: str) -> Iterator[int]:
    """Yield the lines whose comment switches a rule off and gives no reason after it."""
    if not WAYS_ROUND.search(text):
        return  # most files: taking them apart is slow
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        goes_round = token.type == tokenize.COMMENT and WAYS_ROUND.search(token.string)
        if goes_round and not REASON.search(WAYS_ROUND.sub("", token.string)):
            yield token.start[0]


def said(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a file."""
    for node in source.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (words := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), words


def test_every_exception_to_a_rule_has_its_reason_beside_it() -> None:
    """House style: `noqa`, `type: ignore` and `no cover` are followed by why."""
    looked_at = sources(*FOLDERS)
    assert len({source.path.parts[0] for source in looked_at}) == len(FOLDERS)
    assert [f"{source.path}:{line}" for source in looked_at for line in unexplained(source.text)] == []


@pytest.mark.parametrize(
    ("line", "is_explained"),
    [
        ("x = 1  # noqa: E731", False),
        ("x = 1  # noqa: E731, S608", False),
        ("x = 1  # noqa", False),
        ("x = 1  # type: ignore[misc]  # noqa: SLF001", False),
        ("x = 1  # pragma: no cover", False),
        ("x = 1  # noqa: E731 - it reads better", True),
        ("x = 1  # type: ignore[misc]  # noqa: SLF001  # it is measured", True),
        ("x = '# noqa: E731'", True),
    ],
)
def test_a_reason_is_told_from_a_rules_name(line: str, is_explained: bool) -> None:
    """House style: codes, several of them, and words inside a string are no reasons and no exceptions."""
    assert (list(unexplained(line)) == []) is is_explained


def test_docstrings_name_requirements_and_laws_not_plans() -> None:
    """House style: what a test shows is said of the product, which outlives the plan that it was built by."""
    looked_at = sources(*FOLDERS)
    planned = [
        f"{source.path}:{line}" for source in looked_at for line, words in said(source) if PLANNING.search(words)
    ]
    assert planned == []
