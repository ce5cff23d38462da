"""What a client of the page calls through, and how it is answered: the standard library alone."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.conformance.leaves import Json, canonical, sha256


class Answer(NamedTuple):
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


type Send = Callable[[str, str, Mapping[str, str], bytes], Answer]
type Clock = Callable[[], tuple[int, int, str]]
"""Wall and monotonic milliseconds, and which boot it is."""


class NoAnswer(Exception):
    """Nothing came, or half of it."""


class Refused(Exception):
    """The office said no."""

    def __init__(self, answer: Answer) -> None:
        """Keep its status and the wait that it asks for."""
        super().__init__(answer.status, answer.body[:300])
        self.status = answer.status
        wait = answer.headers.get("retry-after", "")
        self.retry_after_s = int(wait) if wait.isdigit() else 0


class Doubtful(Exception):
    """What came is not the office's word, or contradicts what this tablet holds."""


class Http:
    """One connection to one office."""

    def __init__(self, base_url: str, timeout_s: float = 30) -> None:
        """Take ``http://host:port`` or ``https://…``."""
        parts = urlsplit(base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request."""
        try:
            self._connection.request(method, path, body=body or None, headers=dict(headers))
            came = self._connection.getresponse()
            return Answer(came.status, {name.lower(): one for name, one in came.getheaders()}, came.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NoAnswer from error


def offset_of(answer: Answer) -> int:
    """Return how far the office has a file."""
    told = answer.headers.get("upload-offset", "")
    if not told.isdigit():
        raise NoAnswer("Upload-Offset")
    return int(told)


def require_terms(run: Json) -> None:
    """Refuse a run whose terms are not those that their hashes name."""
    for order in (order for stop in run["stops"] for order in stop["orders"]):
        prices = order["prices"]
        halves = sha256(canonical(order["goods"])), bytes.fromhex(order["prices_hash"])
        is_whole = prices is None or sha256(canonical(prices)) == halves[1]
        if not is_whole or sha256(*halves).hex() != order["terms_hash"]:
            raise Doubtful(order["order_id"])
