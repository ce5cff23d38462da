"""The office's calls, typed: a message in, a message out, refusals as problems."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app.sync.transport import Answer, Transport, unreachable
from shared.problems import Problem, Text
from shared.sealing import public_bytes, sign
from shared.wire.bundle import RunStanding
from shared.wire.enrol import (
    Attestation,
    ChallengeAnswer,
    ChallengeRequest,
    EnrolAnswer,
    EnrolRequest,
    TokenAnswer,
    TokenRequest,
)
from shared.wire.hello import Hello, HelloAnswer
from shared.wire.push import Push, PushAnswer

_API = "/api/v1"
_UNAUTHORIZED = 401
_PROVEN_AT: Final = "/devices/token"


class Refused(Problem):
    """The office answered, and the answer is no. ``code`` is the HTTP status."""

    slug = "office-refused"
    title = Text("Refus du bureau", "Refused by the office")

    def __init__(self, detail: Text, *, where: str, code: int, retry_after_s: float = 0.0) -> None:
        """Keep the office's own words, its status and the wait it asks for."""
        super().__init__(detail, where=where, code=code)
        self.code = code
        self.retry_after_s = retry_after_s

    @property
    def is_of_unknown(self) -> bool:
        """Whether the office refused the tablet's signed challenge; any other 401 may be the network's."""
        return self.code == _UNAUTHORIZED and self.where == _PROVEN_AT


class _Named(msgspec.Struct, frozen=True):
    """A run, as far as its name; empty where it has none."""

    run_id: str = ""


class PulledRuns(msgspec.Struct, frozen=True, kw_only=True):
    """A pull's answer whose runs are kept as the bytes that came."""

    epoch: str
    cursor: int
    full: bool
    runs: tuple[msgspec.Raw, ...]
    live: tuple[str, ...]
    live_tags: tuple[str, ...] = ()
    standing: tuple[RunStanding, ...] = ()
    server_ms: int

    @property
    def tags(self) -> dict[str, str]:
        """Which version of each live run counts."""
        return dict(zip(self.live, self.live_tags, strict=False))

    def lost(self, known: Mapping[str, str]) -> bool:
        """Say whether a run that did not come counts in another version than the one that is ``known``."""
        came = {_name_of(body) for body in self.runs}
        return any(known.get(run_id) != tag for run_id, tag in self.tags.items() if run_id not in came)


def _name_of(body: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(body, type=_Named).run_id
    except msgspec.MsgspecError:
        return ""


class Office:
    """One tablet's line to its office. The token lives in memory; when it is refused, another is asked for, once."""

    def __init__(
        self, transport: Transport, key: Ed25519PrivateKey, attested: Callable[[], Attestation | None] = lambda: None
    ) -> None:
        """Take the way there, the key that proves which tablet calls, and the office's word that it enrolled it."""
        self._transport = transport
        self._key = key
        self._attested = attested
        self._token = ""

    def enrol(self, code: str, name: str) -> EnrolAnswer:
        """Make the tablet's key known under a one-time code."""
        public_key = public_bytes(self._key)
        digest = hashlib.sha256(bytes.fromhex(code) + public_key).digest()
        request = EnrolRequest(
            code=code, public_key=public_key.hex(), name=name, proof=sign(self._key, "enrol", digest).hex()
        )
        return self._ask("/devices/enrol", request, EnrolAnswer)

    def hello(self, message: Hello) -> HelloAnswer:
        """Say how far the tablet is and hear how far the office is."""
        return self._decoded(self._call(message.device_id, "POST", "/sync/hello", message), HelloAnswer)

    def push(self, message: Push) -> PushAnswer:
        """Send a batch of events."""
        return self._decoded(self._call(message.device_id, "POST", "/sync/push", message), PushAnswer)

    def pull(self, device_id: str, cursor: int, epoch: str) -> PulledRuns:
        """Ask for the runs that changed since ``cursor``, as counted under ``epoch``."""
        query = urlencode({"cursor": cursor, "epoch": epoch})
        return self._decoded(self._call(device_id, "GET", f"/sync/pull?{query}"), PulledRuns)

    def upload_offset(self, device_id: str, sha256: str) -> int:
        """Return how many bytes of a file the office holds; 0 when it never heard of it."""
        try:
            answer = self._call(device_id, "HEAD", f"/sync/attachments/{sha256}")
        except Refused as refusal:
            if refusal.code == 404:  # noqa: PLR2004 - the status is its own name
                return 0
            raise
        return _offset(answer)

    def upload(self, device_id: str, sha256: str, chunk: bytes, *, offset: int, size: int, media_type: str) -> int:
        """Send one chunk and return the office's true offset, which may lie anywhere."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Length": str(size),
            "Upload-Type": media_type,
        }
        return _offset(self._call(device_id, "PATCH", f"/sync/attachments/{sha256}", chunk, headers=headers))

    def fetch(self, device_id: str, sha256: str) -> bytes:
        """Return the bytes of a document.

        Raises:
            Unreachable: what came is not what its hash says.
        """
        body = self._call(device_id, "GET", f"/sync/files/{sha256}").body
        if hashlib.sha256(body).hexdigest() != sha256:
            raise unreachable(f"files/{sha256}")
        return body

    def keys(self) -> bytes:
        """Return the office's signed list of keys; whoever reads it checks it."""
        return self._send("GET", "/keys", b"", {}).body

    def _call(
        self,
        device_id: str,
        method: str,
        path: str,
        message: msgspec.Struct | bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if not self._token:
            self._token = self._new_token(device_id)
        try:
            return self._send(method, path, message, {"Authorization": f"Bearer {self._token}", **(headers or {})})
        except Refused as refusal:
            if refusal.code != _UNAUTHORIZED:
                raise
        self._token = self._new_token(device_id)
        return self._send(method, path, message, {"Authorization": f"Bearer {self._token}", **(headers or {})})

    def _new_token(self, device_id: str) -> str:
        """An office that was restored to before it enrolled this tablet knows it by its own word alone."""
        try:
            return self._token_for(device_id)
        except Refused as refusal:
            attestation = self._attested()
            if refusal.code != _UNAUTHORIZED or attestation is None:
                raise
        return self._token_for(device_id, attestation)

    def _token_for(self, device_id: str, attestation: Attestation | None = None) -> str:
        nonce = self._ask("/devices/challenge", ChallengeRequest(device_id=device_id), ChallengeAnswer).nonce
        signature = sign(self._key, "token", hashlib.sha256(bytes.fromhex(nonce)).digest()).hex()
        request = TokenRequest(device_id=device_id, nonce=nonce, signature=signature, attestation=attestation)
        return self._ask(_PROVEN_AT, request, TokenAnswer).token

    def _ask[M: msgspec.Struct](self, path: str, message: msgspec.Struct, kind: type[M]) -> M:
        return self._decoded(self._send("POST", path, message, {}), kind)

    def _send(self, method: str, path: str, message: msgspec.Struct | bytes, headers: Mapping[str, str]) -> Answer:
        is_bytes = isinstance(message, bytes)
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        kind = {} if is_bytes else {"Content-Type": "application/json"}
        answer = self._transport.send(method, _API + path, headers={**kind, **headers}, body=body)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the range of success
            raise _refusal(answer, path)
        return answer

    def _decoded[M: msgspec.Struct](self, answer: Answer, kind: type[M]) -> M:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except msgspec.MsgspecError as error:
            raise unreachable(kind.__name__) from error


class _ProblemDocument(msgspec.Struct):
    """What is read of an RFC 9457 document."""

    detail: str = ""
    details: dict[str, str] = {}


def _refusal(answer: Answer, where: str) -> Refused:
    try:
        problem = msgspec.json.decode(answer.body, type=_ProblemDocument)
    except msgspec.MsgspecError:
        problem = _ProblemDocument()
    plain = problem.detail or f"HTTP {answer.status}"
    words = Text(problem.details.get("fr", plain), problem.details.get("en", plain))
    wait = answer.headers.get("retry-after", "")
    return Refused(words, where=where, code=answer.status, retry_after_s=float(wait) if wait.isdigit() else 0.0)


def _offset(answer: Answer) -> int:
    told = answer.headers.get("upload-offset", "")
    if not told.isdigit():
        raise unreachable("Upload-Offset")
    return int(told)
