"""The public, signed list of keys: the office's own, and the revoked tablets of one carrier."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.keys import server_key, server_keys
from server.identity.queries import revoked_devices
from shared.keyring import FORMAT, KeyList, RevokedDevice, sign_list


def published_keys(session: Session | None, *, issued_at: datetime) -> bytes:
    """Return the list as a file; ``session`` acts for the carrier whose revoked tablets are named, if one is given.

    Only revoked tablets are named: the list does not say how many a carrier has.
    """
    revoked = revoked_devices(session) if session is not None else ()
    listed = KeyList(
        format=FORMAT,
        issued_ms=_ms(issued_at),
        carrier_id=str(acting_org(session)) if session is not None else "",
        server_keys=server_keys(),
        revoked_devices=tuple(
            RevokedDevice(device_id=str(one.id), public_key=one.public_key.hex(), revoked_ms=_ms(one.revoked_at))
            for one in revoked
            if one.revoked_at is not None
        ),
    )
    return sign_list(listed, server_key())


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
