"""The office's key may change: the tablet follows to a new one only along endorsements by the key that it trusts."""

from __future__ import annotations

import msgspec

from driver_app.store import receipts, settings
from driver_app.store.database import Store
from driver_app.store.receipts import ReceiptBody, ReceiptRefused
from driver_app.store.settings import Enrolment
from driver_app.sync.office import Office
from shared.keyring import BrokenKeyList, read_list
from shared.wire.push import Receipt


def read_receipt(store: Store, office: Office, device: Enrolment, receipt: Receipt) -> ReceiptBody:
    """Return what the receipt says, under the key that this tablet trusts or one that follows from it.

    A key that was followed is written down, so that the office is asked once.

    Raises:
        ReceiptRefused: neither signed it, or the receipt is for another tablet.
    """
    trusted = store.read(lambda session: settings.load(session, Enrolment)) or device
    try:
        return receipts.read(receipt, server_key=trusted.server_key, device_id=device.device_id)
    except ReceiptRefused as refused:
        newest = _newest(office, trusted.server_key, refused)
    body = receipts.read(receipt, server_key=newest, device_id=device.device_id)
    followed = msgspec.structs.replace(trusted, server_key=newest)
    store.write("standing", lambda session: settings.save(session, followed))
    return body


def _newest(office: Office, trusted: str, refused: ReceiptRefused) -> str:
    """Return the key that follows from the trusted one; where none does, the receipt stays refused."""
    try:
        newest = read_list(office.keys(), anchor=trusted).server_keys[-1].link.public_key
    except BrokenKeyList as broken:
        raise refused from broken
    if newest == trusted:
        raise refused
    return newest
