"""Who may import what from outside, who reads the clock and who commits: rules that import-linter cannot say."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

import pytest

from tests.architecture.sources import Function, Source, sources

DOORS = {"api", "pages", "jobs", "cli", "worker", "app", "web"}
CLOCK = {"now", "utcnow", "today", "time", "time_ns"}
CLOCK_OWNERS = {"datetime", "date", "time"}


def outside(source: Source) -> set[str]:
    """Return the third-party packages that the file imports."""
    ours = {"server", "shared", "driver_app", "tests", "tools", "__future__"}
    return {name.partition(".")[0] for name in source.imports()} - set(sys.stdlib_module_names) - ours


def strays(some: Iterable[Source], allowed: set[str]) -> list[str]:
    return sorted(f"{source.path}: {name}" for source in some for name in outside(source) - allowed)


def within(source: Source, *modules: str) -> bool:
    return any(source.module == module or source.module.startswith(f"{module}.") for module in modules)


def test_shared_stands_on_two_packages() -> None:
    """Architecture: what both sides share needs the standard library, msgspec and cryptography only."""
    shared = sources("shared")
    assert len(shared) > 5
    assert strays(shared, {"msgspec", "cryptography"}) == []


def test_the_tablet_carries_nothing_it_cannot_build() -> None:
    """Driver app: the packages that python-for-android builds, each in its room."""
    tablet = sources("driver_app")
    assert tablet
    drawing = [source for source in tablet if within(source, "driver_app.ui", "driver_app.main")]
    device = [source for source in tablet if within(source, "driver_app.platform", "driver_app.services")]
    rest = [source for source in tablet if source not in drawing and source not in device]
    plain = {"msgspec", "cryptography", "certifi", "PIL"}
    assert strays(rest, plain) == []
    assert strays(drawing, plain | {"kivy"}) == []
    assert strays(device, plain | {"jnius", "plyer", "android", "zxingcpp"}) == []


def test_the_server_never_draws_a_window() -> None:
    """Architecture: kivy and the tablet's bridges stay on the tablet."""
    drawn = {"kivy", "jnius", "plyer", "android"}
    found = [f"{source.path}: {name}" for source in sources("server") for name in outside(source) & drawn]
    assert sources("server")
    assert found == []


SECOND_CLIENT = frozenset({"calls", "client", "leaves", "logbook"})


def test_another_client_stands_on_the_protocols_page_alone() -> None:
    """A second client: the client of the conformance suite imports nothing of the product."""
    written = [source for source in sources("tests/conformance") if source.path.stem in SECOND_CLIENT]
    assert len(written) == len(SECOND_CLIENT)
    own = {f"tests.conformance.{name}" for name in SECOND_CLIENT}
    known = set(sys.stdlib_module_names) | {"cryptography"} | own
    foreign = [
        f"{source.path}: {name}"
        for source in written
        for name in source.imports()
        if name not in known and name.partition(".")[0] not in known
    ]
    assert foreign == []


def is_door(source: Source) -> bool:
    return bool(DOORS & set(source.path.with_suffix("").parts)) or within(
        source, "server.example", "server.rehearsal", "server.core.embedded"
    )


def test_only_doors_read_the_clock() -> None:
    """Architecture: a stamp made at the door says when; nobody else asks what time it is."""
    allowed = {"server.core.clock", "shared.ids", "driver_app.clock", "driver_app.main"}  # a UUIDv7 holds its birth
    read = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if not is_door(source) and source.module not in allowed and not within(source, "driver_app.platform")
        for node in source.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in CLOCK_OWNERS
    ]
    assert read == []


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_services_leave_the_transaction_to_their_door(verb: str) -> None:
    """Architecture: a service takes the session and never ends it."""
    looked_at = [source for source in sources("server") if not within(source, "server.core") and not is_door(source)]
    assert len(looked_at) > 20
    ended = [
        f"{source.path}:{node.lineno}"
        for source in looked_at
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == verb
    ]
    assert ended == []


def is_view(function: Function) -> bool:
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in {"route", "get", "post"}
        for one in function.decorator_list
    )


def test_a_view_translates_and_calls_and_nothing_else() -> None:
    """Architecture: a view holds no query and no `try`; problems pass through it to one place that shows them."""
    doors = [
        source
        for source in sources("server")
        if not within(source, "server.core") and {"api", "pages"} & set(source.path.with_suffix("").parts)
    ]
    views = [(source, one) for source in doors for one in source.functions() if is_view(one)]
    assert len(views) > 5
    queries = [
        f"{source.path}: {name}" for source in doors for name in source.imports() if name in {"sqlalchemy", "psycopg"}
    ]
    tries = [
        f"{source.path}: {view.name}" for source, view in views for node in ast.walk(view) if isinstance(node, ast.Try)
    ]
    assert queries + tries == []
