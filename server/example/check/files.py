"""The bytes in the store have the hashes that the database names, and the tablets' logs end where the server's do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.documents.model import Document
from server.example.check.books import Books
from server.example.check.finding import Finding, finding
from server.identity.model import Device
from server.sync.model import DeviceEvent, DeviceStream, EventOutcome
from shared.problems import Problem, Text
from shared.sealing import GENESIS, chain_hash


def check_documents(books: Books) -> Finding:
    """Each document that an organisation holds is in the store, whole and unchanged."""
    count = size_bytes = 0
    faults: list[str] = []
    for owner_id in books.issuers:
        with transaction(acting=owner_id) as session:
            documents = session.scalars(select(Document).where(Document.owner_id == owner_id)).all()
        count += len(documents)
        size_bytes += sum(one.size_bytes for one in documents)
        faults += [fault for document in documents for fault in _document_faults(document)]
    size_mb = size_bytes / 1_000_000
    return finding(
        "documents",
        Text("Documents intacts dans le magasin", "Documents untouched in the store"),
        Text(f"{count} documents, {size_mb:.1f} Mo".replace(".", ","), f"{count} documents, {size_mb:.1f} MB"),
        faults,
    )


def check_tablets(books: Books) -> Finding:
    """Each tablet's chain holds from its first event to the head that the server and the tablet agree on."""
    carrier_id = books.scope.carrier_id
    with transaction(acting=carrier_id) as session:
        streams = session.scalars(select(DeviceStream).where(DeviceStream.owner_id == carrier_id)).all()
        events = session.scalars(
            select(DeviceEvent)
            .where(DeviceEvent.owner_id == carrier_id)
            .order_by(DeviceEvent.device_id, DeviceEvent.seq)
        ).all()
        names = dict(session.execute(select(Device.id, Device.name)).all())
    kept = {log.device_head: log for log in _logs(books.scope.tablets)}
    faults = [f"{names[event.device_id]}: {event.seq} {event.outcome}" for event in events
              if event.outcome is EventOutcome.PARKED]  # fmt: skip
    for stream in streams:
        own = [event for event in events if event.device_id == stream.device_id]
        faults += [f"{names[stream.device_id]}: {fault}" for fault in _stream_faults(stream, own)]
        if books.scope.tablets is not None and kept.get(stream.head, _NO_LOG).last_seq != stream.last_seq:
            faults.append(f"{names[stream.device_id]}: la tablette finit ailleurs · the tablet ends elsewhere")
    return finding(
        "tablets",
        Text("Journaux des tablettes = journaux du serveur", "The tablets’ logs = the server’s"),
        Text(f"{len(streams)} tablettes, {len(events)} événements", f"{len(streams)} tablets, {len(events)} events"),
        faults,
    )


@dataclass(frozen=True, slots=True)
class _Log:
    """The end of a tablet's own log."""

    last_seq: int
    device_head: str


_NO_LOG = _Log(-1, "")


def _document_faults(document: Document) -> Iterator[str]:
    try:
        payload = blob_store().get(document.owner_id, document.sha256)
    except Problem as problem:
        yield f"{document.name}: {problem.title.fr} · {problem.title.en}"
        return
    if len(payload) != document.size_bytes:
        yield f"{document.name}: {len(payload)} ≠ {document.size_bytes}"


def _stream_faults(stream: DeviceStream, events: list[DeviceEvent]) -> Iterator[str]:
    head = GENESIS
    for expected, event in enumerate(events, start=1):
        head = chain_hash(head, event.body)
        if event.seq != expected or event.hash != head.hex():
            yield f"chaîne rompue · broken chain: {expected}"
            return
    if stream.last_seq != len(events) or stream.head != head.hex():
        yield f"tête · head: {stream.last_seq} ≠ {len(events)}"


def _logs(folder: Path | None) -> Iterator[_Log]:
    """Yield the last event of each tablet's store, whose hashes lie open; what they say stays encrypted."""
    for store in sorted(folder.glob("*/tablet.db") if folder else ()):
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            row = database.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        database.close()
        if row is not None:
            yield _Log(row[0], row[1])
