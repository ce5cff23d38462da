"""Published key lists and the day's files, for tests."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs import seal_day
from shared.keyring import FORMAT, KeyLink, KeyList, RevokedDevice, ServerKey, endorse, sign_list
from shared.sealing import public_bytes
from tests.factories.proofs import CARRIER_ID, NEXT, SEALED_MS, SERVER, SERVER_KEY
from tests.factories.terms import named_id
from tests.factories.visits import TABLET

DAY = date(2023, 11, 14)
TABLET_KEY = public_bytes(TABLET).hex()
OTHER_TABLET = "0b" * 32


def make_key_list(
    *,
    carrier_id: str = "",
    issued_ms: int = 0,
    revoked_ms: int = 0,
    device_key: str = TABLET_KEY,
    rotated_ms: int = 0,
    stolen_ms: int = 0,
) -> bytes:
    """Return a signed list; the tablet is revoked, the server's key rotated or stolen at the times that are given."""
    first = ServerKey(
        link=KeyLink(public_key=SERVER_KEY, from_ms=0), until_ms=rotated_ms or stolen_ms, revoked_ms=stolen_ms
    )
    keys, newest = [first], SERVER
    if rotated_ms or stolen_ms:
        link = KeyLink(public_key=public_bytes(NEXT).hex(), from_ms=rotated_ms or stolen_ms)
        keys, newest = [first, ServerKey(link=endorse(link, SERVER))], NEXT
    listed = KeyList(
        format=FORMAT,
        issued_ms=issued_ms,
        carrier_id=carrier_id,
        server_keys=tuple(keys),
        revoked_devices=(
            (RevokedDevice(device_id=named_id("device"), public_key=device_key, revoked_ms=revoked_ms),)
            if revoked_ms
            else ()
        ),
    )
    return sign_list(listed, newest)


def make_day(file: bytes, *others: bytes, key: Ed25519PrivateKey = SERVER, **changes: object) -> bytes:
    """Return the file beside ``file``: its way up to the root of a day that has the others, too."""
    names = [hashlib.sha256(one).hexdigest() for one in (file, *others)]
    tree = seal_day(names, carrier_id=CARRIER_ID, day=DAY, made_ms=SEALED_MS + 60_000, key=key, random=_counted())
    payload = tree.inclusion(names[0])
    if not changes:
        return payload
    return msgspec.json.encode(msgspec.json.decode(payload) | changes, order="sorted")


def _counted():
    state = {"count": 0}

    def random(size: int) -> bytes:
        state["count"] += 1
        return hashlib.sha256(state["count"].to_bytes(4)).digest()[:size]

    return random
