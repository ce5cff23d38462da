"""Everyone who calls the API, with a busy little trade behind it, and the ids that each of them gets to see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import TestResponse

from server.app import create_app
from server.identity.model import OrganisationKind, Role
from tests.factories.hand_tablet import Yard, make_yard, short
from tests.factories.web import Client, Organisation, make_member, program_of
from tests.factories.world import CREDIT, EXTERNAL, make_order, make_world

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OWN_HEADERS = {"authorization", "cookie"}

CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip


@dataclass
class Callers:
    """Who asks: a dispatcher, a driver, a supplier, a retailer, a tablet, a stranger."""

    yard: Yard
    clients: dict[str, Client]

    def ask(self, name: str, case: Any) -> TestResponse:
        """Send a generated case as this caller."""
        client = self.clients[name]
        sent = case.as_transport_kwargs(base_url="http://localhost")
        headers = {key: value for key, value in dict(sent["headers"]).items() if key.lower() not in _OWN_HEADERS}
        if client.bearer:
            headers["Authorization"] = f"Bearer {client.bearer}"
        body = {key: sent[key] for key in ("json", "data") if sent.get(key) is not None}
        return client.flask.open(
            sent["url"].removeprefix("http://localhost"), method=sent["method"], headers=headers,
            query_string=sent.get("params"), **body,
        )  # fmt: skip

    @cached_property
    def document(self) -> dict[str, Any]:
        """The API's document as anyone gets it."""
        return dict(self.clients["stranger"].get("/api/v1/openapi.json").json)

    def operations(self) -> list[Any]:
        """Return every operation of the API's document."""
        return operations_of(self.document)

    def ids_of(self, name: str) -> dict[str, list[str]]:
        """Return the ids that each list of this caller names, by the list's last word in the singular."""
        found: dict[str, list[str]] = {}
        for operation in self.operations():
            if operation.method.lower() == "get" and "{" not in operation.full_path:
                answer = self.clients[name].get(operation.full_path)
                if answer.status_code == 200:
                    found[_noun(operation.full_path)] = list(
                        dict.fromkeys(one.decode() for one in _UUID.findall(answer.data))
                    )
        return {noun: ids for noun, ids in found.items() if ids}


def operations_of(document: dict[str, Any]) -> list[Any]:
    """Return what schemathesis reads in a document."""
    return [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]


def make_callers() -> Callers:
    """Return the callers of a trade whose day was driven: orders, papers, a delivery, money, an open question.

    The application is one of their own: it answers a fault as it does on a machine, instead of raising it.
    """
    app = create_app()
    world = make_world([CREDIT, EXTERNAL])
    for seller in world.sellers:
        make_order(world, seller=seller)
    yard = make_yard(app, world)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    org = Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)
    supplier = make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.OWNER)
    retailer = make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id), Role.OWNER)
    driver = yard.tablet.client.member
    return Callers(
        yard,
        {
            "dispatcher": program_of(app, make_member(org, Role.DISPATCHER)),
            "driver": program_of(app, driver) if driver else Client(app.test_client()),
            "supplier": program_of(app, supplier),
            "retailer": program_of(app, retailer),
            "tablet": yard.tablet.client,
            "stranger": Client(app.test_client()),
        },
    )


def drive_day(yard: Yard) -> None:
    """Deliver the yard's stop short, so that there are deliveries, credits and proofs to ask for."""
    stop = yard.tablet.stop()
    line = stop.orders[0].goods.lines[0]
    yard.tablet.depart()
    yard.tablet.arrive(stop)
    yard.tablet.visit(stop, counted=short(line.line_id, line.quantity))
    yard.tablet.upload_signature()
    yard.tablet.push()


def aimed(case: Any, ids: dict[str, list[str]], at: int) -> Any:
    """Let a generated case speak of things that exist: ids in its path become ones that this caller sees."""
    names = [name for name in case.path_parameters or {} if name.endswith("_id") or name == "id"]
    for name in names:
        known = ids.get(name.removesuffix("_id")) or ids.get(_noun(case.operation.full_path.partition("/{")[0])) or []
        if known:
            case.path_parameters[name] = known[at % len(known)]
    _aim_body(case.body, ids, at)
    return case


def _aim_body(body: Any, ids: dict[str, list[str]], at: int) -> None:
    if isinstance(body, dict):
        for key, value in body.items():
            known = ids.get(str(key).removesuffix("_id"), [])
            if str(key).endswith("_id") and isinstance(value, str) and known:
                body[key] = known[at % len(known)]
            else:
                _aim_body(value, ids, at)
    elif isinstance(body, list):
        for item in body:
            _aim_body(item, ids, at)


def untrue(case: Any, answer: Any) -> str:
    """Say what of an answer the document does not; nothing where all of it is there."""
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failures:
        said = [" ".join(str(one).split())[:400] for one in failures.exceptions]
        return f"{case.operation.label}: {answer.status_code}: {said} {case!r}"[:1_500]
    return ""


def examples_of(strategy: st.SearchStrategy[Any], count: int, start: int = 0) -> list[Any]:
    """Return a few cases, the same each time for one ``start``; none where the strategy has nothing to offer."""
    found: list[Any] = []

    @seed(start)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(case: Any) -> None:
        found.append(case)

    try:
        collect()
    except Exception as error:
        if type(error).__name__ not in {"Unsatisfiable", "SkipTest", "Skipped"}:
            raise
    return found


def _noun(path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2]
    return last.removesuffix("ies") + "y" if last.endswith("ies") else last.removesuffix("s")


def each(operations: list[Any], *methods: str) -> Iterator[Any]:
    """Yield the operations of these methods."""
    return (one for one in operations if one.method.lower() in methods)
