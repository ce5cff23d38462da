"""The table of refusals: for each operation of the API the problems that it can answer, by status."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from flask import Flask

from server.core.files import UnreadableFile
from server.core.problems import BadRequest, NotFound
from server.core.settings import BadSetting
from server.core.web.access import Required, marks
from server.core.web.answers import Broken, DatabaseAway, DiskFull
from server.core.web.byte_doors import takes_bytes
from server.core.web.fields import InvalidFields
from server.core.web.files import send_file
from server.core.web.forgery import check_forgery
from server.core.web.guard import check_permission
from server.core.web.messages import MARK, BodyTooLarge
from server.core.web.request_kind import API_PREFIX, SAFE
from server.identity.api.callers import identify
from server.identity.permissions import TABLET_PERMISSIONS
from shared.canonical import NotCanonical
from shared.problems import Problem
from tools.refusals.effects import Called, Effect, Guarded, Refused, effects_of

type Function = Callable[..., Any]
type Outcome = frozenset[type[Problem]]

NEVER_ANSWERED: Final[dict[type[Problem], str]] = {
    NotCanonical: "facts are written in canonical form from values that a schema already read",
    BadSetting: "settings are read before the first request",
    UnreadableFile: "a file that somebody named on a command line",
}
"""What the source comes to and no request can: each with the reason."""
_FAULT: Final = 500


def operations(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield path, method and endpoint of every operation of the API."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API_PREFIX) and "reference." not in rule.endpoint:
            methods = (rule.methods or set()) - {"OPTIONS"}
            yield rule.rule, min(methods - {"HEAD"} or methods), rule.endpoint


def table(app: Flask, document: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return the slugs of each endpoint by status; ``document`` says which operations read a body or parameters."""
    asked = {
        one["operationId"]: one for item in document["paths"].values() for one in item.values() if "operationId" in one
    }
    roots = {endpoint: _roots(app, method, endpoint) for _, method, endpoint in operations(app)}
    known = settle(reached(function for functions in roots.values() for function in functions))
    found = {}
    for path, method, endpoint in sorted(operations(app), key=lambda one: one[2]):
        problems = _by_the_frame(path, method, asked[endpoint.replace(".", "_")], app.view_functions[endpoint])
        problems |= {one for function in roots[endpoint] for one in known[function] if one not in NEVER_ANSWERED}
        found[endpoint] = by_status(problems) | ({"304": []} if send_file in reached(roots[endpoint]) else {})
    return found


def titles() -> dict[str, dict[str, str]]:
    """Return the title of every problem by its slug, in both languages."""
    found: dict[str, dict[str, str]] = {}
    for problem in sorted(_below(Problem), key=lambda one: (one.slug, one.__module__)):
        found.setdefault(problem.slug, {"fr": problem.title.fr, "en": problem.title.en})
    return found


def by_status(problems: Iterable[type[Problem]]) -> dict[str, list[str]]:
    """Return the slugs of problems under their status; a fault of ours is the same whatever broke."""
    found: dict[str, set[str]] = defaultdict(set)
    for problem in problems:
        found[str(problem.status)].add(problem.slug)
    return {status: sorted(found[status]) for status in sorted(found)}


def reached(roots: Iterable[Function]) -> list[Function]:
    """Return every function that these come to; what a job does is answered to nobody."""
    todo, found = list(roots), dict[Function, None]()
    while todo:
        function = todo.pop()
        if function not in found:
            found[function] = None
            todo += _calls(effects_of(function))
    return list(found)


def settle(functions: list[Function]) -> dict[Function, Outcome]:
    """Return the problems that leave each function, once no round adds any."""
    known: dict[Function, Outcome] = dict.fromkeys(functions, frozenset())
    while True:
        after = {function: frozenset(_leaving(effects_of(function), known)) for function in functions}
        if after == known:
            return known
        known = after


def _roots(app: Flask, method: str, endpoint: str) -> list[Function]:
    """The view, and what the guard does before it."""
    found: list[Function] = [inspect.unwrap(app.view_functions[endpoint])]
    access = marks(app)[endpoint]
    if isinstance(access, Required):
        found += [check_permission, identify]
        if method not in SAFE and not TABLET_PERMISSIONS.issuperset(access.permissions):
            found.append(check_forgery)
    return found


def _by_the_frame(path: str, method: str, operation: dict[str, Any], view: Function) -> set[type[Problem]]:
    """What the frame answers before the view: addresses, bodies, parameters, and what breaks below it."""
    found: set[type[Problem]] = {Broken, DatabaseAway}
    if "<" in path:
        found.add(NotFound)
    if method not in SAFE:
        found.add(DiskFull)
    if "requestBody" in operation:
        found.add(BodyTooLarge)
        if "application/json" in operation["requestBody"]["content"] and not (hasattr(view, MARK) or takes_bytes(view)):
            found |= {BadRequest, InvalidFields}
    if any(one.get("in") == "query" for one in operation.get("parameters", [])):
        found.add(InvalidFields)
    return found


def _calls(effects: Iterable[Effect]) -> Iterator[Function]:
    for effect in effects:
        if isinstance(effect, Called):
            yield effect.function
        elif isinstance(effect, Guarded):
            yield from _calls(effect.inside)


def _leaving(effects: Iterable[Effect], known: dict[Function, Outcome]) -> Iterator[type[Problem]]:
    for effect in effects:
        match effect:
            case Refused(problem):
                yield problem
            case Called(function):
                yield from known.get(function, ())
            case Guarded(inside, caught):
                yield from (one for one in _leaving(inside, known) if not issubclass(one, caught))


def _below(kind: type[Problem]) -> Iterator[type[Problem]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
