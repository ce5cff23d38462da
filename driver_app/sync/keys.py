"""The office's key may change: the tablet follows to a new one only along endorsements by a key that it trusts.

An office that is rebuilt from a backup of before its last rotation has the former key alone. The tablet keeps the keys
that it followed from, and believes each of them until a list that it followed calls it revoked.
"""

from __future__ import annotations

import msgspec

from driver_app.store import receipts, settings
from driver_app.store.database import Store
from driver_app.store.receipts import ReceiptBody, ReceiptRefused
from driver_app.store.settings import Enrolment
from driver_app.sync.office import Office
from shared.keyring import BrokenKeyList, KeyList, read_list
from shared.wire.push import Receipt


def read_receipt(store: Store, office: Office, device: Enrolment, receipt: Receipt) -> ReceiptBody:
    """Return what the receipt says, under the key that this tablet trusts, one that follows from it, or a former one.

    A key that was followed is written down, so that the office is asked once.

    Raises:
        ReceiptRefused: none of them signed it, or the receipt is for another tablet.
    """
    trusted = store.read(lambda session: settings.load(session, Enrolment)) or device
    try:
        return receipts.read(receipt, server_key=trusted.server_key, device_id=device.device_id)
    except ReceiptRefused as refused:
        followed = _followed(office, trusted, refused)
    body = _under_any(followed, receipt)
    if followed != trusted:
        store.write("standing", lambda session: settings.save(session, followed))
    return body


def _under_any(known: Enrolment, receipt: Receipt) -> ReceiptBody:
    """Return what the receipt says under the newest key, or else under a former one that nobody revoked."""
    for key in known.former_keys:
        if receipts.is_under(receipt, key):
            return receipts.read(receipt, server_key=key, device_id=known.device_id)
    return receipts.read(receipt, server_key=known.server_key, device_id=known.device_id)


def _followed(office: Office, trusted: Enrolment, refused: ReceiptRefused) -> Enrolment:
    """Return whom the tablet trusts by the office's present list; where no trusted key leads there, refuse."""
    try:
        listed = read_list(office.keys())
    except BrokenKeyList as broken:
        raise refused from broken
    names = [one.link.public_key for one in listed.server_keys]
    newest, anchor = names[-1], _anchor(listed, trusted)
    revoked = dict.fromkeys(
        (*trusted.revoked_keys, *(one.link.public_key for one in listed.server_keys if one.revoked_ms))
    )
    if anchor is None or newest in revoked:
        raise refused
    since = reversed(names[names.index(anchor) :])
    former = dict.fromkeys((*since, trusted.server_key, *trusted.former_keys))
    return msgspec.structs.replace(
        trusted,
        server_key=newest,
        former_keys=tuple(key for key in former if key != newest and key not in revoked),
        revoked_keys=tuple(revoked),
    )


def _anchor(listed: KeyList, trusted: Enrolment) -> str | None:
    """Return the newest key of ours that the list has; a former one leads on only while nobody calls it revoked."""
    if listed.find(trusted.server_key) is not None:
        return trusted.server_key
    found = ((key, listed.find(key)) for key in trusted.former_keys)
    return next((key for key, one in found if one is not None and not one.revoked_ms), None)
