"""The office's signed word for what it holds: checked, then kept."""

from __future__ import annotations

import hashlib

import msgspec

from driver_app.clock import Moment
from driver_app.store.database import Session
from shared.problems import Problem, Text
from shared.sealing import is_signed_by
from shared.wire.push import Receipt

MOST_KEPT = 500


class ReceiptRefused(Problem):
    """A receipt that the office's key did not sign, or that speaks of another tablet or another log."""

    slug = "receipt-refused"
    title = Text("Accusé de réception douteux", "Doubtful receipt")


class ReceiptBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the office signs: the last event on its disk and that event's hash."""

    device_id: str
    epoch: str
    last_seq: int
    head: str
    server_ms: int


def read(receipt: Receipt, *, server_key: str, device_id: str) -> ReceiptBody:
    """Return what the receipt says.

    Raises:
        ReceiptRefused: the signature is not the office's, or the receipt is for another tablet.
    """
    if not is_under(receipt, server_key):
        raise _refused("signature")
    body = msgspec.json.decode(receipt.body, type=ReceiptBody)
    if body.device_id != device_id:
        raise _refused("device_id")
    return body


def is_under(receipt: Receipt, server_key: str) -> bool:
    """Say whether this key of the office's, 64 hex digits, signed the receipt."""
    digest = hashlib.sha256(receipt.body.encode()).digest()
    return is_signed_by(bytes.fromhex(server_key), "receipt", digest, bytes.fromhex(receipt.signature))


def keep(session: Session, receipt: Receipt, body: ReceiptBody, now: Moment) -> None:
    """Keep the receipt; the same one again changes nothing."""
    session.db.execute(
        "INSERT OR REPLACE INTO receipt (last_seq, epoch, head, body, signature, received_wall_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (body.last_seq, body.epoch, body.head, receipt.body, receipt.signature, now.wall_ms),
    )


def kept(session: Session) -> tuple[Receipt, ...]:
    """Return the newest receipts, at most ``MOST_KEPT``, oldest first."""
    rows = session.db.execute(
        "SELECT body, signature FROM receipt ORDER BY received_wall_ms DESC, last_seq DESC LIMIT ?", (MOST_KEPT,)
    ).fetchall()
    return tuple(Receipt(body=body, signature=signature) for body, signature in reversed(rows))


def latest(session: Session) -> ReceiptBody | None:
    """Return the newest receipt, or None."""
    row = session.db.execute(
        "SELECT body FROM receipt ORDER BY received_wall_ms DESC, last_seq DESC LIMIT 1"
    ).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=ReceiptBody)


def received_before(session: Session, *, epoch: str, since_ms: int, before_ms: int) -> int:
    """Return how far the office had the log before an instant of its clock; 0 when it signed for nothing until then.

    Only receipts of the present epoch count, given after ``since_ms``: an office that was restored since, or put back,
    may have lost what older ones speak of.
    """
    rows = session.db.execute("SELECT body FROM receipt WHERE epoch = ?", (epoch,))
    bodies = (msgspec.json.decode(row[0], type=ReceiptBody) for row in rows)
    return max((body.last_seq for body in bodies if since_ms <= body.server_ms < before_ms), default=0)


def _refused(where: str) -> ReceiptRefused:
    return ReceiptRefused(
        Text(
            "L’accusé du bureau n’est pas authentique; rien n’est coché comme reçu. Appelez le répartiteur.",
            "The office’s receipt is not authentic; nothing is ticked as received. Call the dispatcher.",
        ),
        where=where,
    )
