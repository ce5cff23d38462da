"""A tablet's way in, and the carrier's hand over its tablets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.keys import server_key
from server.core.settings import settings
from server.core.transaction import transaction
from server.core.web import actor, carries, public, read_message, requires, send_message, stamp
from server.identity import queries
from server.identity.api.callers import DEVICE_PREFIX
from server.identity.model import Device
from server.identity.permissions import Permission
from server.identity.qr import code_payload, code_svg
from server.identity.schemas import CodeRequestSchema, CodeSchema, DeviceSchema
from server.identity.service import (
    attest,
    challenge_device,
    count_try,
    enrol_device,
    issue_device_token,
    make_enrolment_code,
    revoke_device,
)
from server.identity.service.devices import TOKEN_LIFE
from server.identity.service.limits import ATTESTED_ADDRESS, ENROL_ADDRESS, TOKEN_DEVICE
from shared.sealing import public_bytes
from shared.wire.enrol import ChallengeAnswer, ChallengeRequest, EnrolAnswer, EnrolRequest, TokenAnswer, TokenRequest

blp = Blueprint("devices", __name__, url_prefix="/devices", description="Tablets: enrolment, tokens, revocation")

type Epoch = Callable[[Session], str]
type Began = Callable[[Session], datetime]
_EPOCH = "tournee.epoch"
_BEGAN = "tournee.epoch_began"


def install_epoch(app: Flask, epoch: Epoch, began: Began) -> None:
    """Name the functions that say in which life of the database a tablet is enrolled, and when that life began."""
    app.extensions[_EPOCH] = epoch
    app.extensions[_BEGAN] = began


def epoch_began(session: Session) -> datetime:
    """Return when this life of the database began."""
    began: Began = current_app.extensions[_BEGAN]
    return began(session)


def epoch_here(session: Session) -> str:
    """Return in which life of the database this is: a restored one has another."""
    epoch: Epoch = current_app.extensions[_EPOCH]
    return epoch(session)


@blp.route("/codes", methods=["POST"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.arguments(CodeRequestSchema)
@blp.response(201, CodeSchema)
def make_code(asked: dict[str, Any]) -> dict[str, Any]:
    """Make a one-time code that enrols a driver's tablet"""
    with transaction(actor().org_id) as session:
        made = make_enrolment_code(session, driver=queries.driver(session, asked["driver_id"]), stamp=stamp())
    payload = code_payload(settings().public_url, made.code)
    return {"code": made.code, "payload": payload, "svg": code_svg(payload), "expires_at": made.expires_at}


@blp.route("", methods=["GET"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.response(200, DeviceSchema(many=True))
def list_devices() -> Sequence[Device]:
    """List the carrier's tablets"""
    with transaction(actor().org_id) as session:
        return queries.devices(session)


@blp.route("/<uuid:device_id>", methods=["DELETE"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.response(200, DeviceSchema)
def revoke(device_id: UUID) -> Device:
    """Revoke a tablet; what it sealed before stays good"""
    with transaction(actor().org_id) as session:
        return revoke_device(session, device_id, stamp=stamp())


@blp.route("/enrol", methods=["POST"])
@public("a tablet has no token before its key is known; the one-time code stands for it")
@carries(request=EnrolRequest, response=EnrolAnswer)
def enrol() -> Response:
    """Make a tablet's key known under a one-time code"""
    message = read_message(EnrolRequest)
    at = clock.now()
    with transaction(IDENTITY_ORG) as session:
        count_try(session, ENROL_ADDRESS, request.remote_addr or "", at=at)
    with transaction(IDENTITY_ORG) as session:
        return send_message(_answer(session, enrol_device(session, message, at=at)))


@blp.route("/challenge", methods=["POST"])
@public("the first half of a tablet’s sign-in")
@carries(request=ChallengeRequest, response=ChallengeAnswer)
def challenge() -> Response:
    """Get a nonce to sign"""
    device_id = UUID(read_message(ChallengeRequest).device_id)
    at = clock.now()
    with transaction(IDENTITY_ORG) as session:
        count_try(session, TOKEN_DEVICE, str(device_id), at=at)
        return send_message(ChallengeAnswer(nonce=challenge_device(session, device_id, at=at)))


@blp.route("/token", methods=["POST"])
@public("the second half of a tablet’s sign-in; the signature stands for it")
@carries(request=TokenRequest, response=TokenAnswer)
def token() -> Response:
    """Get a bearer token for a signed nonce"""
    message, at = read_message(TokenRequest), clock.now()
    if message.attestation is not None:
        with transaction(IDENTITY_ORG) as session:
            count_try(session, ATTESTED_ADDRESS, request.remote_addr or "", at=at)
    with transaction(IDENTITY_ORG) as session:
        restored_at = epoch_began(session) if message.attestation is not None else None
        made = issue_device_token(session, message, at=at, restored_at=restored_at)
    return send_message(TokenAnswer(token=DEVICE_PREFIX + made, expires_in_s=int(TOKEN_LIFE.total_seconds())))


def _answer(session: Session, device: Device) -> EnrolAnswer:
    carrier = queries.carrier_name(session, device)
    key = server_key()
    return EnrolAnswer(
        device_id=str(device.id),
        carrier_id=str(device.owner_id),
        carrier_name=carrier,
        driver_id=str(device.driver_id),
        driver_name=device.driver_name,
        server_key=public_bytes(key).hex(),
        epoch=epoch_here(session),
        attestation=attest(device, key),
    )
