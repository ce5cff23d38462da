"""The whole API under what no honest program sends, with the credentials of those who have some."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from schemathesis import GenerationMode

from server.identity.model import OrganisationKind, Role
from tests.factories.callers import Callers, aimed, drive_day, each, examples_of, make_callers, untrue
from tests.factories.hostile import BODIES, STRINGS, twisted
from tests.factories.web import Organisation, browser_of, make_member

pytestmark = pytest.mark.timeout(1200)
IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
EXAMPLES = 60 if IS_NIGHT else 1
EVERY = 1 if IS_NIGHT else 40  # of the hostile values, so many apart are tried at each push
WRITES = ("post", "put", "patch", "delete")
MEMBERS = ("dispatcher", "supplier", "tablet")
_HOLE = re.compile(r"\{[^}]+\}")
_FOREIGN = b"Brasserie 2"
_LEAKS = (b"Traceback", b"sqlalchemy", b"psycopg", b"SELECT ", b'File "')


@pytest.fixture
def callers(database: object) -> Callers:
    """Everyone, after a day that was driven."""
    made = make_callers()
    drive_day(made.yard)
    return made


def writes(callers: Callers) -> list[Any]:
    """Return what changes something; what ends a session or a tablet comes last."""
    ending = lambda one: ("/session" in one.full_path, one.method.lower() == "delete")  # noqa: E731 - a sort's key
    return sorted(each(callers.operations(), *WRITES), key=ending)


def fallen(answer: Any, name: str = "") -> bool:
    """A fault, the inside of one, or a word of the other supplier to this one."""
    told = (answer.status_code >= 400 and any(one in answer.data for one in _LEAKS)) or (
        name == "supplier" and _FOREIGN in answer.data
    )
    return told or answer.status_code >= 500


def test_no_write_makes_the_server_fall(callers: Callers) -> None:
    """Every operation, with what its document allows and forbids, on things that exist: no fall, and nothing unsaid."""
    ids = {name: callers.ids_of(name) for name in MEMBERS}
    bad, statuses = [], Counter[int]()
    for operation in writes(callers):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for at, case in enumerate(examples_of(operation.as_strategy(generation_mode=mode), EXAMPLES)):
                for name in MEMBERS:
                    answer = callers.ask(name, aimed(case, ids[name], at))
                    statuses[answer.status_code] += 1
                    if fallen(answer, name):
                        bad.append((operation.label, name, answer.status_code, repr(case)[:300]))
                    elif said := untrue(case, answer):
                        bad.append((operation.label, name, answer.status_code, said))
    assert bad == []
    assert {200, 404, 422} <= set(statuses)


def sent(callers: Callers, name: str, operation: Any, body: bytes, path: str) -> Any:
    headers = {"Content-Type": "application/json"}
    return callers.clients[name].open(path, operation.method.upper(), data=body, headers=headers)


def test_one_hostile_value_in_a_good_body_is_a_clear_answer(callers: Callers) -> None:
    """NUL, surrogates, direction marks, injections, numbers and shapes beyond bounds, at each place of each body."""
    ids = {name: callers.ids_of(name) for name in MEMBERS}
    bad, tried = [], 0
    for operation in writes(callers):
        case = largest(operation)
        if case is None:
            continue
        for name in MEMBERS if IS_NIGHT else MEMBERS[:2]:
            aimed(case, ids[name], 0)
            path = filled(operation.full_path, case.path_parameters or {})
            for what, raw in [*chosen(case.body, tried), *apart(BODIES, tried, 4)]:
                answer = sent(callers, name, operation, raw, path)
                tried += 1
                if fallen(answer, name):
                    bad.append((operation.label, name, what, answer.status_code))
    assert bad == []
    assert tried > 60


def largest(operation: Any) -> Any:
    """Return a good case with the most in its body, None where the operation takes none."""
    cases = examples_of(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), 4)
    return max((one for one in cases if isinstance(one.body, dict)), key=lambda one: len(repr(one.body)), default=None)


def chosen(body: Any, start: int) -> Iterator[tuple[str, bytes]]:
    for at, (what, changed) in enumerate(twisted(body)):
        if (at + start) % EVERY == 0:
            yield what, json.dumps(changed).encode()


def apart[V](values: dict[str, V], start: int, step: int) -> list[tuple[str, V]]:
    """Return some of the values, other ones for another start; by night all of them."""
    return [one for at, one in enumerate(values.items()) if IS_NIGHT or (at + start) % step == 0]


def filled(path: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


def test_hostile_addresses_are_clear_answers(callers: Callers) -> None:
    """The same strings in every path and every query of what is read."""
    bad, at = [], 0
    for operation in each(callers.operations(), "get"):
        for what, value in apart(STRINGS, at, 4):
            text = quote(value[:2_000].encode("utf-8", "surrogatepass"), safe="") or "x"
            at += 1
            name = MEMBERS[at % 2]
            query = "&".join(f"{one.name}={text}" for one in operation.query or ())
            answer = callers.clients[name].get(f"{_HOLE.sub(text, operation.full_path)}?{query}")
            if fallen(answer, name):
                bad.append((operation.label, name, what, answer.status_code))
    assert bad == []


def test_hostile_forms_are_clear_pages(callers: Callers) -> None:
    """The pages' forms, signed in and not: no fall, and nothing typed comes back as markup."""
    app = callers.yard.app
    org = Organisation(OrganisationKind.DISTRIBUTOR, callers.yard.world.carrier_id)
    browser = browser_of(app, make_member(org, Role.DISPATCHER))
    known = [one for ids in callers.ids_of("dispatcher").values() for one in ids]
    bad = []
    for at, (what, value) in enumerate(apart(STRINGS, 1, 8)):
        typed = value[:3_000].encode("utf-8", "surrogatepass")
        form = dict.fromkeys(("note", "reason", "text", "name", "email", "password", "quantity", "jour", "next"), typed)
        for rule in app.url_map.iter_rules():
            if rule.rule.startswith(("/api", "/static", "/deconnexion")):
                continue
            path = re.sub(r"<uuid:[^>]+>", known[at % len(known)], rule.rule)
            path = re.sub(r"<[^>]+>", quote(typed, safe="") or "x", path)
            for method in sorted({"GET", "POST"} & set(rule.methods or ())):
                answer = browser.open(path, method, **({"data": form} if method == "POST" else {"query_string": form}))
                if fallen(answer) or b"<script>alert(1)" in answer.data:
                    bad.append((method, rule.rule, what, answer.status_code))
    assert bad == []
