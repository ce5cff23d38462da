"""The tablets' doors: plain JSON messages, chunks of files, and nothing decided here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.core import clock
from server.core.blobs import blob_store
from server.core.database import IDENTITY_ORG
from server.core.keys import server_key
from server.core.problems import BadRequest, NotFound, Text
from server.core.settings import settings
from server.core.transaction import transaction
from server.core.web import actor, carries, read_message, requires, send_message, stamp
from server.core.web.byte_doors import Asked, carries_bytes
from server.core.web.messages import body, decode_message, too_large
from server.identity.permissions import Permission
from server.sync.queries import attachment_of, device_of, file_named
from server.sync.service.attachments import (
    MEDIA_TYPES,
    Upload,
    append_chunk,
    check_room,
    check_upload,
    complete,
    offset_to_say,
)
from server.sync.service.closing import take_in_waiting
from server.sync.service.doors import Pace, Turnstile
from server.sync.service.keeping import keep_attachment
from server.sync.service.overall import count_call, count_file, kept_today, take_place
from server.sync.service.pacing import FileCalls
from server.sync.service.pulling import Puller, pull
from server.sync.service.pushing import apply_batch
from server.sync.service.safekeeping import backup_age
from server.sync.service.streams import greet
from server.sync.service.wholeness import BrokenBatch, note_damage
from shared.wire.bundle import PullAnswer
from shared.wire.hello import Hello, HelloAnswer
from shared.wire.limits import MAX_BATCH_BYTES, MAX_CHUNK_BYTES, MAX_LONE_EVENT_BYTES
from shared.wire.push import Push, PushAnswer

blp = Blueprint("sync", __name__, url_prefix="/sync", description="Tablets: bundle down, events and files up")
_PATIENCE_S: Final = 2.0
_QUEUE: Final = 4
_SHA = r"<string(length=64):sha256>"
_CURSOR = Asked("cursor", "query", "the `cursor` of the last answer; 0 for everything", "integer")
_EPOCH = Asked("epoch", "query", "the `epoch` of the last answer: a restored office has another, and starts anew")
_UPLOAD = (
    Asked("Upload-Length", "header", "bytes of the whole file", "integer", required=True),
    Asked("Upload-Offset", "header", "bytes that went before this chunk", "integer", required=True),
    Asked("Upload-Type", "header", f"media type of the file: {', '.join(sorted(MEDIA_TYPES))}", required=True),
)
_REACHED = ("Upload-Offset", "bytes of the file that have arrived: go on from there")
_FILE_CALLS: Final = FileCalls()
_CHUNK: Final = "application/octet-stream"


@blp.route("/hello", methods=["POST"])
@requires(Permission.DEVICE_SEND)
@carries(request=Hello, response=HelloAnswer)
def hello() -> Response:
    """Compare how far tablet and server are"""
    message = read_message(Hello, limit_bytes=MAX_BATCH_BYTES)
    device_id = _device_id(message.device_id)
    _pace(settings().pushes_per_minute).count(device_id)
    with transaction(actor().org_id) as session:
        count_call(session, device_id=device_id, most=settings().pushes_per_minute, now=stamp().at)
        answer = greet(session, message, device=device_of(session, device_id), stamp=stamp())
        take_in_waiting(session, device_id=device_id)
    return send_message(answer)


@blp.route("/push", methods=["POST"])
@requires(Permission.DEVICE_SEND)
@carries(request=Push, response=PushAnswer)
def push() -> Response:
    """Take a batch of sealed events, apply each once, and sign for them"""
    if (ours := actor().device_id) is not None:
        _pace(settings().pushes_per_minute).count(ours)
    message = _read_push()
    device_id = _device_id(message.device_id)
    with _turnstile(settings().pushes_at_once).turn(device_id), _counting_damage(device_id):
        answer = _take(message, device_id)
    return send_message(answer)


@contextmanager
def _counting_damage(device_id: UUID) -> Iterator[None]:
    """Count what a refused batch brought, beside its own transaction, of which nothing stays."""
    try:
        yield
    except BrokenBatch as refused:
        if refused.damaged:
            with transaction(actor().org_id) as session:
                note_damage(session, device_id, refused.damaged)
        raise


def _take(message: Push, device_id: UUID) -> PushAnswer:
    with transaction(actor().org_id) as session:
        take_place(session, most=settings().pushes_overall, patience_s=_PATIENCE_S)
        device = device_of(session, device_id)
        count_call(session, device_id=device.id, most=settings().pushes_per_minute, now=stamp().at)
        return apply_batch(
            session,
            message,
            device=device,
            key=server_key(),
            stamp=stamp(),
        )


@blp.route("/pull", methods=["GET"])
@requires(Permission.DEVICE_SYNC)
@carries(response=PullAnswer)
@carries_bytes(asks=(_CURSOR, _EPOCH))
def pull_runs() -> Response:
    """Get the driver's runs that changed after a cursor"""
    cursor = _whole_number(request.args.get("cursor", "0"), "cursor")
    with transaction(actor().org_id) as session:
        puller = Puller(actor().user_id, _own_id(), cursor, request.args.get("epoch", "")[:200])
        answer = pull(session, puller, now=stamp().at)
    return send_message(answer)


@blp.route(f"/attachments/{_SHA}", methods=["HEAD"])
@requires(Permission.DEVICE_SEND)
@carries_bytes(says=(_REACHED,))
def attachment_offset(sha256: str) -> Response:
    """Say how many bytes of a file have arrived"""
    sha256 = _hex(sha256)
    with transaction(actor().org_id) as session:
        _count_file_call(session)
        known = attachment_of(session, sha256)
    if known is not None and known.complete_at is not None:
        return _offset(known.size_bytes)
    return _offset(offset_to_say(Upload(actor().org_id, _own_id(), sha256, 0, "")))


@blp.route(f"/attachments/{_SHA}", methods=["PATCH"])
@requires(Permission.DEVICE_SEND)
@carries_bytes(takes=(_CHUNK,), asks=_UPLOAD, says=(_REACHED,))
def attachment_chunk(sha256: str) -> Response:
    """Take a chunk of a file; the answer is the true offset, wherever the chunk was meant to go"""
    size = _whole_number(request.headers.get("Upload-Length", ""), "Upload-Length")
    offset = _whole_number(request.headers.get("Upload-Offset", ""), "Upload-Offset")
    upload = Upload(actor().org_id, _own_id(), _hex(sha256), size, request.headers.get("Upload-Type", ""))
    check_upload(upload)
    with transaction(actor().org_id) as session:
        _count_file_call(session)
        known = attachment_of(session, upload.sha256)
        kept = kept_today(session, device_id=upload.device_id, now=stamp().at)
    if known is not None and known.complete_at is not None:
        return _offset(known.size_bytes)
    chunk = body(limit_bytes=MAX_CHUNK_BYTES)
    check_room(upload, offset=offset, chunk_bytes=len(chunk), kept_today=kept, now=stamp().at)
    reached = append_chunk(upload, offset=offset, chunk=chunk)
    payload = complete(upload)
    if payload is None:
        return _offset(min(reached, upload.offset) or _kept_bytes(upload))
    blob_store().put(upload.carrier_id, payload, media_type=upload.media_type)
    with transaction(actor().org_id) as session:
        if keep_attachment(session, upload, stamp=stamp()):
            count_file(session, device_id=upload.device_id, size_bytes=size, now=stamp().at)
    upload.path.unlink(missing_ok=True)
    return _offset(size)


def _kept_bytes(upload: Upload) -> int:
    """Return how large a file is that became whole by the same chunk, sent twice at once; 0 of one that begins anew."""
    with transaction(actor().org_id) as session:
        known = attachment_of(session, upload.sha256)
    return known.size_bytes if known is not None and known.complete_at is not None else 0


@blp.route(f"/files/{_SHA}", methods=["GET"])
@requires(Permission.DEVICE_SYNC)
@carries_bytes(gives=("application/pdf",))
def file(sha256: str) -> Response:
    """Get a document of a run by its hash"""
    sha256 = _hex(sha256)
    with transaction(actor().org_id) as session:
        document = file_named(session, sha256)
    if document is None:
        raise NotFound(Text("Ce document n’existe pas.", "There is no such document."), where=sha256)
    payload = blob_store().get(document.owner_id, sha256)
    return Response(payload, mimetype=document.media_type, headers={"X-Content-Type-Options": "nosniff"})


@lru_cache(maxsize=1)
def _turnstile(at_once: int) -> Turnstile:
    """This process's way in for pushes; who waits there holds a thread, so that two of eight stay free for others."""
    return Turnstile(at_once=at_once, queue=_QUEUE, patience_s=_PATIENCE_S)


@lru_cache(maxsize=1)
def _pace(a_minute: int) -> Pace:
    return Pace(a_minute, 60.0)


def _count_file_call(session: Session) -> None:
    most = settings().file_calls_per_minute
    _FILE_CALLS.count(session, device_id=_own_id(), most=most, now=stamp().at)


def _read_push() -> Push:
    """Return the push; several events share the bound of a batch, one alone may be as large as a stop can get."""
    raw = body(limit_bytes=MAX_LONE_EVENT_BYTES)
    message = decode_message(Push, raw)
    if len(message.events) > 1 and len(raw) > MAX_BATCH_BYTES:
        raise too_large(MAX_BATCH_BYTES)
    return message


def _own_id() -> UUID:
    ours = actor().device_id
    if ours is None:
        raise BadRequest(Text("Cette porte est celle des tablettes.", "This door is the tablets'."), where="token")
    return ours


def backup_age_s() -> float | None:
    """Return the age of the newest verified backup for the metrics; None while there is none."""
    with transaction(IDENTITY_ORG) as session:
        return backup_age(session, clock.now())


def _device_id(claimed: str) -> UUID:
    ours = actor().device_id
    if ours is None or UUID(claimed) != ours:
        raise BadRequest(
            Text(
                "Le message vient d’une autre tablette que le jeton.",
                "The message is of another tablet than the token.",
            ),
            where="device_id",
        )
    return ours


def _offset(offset: int) -> Response:
    return Response(status=200, headers={"Upload-Offset": str(offset), "Cache-Control": "no-store"})


def _whole_number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):  # noqa: PLR2004  # far below 2^63
        raise BadRequest(Text("Donnez un nombre entier positif.", "Give a positive whole number."), where=where)
    return int(text)


def _hex(sha256: str) -> str:
    if any(digit not in "0123456789abcdef" for digit in sha256):
        raise NotFound(Text("Ce n’est pas une empreinte sha256.", "This is no sha256 hash."), where=sha256[:64])
    return sha256
