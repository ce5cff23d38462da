"""What people do on pages, programs do through the API: one table, held against the URL map."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
from flask import Flask

from server.core.web.access import Required, marks
from tests.conftest import Database
from tests.factories.web import application

TABLE: Final = tomllib.loads((Path(__file__).parents[2] / "tools" / "doors.toml").read_text(encoding="utf-8"))
_CONVERTER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@pytest.fixture(scope="module")
def app(module_database: Database) -> Flask:
    return application()


def doors(app: Flask) -> dict[str, frozenset[str]]:
    """Return the permissions of every door by method and address; none for a public one."""
    known = marks(app)
    found = {}
    for rule in app.url_map.iter_rules():
        mark = known[rule.endpoint]
        held = frozenset(one.value for one in mark.permissions) if isinstance(mark, Required) else frozenset()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {_CONVERTER.sub(r'<\1>', rule.rule)}"] = held
    return found


def twins() -> dict[str, list[str]]:
    return {page: [one] if isinstance(one, str) else one for page, one in TABLE["twins"].items()}


def test_every_page_action_has_a_twin_in_the_api_or_a_reason(app: Flask) -> None:
    """Pages and the API are twins: no action of a page is missing for programs unsaid."""
    actions = {door for door in doors(app) if not door.startswith("GET ") and " /api/" not in door}
    assert actions == set(twins()) | set(TABLE["alone"])
    assert not set(twins()) & set(TABLE["alone"])
    assert all(len(reason) > 20 for reason in TABLE["alone"].values())


def test_every_action_of_the_api_stands_on_a_page_or_has_a_reason(app: Flask) -> None:
    """Pages and the API are twins: nobody needs a program for what people do."""
    actions = {door for door in doors(app) if not door.startswith("GET ") and " /api/" in door}
    standing = {one for apis in twins().values() for one in apis}
    assert actions == standing | set(TABLE["programs"])
    assert not standing & set(TABLE["programs"])


def test_twins_stand_and_ask_for_the_same_permission(app: Flask) -> None:
    """Section 3: whoever may act on the page may act through the API, and nobody else."""
    known = doors(app)
    for page, apis in twins().items():
        held = set().union(*(known[one] for one in apis))
        assert all(one.partition(" ")[2].startswith("/api/v1/") for one in apis), page
        if page in TABLE["otherwise"]:
            assert known[page] != held, f"{page}: the same by now; take it off the list"
        elif known[page]:
            assert known[page] == held, page
