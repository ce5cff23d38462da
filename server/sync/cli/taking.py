"""``tournee sync take-log``: what a tablet exported comes in as if it had sent it, each event once."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from server.core import clock
from server.core.blobs import blob_store
from server.core.database import IDENTITY_ORG
from server.core.files import require_file
from server.core.keys import server_key
from server.core.logs import log
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.documents.cli.standing import standing_books
from server.identity.model import Device
from server.identity.service import Handed, known_by_log
from server.sync.queries import attachment_of, device_of
from server.sync.service.attachments import Upload
from server.sync.service.handed_log import HandedLog, UnreadableLog, handed_log
from server.sync.service.keeping import keep_attachment
from server.sync.service.pushing import Standing, apply_batch
from server.sync.service.streams import epoch_began, note_handed
from server.sync.service.wholeness import SAME_BYTES_BELIEVED, BrokenBatch, note_damage
from shared.problems import Text
from shared.wire.push import Push, PushAnswer
from shared.wire.tablet_log import LogFile, LogPush

EXIT_NOT_WHOLE: Final = 1
_log = log(__name__)


@dataclass(slots=True)
class Taken:
    """What became of a log: ``answers`` by event, what is kept beside the office's own log, and what is lacking."""

    device: Device
    standing: Standing = "ok"
    answers: dict[int, str] = field(default_factory=dict)
    beside: int = 0
    not_kept: int = 0
    gap: tuple[int, int] | None = None
    files: int = 0
    files_known: int = 0
    unreadable: list[int] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether the office now has all that the tablet ever sealed, as far as the file says."""
        return not (self.gap or self.not_kept or self.unreadable or self.damaged)


@click.command("take-log")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--vouch",
    metavar="KEY",
    default="",
    help="clé que montre une tablette inconnue d’ici, connue dès lors comme révoquée\u00a0: chaque événement attend "
    "une décision · the key that an unknown tablet shows: each event waits for a decision",
)
@click.option("--json", "as_json", is_flag=True, help="dire en JSON · print as JSON")
def take_log(*, file: Path, vouch: str, as_json: bool) -> None:
    """Prendre le journal exporté d’une tablette (FILE) · Take a tablet's exported log.

    Each event counts once, however often the file is taken or the tablet sends it as well. Ends with 1 when the office
    still lacks something that the file names, and with 2 when the file is refused.
    """
    require_file(file)
    with standing_books(None), handed_log(file) as handed:
        parts = len(handed.index.pushes) + len(handed.index.files)
        bar = click.progressbar(length=parts, file=sys.stderr, hidden=not sys.stderr.isatty())
        with bar:
            taken = _Taking(handed, _device(handed, vouched_key=vouch), lambda: bar.update(1)).whole()
    _log.info("sync.log_taken", device_id=str(taken.device.id), standing=taken.standing, events=len(taken.answers))
    document = _document(taken)
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else _words(taken, document))
    if not taken.is_whole:
        sys.exit(EXIT_NOT_WHOLE)


def _device(handed: HandedLog, *, vouched_key: str) -> Device:
    index = handed.index
    said = Handed(
        device_id=handed.device_id,
        carrier_id=UUID(index.carrier_id),
        driver_id=UUID(index.driver_id),
        driver_name=index.driver_name,
        public_key=bytes.fromhex(index.public_key),
        attestation=index.attestation,
    )
    with transaction(IDENTITY_ORG) as session:
        return known_by_log(
            session,
            said,
            is_signed_by=handed.is_signed_by,
            vouched_key=vouched_key,
            restored_at=epoch_began(session),
            at=clock.now(),
        )


@dataclass(slots=True)
class _Taking:
    """One log on its way in, a push or a file in each transaction."""

    handed: HandedLog
    device: Device
    step: Callable[[], None]

    def whole(self) -> Taken:
        """Take everything; a part that is damaged keeps no other back, but what the chain has behind it."""
        index = self.handed.index
        taken = Taken(self.device, unreadable=self._note([one.seq for one in index.unreadable]))
        for named in index.pushes:
            if not taken.damaged:
                self._push(taken, named)
            self.step()
        for file in index.files:
            self._file(taken, file)
            self.step()
        return taken

    def _push(self, taken: Taken, named: LogPush) -> None:
        """Take one push as the tablet's door does, again as long as it is taken in part.

        Where the office has not what comes before, nobody has it any more: both logs part, as when the tablet says so
        itself, and the rest is kept beside for a person.
        """
        try:
            push = self.handed.push(named)
        except UnreadableLog as damaged:
            taken.damaged.append(damaged.where)
            return
        last = push.from_seq + len(push.events) - 1
        while True:
            answer = self._apply(push)
            taken.standing = answer.standing
            for result in answer.results:
                taken.answers.setdefault(result.seq, result.status)
            if answer.standing == "fork":
                taken.beside += len(push.events) if answer.quarantined else 0
                taken.not_kept += 0 if answer.quarantined else len(push.events)
                return
            if answer.standing == "gap":
                taken.gap = (answer.last_seq + 1, push.from_seq - 1)
                self._note([push.from_seq - 1])
            elif answer.last_seq >= last:
                return

    def _apply(self, push: Push) -> PushAnswer:
        """Apply one push. What is broken in it was sealed so: the tablet signed for these very bytes."""
        for _time in range(SAME_BYTES_BELIEVED - 1):
            try:
                return self._try(push)
            except BrokenBatch as refused:
                if not refused.damaged:
                    raise
                with transaction(self.device.owner_id) as session:
                    note_damage(session, self.device.id, refused.damaged)
        return self._try(push)

    def _try(self, push: Push) -> PushAnswer:
        with transaction(self.device.owner_id) as session:
            device = device_of(session, self.device.id)  # one that is revoked meanwhile is heard as revoked
            return apply_batch(
                session,
                push,
                device=device,
                key=server_key(),
                stamp=self._stamp(),
            )

    def _note(self, nowhere: list[int]) -> list[int]:
        """Note how far the log goes; of the events that are not in it, return those that the office has not either."""
        last_seq, stamp = self.handed.index.last_seq, self._stamp()
        with transaction(self.device.owner_id) as session:
            return note_handed(session, self.device.id, last_seq=last_seq, nowhere=nowhere, stamp=stamp)

    def _file(self, taken: Taken, named: LogFile) -> None:
        with transaction(self.device.owner_id) as session:
            known = attachment_of(session, named.sha256)
        if known is not None and known.complete_at is not None:
            taken.files_known += 1
            return
        try:
            body = self.handed.file(named)
        except UnreadableLog as damaged:
            taken.damaged.append(damaged.where)
            return
        upload = Upload(self.device.owner_id, self.device.id, named.sha256, len(body), named.media_type)
        blob_store().put(upload.carrier_id, body, media_type=upload.media_type)
        with transaction(self.device.owner_id) as session:
            keep_attachment(session, upload, stamp=self._stamp())
        taken.files += 1

    def _stamp(self) -> Stamp:
        return Stamp(by=self.device.driver_id, at=clock.now(), device_id=self.device.id)


def _document(taken: Taken) -> dict[str, Any]:
    answered = Counter(taken.answers.values())
    return {
        "device_id": str(taken.device.id),
        "device": taken.device.name,
        "standing": taken.standing,
        "whole": taken.is_whole,
        "events": {
            "applied": answered["applied"],
            "known": answered["known"],
            "parked": answered["parked"],
            "beside": taken.beside,
            "not_kept": taken.not_kept,
            "unreadable": taken.unreadable,
        },
        "lacks": list(taken.gap) if taken.gap else [],
        "files": {"taken": taken.files, "known": taken.files_known},
        "damaged": taken.damaged,
    }


def _words(taken: Taken, document: dict[str, Any]) -> str:
    events, files = document["events"], document["files"]
    lines = [
        f"{taken.device.name}\u00a0: {events['applied']} appliqués · applied",
        f"{events['known']} connus · known, {events['parked']} à décider · to decide",
        f"{files['taken']} fichiers pris · files taken, {files['known']} connus · known",
    ]
    if taken.beside:
        lines.append(f"{taken.beside} à côté du journal du bureau, à décider · beside the office's log, to decide")
    lines += [f"✗ {text.fr}\n  {text.en}" for text in _lacks(taken)]
    lines.append(
        "Gardez le fichier jusqu’à la prochaine sauvegarde vérifiée · keep the file until the next verified backup"
    )
    return "\n".join(lines)


def _lacks(taken: Taken) -> Iterator[Text]:
    """Say what the office still lacks, and what to do about it."""
    if taken.unreadable:
        which = ", ".join(map(str, taken.unreadable[:10]))
        yield Text(
            f"La tablette ne lit plus elle-même ces événements de son journal\u00a0: {which}. Demandez au livreur "
            "ce qu’il y fit; les autres attendent votre décision, à côté.",
            f"The tablet itself cannot read these events of its log any more: {which}. Ask the driver what was "
            "done; the others wait for your decision, beside.",
        )
    elif taken.gap:
        first, last = taken.gap
        yield Text(
            f"Le bureau n’a pas les événements jusqu’à {last} (depuis {first}), et la tablette non plus\u00a0: une "
            "sauvegarde plus récente les a. Ce qui suit est gardé à côté, et attend votre décision.",
            f"The office has not the events up to {last} (from {first}), nor has the tablet: a newer backup has "
            "them. What follows is kept beside, and waits for your decision.",
        )
    if taken.not_kept:
        yield Text(
            f"Il n’y a plus de place à côté pour {taken.not_kept} événements\u00a0: gardez le fichier.",
            f"There is no room beside any more for {taken.not_kept} events: keep the file.",
        )
    if taken.damaged:
        yield Text(
            f"Parties absentes ou endommagées\u00a0: {', '.join(taken.damaged[:5])}. Copiez le fichier de nouveau, ou "
            "exportez encore le journal. Une photo que la tablette ne lit plus est perdue, et la preuve le dira.",
            f"Parts that are missing or damaged: {', '.join(taken.damaged[:5])}. Copy the file again, or export the "
            "log anew. A photo that the tablet cannot read any more is lost, and the proof will say so.",
        )
