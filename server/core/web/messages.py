"""msgspec messages in and out, for the doors that must be fast, and their place in the API's document."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from server.core.problems import BadRequest, Problem, Text
from server.core.settings import settings

MARK = "messages"
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `(?P<where>.*)`)?", re.DOTALL)


class InvalidMessage(Problem):
    """The message is JSON, but not of the agreed form."""

    slug = "invalid-message"
    status = 422
    title = Text("Message hors protocole", "Message outside the protocol")


class BodyTooLarge(Problem):
    """The body is larger than this door takes."""

    slug = "body-too-large"
    status = 413
    title = Text("Demande trop grosse", "Request too large")


@dataclass(frozen=True, slots=True)
class Carried:
    """The messages of a view, as the API's document shows them."""

    request: type[msgspec.Struct] | None
    response: type[msgspec.Struct] | None
    status: int


def carries[**P, R](
    *,
    request: type[msgspec.Struct] | None = None,
    response: type[msgspec.Struct] | None = None,
    status: int = 200,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say which messages a view reads and answers, for the API's document."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, MARK, Carried(request, response, status))
        return view

    return mark


def read_message[T](kind: type[T], *, limit_bytes: int | None = None) -> T:
    """Return the request's body as a message of ``kind``, of at most ``limit_bytes`` once unpacked.

    Raises:
        BadRequest: the body is not JSON in UTF-8.
        BodyTooLarge: it is larger, packed or unpacked.
        InvalidMessage: a field is missing, unknown, of another type or out of its bounds.
    """
    return decode_message(kind, body(limit_bytes=limit_bytes))


def decode_message[T](kind: type[T], raw: bytes) -> T:
    """Return a body that was read as a message of ``kind``.

    Raises:
        BadRequest: it is not JSON in UTF-8.
        InvalidMessage: a field is missing, unknown, of another type or out of its bounds.
    """
    try:
        message: T = _decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        raise _outside(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(
            Text("Le corps n’est pas du JSON en UTF-8.", "The body is not JSON in UTF-8."), where="body"
        ) from error
    return message


def body(*, limit_bytes: int | None = None) -> bytes:
    """Return the request's body, unpacked when it came with gzip; no more is ever read or unpacked than the limit.

    Raises:
        BadRequest: the packing is damaged or unknown.
        BodyTooLarge: packed or unpacked it is over ``limit_bytes``, or over what any request may hold.
    """
    most = request.max_content_length or settings().max_body_bytes
    limit = min(limit_bytes or most, most)
    request.max_content_length = limit
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise too_large(limit) from error
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise _damaged()
    return _gunzip(raw, limit=limit)


def too_large(limit_bytes: int) -> BodyTooLarge:
    """Return the refusal of a body over ``limit_bytes``."""
    return BodyTooLarge(
        Text(
            f"Au plus {limit_bytes} octets, une fois décompressé. Envoyez moins à la fois.",
            f"At most {limit_bytes} bytes once unpacked. Send less at a time.",
        ),
        where="body",
        limit_bytes=limit_bytes,
    )


def _damaged() -> BadRequest:
    return BadRequest(
        Text("Envoyez le corps tel quel ou en gzip intact.", "Send the body plain or as intact gzip."),
        where="Content-Encoding",
    )


def _gunzip(raw: bytes, *, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(unpacked) > limit:
        raise too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise _damaged()
    return unpacked


def send_message(message: msgspec.Struct, *, status: int = 200) -> Response:
    """Return the message as a JSON answer."""
    return Response(msgspec.json.encode(message), status=status, mimetype="application/json")


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type) -> msgspec.json.Decoder[Any]:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def _outside(said: str) -> InvalidMessage:
    found = _PLACE.fullmatch(said)
    what, where = (found["what"], found["where"] or "$") if found else (said, "$")
    return InvalidMessage(
        Text(
            f"Le message ne suit pas le protocole\u00a0: {what}.", f"The message does not follow the protocol: {what}."
        ),
        where=where,
    )
