"""``tournee sync check``: the log replayed is the tables' state; a byte that changed anywhere is named."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from server.core.settings import reload_settings
from server.sync.cli import sync
from shared.problems import Problem
from tests.factories.hand_tablet import Yard, short
from tests.integration.sync.test_two_tablets import taken_at

_FLIP = """
UPDATE {table} SET {column} = {changed} WHERE id = (SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1)
RETURNING id
"""
# what is touched, how, and what the check calls it
BYTES = {
    "an event's body": ("device_event", "body", "set_byte(body, 40, get_byte(body, 40) # 1)", "seq = 2", "chain"),
    "an event's hash": ("device_event", "hash", "overlay(hash placing 'f0' from 1)", "seq = 2", "chain"),
    "a signature": ("device_event", "signature", "overlay(signature placing '00' from 9)", "signature <> ''", "seal"),
    "a leaf": ("device_event", "groups", "replace(groups::text, 'missing', 'missinh')::jsonb", "seq = 2", "seal"),
    "an event's stop": ("device_event", "stop_id", "gen_random_uuid()", "seq = 2", "row"),
    "a stream's head": ("device_stream", "head", "overlay(head placing 'f0' from 1)", "last_seq > 1", "head"),
    "a stream's length": ("device_stream", "last_seq", "last_seq + 1", "last_seq > 1", "head"),
    "a receipt": ("signed_receipt", "body", "replace(body, '_seq', '_sex')", "true", "receipt"),
    "a visit": ("visit", "signer_name", "signer_name || ' '", "true", "state"),
    "a delivery": ("delivery", "shown_total_cents", "shown_total_cents + 1", "true", "state"),
    "a line": ("delivery_line", "delivered", "delivered - 1", "delivered > 1", "state"),
    "empties": ("container_return", "quantity", "quantity + 1", "true", "state"),
    "cash": ("collection", "amount_cents", "amount_cents + 5", "true", "state"),
}  # fmt: skip


def check(*options: str) -> Result:
    return CliRunner().invoke(sync, ["check", "--json", *options])


def plain(superuser_url: str) -> str:
    return make_url(superuser_url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def day(yard: Yard) -> Yard:
    """Two tablets at one stop that differ, a short line that its driver corrects, empties, cash, a parked event."""
    stop = yard.tablet.stop()
    line = stop.orders[1].goods.lines[0]
    yard.tablet.depart()
    first = yard.tablet.visit(stop, counted=short(line.line_id, line.quantity), **taken_at(yard.tablet))
    corrects = {"corrects": json.loads(first.body)["event_id"]}
    more = short(line.line_id, line.quantity, 2)
    yard.tablet.visit(stop, counted=more, payload=corrects, **taken_at(yard.tablet))
    yard.tablet.come_back()
    yard.again.visit(stop, **taken_at(yard.again, kegs=2, cents=100))
    yard.again.depart(run_id=str(yard.world.carrier_id))
    yard.tablet.push()
    yard.again.push()
    return yard


def test_the_log_replayed_is_the_state_and_every_changed_byte_is_named(day: Yard, database) -> None:
    """M4: equal state hashes; a corrupted copy is found, and the first difference is named."""
    whole = check()
    assert whole.exit_code == 0, whole.output
    (carrier,) = json.loads(whole.output)["carriers"]
    assert carrier["state_hash"] == carrier["tables_hash"]
    assert [stream["last_seq"] for stream in carrier["streams"]] == [4, 2]
    assert all(stream["receipts"] == 1 for stream in carrier["streams"])
    with psycopg.connect(plain(database.superuser_url), autocommit=True) as connection:
        for name, (table, column, changed, where, kind) in BYTES.items():
            connection.execute("BEGIN")
            connection.execute("SET LOCAL session_replication_role = replica")
            kept = connection.execute(f"SELECT id, {column}::text FROM {table}").fetchall()
            flipped = connection.execute(_FLIP.format(table=table, column=column, changed=changed, where=where))
            ids = [row[0] for row in flipped.fetchall()]
            assert len(ids) == 1, name
            connection.execute("COMMIT")
            found = check()
            faults = json.loads(found.output)["faults"]
            assert (found.exit_code, {fault["kind"] for fault in faults} >= {kind}) == (1, True), (name, faults)
            assert all(fault["fr"] and fault["en"] and fault["where"] for fault in faults)
            restore(connection, table, column, dict(kept)[ids[0]], ids[0])
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM delivery_line WHERE id = (SELECT min(id::text)::uuid FROM delivery_line)")
        connection.execute("DELETE FROM device_event WHERE seq = 1")
    gone = json.loads(check().output)["faults"]
    assert {fault["kind"] for fault in gone} == {"gap", "state"}
    assert "null" in next(fault["fr"] for fault in gone if fault["kind"] == "state")


def restore(connection: psycopg.Connection, table: str, column: str, value: str, row_id: UUID) -> None:
    kinds = {"body": "bytea", "groups": "jsonb", "stop_id": "uuid"} if table == "device_event" else {}
    numbers = {"last_seq", "shown_total_cents", "delivered", "quantity", "amount_cents"}
    cast = kinds.get(column, "bigint" if column in numbers else "text")
    connection.execute("BEGIN")
    connection.execute("SET LOCAL session_replication_role = replica")
    connection.execute(f"UPDATE {table} SET {column} = %s::text::{cast} WHERE id = %s", [value, row_id])
    connection.execute("COMMIT")
    assert check().exit_code == 0, (table, column)


def test_a_tablets_receipts_are_compared_with_what_the_office_holds(day: Yard, tmp_path: Path) -> None:
    """M4: both sides keep the receipt: an office that lost what it signed for is told so by the tablet's file."""
    receipt = day.tablet.push()["receipt"]
    file = tmp_path / "diagnostic.json"

    def compared(**changes: str) -> list[str]:
        told = {"carrier_id": str(day.world.carrier_id), "receipts": [receipt | changes], "checks": []}
        file.write_text(json.dumps(told))
        return [fault["kind"] for fault in json.loads(check("--receipts", str(file)).output)["faults"]]

    assert compared() == []
    assert compared(body=receipt["body"].replace('"last_seq":4', '"last_seq":3')) == ["receipt-forged"]
    file.write_text("{}")
    unreadable = check("--receipts", str(file))
    assert unreadable.exception is not None
    assert getattr(unreadable.exception, "slug", "") == "unreadable-receipts"


def test_an_office_that_lost_what_it_signed_for_is_found(day: Yard, database, tmp_path: Path) -> None:
    """G2, M4: a receipt beyond the office's head is a fault, however quiet the office is about it."""
    receipt = day.tablet.push()["receipt"]
    with psycopg.connect(plain(database.superuser_url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM device_event WHERE seq = 4")
    file = tmp_path / "diagnostic.json"
    file.write_text(json.dumps({"carrier_id": str(day.world.carrier_id), "receipts": [receipt]}))
    kinds = [fault["kind"] for fault in json.loads(check("--receipts", str(file)).output)["faults"]]
    assert kinds == ["head", "receipt", "receipt-unmet"]


def test_where_nothing_was_ever_kept_nothing_is_called_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4: in an empty folder the check says where it looked and what to do, and makes nothing there."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOURNEE_DATABASE_URL", "TOURNEE_OWNER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    reload_settings()
    for command in ("check", "files"):
        refused = CliRunner().invoke(sync, [command, "--json"])
        assert isinstance(refused.exception, Problem)
        assert refused.exception.slug == "no-books"
    assert list(tmp_path.iterdir()) == []
