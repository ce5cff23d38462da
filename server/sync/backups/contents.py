"""What a database holds, read past its fences: counted, its chains recomputed, its objects named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql

from server.sync.backups.kept import StreamHeld
from shared.problems import Problem, Text
from shared.sealing import GENESIS

# A file noted as lost is named as before: it is missing until it came back. What retention purged is named no more.
_OBJECTS: Final = """
WITH before_purge AS (
    SELECT p.owner_id, UNNEST(ARRAY[p.file_sha256, p.pdf_sha256]) AS sha256
    FROM proof p JOIN proof_edition gone ON gone.proof_id = p.id AND gone.cause = 'purged'
    UNION SELECT e.owner_id, UNNEST(ARRAY[e.file_sha256, e.pdf_sha256])
    FROM proof_edition e JOIN proof_edition gone ON gone.proof_id = e.proof_id AND gone.cause = 'purged'
    WHERE e.number < gone.number
), papers AS (
    SELECT owner_id, sha256 FROM document
    UNION SELECT owner_id, file_sha256 FROM proof WHERE file_sha256 <> ''
    UNION SELECT owner_id, pdf_sha256 FROM proof WHERE pdf_sha256 <> ''
    EXCEPT SELECT owner_id, sha256 FROM before_purge
)
SELECT owner_id, sha256 FROM papers
UNION SELECT owner_id, sha256 FROM attachment WHERE purged_at IS NULL
UNION SELECT owner_id, served_sha256 FROM attachment WHERE served_sha256 <> '' AND purged_at IS NULL
UNION SELECT owner_id, UNNEST(ARRAY[sha256, shown_sha256]) FROM paper_proof
UNION SELECT owner_id, UNNEST(ARRAY[sha256, shown_sha256]) FROM contest_evidence
UNION SELECT owner_id, sha256 FROM order_file
ORDER BY 1, 2
"""
_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_ONLY_GROWING: Final = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'written_once'"


class BackupBroken(Problem):
    """A backup stood up, and is not what the server held."""

    slug = "backup-broken"
    status = 500
    title = Text("Sauvegarde inutilisable", "Unusable backup")


@dataclass(frozen=True, slots=True)
class Contents:
    """Rows by table, tablets' streams, and the tables that only grow."""

    rows: Mapping[str, int]
    streams: tuple[StreamHeld, ...]
    growing: frozenset[str]


def contents_of(conninfo: str) -> Contents:
    """Return what a database holds; the role must see past the fences."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables = [str(row[0]) for row in connection.execute(_TABLES)]
        rows = {table: _count(connection, table) for table in tables}
        streams = connection.execute("SELECT owner_id, device_id, last_seq, head FROM device_stream ORDER BY device_id")
        held = tuple(
            StreamHeld(carrier_id=str(owner), device_id=str(device), last_seq=last, head=head)
            for owner, device, last, head in streams
        )
        growing = frozenset(str(row[0]).strip('"') for row in connection.execute(_ONLY_GROWING))
    return Contents(rows, held, growing)


def objects_named(conninfo: str) -> Iterator[tuple[UUID, str]]:
    """Yield tenant and hash of every object that a row names."""
    with psycopg.connect(conninfo) as connection:
        yield from connection.execute(_OBJECTS)


def check_between(found: Contents, before: Contents, after: Contents) -> None:
    """Check that a copy taken between two readings holds as much as they allow.

    Raises:
        BackupBroken: a table lost rows, or a stream is not between both.
    """
    for table in sorted(found.growing):
        if not before.rows[table] <= found.rows.get(table, -1) <= after.rows[table]:
            raise _broken(table)
    last = {stream.device_id: stream.last_seq for stream in found.streams}
    for stream in before.streams:
        if last.get(stream.device_id, -1) < stream.last_seq:
            raise _broken(f"device_stream {stream.device_id}")


def check_chains(conninfo: str, streams: tuple[StreamHeld, ...]) -> int:
    """Hash every event of every stream again and return how many there are.

    Raises:
        BackupBroken: an event is missing, or its bytes are others.
    """
    seen = 0
    with psycopg.connect(conninfo) as connection:
        for stream in streams:
            seen += _check_chain(connection, stream)
    return seen


def _check_chain(connection: psycopg.Connection, stream: StreamHeld) -> int:
    rows = connection.execute(
        "SELECT seq, body, hash FROM device_event WHERE device_id = %s ORDER BY seq", [stream.device_id]
    )
    before, last = GENESIS, 0
    for seq, body, told in rows:
        before = hashlib.sha256(before + body).digest()
        if seq != last + 1 or before.hex() != told:
            raise _broken(f"device_event {stream.device_id} {seq}")
        last = seq
    if (last, before.hex()) != (stream.last_seq, stream.head):
        raise _broken(f"device_stream {stream.device_id}")
    return last


def _count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _broken(where: str) -> BackupBroken:
    return BackupBroken(
        Text(
            "Restaurée à l’essai, cette sauvegarde ne contient pas ce que le serveur avait; elle n’est pas retenue. "
            "Relancez «\u00a0tournee backup\u00a0» et vérifiez le disque.",
            "Restored on trial, this backup does not hold what the server had; it does not count. "
            "Run “tournee backup” again and check the disk.",
        ),
        where=where,
    )
