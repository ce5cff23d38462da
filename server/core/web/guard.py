"""The guard at every view: permission first, then proof that the page's own form sent the request."""

from __future__ import annotations

from flask import Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from server.core.problems import Forbidden, Text
from server.core.web.access import Access, Public, Required, marks
from server.core.web.caller import actor, caller
from server.core.web.forgery import check_forgery
from server.core.web.request_kind import is_api, is_unsafe

SIGN_IN = "identity.sign_in"


def install_guard(app: Flask) -> None:
    """Check permission and forgery before every view of ``app``."""
    app.before_request(_guard)


def _guard() -> Response | None:
    if request.endpoint is None:
        _greet_the_lost()
        return None
    access = marks(current_app)[request.endpoint]
    if _must_sign_in(access):
        return redirect(url_for(SIGN_IN, next=request.full_path.rstrip("?")), code=303)
    if isinstance(access, Required):
        check_permission(access)
    if is_unsafe() and (not is_api() or _came_by_cookie(access)):
        check_forgery()
    return None


def _greet_the_lost() -> None:
    if not is_api():
        caller()


def _must_sign_in(access: Access) -> bool:
    return isinstance(access, Required) and not is_api() and not is_unsafe() and caller() is None


def check_permission(access: Required) -> None:
    """Let the caller by who holds one of the permissions.

    Raises:
        Unauthenticated: a stranger.
        Forbidden: the role does not hold it.
    """
    if not actor().may(*access.permissions):
        names = ", ".join(permission.value for permission in access.permissions)
        raise Forbidden(
            Text(
                "Votre rôle dans cette organisation ne permet pas cette action. Demandez à votre administrateur.",
                "Your role in this organisation does not allow this action. Ask your administrator.",
            ),
            where=request.path,
            permission=names,
        )


def _came_by_cookie(access: Access) -> bool:
    if isinstance(access, Public):
        return False
    found = caller()
    return found is not None and bool(found.csrf_token)
