"""The keys that seal proofs, for anyone: a signed list to compare with, to hold offline, to follow."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import public
from server.core.web.byte_doors import carries_bytes
from server.delivery.published import published_keys

keys = Blueprint("keys_api", __name__, url_prefix="/keys", description="The keys that seal proofs, as a signed list")


@keys.route("", methods=["GET"])
@public("the server’s public keys: to compare, to hold offline, and for tablets to follow a new one")
@keys.response(200)
@carries_bytes(gives=("application/json",))
def list_keys() -> Response:
    """Get the signed list of the server's keys"""
    return _key_list(published_keys(None, issued_at=clock.now()))


@keys.route("/<uuid:carrier_id>", methods=["GET"])
@public("a carrier’s revoked tablets beside the server’s keys; its proofs name the carrier")
@keys.response(200)
@carries_bytes(gives=("application/json",))
def list_keys_of(carrier_id: UUID) -> Response:
    """Get the signed list with the revoked tablets of one carrier"""
    with transaction(carrier_id) as session:
        return _key_list(published_keys(session, issued_at=clock.now()))


def _key_list(payload: bytes) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="tournee-cles.json"'}
    return Response(payload, mimetype="application/json", headers=headers)
