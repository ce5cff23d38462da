"""The API's document says everything, and says it right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.core.web.access import Required, marks
from server.core.web.openapi import _content
from server.identity.permissions import MATRIX, TABLET_PERMISSIONS, Column
from server.receivables.model import BY_HAND
from tests.conftest import Database
from tests.factories import refusing
from tests.factories.web import Client, application
from tools.refusals.table import reached, settle


@pytest.fixture(scope="module")
def app(module_database: Database) -> Flask:
    """The whole application; nothing here writes."""
    return application()


@pytest.fixture(scope="module")
def document(app: Flask) -> dict:
    """The document as a client gets it."""
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.json


def operations(document: dict):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete", "head"}:
                yield path, method, operation


def resolved(document: dict, answer: dict) -> dict:
    return document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


def listed_kinds(schema: dict) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def test_it_is_valid_openapi_3_1(document: dict) -> None:
    """API: a valid OpenAPI 3.1 document."""
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_endpoint_is_described(app: Flask, document: dict) -> None:
    """API: the document describes every endpoint of the API but itself and its page."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1")]
    own = {"reference.openapi_json", "reference.docs"}
    described = {operation["operationId"] for _, _, operation in operations(document)}
    missing = {rule.endpoint for rule in rules if rule.endpoint.replace(".", "_") not in described} - own
    assert missing == set()


def test_every_operation_names_its_permission(app: Flask, document: dict) -> None:
    """API: each operation has the mark of its view, in words with who holds it, and the matching security scheme."""
    by_id = {endpoint.replace(".", "_"): mark for endpoint, mark in marks(app).items()}
    for path, method, operation in operations(document):
        mark, said = by_id[operation["operationId"]], operation["description"]
        assert operation["summary"], f"{method} {path} has no summary"
        if isinstance(mark, Required):
            named = operation["x-permission"]
            assert ([named] if isinstance(named, str) else named) == [str(one) for one in mark.permissions]
            schemes = {name for one in operation["security"] for name in one}
            assert schemes == ({"device"} if TABLET_PERMISSIONS.issuperset(mark.permissions) else {"bearer", "session"})
            for permission in mark.permissions:
                assert f"`{permission}`, {MATRIX[permission].says.en.lower()}" in said
        else:
            assert (operation["security"], operation["x-permission"]) == ([], None)
            assert mark.reason == operation["x-public"]
            assert mark.reason in said


def test_who_holds_a_permission_is_what_the_matrix_says(document: dict) -> None:
    """API, section 3: the holders in the document are the cells of the matrix, from which docs/permissions.md comes."""
    told = {str(one["x-permission"]): one["description"] for _, _, one in operations(document)}
    page = (Path(__file__).parents[3] / "docs/permissions.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \|[^|]+\|(.+)\|$", page, flags=re.MULTILINE))
    people = [one.value for one in Column if one is not Column.TABLET]
    checked = 0
    for permission, description in told.items():
        if permission in set(MATRIX) - TABLET_PERMISSIONS:
            cells = dict(zip(people, rows[permission].replace("|", " ").split(), strict=True))
            full = [name for name, cell in cells.items() if cell == "●"]
            limited = [f"{name} (within limits)" for name, cell in cells.items() if cell == "○"]
            assert description.endswith(f": {', '.join(full + limited)}.")
            checked += 1
    assert checked > 20


def test_every_refusal_is_named_and_none_by_default(document: dict) -> None:
    """API: each status that can be answered stands by itself with its slugs; no `default` allows what is not said."""
    known = document["x-problems"]
    for path, method, operation in operations(document):
        answers = {status: resolved(document, answer) for status, answer in operation["responses"].items()}
        assert "default" not in answers
        assert {status for status in answers if status[0] == "2"}, f"{method} {path} succeeds in no way"
        assert {"500", "503"} <= set(answers)
        if operation["security"]:
            assert {"401", "403"} <= set(answers)
        if "{" in path:
            assert "404" in answers
        for status, answer in answers.items():
            if int(status) >= 400:
                _, narrowed = answer["content"]["application/problem+json"]["schema"]["allOf"]
                slugs = narrowed["properties"]["slug"]["enum"]
                assert all(f"`{slug}` {known[slug]['title']['en']}" in answer["description"] for slug in slugs)


def test_a_refusal_is_followed_through_what_the_code_calls_and_catches() -> None:
    """API: the reader of the code follows verbs that are handed over, tables and methods, and sees what is caught."""
    asked = [
        refusing.plain,
        refusing.guarded,
        refusing.again,
        refusing.handed,
        refusing.listed,
        refusing.by_method,
        refusing.calmed,
    ]
    known = settle(reached(asked))
    assert {function.__name__: {one.slug for one in known[function]} for function in asked} == {
        "plain": {"conflict"},
        "guarded": {"bad-request"},
        "again": {"conflict"},
        "handed": {"conflict"},
        "listed": {"conflict"},
        "by_method": {"not-found"},
        "calmed": set(),
    }


def test_no_schema_has_the_name_of_another(document: dict) -> None:
    """API: a name stands for one schema; a second one of that name would get a number, or refuse to be told."""
    names = set(document["components"]["schemas"])
    assert not {name for name in names if name.rstrip("0123456789") in names - {name}}
    other = msgspec.defstruct("Order", [("id", str)])
    with pytest.raises(RuntimeError, match="Order"):
        _content(other, dict(document["components"]["schemas"]))


def test_every_number_has_its_unit(document: dict) -> None:
    """API: whoever has the document alone knows what each whole number counts, and each day and instant looks like."""
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if {"integer", "number"} & set(listed_kinds(described)) or described.get("format") in {"date", "date-time"}
        if not described.get("description")
    ]
    assert silent == []


def test_every_parameter_and_schema_has_words(document: dict) -> None:
    """API: each header, address and query says what it is, each schema what it holds; choices are those taken."""
    asked = [
        (path, parameter)
        for path, item in document["paths"].items()
        for holder in item.values()
        for parameter in (holder if isinstance(holder, list) else holder.get("parameters", []))
    ]
    assert [(path, one["name"]) for path, one in asked if not one.get("description")] == []
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    assert set(schemas["NewPayment"]["properties"]["method"]["enum"]) == {one.value for one in BY_HAND}


def test_patterns_are_those_of_every_reader(document: dict) -> None:
    """API: a pattern is of ECMA 262, as JSON Schema has it; Python's own signs mean something else there."""
    assert r"\\Z" not in json.dumps(document)


def test_messages_are_described_with_their_bounds(document: dict) -> None:
    """API: msgspec messages stand in the document as components."""
    enrol = document["paths"]["/api/v1/devices/enrol"]["post"]
    body = enrol["requestBody"]["content"]["application/json"]["schema"]
    schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert schema["properties"]["code"]["pattern"] == "^[0-9a-f]{32}$"
    assert schema["additionalProperties"] is False


def test_a_refusal_has_the_described_form(stranger: Client, document: dict) -> None:
    """API: what is answered is what is described."""
    import jsonschema

    schema = document["components"]["schemas"]["Problem"] | {"components": document["components"]}
    jsonschema.validate(stranger.get("/api/v1/devices").json, schema)


def test_the_command_prints_the_same(document: dict) -> None:
    """Commands: ``tournee openapi`` prints the document, and needs no database."""
    command = [sys.executable, "-c", "from server.cli import main; main()", "openapi"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == document
