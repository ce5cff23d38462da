"""A tablet of somebody else's, written from ``docs/protocol.md`` and ``/api/v1/openapi.json`` alone.

The standard library, and Ed25519 from ``cryptography``; nothing of the product. It is small: what it keeps stands in
one file that is replaced whole, it has no screen, and a driver is a mapping of what they did.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance.calls import Answer, Clock, Doubtful, NoAnswer, Refused, Send, offset_of, require_terms
from tests.conformance.leaves import (
    Json,
    Sealer,
    canonical,
    is_signed,
    new_uuid,
    pack_strokes,
    picture_of,
    records_of,
    sha256,
    sign,
)

API = "/api/v1"
GENESIS = "0" * 64
MAX_EVENTS, MAX_BATCH_BYTES, CHUNK_BYTES = 200, 256 * 1024, 128 * 1024
KEPT_MS = 14 * 24 * 3600 * 1000
PATIENCE = 3
STROKES_TYPE = "application/vnd.tournee.strokes"


class Tablet:
    """One tablet: its log, its files, its runs, and how far the office has them."""

    sealer = Sealer()

    def __init__(self, folder: Path, send: Send, clock: Clock) -> None:
        """Open what stands in ``folder``, or begin."""
        self._path, self._send, self._clock, self._token = folder / "tablet.json", send, clock, ""
        folder.mkdir(parents=True, exist_ok=True)
        self.kept: Json = json.loads(self._path.read_text()) if self._path.exists() else self._beginning()
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.kept["key"]))
        self._keep()

    @staticmethod
    def _beginning() -> Json:
        return {
            "key": Ed25519PrivateKey.generate().private_bytes_raw().hex(), "device": None, "epoch": "", "cursor": 0,
            "acked": 0, "safe_seq": 0, "first": 1, "log": [], "results": {}, "receipts": [], "files": {}, "runs": {},
            "papers": {}, "standing": "ok", "contact": [0, 0, ""], "retry_after_s": 0, "tags": {},
        }  # fmt: skip

    def _keep(self) -> None:
        beside = self._path.with_suffix(".new")
        with beside.open("w") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    # The way in

    def enrol(self, code: str, name: str) -> None:
        """Make the key known; asked again the answer is the same."""
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        proof = sign(self._key, "enrol", sha256(bytes.fromhex(code), public))
        asked = {"code": code, "public_key": public.hex(), "name": name, "proof": proof}
        self.kept["device"] = self._ask("/devices/enrol", asked)
        self.kept["epoch"] = self.kept["device"]["epoch"]
        self._keep()

    def _new_token(self) -> str:
        device_id = self.kept["device"]["device_id"]
        nonce = self._ask("/devices/challenge", {"device_id": device_id})["nonce"]
        signature = sign(self._key, "token", sha256(bytes.fromhex(nonce)))
        return str(
            self._ask("/devices/token", {"device_id": device_id, "nonce": nonce, "signature": signature})["token"]
        )

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

    # The driver's day

    def depart(self, run: Json) -> None:
        """Leave the depot."""
        self._seal(run, "", "run.departed", {"cash_float_cents": 10_000, "vehicle_checked": True})

    def arrive(self, run: Json, stop: Json) -> None:
        """Come to a stop."""
        self._seal(run, stop["stop_id"], "stop.arrived", {"arrived_ms": self._clock()[0]})

    def come_back(self, run: Json, cash_cents: int) -> None:
        """Return to the depot."""
        self._seal(run, "", "run.returned", {"cash_counted_cents": cash_cents})

    def visit(self, run: Json, stop: Json, did: Mapping[str, Any]) -> str:
        """Finish a stop and return the event's id; ``did`` is for ``records_of``, with ``signer`` and ``corrects``."""
        records = records_of(run, stop, did)
        root, beside = self.sealer.seal(records)
        strokes, picture = self._signed(did.get("signer", ""))
        payload = {
            "failure": did.get("failure", ""), "root": root,
            "screen_sha256": sha256(canonical({"records": list(map(str, records.values()))})).hex(),
            "consent_sha256": sha256(run["consent_fr"].encode()).hex(), "language": "fr",
            "signer_name": did.get("signer", ""), "signer_role": "", "signature_sha256": strokes,
            "picture_sha256": picture, "arrived_ms": self._clock()[0], "driver_id": run["driver_id"],
            "app_version": "0.1.0", "place": None, "corrects": did.get("corrects", ""),
        }  # fmt: skip
        return self._seal(run, stop["stop_id"], "visit.finished", payload, **beside)

    def photograph(self, jpeg: bytes) -> str:
        """Keep a photo for sending and return its sha256."""
        return self._file(jpeg, "image/jpeg")

    def _signed(self, signer: str) -> tuple[str, str]:
        if not signer:
            return "", ""
        strokes = [[(20 + 7 * at, 40 + (31 * at + ord(letter)) % 120) for at, letter in enumerate(signer * 2)]]
        return self._file(pack_strokes(400, 200, strokes), STROKES_TYPE), self._file(
            picture_of(strokes, 400, 200), "image/png"
        )

    def _file(self, payload: bytes, media_type: str) -> str:
        name = sha256(payload).hex()
        held = {"bytes": base64.b64encode(payload).decode(), "type": media_type, "done": False, "above": self.head[0]}
        self.kept["files"].setdefault(name, held)["above"] = self.head[0]
        return name

    def _seal(self, run: Json, stop_id: str, kind: str, payload: Json, **beside: Any) -> str:
        wall, monotonic, boot = self._clock()
        office_ms, then, of_boot = self.kept["contact"]
        seq, before = self.head
        envelope = {
            "schema": 1, "seq": seq + 1, "event_id": new_uuid(wall), "device_id": self.kept["device"]["device_id"],
            "run_id": run["run_id"], "stop_id": stop_id, "type": kind, "plan_version": run["version"], "wall_ms": wall,
            "monotonic_ms": monotonic, "boot_id": boot, "server_ms": office_ms if of_boot == boot else 0,
            "server_monotonic_ms": then if of_boot == boot else 0, "payload": payload, "prev_hash": before,
        }  # fmt: skip
        body = self.sealer.canonical(envelope)
        digest = sha256(bytes.fromhex(before), body)
        signature = sign(self._key, kind, digest) if kind == "visit.finished" else ""
        event = {"body": body.decode(), "hash": digest.hex(), "signature": signature, **beside}
        self.kept["log"].append({"event": event, "at": wall, "id": envelope["event_id"]})
        self._keep()
        return str(envelope["event_id"])

    @property
    def head(self) -> tuple[int, str]:
        """The log's last sequence and hash."""
        return self.kept["first"] + len(self.kept["log"]) - 1, self.hash_at(-1) or GENESIS

    def hash_at(self, seq: int) -> str | None:
        """Return the log's hash at a sequence, at its end for -1, None where it is not held."""
        if seq == 0:
            return GENESIS
        log = self.kept["log"]
        at = len(log) - 1 if seq == -1 else seq - self.kept["first"]
        return str(log[at]["event"]["hash"]) if 0 <= at < len(log) else None

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
            self._keep()
        return str({"ok": "done"}.get(self.kept["standing"], self.kept["standing"]))

    def _greet(self) -> str:
        known, seq = self.kept, self.kept["acked"]
        told = self._message("POST", "/sync/hello", {
            "device_id": known["device"]["device_id"], "app_version": "0.1.0", "protocols": [1],
            "epoch": known["epoch"], "acked": seq, "hash_at_acked": self._acked_hash(), "head": self.head[0],
            "held": 0, "asks_missing": True,
        })  # fmt: skip
        self._heard(told["server_ms"])
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
        self._keep()
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
        _wall, monotonic, boot = self._clock()
        self.kept["contact"] = [server_ms, monotonic, boot]

    def _upload(self) -> None:
        waiting = [(name, one) for name, one in self.kept["files"].items() if not one["done"]]
        for name, one in sorted(waiting, key=lambda item: (item[1]["type"] != STROKES_TYPE, len(item[1]["bytes"]))):
            try:
                one["done"] = self._upload_one(name, base64.b64decode(one["bytes"]), one["type"])
            except Refused as refusal:
                if refusal.status == 507:  # no room for files: they stay for later, events go on
                    self.kept["retry_after_s"] = refusal.retry_after_s
                    break
                if refusal.status not in {400, 404, 409, 413, 415, 422}:
                    raise
            self._keep()

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
        self.kept.setdefault("handed_in", self.kept["first"] - 1)
        while batch := self._batch(MAX_EVENTS, after=self.kept["handed_in"]):
            after = self.kept["handed_in"]
            told = self._send_events(batch, from_seq=after + 1)
            last = after + len(batch)
            if told["standing"] == "fork":
                reached = last if told["quarantined"] else after
            else:
                reached = after if told["standing"] == "gap" else min(last, told["last_seq"])
            if reached <= after:
                return
            self.kept["handed_in"] = reached
            self._keep()

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
        self._keep()

    def _send_events(self, batch: Sequence[Json], *, from_seq: int) -> Json:
        return self._message("POST", "/sync/push", {
            "device_id": self.kept["device"]["device_id"], "from_seq": from_seq, "events": list(batch),
            "head_signature": sign(self._key, "head", bytes.fromhex(batch[-1]["hash"])),
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
        now, log = self._clock()[0], self.kept["log"]
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
        self._keep()
        named = re.findall(r'"sha256": "([0-9a-f]{64})"', json.dumps([run["stops"] for run in known["runs"].values()]))
        for name in dict.fromkeys(named):
            if name not in known["papers"]:
                self._fetch(name)

    def _fetch(self, name: str) -> None:
        body = self._call("GET", f"/sync/files/{name}").body
        if sha256(body).hex() != name:
            raise NoAnswer(name)
        self.kept["papers"][name] = base64.b64encode(body).decode()
        self._keep()

    @property
    def runs(self) -> list[Json]:
        """The runs on the list."""
        return copy.deepcopy(list(self.kept["runs"].values()))
