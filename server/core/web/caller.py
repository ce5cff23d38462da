"""Who calls, in which language, and when: read once at the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import Flask, current_app, g, request

from server.core import clock
from server.core.problems import Language, Text, Unauthenticated
from server.core.stamp import Stamp

LANGUAGE_COOKIE = "langue"
_KEY = "tournee.identify"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member of an organisation, or a tablet of a carrier (``device_id`` set, ``user_id`` its driver).

    ``held_as`` are the doors that open, each with the roles that open it. ``csrf_token`` is set when a browser's cookie
    brought the caller in.
    """

    user_id: UUID
    org_id: UUID
    org_kind: StrEnum
    org_name: str
    roles: tuple[StrEnum, ...]
    language: Language
    display_name: str
    held_as: Mapping[StrEnum, frozenset[StrEnum]]
    device_id: UUID | None = None
    session_id: UUID | None = None
    csrf_token: str = ""

    @property
    def permissions(self) -> frozenset[StrEnum]:
        """Return the doors that open."""
        return frozenset(self.held_as)

    def may(self, *permissions: StrEnum) -> bool:
        """Say whether one of ``permissions`` is held."""
        return any(one in self.held_as for one in permissions)

    def only(self, *roles: str, permission: StrEnum | None = None) -> bool:
        """Say whether no other role than these is held, or gives ``permission`` where it is named.

        What limits one role does not limit somebody who may do it in another, too.
        """
        held = frozenset(self.roles) if permission is None else self.held_as.get(permission, frozenset())
        return held <= frozenset(roles)


type Identify = Callable[[], Actor | None]


def install_identify(app: Flask, identify: Identify) -> None:
    """Name the function that finds the caller from the request's cookie or bearer token."""
    app.extensions[_KEY] = identify


def caller() -> Actor | None:
    """Return who calls, or None for a stranger; the store is asked once a request."""
    if "caller" not in g:
        identify: Identify = current_app.extensions[_KEY]
        g.caller = identify()
    found: Actor | None = g.caller
    return found


def known_caller() -> Actor | None:
    """Return who calls if it was asked before, for error pages that must not ask a failing database."""
    found: Actor | None = g.get("caller")
    return found


def actor() -> Actor:
    """Return who calls.

    Raises:
        Unauthenticated: a stranger.
    """
    found = caller()
    if found is None:
        raise Unauthenticated(
            Text("Connectez-vous, puis recommencez.", "Sign in, then try again."),
            where=request.path,
        )
    return found


def stamp() -> Stamp:
    """Return who acts and when: the only place where a view's clock is read."""
    now = actor()
    return Stamp(
        by=now.device_id or now.user_id,
        at=clock.now(),
        device_id=now.device_id,
        request_id=g.get("request_id", ""),
    )


def language() -> Language:
    """Return the caller's language: chosen in this browser, the account's, asked for by the browser, French."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in {"en", "fr"}:
        return "en" if chosen == "en" else "fr"
    if (known := known_caller()) is not None:
        return known.language
    return "en" if request.accept_languages.best_match(["fr", "en"], default="fr") == "en" else "fr"
