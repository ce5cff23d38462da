"""Cookies that no other site and no script reads."""

from __future__ import annotations

from flask import Response

from server.core.settings import settings


def cookie_name(name: str) -> str:
    """Return the cookie's name, bound to this host where cookies are secure.

    Source: RFC 6265bis, section 4.1.3.2 (``__Host-``).
    """
    return f"__Host-{name}" if settings().secure_cookies else name


def set_cookie(response: Response, name: str, value: str, *, max_age_s: int) -> None:
    """Keep ``value`` in the browser: this host only, no script, no other site's requests."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=max_age_s,
        path="/",
        secure=settings().secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: Response, name: str) -> None:
    """Remove the cookie from the browser."""
    response.delete_cookie(cookie_name(name), path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax")
