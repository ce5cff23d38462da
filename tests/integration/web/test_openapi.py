"""The API's document says everything, and says it right."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.core.web.access import Required, marks
from tests.factories.web import Client


@pytest.fixture
def document(stranger: Client) -> dict:
    """The document as a client gets it."""
    answer = stranger.get("/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.json


def operations(document: dict):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete", "head"}:
                yield path, method, operation


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


def test_every_operation_says_its_permission_and_its_refusals(app: Flask, document: dict) -> None:
    """API: permission, security scheme and RFC 9457 errors for each."""
    by_id = {endpoint.replace(".", "_"): mark for endpoint, mark in marks(app).items()}
    for path, method, operation in operations(document):
        mark = by_id[operation["operationId"]]
        assert operation["summary"], f"{method} {path} has no summary"
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        if isinstance(mark, Required):
            assert operation["x-permission"], f"{method} {path}"
            assert operation["security"], f"{method} {path}"
            assert {"401", "403"} <= set(operation["responses"])
        else:
            assert operation["security"] == []
            assert operation["x-public"]


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


def test_the_command_prints_the_same(database: object, document: dict) -> None:
    """Commands: ``tournee openapi`` prints the document, and needs no database."""
    command = [sys.executable, "-c", "from server.cli import main; main()", "openapi"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == document
