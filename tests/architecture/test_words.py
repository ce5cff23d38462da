"""Names say what a thing is in the words of the trade, and what is public says what it promises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import Source, sources

BANNED = {"manager", "managers", "helper", "helpers", "util", "utils", "misc", "data", "info", "process", "processes"}

GIVEN_BY_OTHERS = {
    "data",  # marshmallow and flask-smorest call hooks with this keyword
    "process_bind_param",  # SQLAlchemy's hooks for column types
    "process_result_value",
    "worker_process",  # here the word is the operating system's
    "WorkerProcess",
}


def words(name: str) -> set[str]:
    """Return the words of a snake_case or CamelCase name."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def names_given(source: Source) -> Iterator[tuple[int, str]]:
    """Yield each name that the file gives: modules, classes, functions, arguments and variables."""
    yield 1, source.path.stem
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def public_definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield a module's public functions and classes, and the public methods of these classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                inner = ast.Module(body=node.body, type_ignores=[])
                yield from (one for one in public_definitions(inner) if not isinstance(one, ast.ClassDef))


def makes_promises(source: Source) -> bool:
    """Tell whether others build on the file: services, models, queries and all that is shared."""
    promising = {"service", "model", "queries"}
    return source.path.parts[0] == "shared" or bool(promising & set(source.path.with_suffix("").parts))


def test_no_name_is_an_empty_word() -> None:
    """House style: a name with manager, helper, util, misc, data, info or process says nothing."""
    given = [(source, line, name) for source in sources() for line, name in names_given(source)]
    assert len(given) > 1000
    empty = [
        f"{source.path}:{line} {name}"
        for source, line, name in given
        if words(name) & BANNED and name not in GIVEN_BY_OTHERS
    ]
    assert empty == []


def test_what_is_public_says_what_it_promises() -> None:
    """House style: services, models and everything shared have docstrings."""
    said = unsaid = 0
    missing = []
    for source in filter(makes_promises, sources()):
        for one in public_definitions(source.tree):
            if ast.get_docstring(one):
                said += 1
            else:
                unsaid += 1
                missing.append(f"{source.path}:{one.lineno} {one.name}")
    assert said + unsaid > 50
    assert missing == []


def test_every_test_says_what_it_shows() -> None:
    """House style: a test's docstring names the behaviour, and the requirement where there is one."""
    tests = [
        (source, one)
        for source in sources("tests")
        if source.path.stem.startswith("test_")
        for one in source.functions()
        if one.name.startswith("test_")
    ]
    assert len(tests) > 50
    assert [f"{source.path}:{one.lineno} {one.name}" for source, one in tests if not ast.get_docstring(one)] == []
