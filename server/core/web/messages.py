"""msgspec messages in and out, for the doors that must be fast, and their place in the API's document."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request

from server.core.problems import BadRequest, Problem, Text
from server.core.settings import settings

MARK = "messages"
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>.*)`)?$", re.DOTALL)


class InvalidMessage(Problem):
    """The message is JSON, but not of the agreed form."""

    slug = "invalid-message"
    status = 422
    title = Text("Message hors protocole", "Message outside the protocol")


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


def read_message[T](kind: type[T]) -> T:
    """Return the request's body as a message of ``kind``.

    Raises:
        BadRequest: the body is not JSON in UTF-8.
        InvalidMessage: a field is missing, unknown, of another type or out of its bounds.
    """
    try:
        message: T = _decoder(kind).decode(body())
    except msgspec.ValidationError as error:
        raise _outside(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(
            Text("Le corps n’est pas du JSON en UTF-8.", "The body is not JSON in UTF-8."), where="body"
        ) from error
    return message


def body() -> bytes:
    """Return the request's body, unpacked when it came with gzip.

    Raises:
        BadRequest: the packing is damaged, unknown, or hides more than a request may hold.
    """
    raw = request.get_data(cache=False)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return raw
    unpacked = _gunzip(raw, limit=settings().max_body_bytes) if encoding == "gzip" else None
    if unpacked is None:
        raise BadRequest(
            Text(
                "Envoyez le corps tel quel ou en gzip intact, dans la limite de taille.",
                "Send the body plain or as intact gzip, within the size limit.",
            ),
            where="Content-Encoding",
        )
    return unpacked


def _gunzip(raw: bytes, *, limit: int) -> bytes | None:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        return None
    return unpacked if unpacker.eof and len(unpacked) <= limit and not unpacker.unused_data else None


def send_message(message: msgspec.Struct, *, status: int = 200) -> Response:
    """Return the message as a JSON answer."""
    return Response(msgspec.json.encode(message), status=status, mimetype="application/json")


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type) -> msgspec.json.Decoder[Any]:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def _outside(said: str) -> InvalidMessage:
    found = _PLACE.match(said)
    what, where = (found["what"], found["where"] or "$") if found else (said, "$")
    return InvalidMessage(
        Text(
            f"Le message ne suit pas le protocole\u00a0: {what}.", f"The message does not follow the protocol: {what}."
        ),
        where=where,
    )
