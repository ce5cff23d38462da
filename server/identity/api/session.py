"""A program's session: opened with a password, carried as a bearer token."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.core.web import Actor, actor, public, requires
from server.identity.api.callers import PROGRAM_PREFIX
from server.identity.api.signing_in import sign_in_with_password
from server.identity.permissions import Permission
from server.identity.schemas import CallerSchema, SignInSchema, TokenSchema
from server.identity.service import close_session
from server.identity.service.sessions import LONGEST

blp = Blueprint("session", __name__, url_prefix="/session", description="Signing in, and who one is")


@blp.route("", methods=["POST"])
@public("nobody has a token before signing in; tries are counted")
@blp.arguments(SignInSchema)
@blp.response(201, TokenSchema)
def open_program_session(asked: dict[str, Any]) -> dict[str, Any]:
    """Sign in and get a bearer token"""
    opened = sign_in_with_password(**asked, for_browser=False)
    return {"token": PROGRAM_PREFIX + opened.token, "expires_in_s": int(LONGEST.total_seconds())}


@blp.route("", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@blp.response(200, CallerSchema)
def show_caller() -> Actor:
    """Say who one is and what one may do"""
    return actor()


@blp.route("", methods=["DELETE"])
@requires(Permission.ACCOUNT_USE)
@blp.response(204)
def end_session() -> None:
    """Sign out: the token is good no more"""
    with transaction(IDENTITY_ORG) as session:
        close_session(session, actor().session_id)
