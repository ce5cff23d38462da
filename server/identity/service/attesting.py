"""A tablet that was enrolled after the backup from which its office was restored: it comes back by the office's word.

The office signs for each enrolment and the tablet keeps that. A restored office has no row of the tablet, but the key
with which it signed then: it makes the row anew, and a dispatcher is asked. An office that knows of no restore since
the enrolment lost nobody, and takes nobody back. A tablet that was revoked after the backup comes back, too: who
revoked it is asked to look again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.keys import server_keys
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.identity.events import DEVICE_TAKEN_BACK, DEVICE_VOUCHED
from server.identity.model import Device, Membership, Role
from server.identity.service.gone import device_gone
from shared.canonical import canonical_bytes
from shared.sealing import is_signed_by, sign
from shared.wire.enrol import Attestation
from shared.wire.limits import Identifier, Kept, PublicKey

KIND: Final = "enrolled"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ASKED_AGAIN_MS: Final = 3_600_000  # a tablet that got no answer asks again, perhaps after the key was rotated


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """A tablet that the office says it enrolled: an attestation's body."""

    carrier_id: Identifier
    device_id: Identifier
    driver_id: Identifier
    driver_name: Kept
    enrolled_ms: int
    name: Kept
    key_hex: PublicKey = msgspec.field(name="public_key")

    @property
    def public_key(self) -> bytes:
        """The key by which the tablet is known."""
        return bytes.fromhex(self.key_hex)


def attest(device: Device, key: Ed25519PrivateKey) -> Attestation:
    """Return the office's word that it enrolled this tablet."""
    body = canonical_bytes(
        msgspec.to_builtins(
            Attested(
                carrier_id=str(device.owner_id),
                device_id=str(device.id),
                driver_id=str(device.driver_id),
                driver_name=device.driver_name,
                enrolled_ms=_ms(device.enrolled_at),
                name=device.name,
                key_hex=device.public_key.hex(),
            )
        )
    )
    return Attestation(body=body.decode(), signature=sign(key, KIND, hashlib.sha256(body).digest()).hex())


def read_attested(given: Attestation | None, *, device_id: UUID, restored_at: datetime | None) -> Attested | None:
    """Return which tablet the office once enrolled under this id, or None where that is not its word.

    A key that was revoked vouches for nobody, one that was rotated out for nobody after that, and none for a tablet
    that no restore can have lost: whoever stole it could enrol any tablet of any carrier.
    """
    if given is None:
        return None
    try:
        said = msgspec.json.decode(given.body, type=Attested)
    except msgspec.DecodeError:
        return None
    if said.device_id != str(device_id) or restored_at is None or said.enrolled_ms >= _ms(restored_at):
        return None
    return said if any(_vouched(given, at_ms=said.enrolled_ms)) else None


def take_back(session: Session, said: Attested, *, at: datetime, is_trusted: bool = True) -> Device:
    """Make the lost tablet known again under its id, key, carrier and driver, and note it for a dispatcher.

    The caller has seen that the tablet holds the key. One that only a person vouches for, or whose driver does not
    drive here, is known as revoked: what it hands in is kept, and waits for a person.

    Raises:
        DeviceGone: its carrier is not here, or its key is another tablet's by now.
    """
    with acting_for(session, UUID(said.carrier_id)):  # the office signed for it: no request chose the organisation
        members = session.scalars(select(Membership).where(Membership.owner_id == acting_org(session))).all()
        if not members:
            raise device_gone()
        driver = next((one for one in members if one.user_id == UUID(said.driver_id) and _drives(one)), None)
        device = Device(
            id=UUID(said.device_id),
            owner_id=acting_org(session),
            party_ids=[IDENTITY_ORG],
            name=said.name,
            public_key=said.public_key,
            driver_id=UUID(said.driver_id),
            driver_name=driver.display_name if driver else said.driver_name,
            enrolled_at=_EPOCH + timedelta(milliseconds=said.enrolled_ms),
            revoked_at=None if driver and is_trusted else at,
        )
        add_unique(session, device, taken=device_gone())
        fact = DEVICE_TAKEN_BACK if is_trusted else DEVICE_VOUCHED
        facts.record(session, fact, device.id, Stamp(by=device.driver_id, at=at, device_id=device.id))
    return device


def _vouched(given: Attestation, *, at_ms: int) -> Iterator[bool]:
    """Say of each key that was this office's at that time and was not revoked, newest first, whether it signed."""
    digest, signature = hashlib.sha256(given.body.encode()).digest(), bytes.fromhex(given.signature)
    for key in reversed(server_keys()):
        was_ours = key.link.from_ms <= at_ms + _ASKED_AGAIN_MS and (not key.until_ms or at_ms <= key.until_ms)
        yield (
            was_ours
            and not key.revoked_ms
            and is_signed_by(bytes.fromhex(key.link.public_key), KIND, digest, signature)
        )


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _drives(member: Membership) -> bool:
    return Role.DRIVER in member.held and member.disabled_at is None
