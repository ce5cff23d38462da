"""Only our own pages may send what changes something: a token in the form, and the Origin that browsers add."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from markupsafe import Markup

from server.core.problems import Problem, Text
from server.core.settings import settings
from server.core.web.caller import caller, known_caller
from server.core.web.cookies import cookie_name, set_cookie

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_VISIT = "visite"


class Forged(Problem):
    """The request does not come from one of our pages, or the page is too old."""

    slug = "forged-request"
    status = 403
    title = Text("Demande non reconnue", "Request not recognised")


def install_forgery(app: Flask) -> None:
    """Give strangers' forms a token, kept in a cookie of theirs."""
    app.after_request(_remember_visit)


def csrf_token() -> str:
    """Return the token that this page's forms must send back."""
    known = known_caller()
    if known is not None and known.csrf_token:
        return known.csrf_token
    if "visit" not in g:
        g.visit = request.cookies.get(cookie_name(_VISIT)) or secrets.token_urlsafe(24)
    visit: str = g.visit
    return visit


def csrf_field() -> Markup:
    """Return the hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def check_forgery() -> None:
    """Compare the request's token and Origin with ours.

    Raises:
        Forged: the token is missing or another's, or another site sent the request.

    Source: OWASP ASVS 5, V3.5.
    """
    found = caller()
    expected = found.csrf_token if found else request.cookies.get(cookie_name(_VISIT), "")
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not expected or not hmac.compare_digest(expected.encode(), sent.encode()) or not _is_same_origin():
        raise Forged(
            Text(
                "La page est périmée ou la demande vient d’un autre site. Rechargez la page et recommencez.",
                "The page is out of date or the request comes from another site. Reload the page and try again.",
            ),
            where=request.path,
        )


def _is_same_origin() -> bool:
    sender = request.headers.get("Origin") or request.headers.get("Referer", "")
    return _origin(sender) in {_origin(request.host_url), _origin(settings().public_url)}


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _remember_visit(response: Response) -> Response:
    if "visit" in g and request.cookies.get(cookie_name(_VISIT)) != g.visit:
        set_cookie(response, _VISIT, g.visit, max_age_s=24 * 3600)
    return response
