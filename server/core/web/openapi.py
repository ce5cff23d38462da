"""The API's document: every endpoint, message, error and permission, as OpenAPI 3.1."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import msgspec
from flask import Flask
from flask_smorest import Api

from server.core.web.access import Access, Required, marks
from server.core.web.messages import MARK, Carried
from server.core.web.request_kind import API_PREFIX
from server.core.web.schemas import ProblemSchema

_KEY = "tournee.api"
_REFUSAL = {"$ref": "#/components/responses/Problem"}
_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": "tournee", "description": "A browser’s session; unsafe "
                "methods also send X-CSRF-Token."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of POST /api/v1/session."},
    "device": {"type": "http", "scheme": "bearer", "description": "A tablet’s token of POST /api/v1/devices/token."},
}  # fmt: skip
_CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def install_api(app: Flask) -> Api:
    """Mount flask-smorest on ``app``; its own pages stay off."""
    app.config |= {
        "API_TITLE": "Tournée",
        "API_VERSION": version("tournee"),
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "info": {"description": "Orders, runs, deliveries, proofs and invoices of a distributor."},
        },
    }
    api = Api(app)
    api.spec.components.schema("Problem", schema=ProblemSchema)
    app.extensions[_KEY] = api
    return api


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a sealed app."""
    api: Api = app.extensions[_KEY]
    found: dict[str, Any] = api.spec.to_dict()
    components = found.setdefault("components", {})
    components["responses"] = {"Problem": _problem_response()}
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas.pop("Error", None)
    for path, method, endpoint in _operations(app):
        if (operation := found.get("paths", {}).get(path, {}).get(method)) is not None:
            _complete(operation, app, endpoint, schemas)
    return found


def _operations(app: Flask) -> list[tuple[str, str, str]]:
    return [
        (_CONVERTER.sub(r"{\1}", rule.rule), method.lower(), rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API_PREFIX)
        for method in sorted(rule.methods or ())
    ]


def _complete(operation: dict[str, Any], app: Flask, endpoint: str, schemas: dict[str, Any]) -> None:
    access = marks(app)[endpoint]
    responses = {
        status: answer
        for status, answer in operation.get("responses", {}).items()
        if str(status).startswith(("2", "3"))
    }
    operation["operationId"] = f"{endpoint.replace('.', '_')}"
    operation["responses"] = responses | {str(status): _REFUSAL for status in _refusals(access, operation)}
    operation["responses"]["default"] = _REFUSAL
    operation.update(_security(access))
    carried: Carried | None = getattr(app.view_functions[endpoint], MARK, None)
    if carried is not None:
        _describe_messages(operation, carried, schemas)
    if not any(str(status).startswith(("2", "3")) for status in operation["responses"]):
        operation["responses"]["200"] = {"description": "OK"}


def _refusals(access: Access, operation: dict[str, Any]) -> list[int]:
    found = [401, 403] if isinstance(access, Required) else []
    if any(parameter.get("in") == "path" for parameter in operation.get("parameters", [])):
        found.append(404)
    return [400, *found, 409, 422, 429]


def _security(access: Access) -> dict[str, Any]:
    if not isinstance(access, Required):
        return {"security": [], "x-permission": None, "x-public": access.reason}
    names = [permission.value for permission in access.permissions]
    schemes = ["device"] if names == ["device.sync"] else ["bearer", "session"]
    return {"security": [{scheme: []} for scheme in schemes], "x-permission": names[0] if len(names) == 1 else names}


def _describe_messages(operation: dict[str, Any], carried: Carried, schemas: dict[str, Any]) -> None:
    if carried.request is not None:
        operation["requestBody"] = {"required": True, "content": _content(carried.request, schemas)}
    answer: dict[str, Any] = {"description": "OK"}
    if carried.response is not None:
        answer["content"] = _content(carried.response, schemas)
    operation["responses"][str(carried.status)] = answer


def _content(kind: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    (schema,), found = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    schemas.update(found)
    return {"application/json": {"schema": schema}}


def _problem_response() -> dict[str, Any]:
    return {
        "description": "A refusal that says what, where and what to do, in French and English",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
