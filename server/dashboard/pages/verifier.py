"""What strangers need to verify a proof: the page that does it without a network, and the signed list of keys."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from server.core import clock
from server.core.keys import server_keys
from server.core.transaction import transaction
from server.core.web import public
from server.dashboard.pages.blueprint import pages
from server.delivery.published import published_keys
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


@pages.get("/verifier/cles.json")
@public("the server’s public keys, to compare and to hold offline")
def keys() -> Response:
    """Give the signed list of the server's keys."""
    return _list(published_keys(None, issued_at=clock.now()))


@pages.get("/verifier/cles/<uuid:carrier_id>.json")
@public("the server’s public keys and a carrier’s revoked tablets, which its proofs name")
def keys_of(carrier_id: UUID) -> Response:
    """Give the signed list with the revoked tablets of one carrier."""
    with transaction(carrier_id) as session:
        return _list(published_keys(session, issued_at=clock.now()))


def _list(payload: bytes) -> Response:
    answer = Response(payload, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="tournee-cles.json"'
    return answer
