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


def broken(message: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Change one thing that the chain or the head's signature covers."""
    at = choose.randrange(len(message["events"]))
    event = message["events"][at]
    match choose.choice(["from_seq", "head_signature", "events", "body", "hash"]):
        case "from_seq":
            return message | {"from_seq": choose.choice([0, -1, 2**60, "1", None, 1.5])}
        case "head_signature":
            return message | {"head_signature": "ab" * 64}
        case "events":
            return message | {"events": message["events"] * 2}
        case field:
            return _with(message, at, {field: _changed(event[field], choose)})


def unsealed(message: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Change what only the event's own seal covers: its signature, or a leaf that was signed for."""
    visit = message["events"][2]
    if choose.random() < 0.5:
        return _with(message, 2, {"signature": "ab" * 64})
    return _with(message, 2, {"groups": choose.choice([[], visit["groups"][:1], visit["groups"] * 2])})


def _with(message: dict[str, Any], at: int, changes: dict[str, Any]) -> dict[str, Any]:
    events = list(message["events"])
    events[at] = events[at] | changes
    return message | {"events": events}


def _changed(text: str, choose: random.Random) -> str:
    at = choose.randrange(len(text))
    return text[:at] + choose.choice([one for one in '0aZé\x00"{' if one != text[at]]) + text[at + 1 :]


def drive(tablet: HandTablet) -> None:
    """Seal a day of four events whose third is a visit."""
    stop = tablet.stop()
    tablet.depart()
    tablet.arrive(stop)
    tablet.visit(stop)
    tablet.come_back()


def outcomes(answer: Any) -> tuple[str, int, list[str]]:
    """Return how the stream stands after a push, its last number, and what became of each event."""
    assert answer.status_code == 200, answer.json
    return answer.json["standing"], answer.json["last_seq"], [one["status"] for one in answer.json["results"]]


def test_pushes_broken_on_the_way_are_refused_and_the_valid_one_is_applied(callers: Callers) -> None:
    """Issue 2, shown 5: one thing changed is a clear refusal that takes nothing; the same chain, whole, is applied."""
    tablet, choose = callers.yard.tablet, random.Random(1)
    drive(tablet)
    for _ in range(100):
        message = broken(tablet.message(), choose)
        answer = tablet.send(message)
        assert answer.status_code in {400, 422}, repr(message)[:500]
        assert answer.mimetype == "application/problem+json"
    for ahead in (2, 5, 2**53 - 1):
        assert outcomes(tablet.send(tablet.message() | {"from_seq": ahead})) == ("gap", 0, [])
    assert outcomes(tablet.send(tablet.message())) == ("ok", 4, ["applied"] * 4)
    assert outcomes(tablet.send(tablet.message())) == ("ok", 4, ["known"] * 4)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_event_whose_own_seal_is_broken_waits_for_a_person(seed: int, callers: Callers) -> None:
    """Issue 3, shown 7: what the chain holds and the seal does not is kept and parked; the others are applied."""
    tablet = callers.yard.tablet
    drive(tablet)
    first = tablet.send(unsealed(tablet.message(), random.Random(seed)))
    assert outcomes(first) == ("ok", 4, ["applied", "applied", "parked", "applied"])
    assert first.json["results"][2]["refusal"]["fr"]
    again = tablet.send(tablet.message())
    assert outcomes(again) == ("ok", 4, ["known", "known", "parked", "known"])


@pytest.mark.parametrize("shift", ["one left out", "one place later", "behind the last"])
def test_a_valid_chain_at_another_place_forks_the_stream(shift: str, callers: Callers) -> None:
    """G3: a chain that holds in itself and is not ours is another history: kept whole, and applied by nobody."""
    tablet = callers.yard.tablet
    drive(tablet)
    message = tablet.message()
    taken = 0
    if shift == "one left out":
        message["events"] = message["events"][1:]
    else:
        assert outcomes(tablet.send(message)) == ("ok", 4, ["applied"] * 4)
        message["from_seq"], taken = (2 if shift == "one place later" else 5), 4
    forked = tablet.send(message)
    assert outcomes(forked) == ("fork", taken, [])
    assert forked.json["quarantined"]
    assert outcomes(tablet.send(tablet.message())) == ("fork", taken, [])


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
