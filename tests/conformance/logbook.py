"""What a tablet of somebody else's keeps in one file, and the driver's day that is sealed into it."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conformance.calls import Clock
from tests.conformance.leaves import (
    Json,
    Sealer,
    canonical,
    new_uuid,
    pack_strokes,
    picture_of,
    records_of,
    sha256,
    sign,
)

GENESIS = "0" * 64
STROKES_TYPE = "application/vnd.tournee.strokes"


class Logbook:
    """A log, its files, its runs, and how far the office has them; ``keep`` replaces the file whole."""

    sealer = Sealer()

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Open what stands in ``folder``, or begin."""
        self._path, self.clock = folder / "tablet.json", clock
        folder.mkdir(parents=True, exist_ok=True)
        self.kept: Json = json.loads(self._path.read_text()) if self._path.exists() else self._beginning()
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.kept["key"]))
        self.keep()

    @staticmethod
    def _beginning() -> Json:
        return {
            "key": Ed25519PrivateKey.generate().private_bytes_raw().hex(), "device": None, "epoch": "", "cursor": 0,
            "acked": 0, "safe_seq": 0, "first": 1, "log": [], "results": {}, "receipts": [], "files": {}, "runs": {},
            "papers": {}, "standing": "ok", "contact": [0, 0, ""], "retry_after_s": 0, "tags": {},
            "handed_in": 0,
        }  # fmt: skip

    def keep(self) -> None:
        """Write the file anew, and be sure that it is on disk."""
        beside = self._path.with_suffix(".new")
        with beside.open("w") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    # The driver's day

    def depart(self, run: Json) -> None:
        """Leave the depot."""
        self._seal(run, "", "run.departed", {"cash_float_cents": 10_000, "vehicle_checked": True})

    def arrive(self, run: Json, stop: Json) -> None:
        """Come to a stop."""
        self._seal(run, stop["stop_id"], "stop.arrived", {"arrived_ms": self.clock()[0]})

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
            "picture_sha256": picture, "arrived_ms": self.clock()[0], "driver_id": run["driver_id"],
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
        wall, monotonic, boot = self.clock()
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
        signature = sign(self.key, kind, digest) if kind == "visit.finished" else ""
        event = {"body": body.decode(), "hash": digest.hex(), "signature": signature, **beside}
        self.kept["log"].append({"event": event, "at": wall, "id": envelope["event_id"]})
        self.keep()
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

    @property
    def runs(self) -> list[Json]:
        """The runs on the list."""
        return copy.deepcopy(list(self.kept["runs"].values()))
