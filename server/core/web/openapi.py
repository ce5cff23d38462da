"""The API's document: every endpoint, message, error and permission, as OpenAPI 3.1."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

import msgspec
from flask import Flask
from flask_smorest import Api
from marshmallow import fields, validate

from server.core.problems import Text
from server.core.web import refusals
from server.core.web.access import Access, Required, marks
from server.core.web.byte_doors import describe_bytes
from server.core.web.conventions import CONVENTIONS, SCHEMES, say_parameters, say_units
from server.core.web.messages import MARK, Carried
from server.core.web.request_kind import API_PREFIX
from server.core.web.schemas import ProblemSchema

_KEY: Final = "tournee.api"
_DOORS: Final = "tournee.doors"
_CONVERTER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Door:
    """A permission as the document tells it: what it lets do, who holds it wholly or within limits, and tablets."""

    says: Text
    full: tuple[str, ...]
    limited: tuple[str, ...]
    by_tablet: bool


def install_api(app: Flask, doors: Mapping[StrEnum, Door]) -> Api:
    """Mount flask-smorest on ``app``; its own pages stay off. ``doors`` are the lines of the permission matrix."""
    app.config |= {
        "API_TITLE": "Tournée",
        "API_VERSION": version("tournee"),
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {"info": {"description": CONVENTIONS}},
    }
    api = Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # each status is named; a `default` would stand for the truth
    api.ma_plugin.converter.add_attribute_function(_choices)
    api.spec.components.schema("Problem", schema=ProblemSchema)
    app.extensions[_KEY], app.extensions[_DOORS] = api, doors
    return api


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a sealed app.

    Raises:
        RuntimeError: two schemas have one name.
    """
    api: Api = app.extensions[_KEY]
    found: dict[str, Any] = deepcopy(api.spec.to_dict())
    components = found.setdefault("components", {})
    components |= {"responses": {}, "securitySchemes": SCHEMES}
    components.setdefault("schemas", {}).pop("Error", None)
    for path, method, endpoint in _operations(app):
        if (operation := found.get("paths", {}).get(path, {}).get(method)) is not None:
            _complete(operation, app, endpoint, components)
    for item in found["paths"].values():
        _plain_parameters(item)
    say_parameters(found)
    say_units(found)
    _say_schemas(api, components["schemas"])
    _plain_tags(found)
    return found | {"x-problems": refusals.titles()}


def _choices(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Offer of an enumeration what its validator lets through, where that is less than all of it."""
    narrowed = [one.choices for one in field.validators if isinstance(one, validate.OneOf)]
    if not (isinstance(field, fields.Enum) and narrowed):
        return {}
    return {"enum": [choice.value for choice in narrowed[0]]}


def _operations(app: Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API_PREFIX):
            for method in sorted(rule.methods or ()):
                yield _CONVERTER.sub(r"{\1}", rule.rule), method.lower(), rule.endpoint


def _complete(operation: dict[str, Any], app: Flask, endpoint: str, components: dict[str, Any]) -> None:
    operation["operationId"] = endpoint.replace(".", "_")
    given = {str(status): answer for status, answer in operation.get("responses", {}).items()}
    carried: Carried | None = getattr(app.view_functions[endpoint], MARK, None)
    if carried is not None:
        _describe_messages(operation, carried, components["schemas"])
        given |= _answered(carried, components["schemas"])
    given = {status: answer for status, answer in given.items() if status.startswith(("2", "3"))}
    operation["responses"] = given or {"200": {"description": "OK"}}
    describe_bytes(operation, app.view_functions[endpoint])
    refused = refusals.responses(endpoint, components["responses"])
    operation["responses"] |= refused
    if refusals.gives_file(endpoint):
        refusals.describe_file(operation)
    _say_permission(operation, marks(app)[endpoint], app.extensions[_DOORS])


def _say_permission(operation: dict[str, Any], access: Access, doors: Mapping[StrEnum, Door]) -> None:
    """Name who may ask, for people in the description and for programs beside it."""
    if isinstance(access, Required):
        asked = [doors[permission] for permission in access.permissions]
        names = [permission.value for permission in access.permissions]
        schemes = ["device"] if all(door.by_tablet for door in asked) else ["bearer", "session"]
        operation["x-permission"] = names[0] if len(names) == 1 else names
        words = " Or: ".join(_door(name, door) for name, door in zip(names, asked, strict=True))
    else:
        schemes = []
        operation |= {"x-permission": None, "x-public": access.reason}
        words = f"**Without credentials**: {access.reason}."
    operation["security"] = [{scheme: []} for scheme in schemes]
    operation["description"] = "\n\n".join(filter(None, [operation.get("description", ""), words]))


def _door(name: str, door: Door) -> str:
    holders = ["a tablet’s token"] if door.by_tablet else [*door.full]
    limited = [f"{one} (within limits)" for one in door.limited]
    return f"**Permission** `{name}`, {door.says.en.lower()}: {', '.join(holders + limited)}."


def _describe_messages(operation: dict[str, Any], carried: Carried, schemas: dict[str, Any]) -> None:
    if carried.request is not None:
        operation["requestBody"] = {"required": True, "content": _content(carried.request, schemas)}


def _answered(carried: Carried, schemas: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "OK"}
    if carried.response is not None:
        answer["content"] = _content(carried.response, schemas)
    return {str(carried.status): answer}


def _content(kind: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    (schema,), found = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    for name, described in found.items():
        if schemas.setdefault(name, described) != described:
            raise RuntimeError(f"two schemas of the document are called {name}: rename one")
    return {"application/json": {"schema": schema}}


def _say_schemas(api: Api, schemas: dict[str, Any]) -> None:
    """Give each schema the words of its class."""
    for key, name in api.ma_plugin.converter.refs.items():
        if name in schemas and (words := inspect.getdoc(key[0])):
            schemas[name].setdefault("description", words.replace("``", "`"))


def _plain_tags(document: dict[str, Any]) -> None:
    """Call each group of operations by its noun, and not by how its views are kept."""
    for named in document["tags"]:
        named["name"] = _noun(named["name"])
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "tags" in operation:
                operation["tags"] = [_noun(tag) for tag in operation["tags"]]


def _noun(tag: str) -> str:
    return tag.removesuffix("_api").replace("_", " ")


def _plain_parameters(item: dict[str, Any]) -> None:
    """A parameter that is left out has no value: text has no ``null`` to send, so none is offered."""
    for operation in item.values():
        for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
            schema = parameter.get("schema", {})
            if schema.get("default", 0) is None:
                del schema["default"]
            if isinstance(kinds := schema.get("type"), list):
                schema["type"] = next(kind for kind in kinds if kind != "null")
            if None in schema.get("enum", ()):
                schema["enum"] = [one for one in schema["enum"] if one is not None]
