"""The API's document is true, and nothing that it allows or forbids makes the server fall."""

from __future__ import annotations

import os
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode

from tests.conftest import Database
from tests.factories.callers import Callers, aimed, drive_day, examples_of, make_callers, operations_of, untrue

IS_NIGHT: Final = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
EXAMPLES: Final = 20 if IS_NIGHT else 3
SEEDS: Final = range(5) if IS_NIGHT else range(1)
FEWEST_GOOD: Final = {"dispatcher": 80, "driver": 20, "supplier": 80, "retailer": 40, "tablet": 2, "stranger": 2}
"""How many answers must be good ones, so that the checks have something to read."""
pytestmark = pytest.mark.timeout(3600 if IS_NIGHT else 300)


@dataclass(frozen=True)
class Drawn:
    """A request of an operation as it was drawn, before it is aimed at what a caller sees."""

    operation: Any
    case: Any
    path_parameters: dict[str, Any]
    body: Any

    def once(self) -> Any:
        """Return the case as it was drawn."""
        self.case.path_parameters, self.case.body = dict(self.path_parameters), deepcopy(self.body)
        return self.case


@pytest.fixture(scope="module")
def callers(module_database: Database) -> Callers:
    """Everyone, after a day that was driven."""
    made = make_callers()
    drive_day(made.yard)
    return made


@pytest.fixture(scope="module", params=SEEDS)
def drawn(callers: Callers, request: pytest.FixtureRequest) -> list[Drawn]:
    """Requests of every read and every sync operation, of what the document allows and of what it forbids."""
    return [
        Drawn(operation, case, case.path_parameters or {}, case.body)
        for operation in callers.operations()
        if is_read(operation) or is_sync(operation)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for case in examples_of(operation.as_strategy(generation_mode=mode), EXAMPLES, start=request.param)
    ]


def is_read(operation: Any) -> bool:
    return bool(operation.method.lower() == "get")


def is_sync(operation: Any) -> bool:
    return bool(operation.full_path.startswith(("/api/v1/sync/", "/api/v1/devices/")))


def test_the_document_is_valid_openapi(callers: Callers) -> None:
    """API: OpenAPI 3.1, every operation with its own id."""
    document = callers.document
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values() if "operationId" in one]
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.parametrize("caller", FEWEST_GOOD)
def test_answers_are_what_the_document_says(caller: str, callers: Callers, drawn: list[Drawn]) -> None:
    """API: schemathesis's own checks, with and without credentials, of things that exist and that do not.

    No 5xx, and each status, media type, header and field is one that the document names.
    """
    ids, found, given = callers.ids_of(caller), [], Counter[int]()
    for at, one in enumerate(drawn):
        case = aimed(one.once(), ids, at) if at % EXAMPLES else one.once()
        answer = callers.ask(caller, case)
        given[answer.status_code] += 1
        found.append(untrue(case, answer))
    assert list(filter(None, found)) == []
    assert given[200] >= FEWEST_GOOD[caller], given
    assert len(drawn) > 300


def _without_a_status(operation: dict[str, Any], _schemas: dict[str, Any]) -> None:
    del operation["responses"]["200"]


def _of_another_kind(operation: dict[str, Any], _schemas: dict[str, Any]) -> None:
    operation["responses"]["200"]["content"] = {"text/csv": {}}


def _of_another_type(_operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    schemas["OrderPage"]["properties"]["total"] = {"type": "string"}


def _with_a_header(operation: dict[str, Any], _schemas: dict[str, Any]) -> None:
    operation["responses"]["200"]["headers"] = {"X-Total": {"required": True, "schema": {"type": "integer"}}}


@pytest.mark.parametrize("change", [_without_a_status, _of_another_kind, _of_another_type, _with_a_header])
def test_an_untrue_document_is_found(change: Any, callers: Callers) -> None:
    """API: the checks can fail, each on its own matter: status, media type, field and header."""
    document = deepcopy(callers.document)
    change(document["paths"]["/api/v1/orders"]["get"], document["components"]["schemas"])
    (operation,) = (one for one in operations_of(document) if one.label == "GET /api/v1/orders")
    case = operation.Case()
    assert untrue(case, callers.ask("dispatcher", case))


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
