"""Both clients against an office that refuses, parks or does not believe, and clients that seal wrongly."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from server.core.keys import server_key
from shared.sealing import is_signed_by, public_bytes
from tests.conformance import client as minimal
from tests.conformance import leaves as leaves_of
from tests.conformance.both import Client, Theirs, Told
from tests.conformance.conftest import Office, came_in
from tests.conformance.driving import drive, events, require_everything_once
from tests.conformance.wire import after, damaged, forged, saying


def test_a_damaged_batch_is_refused_whole_and_sent_again(client: Client, office: Office) -> None:
    """Protocol: 422 `broken-batch`, nothing taken; the same batch holds the next time."""
    drive(client, office, stops=1)

    def change(push: Any) -> Any:
        push["events"][1]["body"] = push["events"][1]["body"].replace("arrived_ms", "arrived_mm")
        return push

    office.wire.once("POST /api/v1/sync/push", damaged(change))
    assert client.sync() == "failed"
    assert (events(office), client.seen.acked) == ([], 0)
    assert client.sync() == "done"
    require_everything_once(client, office)


@pytest.mark.parametrize("field", ["signature", "leaf", "key", "padding", "group_padding"])
def test_a_digit_damaged_beside_the_chain_is_sent_again_by_itself(field: str, client: Client, office: Office) -> None:
    """G6, G8: what no hash of the chain covers is refused with its batch, too; the next round brings it whole."""
    drive(client, office, stops=1)

    def flipped(text: str) -> str:
        at = next(at for at in reversed(range(len(text))) if text[at] in "0123456789")
        return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]

    def change(push: Any) -> Any:
        visit = next(event for event in push["events"] if event.get("groups"))
        group = next(group for group in visit["groups"] if group["key"].startswith("order:"))
        match field:
            case "leaf":
                group["leaves"][-1] = flipped(group["leaves"][-1])
            case "key":
                group["key"] = flipped(group["key"])
            case "padding":
                group["padding"][0] = flipped(group["padding"][0])
            case "group_padding":
                visit["group_padding"][0] = flipped(visit["group_padding"][0])
            case _:
                visit["signature"] = flipped(visit["signature"])
        return push

    office.wire.once("POST /api/v1/sync/push", damaged(change))
    assert client.sync() == "failed"
    assert (events(office), client.seen.acked) == ([], 0)
    assert client.sync() == "done"
    require_everything_once(client, office)
    assert office.run_sql("SELECT count(*) FROM device_event WHERE outcome <> 'applied'") == [(0,)]


def test_a_cloned_tablet_forks_and_both_keep_everything(client: Client, office: Office, tmp_path: Path) -> None:
    """Protocol: other events at the same place are never mixed in; a person decides."""
    (run,) = client.runs
    client.depart(run)
    assert client.sync() == "done"
    clone = client.clone(tmp_path / "clone")
    client.arrive(run, run["stops"][0])
    assert client.sync() == "done"
    taken = events(office)
    clone.arrive(run, run["stops"][1])
    clone.finish(run, run["stops"][1], Told())
    assert clone.sync() == "fork"
    assert events(office) == taken
    assert (clone.seen.head, clone.seen.acked) == (3, 1)


def test_an_expired_token_is_asked_for_again_in_the_middle_of_a_round(client: Client, office: Office) -> None:
    """Protocol: 401 asks for another token, once, and the round goes on."""
    drive(client, office, stops=1)
    expire = after(lambda: office.run_sql("UPDATE device_token SET expires_at = now() - interval '1 hour'"))
    for where in ("HEAD", "POST /api/v1/sync/push", "GET /api/v1/sync/pull"):
        office.wire.once(where, expire)
    assert client.sync() == "done"
    assert office.wire.spent
    require_everything_once(client, office)


REFUSALS = (
    (saying(403), "refused"),
    (saying(426), "outdated"),
    (saying(429, Retry_After="7"), "busy"),
    (saying(503, Retry_After="7"), "busy"),
    (saying(500), "busy"),
    (saying(413), "failed"),
)


def test_a_refusal_ends_the_round_and_loses_nothing(client: Client, office: Office) -> None:
    """Protocol: what the office says of the tablet is never taken for what it says of an event."""
    (run,) = client.runs
    client.depart(run)
    for answer, ending in REFUSALS:
        office.wire.once("POST /api/v1/sync/push", answer)
        assert client.sync() == ending
        assert (client.seen.head, client.seen.acked) == (1, 0)
    assert events(office) == []
    assert client.sync() == "done"
    require_everything_once(client, office)


def test_an_office_without_room_for_files_still_takes_events(client: Client, office: Office) -> None:
    """Protocol: 429 and 507 on a file keep the files for later, and hold up no event."""
    drive(client, office, stops=1)
    for call, status in (("HEAD", 429), ("PATCH", 507)):
        office.wire.once(call, saying(status, Retry_After="300"))
        client.sync()
        assert office.wire.spent
        assert client.seen.acked == client.seen.head
    assert client.sync() == "done"
    require_everything_once(client, office)


def test_a_parked_event_stands_in_nobodys_way(client: Client, office: Office) -> None:
    """G6: what cannot be applied waits for a person with its reason; other stops and the receipt go on.

    The office lost the version that it had given, and the deposits are others by now.
    """
    office.run_sql("UPDATE container_price SET unit_cents = unit_cents + 1")
    office.run_sql("UPDATE run_bundle SET version = version + 1")
    drive(client, office, stops=4)
    assert client.sync() == "done"
    require_everything_once(client, office)
    seen = client.seen.results
    assert Counter(seen.values()) == {"applied": 8, "party-not-of-this-stop": 1}
    assert client.sync() == "done"
    assert client.seen.results == seen


@pytest.mark.parametrize("part", ["signature", "body"])
def test_nothing_is_ticked_before_the_receipt_was_checked(part: str, client: Client, office: Office) -> None:
    """G2: a receipt of another key, or of another head, is not the office's word."""

    def change(answer: Any) -> Any:
        receipt = answer["receipt"]
        receipt[part] = receipt[part][:-4] + ("0000" if part == "signature" else ' 1}"')
        return answer

    drive(client, office, stops=1)
    office.wire.once("POST /api/v1/sync/push", forged(change))
    assert client.sync() == "failed"
    assert (client.seen.acked, client.seen.receipts) == (0, [])
    assert client.sync() == "done"
    require_everything_once(client, office)
    for body, signature in office.run_sql("SELECT body, signature FROM signed_receipt"):
        digest = leaves_of.sha256(body.encode())
        assert is_signed_by(public_bytes(server_key()), "receipt", digest, bytes.fromhex(signature))


def test_a_revoked_tablet_hands_in_what_it_has(client: Client, office: Office) -> None:
    """Protocol, 10: what comes after the revocation is kept for a person, under a receipt; nothing comes down."""
    drive(client, office, stops=1)
    office.run_sql("UPDATE device SET revoked_at = now()")
    office.wire.log.clear()
    assert client.sync() == "revoked"
    require_everything_once(client, office)
    assert set(client.seen.results.values()) == {"tablet-revoked"}
    assert not [call for call, _ in office.wire.log if "/pull" in call]
    assert office.run_sql("SELECT count(*) FROM delivery") == [(0,)]


class Delivering(leaves_of.Sealer):
    """Seals what came back whole as handed over."""

    def seal(self, records: Any) -> Any:
        for leaf in (leaf for leaves in records.values() for leaf in leaves):
            if leaf["kind"] == "line":
                leaf |= {"delivered": leaf["ordered"], "returned": 0, "reason": ""}
            elif leaf["kind"] == "order":
                leaf["outcome"] = "complete"
        return super().seal(records)


def test_a_visit_is_signed_as_it_says_or_a_person_looks(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """R025: goods that nobody signed for, and a failure that hands goods over, wait with their reasons."""
    client = came_in(Theirs, office)
    (run,) = client.runs
    client.depart(run)
    client.finish(run, run["stops"][0], Told(signer=""))
    monkeypatch.setattr(minimal.Tablet, "sealer", Delivering())
    client.finish(run, run["stops"][1], Told(failure="closed", signer=""))
    assert client.sync() == "done"
    require_everything_once(client, office)
    assert client.seen.results == {1: "applied", 2: "unsigned-delivery", 3: "failure-delivered"}
    assert office.run_sql("SELECT count(*) FROM delivery") == [(0,)]


class WrongPadding(leaves_of.Sealer):
    def padding(self, used: int) -> list[bytes]:
        return super().padding(used)[:-1]

    def group_root(self, leaves: Any, padding: Any) -> bytes:
        return super().group_root(leaves, [*padding, b"\x00" * 32])

    def upper(self, nodes: Any) -> list[bytes]:
        return super().upper([*nodes, b"\x00" * 32])


class Unsorted(leaves_of.Sealer):
    def upper(self, nodes: Any) -> list[bytes]:
        return list(reversed(super().upper(nodes)))


class Uncounted(leaves_of.Sealer):
    def group_root(self, leaves: Any, padding: Any) -> bytes:
        return leaves_of.sha256(
            b"\x02", leaves_of.merkle([*(leaves_of.sha256(b"\x00", leaf) for leaf in leaves), *padding])
        )


class Floating(leaves_of.Sealer):
    def canonical(self, value: Any) -> bytes:
        return re.sub(rb'"arrived_ms":(\d+)', rb'"arrived_ms":\1.0', super().canonical(value))


class LooseLeaves(leaves_of.Sealer):
    def canonical(self, value: Any) -> bytes:
        return json.dumps(value).encode() if "kind" in value else super().canonical(value)


@pytest.mark.parametrize(
    ("sealer", "reason", "refused"),
    [
        (WrongPadding, "padding does not have its length", 2),
        (Unsorted, "root differs", 2),
        (Uncounted, "root differs", 2),
        (Floating, "form is not canonical", 0),
        (LooseLeaves, "leaf not canonical", 0),
    ],
)
def test_a_client_that_seals_wrongly_is_told_why(
    sealer: type[leaves_of.Sealer], reason: str, refused: int, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6: a planted fault is parked with its reason, once it is told from damage on the way, and the office goes on."""
    client = came_in(Theirs, office)
    (run,) = client.runs
    monkeypatch.setattr(minimal.Tablet, "sealer", sealer())
    client.depart(run)
    client.arrive(run, run["stops"][0])
    client.finish(run, run["stops"][0], Told())
    assert [client.sync() for _ in range(refused + 1)] == ["failed"] * refused + ["done"]
    refusals = office.run_sql("SELECT refusal ->> 'en' FROM device_event WHERE outcome = 'parked' ORDER BY seq DESC")
    assert refusals
    assert reason in refusals[0 if sealer is not Floating else -1][0]
    assert office.run_sql("SELECT count(*) FROM delivery") == [(0,)]
