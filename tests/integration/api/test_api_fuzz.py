"""The API's document is true, and nothing that it allows or forbids makes the server fall."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from tests.factories.callers import Callers, examples_of, make_callers
from tests.factories.hand_tablet import HandTablet

pytestmark = pytest.mark.timeout(300)
EXAMPLES = 6
_SYNC = ("/api/v1/sync/", "/api/v1/devices/")


@pytest.fixture
def callers(app: Flask) -> Callers:
    return make_callers(app)


def document_of(callers: Callers) -> dict[str, Any]:
    return dict(callers.clients["stranger"].get("/api/v1/openapi.json").json)


def operations(callers: Callers, wanted: Any) -> Iterator[Any]:
    return filter(wanted, callers.operations())


def is_read(operation: Any) -> bool:
    return operation.method.lower() == "get"


def is_sync(operation: Any) -> bool:
    return operation.full_path.startswith(_SYNC)


def test_the_document_is_valid_openapi(callers: Callers) -> None:
    """Issue 2, shown 5: OpenAPI 3.1, every operation with its own id."""
    document = document_of(callers)
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values() if "operationId" in one]
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.parametrize("caller", ["dispatcher", "supplier", "tablet", "stranger"])
@pytest.mark.parametrize("wanted", [is_read, is_sync], ids=["reads", "sync"])
def test_no_request_makes_the_server_fall(caller: str, wanted: Any, callers: Callers) -> None:
    """Issue 2, shown 5: with and without credentials, whatever the document allows or forbids, no 5xx."""
    fallen, asked = [], 0
    for operation in operations(callers, wanted):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in examples_of(operation.as_strategy(generation_mode=mode), EXAMPLES):
                answer = callers.ask(caller, case)
                asked += 1
                if answer.status_code >= 500:
                    fallen.append((operation.label, answer.status_code, repr(case)[:500]))
    assert fallen == []
    assert asked > 20


def damaged(tablet: HandTablet, message: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Change one thing in a push that holds in itself."""
    event = dict(choose.choice(message["events"]))
    field = choose.choice(["body", "hash", "signature", "groups", "from_seq", "head_signature", "events"])
    match field:
        case "from_seq":
            return message | {"from_seq": choose.choice([0, 1, 2, 5, 2**53 - 1, 2**60, -1, "1", None])}
        case "head_signature":
            return message | {field: "ab" * 64}
        case "events":
            return message | {"events": message["events"][choose.randrange(2) :] * choose.choice([1, 2])}
        case "groups":
            event["groups"] = choose.choice([[], event["groups"][:1], event["groups"] * 2, [{"key": "carrier"}], None])
        case _:
            at = choose.randrange(max(1, len(event[field])))
            event[field] = event[field][:at] + choose.choice('0aZé\x00"{') + event[field][at + 1 :]
    position = choose.randrange(len(message["events"]))
    return message | {"events": [*message["events"][:position], event, *message["events"][position + 1 :]]}


def test_pushes_that_hold_in_themselves_and_damaged_ones(callers: Callers) -> None:
    """Issue 2, shown 5: valid chains are applied; one thing changed is a clear answer, and the valid one still goes."""
    tablet, choose = callers.yard.tablet, random.Random(1)
    stop = tablet.stop()
    tablet.depart()
    tablet.arrive(stop)
    tablet.visit(stop)
    tablet.come_back()
    statuses = [tablet.send(damaged(tablet, tablet.message(), choose)).status_code for _ in range(150)]
    assert set(statuses) <= {200, 400, 422}
    standing = tablet.send(tablet.message())
    assert standing.status_code == 200
    assert standing.json["last_seq"] == 4 or standing.json["standing"] == "fork"


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 50_000, "\x00", "﻿{}", '"\\ud800"', "1e999", "{} {}", "[" + "9" * 5_000 + "]"]
)
def test_bodies_that_no_program_sends(body: str, callers: Callers) -> None:
    """Bad input, everywhere: a clear problem, and no fall."""
    for path in ("session", "devices/enrol", "devices/token", "sync/push", "sync/hello"):
        for caller in ("tablet", "stranger", "dispatcher"):
            answer = callers.clients[caller].post(
                f"/api/v1/{path}", data=body.encode(), headers={"Content-Type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, (path, caller, answer.status_code)
            assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize("text", ["a\x00bc", "a\ud800bc"], ids=["a NUL", "half a pair"])
def test_a_name_or_password_that_nobody_can_have_is_refused(field: str, text: str, callers: Callers) -> None:
    """Bad input, everywhere: the way in says no, by JSON and by its form, as to anyone with a wrong password."""
    typed = {"email": "a@exemple.test", "password": "houblon-orge"} | {field: text}
    stranger = callers.clients["stranger"]
    assert stranger.post("/api/v1/session", json=typed).status_code in {401, 422}
    form = {key: value.encode("utf-8", "surrogatepass") for key, value in typed.items()}
    assert stranger.post("/connexion", data=form).status_code in {401, 403, 422}


def test_schemathesis_judges_answers_as_the_document_does(callers: Callers) -> None:
    """Issue 2, shown 5: the tool's own check agrees on the sync doors."""
    for operation in operations(callers, is_sync):
        for case in examples_of(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), 2):
            case.validate_response(callers.ask("tablet", case), checks=[not_a_server_error])


def test_a_push_of_the_documents_own_form_is_decoded(callers: Callers) -> None:
    """The document's message and the server's are one: what msgspec writes, the schema holds."""
    tablet = callers.yard.tablet
    tablet.depart()
    schema = document_of(callers)["components"]["schemas"]["Push"]
    assert set(schema["properties"]) == set(msgspec.to_builtins(tablet.message()))
