"""What every page's template may say: words in two languages, addresses of files, the caller, form tokens."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask import Flask, current_app, request
from jinja2 import StrictUndefined

from server.core.problems import Text
from server.core.settings import settings
from server.core.web.assets import asset
from server.core.web.caller import known_caller, language
from server.core.web.figures import FIGURES
from server.core.web.forgery import csrf_field, csrf_token
from server.core.web.headers import nonce
from shared.ids import new_id
from shared.lifecycles import LABELS


def install_rendering(app: Flask) -> None:
    """Make templates strict, and give them our words."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {"say": say} | {figure.__name__: figure for figure in FIGURES}
    environment.globals |= {
        "t": t,
        "label": label,
        "plural": plural,
        "asset": asset,
        "csrf_field": csrf_field,
        "csrf_token": csrf_token,
        "nonce": nonce,
        "fresh_key": new_id,
    }
    app.context_processor(_about_the_caller)


def t(fr: str, en: str) -> str:
    """Return the words of the caller's language."""
    return en if language() == "en" else fr


def plural(count: int, fr_one: str, fr_many: str, en_one: str, en_many: str) -> str:
    """Return the word for so many: French says one up to 1,99…, English for 1 alone."""
    return t(fr_one if count < 2 else fr_many, en_one if count == 1 else en_many)  # noqa: PLR2004  # as the docstring says


def say(text: Text) -> str:
    """Return the sentence in the caller's language."""
    return text.say(language())


def label(state: StrEnum) -> str:
    """Return the word for a state of an order, a run, a stop, an invoice or a credit."""
    return LABELS[state].say(language())


def _has_page(path: str) -> bool:
    return current_app.url_map.bind("").test(path, method="GET")


def _about_the_caller() -> dict[str, Any]:
    found = known_caller()
    return {
        "who": found,
        "language": language(),
        "here": request.path,
        "has_page": _has_page,
        "may": lambda *permissions: found is not None and any(held.value in permissions for held in found.permissions),
        "public_url": settings().public_url,
    }
