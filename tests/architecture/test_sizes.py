"""Short functions and short files: an idea that does not fit is two ideas."""

from __future__ import annotations

import ast
import warnings

from tests.architecture.sources import Function, sources

LONGEST_MEAN = 10
LONG_FUNCTION = 30
SHARE_OF_SHORT = 0.95
LONG_FILE = 300
LONGEST_FILE = 400


def lines_of(function: Function) -> int:
    """Count the lines from the signature to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_functions_are_short() -> None:
    """House style: a function has 10 lines on average, and 95 of 100 have at most 30."""
    counted = [
        (lines_of(one), f"{source.path}:{one.lineno} {one.name}") for source in sources() for one in source.functions()
    ]
    assert len(counted) > 100
    long = sorted((count, where) for count, where in counted if count > LONG_FUNCTION)
    assert sum(count for count, _ in counted) / len(counted) <= LONGEST_MEAN
    assert len(long) <= (1 - SHARE_OF_SHORT) * len(counted), "\n".join(f"{count} {where}" for count, where in long)


def test_files_are_short() -> None:
    """House style: a file past 300 lines is asked whether two ideas live in it; past 400 the answer is yes."""
    counted = [(len(source.text.splitlines()), str(source.path)) for source in sources()]
    for count, path in sorted(counted):
        if count > LONG_FILE:
            warnings.warn(f"{path} has {count} lines: do two ideas live in it?", stacklevel=1)
    assert len(counted) > 20
    assert [path for count, path in counted if count > LONGEST_FILE] == []
