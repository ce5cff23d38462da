"""``tournee sync check``: is everything that tablets sealed here, untouched, and do the tables say what it says?"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click
import msgspec

from server.core.blobs import blob_store
from server.core.database import IDENTITY_ORG
from server.core.files import require_file
from server.core.ground import StoreKind
from server.core.keys import server_keys
from server.core.transaction import transaction
from server.documents.cli.standing import standing_books, store_option
from server.sync.service.absent import note_lost
from server.sync.service.checking import (
    CheckedStream,
    SyncFault,
    check_receipts,
    check_run,
    check_stream,
    streams_of,
)
from server.sync.service.replaying import StateHash, runs_with_visits
from server.sync.service.streams import begin_epoch
from shared.problems import Problem, Text
from shared.wire.limits import Identifier, Short
from shared.wire.push import Receipt

EXIT_FAULTY: Final = 1
_MAX_SHOWN: Final = 20
_MAX_FILE_BYTES: Final = 64 * 1024 * 1024


class UnreadableReceipts(Problem):
    """The file is no diagnostic of a tablet."""

    slug = "unreadable-receipts"
    title = Text("Reçus illisibles", "Unreadable receipts")


class TabletReceipts(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a tablet's diagnostic: whose it is, and the receipts that it kept."""

    carrier_id: Identifier
    receipts: tuple[Receipt, ...]
    written_wall_ms: int = 0
    device_id: Short = ""


@dataclass(frozen=True, slots=True)
class _Checked:
    """One carrier's streams, and the state that log and tables make, as digests."""

    carrier_id: UUID
    streams: tuple[CheckedStream, ...]
    runs: int
    log_hash: str
    tables_hash: str
    differences: tuple[SyncFault, ...]

    @property
    def faults(self) -> tuple[SyncFault, ...]:
        return (*(fault for one in self.streams for fault in one.faults), *self.differences)


@click.group()
def sync() -> None:
    """Flux des tablettes · Tablets' streams."""


@sync.command("check")
@store_option
@click.option("--json", "as_json", is_flag=True, help="dire en JSON · print as JSON")
@click.option(
    "--receipts",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="diagnostic exporté d’une tablette, dont les reçus sont comparés · a tablet's diagnostic, to compare receipts",
)
def check(*, store: StoreKind | None, as_json: bool, receipts: Path | None) -> None:
    """Vérifier chaque flux et l’état qu’il fait · Check every stream and the state that it makes.

    Chains are computed again from the bytes, seals and receipts checked, and visits and deliveries rebuilt from the
    events; ends with 1 and names the first faults when something does not hold, with 2 where no company is.
    """
    require_file(receipts)
    with standing_books(store) as carrier_ids:
        found = [one for carrier_id in carrier_ids if (one := _check(carrier_id)).streams or one.runs]
        foreign = _compare(receipts) if receipts is not None else ()
    faults = [*(fault for one in found for fault in one.faults), *foreign]
    click.echo(json.dumps(_document(found, faults), ensure_ascii=False, indent=2) if as_json else _words(found))
    if not as_json:
        for fault in faults[:_MAX_SHOWN]:
            click.echo(f"✗ {fault.kind}  {fault.where}\n  {fault.text.fr}\n  {fault.text.en}", err=True)
    if faults:
        sys.exit(EXIT_FAULTY)


@sync.command("files")
@store_option
@click.option("--json", "as_json", is_flag=True, help="dire en JSON · print as JSON")
def files(*, store: StoreKind | None, as_json: bool) -> None:
    """Chercher les pièces que le magasin a perdues : les tablettes les offrent de nouveau · look for lost files.

    Après une restauration du magasin d’objets seul · after the object store alone was put back.
    """
    found: dict[str, tuple[str, ...]] = {}
    with standing_books(store) as carrier_ids:
        for carrier_id in carrier_ids:
            with transaction(acting=carrier_id) as session:
                found[str(carrier_id)] = note_lost(session, blob_store())
    lost = {carrier: names for carrier, names in found.items() if names}
    if as_json:
        click.echo(json.dumps({"lost": lost}, indent=2))
        return
    total = sum(map(len, lost.values()))
    click.echo(f"Pièces perdues, redemandées aux tablettes · lost files, asked for again: {total}")


@sync.command("restored")
def restored() -> None:
    """Dire qu’une machine fut ramenée à un état antérieur · say that a machine was rolled back.

    Nothing else tells of it. A new epoch begins, as with « tournee restore »: tablets compare and send again what is
    not here, and those enrolled since that state come back.
    """
    with standing_books(None), transaction(acting=IDENTITY_ORG, as_owner=True) as session:
        begin_epoch(session)
    click.echo("Nouvelle époque · new epoch")


def _check(carrier_id: UUID) -> _Checked:
    """Check one carrier, each stream and run in a transaction of its own: pushes wait for one of them at most."""
    keys = _keys()
    with transaction(acting=carrier_id) as session:
        device_ids, run_ids = streams_of(session), runs_with_visits(session)
    streams = []
    for device_id in device_ids:
        with transaction(acting=carrier_id) as session:
            streams.append(check_stream(session, device_id, server_keys=keys))
    log, tables = StateHash(), StateHash()
    faults = []
    for run_id in run_ids:
        with transaction(acting=carrier_id) as session:
            faults.append(check_run(session, run_id, log=log, tables=tables))
    found = tuple(fault for fault in faults if fault is not None)
    return _Checked(carrier_id, tuple(streams), len(run_ids), log.hex(), tables.hex(), found)


def _keys() -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one.link.public_key) for one in server_keys())


def _compare(path: Path) -> tuple[SyncFault, ...]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise UnreadableReceipts(Text("Le fichier est trop grand.", "The file is too large."), where=path.name)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=TabletReceipts)
    except msgspec.MsgspecError as error:
        raise UnreadableReceipts(
            Text(
                "Donnez le fichier que «\u00a0Exporter le diagnostic\u00a0» écrit.",
                "Give the file that “Export” writes.",
            ),
            where=path.name,
        ) from error
    with transaction(acting=UUID(kept.carrier_id)) as session:
        return tuple(check_receipts(session, kept.receipts, server_keys=_keys()))


def _words(found: list[_Checked]) -> str:
    lines = []
    for one in found:
        for stream in one.streams:
            mark = "✗" if stream.faults else "✓"
            lines.append(
                f"{mark} {stream.name}  {stream.last_seq}/{max(stream.announced_seq, stream.last_seq)}  "
                f"{stream.head[:16]}  {stream.receipts} reçus · receipts"
            )
        lines.append(f"{one.carrier_id}  {one.runs} tournées · runs  état · state {one.log_hash}")
        if one.tables_hash != one.log_hash:
            lines.append(f"{one.carrier_id}  tables {one.tables_hash}")
    return "\n".join(lines) or "Aucun flux · no stream"


def _document(found: list[_Checked], faults: list[SyncFault]) -> dict[str, Any]:
    return {
        "whole": not faults,
        "carriers": [
            {
                "carrier_id": str(one.carrier_id),
                "state_hash": one.log_hash,
                "tables_hash": one.tables_hash,
                "runs": one.runs,
                "streams": [
                    {
                        "device_id": str(stream.device_id),
                        "last_seq": stream.last_seq,
                        "announced_seq": stream.announced_seq,
                        "head": stream.head,
                        "receipts": stream.receipts,
                    }
                    for stream in one.streams
                ],
            }
            for one in found
        ],
        "faults": [
            {"kind": fault.kind, "where": fault.where, "fr": fault.text.fr, "en": fault.text.en} for fault in faults
        ],
    }
