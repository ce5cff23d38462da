"""The API's document and its reference page, served by this server alone."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, current_app, render_template

from server.core.web.access import public
from server.core.web.openapi import document
from server.core.web.request_kind import API_PREFIX

pages = Blueprint("reference", __name__, url_prefix=API_PREFIX)


@pages.get("/openapi.json")
@public("what the API offers is no secret")
def openapi_json() -> Response:
    """Send the API's document."""
    return Response(orjson.dumps(document(current_app)), mimetype="application/json")


@pages.get("/docs")
@public("what the API offers is no secret")
def docs() -> str:
    """Show the API's reference."""
    return render_template("reference.html")
