"""An office in memory that keeps to the protocol: it checks chains and signatures, and can be cut, restored, forked."""

from __future__ import annotations

import copy
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app.sync.transport import Answer, unreachable
from shared.canonical import canonical_bytes
from shared.ids import new_id
from shared.keyring import FORMAT, KeyLink, KeyList, ServerKey, endorse, sign_list
from shared.sealing import GENESIS, is_signed_by, public_bytes, sign
from shared.sealing_event import open_event
from shared.visit import read_visit
from shared.wire.bundle import BundleRun, RunStanding
from shared.wire.enrol import ChallengeAnswer, EnrolAnswer, EnrolRequest, TokenAnswer, TokenRequest
from shared.wire.hello import Hello, HelloAnswer
from shared.wire.limits import PROTOCOL
from shared.wire.push import EventResult, Push, PushAnswer, Receipt
from tests.factories.runs import ident

CODE = "0123456789abcdef0123456789abcdef"
NOW_MS = 1_795_550_000_000


@dataclass
class Disk:
    """What a restore brings back to an earlier state."""

    public_key: str = ""
    code_open: bool = True
    hashes: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    partial: dict[str, bytes] = field(default_factory=dict)
    strays: list[Push] = field(default_factory=list)
    is_forked: bool = False


class OfficePeer:
    """A transport that ends in an office. ``before`` and ``after`` may cut a call on its way there or back."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.key = Ed25519PrivateKey.generate()
        self.links: tuple[KeyLink, ...] = ()
        self.stolen: dict[str, int] = {}
        self.device_id = str(new_id())
        self.epoch = "epoch-1"
        self.safe_seq = self.safe_ms = 0
        self.missing: tuple[str, ...] = ()
        self.now_ms = NOW_MS
        self.runs: tuple[BundleRun, ...] = ()
        self.gone: tuple[str, ...] = ()
        self.elsewhere: tuple[RunStanding, ...] = ()
        self.revoked = False
        self.room_for_strays = 100
        self.takes_at_most = 200
        self.documents: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.nonces: set[str] = set()
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.after: Callable[[str, str], None] = lambda method, path: None
        self.refuse: Callable[[str, str], Answer | None] = lambda method, path: None
        self.calls: list[tuple[str, str]] = []
        self.told: Hello | None = None

    def key_list(self) -> bytes:
        """Return the signed list of keys: the one in use, behind those of ``links``."""
        links = self.links or (KeyLink(public_key=public_bytes(self.key).hex(), from_ms=0),)
        keys = tuple(ServerKey(link=one, revoked_ms=self.stolen.get(one.public_key, 0)) for one in links)
        return sign_list(
            KeyList(format=FORMAT, issued_ms=NOW_MS, carrier_id="", server_keys=keys, revoked_devices=()), self.key
        )

    def rotate(self) -> None:
        """Take a new key, endorsed by the one in use."""
        former, self.key = self.key, Ed25519PrivateKey.generate()
        first = self.links or (KeyLink(public_key=public_bytes(former).hex(), from_ms=0),)
        link = KeyLink(public_key=public_bytes(self.key).hex(), from_ms=NOW_MS)
        self.links = (*first, endorse(link, former))

    def backup(self) -> Disk:
        """Return what a restore would bring back."""
        return copy.deepcopy(self.disk)

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Answer one call."""
        self.calls.append((method, path))
        self.before(method, path)
        answer = self.refuse(method, path) or self._answer(method, path, headers, body)
        self.after(method, path)
        return answer

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(path.removeprefix("/api/v1"))
        if parts.path.startswith("/devices/"):
            return {"enrol": self._enrol, "challenge": self._challenge, "token": self._token}[parts.path[9:]](body)
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(200, self.key_list()) if parts.path == "/keys" else _problem(401, "unauthorized")
        if parts.path.startswith("/sync/attachments/"):
            return self._attachment(method, parts.path[18:], headers, body)
        if parts.path.startswith("/sync/files/"):
            found = self.documents.get(parts.path[12:])
            return _problem(404, "not-found") if found is None else Answer(200, found)
        if parts.path == "/sync/pull":
            return self._pull(int(parse_qs(parts.query)["cursor"][0]))
        return self._hello(body) if parts.path == "/sync/hello" else self._push(body)

    def _enrol(self, body: bytes) -> Answer:
        request = msgspec.json.decode(body, type=EnrolRequest)
        public = bytes.fromhex(request.public_key)
        digest = hashlib.sha256(bytes.fromhex(request.code) + public).digest()
        again = self.disk.public_key == request.public_key
        if request.code != CODE or not is_signed_by(public, "enrol", digest, bytes.fromhex(request.proof)):
            return _problem(403, "bad-code")
        if not (self.disk.code_open or again):
            return _problem(403, "code-used")
        self.disk.public_key, self.disk.code_open = request.public_key, False
        return _message(
            EnrolAnswer(
                device_id=self.device_id,
                carrier_id=ident("carrier"),
                carrier_name="Distribution Boréale",
                driver_id=ident("driver"),
                driver_name="Luc Tremblay",
                server_key=public_bytes(self.key).hex(),
                epoch=self.epoch,
            )
        )

    def _challenge(self, body: bytes) -> Answer:
        nonce = secrets.token_hex(32)
        self.nonces.add(nonce)
        return _message(ChallengeAnswer(nonce=nonce))

    def _token(self, body: bytes) -> Answer:
        request = msgspec.json.decode(body, type=TokenRequest)
        digest = hashlib.sha256(bytes.fromhex(request.nonce)).digest()
        known = request.nonce in self.nonces
        signature = bytes.fromhex(request.signature)
        if not known or not is_signed_by(bytes.fromhex(self.disk.public_key), "token", digest, signature):
            return _problem(401, "bad-signature")
        self.nonces.discard(request.nonce)
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return _message(TokenAnswer(token=token, expires_in_s=900))

    def _hello(self, body: bytes) -> Answer:
        told = msgspec.json.decode(body, type=Hello)
        last = len(self.disk.hashes)
        differs = told.acked <= last and self._hash_at(told.acked) != told.hash_at_acked
        self.disk.is_forked |= bool(told.broken_at)
        standing: Any = "revoked" if self.revoked else "rewind" if last < told.acked else "ok"
        self.told = told
        return _message(
            HelloAnswer(
                protocol=PROTOCOL,
                epoch=self.epoch,
                last_seq=last,
                hash_at_last=self._hash_at(last),
                safe_seq=self.safe_seq,
                server_ms=self.now_ms,
                min_app="0.1.0",
                standing="fork" if self.disk.is_forked or differs else standing,
                safe_ms=self.safe_ms,
                missing_files=self.missing if told.asks_missing else (),
                holds_strays=not told.strays_seq or self._holds(told.strays_seq, told.hash_at_strays),
            )
        )

    def _push(self, body: bytes) -> Answer:
        batch = msgspec.json.decode(body, type=Push)
        head = bytes.fromhex(batch.events[-1].hash)
        public = bytes.fromhex(self.disk.public_key)
        if not is_signed_by(public, "head", head, bytes.fromhex(batch.head_signature)):
            return _problem(422, "bad-head-signature")
        results: list[EventResult] = []
        standing = "revoked" if self.revoked else "ok"
        for event in () if self.disk.is_forked else batch.events[: self.takes_at_most]:
            outcome = self._receive(event, public)
            self.disk.is_forked |= outcome == "fork"
            if isinstance(outcome, str):
                standing = outcome
                break
            results.append(outcome)
        return self._set_aside(batch) if self.disk.is_forked else self._pushed(results, standing)

    def _set_aside(self, batch: Push) -> Answer:
        before = msgspec.json.decode(batch.events[0].body)["prev_hash"]
        lacks_before = not self._holds(batch.from_seq - 1, before)
        places = enumerate(batch.events, start=batch.from_seq)
        if is_kept := all(self._holds(seq, event.hash) for seq, event in places):
            return self._pushed([], "fork", quarantined=is_kept, lacks_before=lacks_before)
        is_kept = len(self.disk.strays) < self.room_for_strays
        self.disk.strays += [batch] if is_kept else []
        return self._pushed([], "fork", quarantined=is_kept, lacks_before=lacks_before)

    def _holds(self, seq: int, digest: str) -> bool:
        kept = {(one.from_seq + at, event.hash) for one in self.disk.strays for at, event in enumerate(one.events)}
        return self._hash_at(seq) == digest or (seq, digest) in kept

    def _receive(self, event: Any, public: bytes) -> EventResult | str:
        envelope = open_event(event, public)
        if envelope.seq <= len(self.disk.hashes):
            same = self.disk.hashes[envelope.seq - 1] == event.hash
            return EventResult(seq=envelope.seq, event_id=envelope.event_id, status="known") if same else "fork"
        if envelope.seq != len(self.disk.hashes) + 1:
            return "gap"
        if envelope.prev_hash != self._hash_at(len(self.disk.hashes)):
            return "fork"
        self.disk.hashes.append(event.hash)
        self.disk.events.append(envelope)
        if envelope.type == "visit.finished":
            self.disk.ends[envelope.event_id] = read_visit(event.groups).outcome
        return EventResult(seq=envelope.seq, event_id=envelope.event_id, status="applied")

    def _pushed(self, results: list[EventResult], standing: Any, **said_of_fork: bool) -> Answer:
        last = len(self.disk.hashes)
        said = {
            "device_id": self.device_id,
            "epoch": self.epoch,
            "last_seq": last,
            "head": self._hash_at(last),
            "server_ms": self.now_ms,
        }
        body = canonical_bytes(said)
        signature = sign(self.key, "receipt", hashlib.sha256(body).digest()).hex()
        return _message(
            PushAnswer(
                results=tuple(results),
                last_seq=last,
                head=self._hash_at(last),
                safe_seq=self.safe_seq,
                standing=standing,
                receipt=Receipt(body=body.decode(), signature=signature),
                server_ms=self.now_ms,
                **said_of_fork,
            )
        )

    def _attachment(self, method: str, sha256: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if sha256 in self.disk.files:
            return _offset(len(self.disk.files[sha256]))
        held = self.disk.partial.get(sha256, b"")
        if method == "PATCH" and int(headers["Upload-Offset"]) == len(held):
            held += body
            self.disk.partial[sha256] = held
            if len(held) == int(headers["Upload-Length"]):
                return self._completed(sha256, held)
        return _offset(len(held))

    def _completed(self, sha256: str, held: bytes) -> Answer:
        del self.disk.partial[sha256]
        if hashlib.sha256(held).hexdigest() != sha256:
            return _offset(0)
        self.disk.files[sha256] = held
        return _offset(len(held))

    def _pull(self, cursor: int) -> Answer:
        feed = sum(run.version for run in self.runs)
        full = cursor == 0 or cursor > feed
        runs = self.runs if full or cursor < feed else ()
        live = [run.run_id for run in self.runs if run.run_id not in self.gone]
        answer = {"epoch": self.epoch, "cursor": feed, "full": full, "runs": runs, "live": live}
        return Answer(200, msgspec.json.encode(answer | {"standing": self.elsewhere, "server_ms": self.now_ms}))

    def _hash_at(self, seq: int) -> str:
        if seq == 0:
            return GENESIS.hex()
        return self.disk.hashes[seq - 1] if seq <= len(self.disk.hashes) else "f" * 64


def cut_once(where: str, *, skip: int = 0) -> Callable[[str, str], None]:
    """Return a cut that breaks the connection at the first call whose path holds ``where``, after ``skip`` of them."""
    left = [skip, 1]

    def cut(method: str, path: str) -> None:
        if where not in path or not left[1]:
            return
        if left[0]:
            left[0] -= 1
            return
        left[1] = 0
        raise unreachable(path)

    return cut


def _message(message: msgspec.Struct) -> Answer:
    return Answer(200, msgspec.json.encode(message))


def _offset(offset: int) -> Answer:
    return Answer(200, headers={"upload-offset": str(offset)})


def _problem(status: int, slug: str) -> Answer:
    document = {"slug": slug, "status": status, "detail": slug, "details": {"fr": slug, "en": slug}}
    return Answer(status, msgspec.json.encode(document))
