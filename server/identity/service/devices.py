"""Tablets: a one-time code makes a key known, a signed challenge gets a token, a dispatcher revokes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.identity.events import DEVICE_CODE_MADE, DEVICE_ENROLLED, DEVICE_REVOKED
from server.identity.model import Device, DeviceChallenge, DeviceToken, EnrolmentCode, Membership, Role
from server.identity.service.attesting import read_attested, take_back
from server.identity.service.gone import device_gone
from server.identity.tokens import new_token, token_hash
from shared.ids import new_id
from shared.sealing import is_signed_by
from shared.wire.enrol import EnrolRequest, TokenRequest

CODE_LIFE = timedelta(minutes=10)
CHALLENGE_LIFE = timedelta(minutes=1)
TOKEN_LIFE = timedelta(minutes=15)


class EnrolmentRefused(Problem):
    """The code is unknown, used, expired, or its proof is not the key's; which one is not said."""

    slug = "enrolment-refused"
    status = 403
    title = Text("Inscription refusée", "Enrolment refused")


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code for the eyes of the tablet alone."""

    code: str
    expires_at: datetime


def make_enrolment_code(session: Session, *, driver: Membership, stamp: Stamp) -> Code:
    """Make a one-time code of 128 bits, good for ten minutes, that makes a tablet the driver's.

    Raises:
        NotFound: the member does not drive for the acting organisation.
    """
    if driver.owner_id != acting_org(session) or Role.DRIVER not in driver.held or driver.disabled_at is not None:
        raise NotFound(
            Text("Ce membre n’est pas livreur ici.", "This member is not a driver here."), where=str(driver.id)
        )
    code = secrets.token_hex(16)
    kept = EnrolmentCode(
        owner_id=driver.owner_id,
        party_ids=[IDENTITY_ORG],
        code_hash=_code_hash(code),
        driver_id=driver.user_id,
        driver_name=driver.display_name,
        expires_at=stamp.at + CODE_LIFE,
    )
    session.add(kept)
    session.flush()
    facts.record(session, DEVICE_CODE_MADE, kept.id, stamp)
    return Code(code, kept.expires_at)


def enrol_device(session: Session, request: EnrolRequest, *, at: datetime) -> Device:
    """Make the tablet's key known under the code; asked again with the same key, the answer is the same.

    Raises:
        EnrolmentRefused: the code is unknown, spent by another key or expired, or the proof is not the key's.
    """
    public_key = bytes.fromhex(request.public_key)
    digest = hashlib.sha256(bytes.fromhex(request.code) + public_key).digest()
    code = session.scalars(
        select(EnrolmentCode).where(EnrolmentCode.code_hash == _code_hash(request.code))
    ).one_or_none()
    if code is None or not is_signed_by(public_key, "enrol", digest, bytes.fromhex(request.proof)):
        raise _refusal()
    with acting_for(session, code.owner_id):
        session.refresh(code, with_for_update=True)
        if code.used_at is not None:
            return _same_device(session, code, public_key)
        if code.expires_at <= at:
            raise _refusal()
        return _enrol(session, code, request.name, public_key, at)


def challenge_device(session: Session, device_id: UUID, *, at: datetime) -> str:
    """Return a nonce (32 bytes in hex) for the tablet to sign within a minute.

    An unknown tablet gets one, too: it can do nothing with it, and learns nothing.
    """
    nonce = secrets.token_hex(32)
    session.add(
        DeviceChallenge(
            owner_id=IDENTITY_ORG, device_id=device_id, nonce_hash=token_hash(nonce), expires_at=at + CHALLENGE_LIFE
        )
    )
    return nonce


def issue_device_token(
    session: Session, request: TokenRequest, *, at: datetime, restored_at: datetime | None = None
) -> str:
    """Return a bearer token for a quarter of an hour, against a signed challenge that is then spent.

    A revoked tablet gets one, too: it opens only the doors by which it hands in what it sealed.

    One that the office lost when it was last restored (``restored_at``) comes back by its attestation, once its key has
    signed.

    Raises:
        DeviceGone: the tablet or the challenge is unknown, spent or stale, or the signature another's.
    """
    device_id = UUID(request.device_id)
    challenge = _live_challenge(session, device_id, request.nonce, at)
    known = session.get(Device, device_id) or read_attested(
        request.attestation, device_id=device_id, restored_at=restored_at
    )
    digest = hashlib.sha256(bytes.fromhex(request.nonce)).digest()
    if known is None or not is_signed_by(known.public_key, "token", digest, bytes.fromhex(request.signature)):
        raise device_gone()
    device = known if isinstance(known, Device) else take_back(session, known, at=at)
    challenge.used_at = at
    with acting_for(session, device.owner_id):
        device.seen_at = at
    return _new_device_token(session, device, at)


def find_device_token(session: Session, token: str, *, at: datetime) -> Device | None:
    """Return the tablet whose live token this is, revoked or not, or None."""
    return session.scalars(
        select(Device)
        .join(DeviceToken, DeviceToken.device_id == Device.id)
        .where(DeviceToken.token_hash == token_hash(token), DeviceToken.expires_at > at)
    ).one_or_none()


def revoke_device(session: Session, device_id: UUID, *, stamp: Stamp) -> Device:
    """Take the tablet's trust away, at once; what the office has of it stays, what it still sends is parked.

    Raises:
        NotFound: the acting organisation has no such tablet.
    """
    device = session.get(Device, device_id)
    if device is None or device.owner_id != acting_org(session):
        raise NotFound(Text("Cette tablette n’existe pas.", "There is no such tablet."), where=str(device_id))
    if device.revoked_at is None:
        device.revoked_at = stamp.at
        facts.record(session, DEVICE_REVOKED, device.id, stamp)
    return device


def _enrol(session: Session, code: EnrolmentCode, name: str, public_key: bytes, at: datetime) -> Device:
    if session.scalars(select(Device).where(Device.public_key == public_key)).first() is not None:
        raise _refusal()
    device = Device(
        id=new_id(),
        owner_id=code.owner_id,
        party_ids=[IDENTITY_ORG],
        name=name,
        public_key=public_key,
        driver_id=code.driver_id,
        driver_name=code.driver_name,
        enrolled_at=at,
    )
    session.add(device)
    code.used_at, code.device_id = at, device.id
    session.flush()
    facts.record(session, DEVICE_ENROLLED, device.id, Stamp(by=code.driver_id, at=at, device_id=device.id))
    return device


def _live_challenge(session: Session, device_id: UUID, nonce: str, at: datetime) -> DeviceChallenge:
    found = session.scalars(
        select(DeviceChallenge).where(DeviceChallenge.nonce_hash == token_hash(nonce)).with_for_update()
    ).one_or_none()
    if found is None or found.device_id != device_id or found.used_at is not None or found.expires_at <= at:
        raise device_gone()
    return found


def _same_device(session: Session, code: EnrolmentCode, public_key: bytes) -> Device:
    device = session.get(Device, code.device_id)
    if device is None or device.public_key != public_key or device.revoked_at is not None:
        raise _refusal()
    return device


def _new_device_token(session: Session, device: Device, at: datetime) -> str:
    token = new_token()
    session.add(
        DeviceToken(
            owner_id=IDENTITY_ORG,
            token_hash=token_hash(token),
            device_id=device.id,
            carrier_id=device.owner_id,
            expires_at=at + TOKEN_LIFE,
        )
    )
    return token


def _code_hash(code: str) -> str:
    return token_hash(code)


def _refusal() -> EnrolmentRefused:
    return EnrolmentRefused(
        Text(
            "Le code n’est pas ou plus bon. Demandez-en un nouveau au répartiteur.",
            "The code is not good, or not any more. Ask the dispatcher for a new one.",
        ),
        where="code",
    )
