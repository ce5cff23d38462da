"""A tablet of somebody else's, written from ``docs/protocol.md`` and ``/api/v1/openapi.json`` alone.

The standard library, and Ed25519 from ``cryptography``; nothing of the product. It is small: what it keeps stands in
one file that is replaced whole, it has no screen, and a driver is a mapping of what they did.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance.calls import Answer, Clock, Doubtful, NoAnswer, Refused, Send, offset_of, require_terms
from tests.conformance.leaves import Json, is_signed, sha256, sign
from tests.conformance.logbook import GENESIS, STROKES_TYPE, Logbook

API = "/api/v1"
MAX_EVENTS, MAX_BATCH_BYTES, CHUNK_BYTES = 200, 256 * 1024, 128 * 1024
KEPT_MS = 14 * 24 * 3600 * 1000
PATIENCE = 3


class Tablet(Logbook):
    """One tablet: what it kept, and how it speaks with the office."""

    def __init__(self, folder: Path, send: Send, clock: Clock) -> None:
        """Open what stands in ``folder``, or begin."""
        super().__init__(folder, clock)
        self._send, self._token = send, ""

    # The way in

    def enrol(self, code: str, name: str) -> None:
        """Make the key known; asked again the answer is the same."""
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        proof = sign(self.key, "enrol", sha256(bytes.fromhex(code), public))
        asked = {"code": code, "public_key": public.hex(), "name": name, "proof": proof}
        self.kept["device"] = self._ask("/devices/enrol", asked)
        self.kept["epoch"] = self.kept["device"]["epoch"]
        self.keep()

    def _new_token(self) -> str:
        """Ask for a token; an office that was restored to before the enrolment wants its own word for the tablet."""
        attestation = self.kept["device"].get("attestation")
        try:
            return self._token_for({})
        except Refused as refusal:
            if refusal.status != 401 or not attestation:
                raise
        return self._token_for({"attestation": attestation})

    def _token_for(self, beside: Json) -> str:
        device_id = self.kept["device"]["device_id"]
        nonce = self._ask("/devices/challenge", {"device_id": device_id})["nonce"]
        signature = sign(self.key, "token", sha256(bytes.fromhex(nonce)))
        asked = {"device_id": device_id, "nonce": nonce, "signature": signature} | beside
        return str(self._ask("/devices/token", asked)["token"])

    def _ask(self, path: str, message: Json) -> Json:
        return dict(json.loads(self._called("POST", path, {}, json.dumps(message).encode()).body))

    def _call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        self._token = self._token or self._new_token()
        try:
            return self._called(method, path, {"Authorization": f"Bearer {self._token}"} | headers, body)
        except Refused as refusal:
            if refusal.status != 401:
                raise
        self._token = ""
        self._token = self._new_token()
        return self._called(method, path, {"Authorization": f"Bearer {self._token}"} | headers, body)

    def _called(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = dict(headers)
        if method == "POST":
            body = gzip.compress(body)
            sent |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = self._send(method, API + path, sent, body)
        if not 200 <= answer.status < 300:
            raise Refused(answer)
        return answer

    def _message(self, method: str, path: str, message: Json | None = None) -> Json:
        answer = self._call(method, path, json.dumps(message).encode() if message is not None else b"")
        try:
            return dict(json.loads(answer.body))
        except ValueError as error:
            raise NoAnswer from error

    # Sync

    def sync(self) -> str:
        """Do one round and return how it ended; whatever happens, what was sealed stays."""
        try:
            if self._greet() == "fork":
                self._hand_in()
                return "fork"
            self._upload()
            self._push()
            self._trim()
            if self.kept["standing"] == "ok":
                self._pull()
        except NoAnswer:
            return "offline"
        except Doubtful:
            return "failed"
        except Refused as refusal:
            self.kept["retry_after_s"] = refusal.retry_after_s
            known = {401: "unauthorized", 403: "refused", 426: "outdated", 429: "busy"}
            return known.get(refusal.status, "busy" if refusal.status >= 500 else "failed")
        finally:
            self.keep()
        return str({"ok": "done"}.get(self.kept["standing"], self.kept["standing"]))

    def _greet(self) -> str:
        known, seq = self.kept, self.kept["acked"]
        copied = known["handed_in"] if self.hash_at(known["handed_in"]) else 0
        told = self._message("POST", "/sync/hello", {
            "device_id": known["device"]["device_id"], "app_version": "0.1.0", "protocols": [1],
            "epoch": known["epoch"], "acked": seq, "hash_at_acked": self._acked_hash(), "head": self.head[0],
            "held": 0, "asks_missing": True, "strays_seq": copied,
            "hash_at_strays": self.hash_at(copied) if copied else "",
        })  # fmt: skip
        self._heard(told["server_ms"])
        known["handed_in"] = copied if told["holds_strays"] else 0
        last, ours = told["last_seq"], self.hash_at(told["last_seq"])
        is_fork = told["standing"] == "fork" or last > self.head[0] or ours not in {None, told["hash_at_last"]}
        known["standing"] = "fork" if is_fork else "revoked" if told["standing"] == "revoked" else "ok"
        if is_fork:
            return "fork"
        known["safe_seq"] = told["safe_seq"]
        for name in told["missing_files"]:
            if name in known["files"]:
                known["files"][name]["done"] = False
        if last < seq or told["epoch"] != known["epoch"]:
            self._begin_again(last, min(last, told["safe_seq"]))
        known["epoch"] = told["epoch"]
        self.keep()
        return "ok"

    def _acked_hash(self) -> str:
        if self.kept["receipts"] and self.kept["receipts"][-1]["last_seq"] == self.kept["acked"]:
            return str(self.kept["receipts"][-1]["head"])
        return self.hash_at(self.kept["acked"]) or GENESIS

    def _begin_again(self, last_seq: int, files_above: int) -> None:
        self.kept["acked"] = min(self.kept["acked"], last_seq)
        self.kept["cursor"] = 0
        for file in self.kept["files"].values():
            file["done"] = file["done"] and file["above"] < files_above

    def _heard(self, server_ms: int) -> None:
        _wall, monotonic, boot = self.clock()
        self.kept["contact"] = [server_ms, monotonic, boot]

    def _upload(self) -> None:
        waiting = [(name, one) for name, one in self.kept["files"].items() if not one["done"]]
        for name, one in sorted(waiting, key=lambda item: (item[1]["type"] != STROKES_TYPE, len(item[1]["bytes"]))):
            try:
                one["done"] = self._upload_one(name, base64.b64decode(one["bytes"]), one["type"])
            except Refused as refusal:
                if refusal.status in {429, 507}:  # no room for files, or too many calls: later, events go on
                    self.kept["retry_after_s"] = refusal.retry_after_s
                    break
                if refusal.status not in {400, 404, 409, 413, 415, 422}:
                    raise
            self.keep()

    def _upload_one(self, name: str, payload: bytes, media_type: str) -> bool:
        path = f"/sync/attachments/{name}"
        offset = furthest = offset_of(self._call("HEAD", path))
        stalled = 0
        while offset != len(payload) and stalled < PATIENCE:
            start = offset if 0 <= offset < len(payload) else 0
            headers = {"Upload-Offset": str(start), "Upload-Length": str(len(payload)), "Upload-Type": media_type}
            offset = offset_of(self._call("PATCH", path, payload[start : start + CHUNK_BYTES], **headers))
            stalled = 0 if offset > furthest else stalled + 1
            furthest = max(furthest, offset)
        return offset == len(payload)

    def _push(self) -> None:
        at_most = MAX_EVENTS
        while batch := self._batch(at_most):
            before = self.kept["acked"]
            try:
                self._push_one(batch)
            except Refused as refusal:
                if refusal.status != 413 or len(batch) == 1:
                    raise
                at_most = len(batch) // 2
                continue
            if self.kept["acked"] <= before or self.kept["standing"] == "fork":
                return

    def _hand_in(self) -> None:
        """Give the office a copy of a log that it does not follow, from the first event that is held."""
        begin = self.kept["first"] - 1
        while batch := self._batch(MAX_EVENTS, after=max(begin, self.kept["handed_in"])):
            after = max(begin, self.kept["handed_in"])
            told = self._send_events(batch, from_seq=after + 1)
            last = after + len(batch)
            if told["standing"] == "fork":
                reached = last if told["quarantined"] else after
            else:
                reached = after if told["standing"] == "gap" else min(last, told["last_seq"])
            if after > begin and (told["lacks_before"] or told["standing"] == "gap"):
                reached = 0  # put back meanwhile: what was handed in before is not there any more
            self.kept["handed_in"] = reached
            self.keep()
            if reached <= after:
                return

    def _batch(self, at_most: int, *, after: int | None = None) -> list[Json]:
        batch: list[Json] = []
        room = MAX_BATCH_BYTES - 1024
        begin = self.kept["acked"] if after is None else after
        for one in self.kept["log"][begin + 1 - self.kept["first"] :][:at_most]:
            room -= len(json.dumps(one["event"], ensure_ascii=False).encode()) + 2
            if batch and room < 0:
                break
            batch.append(one["event"])
        return batch

    def _push_one(self, batch: Sequence[Json]) -> None:
        known = self.kept
        told = self._send_events(batch, from_seq=known["acked"] + 1)
        if told["standing"] == "fork":
            known["standing"] = "fork"
            return
        receipt = self._opened(told["receipt"])
        if (told["last_seq"], told["head"]) != (receipt["last_seq"], receipt["head"]):
            raise Doubtful("receipt")
        if self.hash_at(receipt["last_seq"]) not in {None, receipt["head"]} or receipt["last_seq"] > self.head[0]:
            raise Doubtful("another log")
        known["receipts"].append(receipt | {"signature": told["receipt"]["signature"], "body": told["receipt"]["body"]})
        known["results"] |= {str(one["seq"]): one for one in told["results"]}
        known["acked"], known["safe_seq"] = receipt["last_seq"], told["safe_seq"]
        known["standing"] = "revoked" if told["standing"] == "revoked" else "ok"
        self._heard(told["server_ms"])
        self.keep()

    def _send_events(self, batch: Sequence[Json], *, from_seq: int) -> Json:
        return self._message("POST", "/sync/push", {
            "device_id": self.kept["device"]["device_id"], "from_seq": from_seq, "events": list(batch),
            "head_signature": sign(self.key, "head", bytes.fromhex(batch[-1]["hash"])),
        })  # fmt: skip

    def _opened(self, receipt: Json) -> Json:
        digest = sha256(receipt["body"].encode())
        if not is_signed(self.kept["device"]["server_key"], "receipt", digest, receipt["signature"]):
            raise Doubtful("signature")
        body = dict(json.loads(receipt["body"]))
        if body["device_id"] != self.kept["device"]["device_id"]:
            raise Doubtful("device")
        return body

    def _trim(self) -> None:
        """Let go of what a verified backup holds and is a fortnight old."""
        now, log = self.clock()[0], self.kept["log"]
        while log and self.kept["first"] <= self.kept["safe_seq"] and len(log) > 1 and now - log[0]["at"] > KEPT_MS:
            log.pop(0)
            self.kept["first"] += 1

    def _pull(self) -> None:
        known = self.kept
        told = self._message("GET", f"/sync/pull?cursor={known['cursor']}&epoch={quote(known['epoch'])}")
        came = {run["run_id"]: run for run in told["runs"]}
        tags = dict(zip(told["live"], told["live_tags"], strict=True))
        if not told["full"] and any(known["tags"].get(one) != tag for one, tag in tags.items() if one not in came):
            known["cursor"] = 0
            self._pull()
            return
        known["tags"] = tags
        for run in came.values():
            require_terms(run)
        known["runs"] |= came
        known["runs"] = {run_id: run for run_id, run in known["runs"].items() if run_id in told["live"]}
        known["cursor"] = told["cursor"]  # another epoch is for the next greeting to find: files are offered again then
        self._heard(told["server_ms"])
        self.keep()
        named = re.findall(r'"sha256": "([0-9a-f]{64})"', json.dumps([run["stops"] for run in known["runs"].values()]))
        for name in dict.fromkeys(named):
            if name not in known["papers"]:
                self._fetch(name)

    def _fetch(self, name: str) -> None:
        body = self._call("GET", f"/sync/files/{name}").body
        if sha256(body).hex() != name:
            raise NoAnswer(name)
        self.kept["papers"][name] = base64.b64encode(body).decode()
        self.keep()
