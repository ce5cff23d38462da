"""Bytes to the office and back, by the standard library alone."""

from __future__ import annotations

import gzip
import http.client
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import certifi

from shared.problems import Problem, Text

TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_GZIP_FROM_BYTES = 1024
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Unreachable(Problem):
    """No complete answer came: nothing is known about what the office did."""

    slug = "office-unreachable"
    status = 503
    title = Text("Bureau injoignable", "Office out of reach")


class BadServerAddress(Problem):
    """The server's address is not one of the web."""

    slug = "bad-server-address"
    title = Text("Adresse du serveur invalide", "Invalid server address")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. Header names are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Sends one request and waits for its answer."""

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return the answer, whatever its status.

        Raises:
            Unreachable: none came, or only a part of one.
        """
        ...


class HttpTransport:
    """One kept connection to one server; certificates are checked, redirects are not followed, cookies not kept."""

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take ``http://`` or ``https://`` with a host and perhaps a port and a prefix.

        Raises:
            BadServerAddress: anything else.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise BadServerAddress(
                Text(
                    "Entrez une adresse comme https://bureau.exemple.", "Enter an address like https://office.example."
                ),
                where=base_url,
            )
        self._parts = parts
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context(cafile=certifi.where()) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return the answer, whatever its status.

        Raises:
            Unreachable: none came, or only a part of one.
        """
        reused = self._connection is not None
        try:
            try:
                return self._exchange(method, path, headers, body)
            except _STALE:
                if not reused:
                    raise
                self.close()
                return self._exchange(method, path, headers, body)
        except (OSError, http.client.HTTPException, zlib.error, EOFError) as error:
            self.close()
            raise unreachable(f"{method} {path}") from error

    def close(self) -> None:
        """Close the kept connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = {"Accept-Encoding": "gzip", **headers}
        if len(body) >= _GZIP_FROM_BYTES and sent.get("Content-Type") == "application/json":
            body, sent["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        connection = self._connected()
        connection.request(method, self._parts.path.rstrip("/") + path, body=body or None, headers=sent)
        response = connection.getresponse()
        raw = response.read(MAX_ANSWER_BYTES + 1)
        if len(raw) > MAX_ANSWER_BYTES:
            raise http.client.HTTPException("answer too long")
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, _plain(raw, received.get("content-encoding", "")), received)

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            self._connection = (
                http.client.HTTPConnection(host, port, timeout=self._timeout_s)
                if self._tls is None
                else http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls)
            )
        return self._connection


def unreachable(where: str) -> Unreachable:
    """Return the problem of a call that got no answer."""
    return Unreachable(
        Text(
            "Pas de réponse du bureau; tout reste sur la tablette et sera renvoyé.",
            "No answer from the office; everything stays on the tablet and will be sent again.",
        ),
        where=where,
    )


def _plain(raw: bytes, encoding: str) -> bytes:
    if encoding != "gzip":
        return raw
    opener = zlib.decompressobj(16 + zlib.MAX_WBITS)
    plain = opener.decompress(raw, MAX_ANSWER_BYTES)
    if not opener.eof:
        raise http.client.HTTPException("answer too long or cut")
    return plain
