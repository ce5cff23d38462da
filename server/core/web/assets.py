"""Files of the pages: our own, and those that npm installed; each address holds the file's hash."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, send_file, url_for

from server.core.problems import NotFound, Text
from server.core.web.access import public

OWN = Path(__file__).parent / "static"
INSTALLED = Path(__file__).parents[3] / "node_modules"
PACKAGES = frozenset({"@picocss/pico", "htmx.org", "maplibre-gl", "pmtiles", "swagger-ui-dist"})
_KINDS = frozenset({".js", ".mjs", ".css", ".map", ".svg", ".png", ".ico", ".woff2", ".webmanifest", ".json", ".pbf"})
_YEAR_S = 365 * 24 * 3600

pages = Blueprint("assets", __name__)
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/manifest+json", ".webmanifest")


def asset(path: str) -> str:
    """Return the address of a file of the pages, e.g. ``app.css`` or ``npm/htmx.org/dist/htmx.min.js``.

    The address changes with the bytes, so that browsers keep each for a year.
    """
    return url_for("assets.send", path=path, v=_digest(path))


@pages.get("/static/<path:path>")
@public("files of the pages")
def send(path: str) -> Response:
    """Send one file; its hash stands in its address."""
    response = send_file(_locate(path), max_age=_YEAR_S)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return response


@lru_cache(maxsize=256)
def _digest(path: str) -> str:
    return hashlib.sha256(_locate(path).read_bytes()).hexdigest()[:12]


def _locate(path: str) -> Path:
    root, rest = (INSTALLED, path.removeprefix("npm/")) if path.startswith("npm/") else (OWN, path)
    file = (root / rest).resolve()
    known = root is OWN or any(rest.startswith(f"{package}/") for package in PACKAGES)
    if not known or file.suffix not in _KINDS or not file.is_relative_to(root.resolve()) or not file.is_file():
        raise NotFound(
            Text(
                "Ce fichier n’existe pas. Les fichiers d’npm viennent avec «\u00a0make setup\u00a0».",
                "There is no such file. The files of npm come with “make setup”.",
            ),
            where=path,
        )
    return file
