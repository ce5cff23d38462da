"""What strangers need to verify a proof: the page that does it without a network."""

from __future__ import annotations

from flask import Response

from server.core.keys import server_keys
from server.core.web import public
from server.dashboard.pages.blueprint import pages
from server.delivery.verifier import verifier_page


@pages.get("/verifier")
@public("anyone verifies a proof, without an account")
def verifier() -> Response:
    """Give the page that verifies proofs: one file, good without a network."""
    page = verifier_page(server_keys())
    answer = Response(page.html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = page.policy
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.set_etag(page.sha256)
    return answer
