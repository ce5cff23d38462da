"""What this tablet is and how it feels: for the driver's screen, and as a file for support, without any customer."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import msgspec

from driver_app import APP_VERSION
from driver_app.clock import Moment
from driver_app.store import outbox, receipts, settings
from driver_app.store.database import Session
from driver_app.sync.engine import backlog
from driver_app.tablet import Tablet
from shared.problems import Language, Text
from shared.sealing import key_id, public_bytes

_GOOD, _BAD = Text("en ordre", "in order"), Text("à vérifier", "to be checked")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing examined."""

    name: str
    found: str
    is_good: bool


def examine(tablet: Tablet, language: Language) -> tuple[Check, ...]:
    """Return the state of the store, the chain, the keys and the sync."""
    whole, chained = tablet.store.read(_is_whole), tablet.store.read(_is_chained)
    left, latest = tablet.store.read(backlog), tablet.store.read(receipts.latest)
    enrolment = tablet.store.read(lambda session: settings.load(session, settings.Enrolment))
    reserve = tablet.store.has_reserve
    return (
        _check(Text("Mémoire de la tablette", "Tablet storage"), language, is_good=whole),
        _check(Text("Journal scellé", "Sealed log"), language, is_good=chained),
        _check(Text("Réserve de place", "Reserve of space"), language, is_good=reserve),
        Check(Text("Clé de la tablette", "Tablet key").say(language), key_id(public_bytes(tablet.key)), is_good=True),
        Check(
            Text("Appareil", "Device").say(language),
            enrolment.device_id[-12:] if enrolment else "–",
            is_good=enrolment is not None,
        ),
        Check(Text("À envoyer", "To send").say(language), f"{left.events} + {left.files}", is_good=True),
        Check(
            Text("Dernier accusé", "Last receipt").say(language), str(latest.last_seq) if latest else "–", is_good=True
        ),
        Check(
            Text("Version", "Version").say(language), f"{APP_VERSION} · SQLite {sqlite3.sqlite_version}", is_good=True
        ),
    )


def export(tablet: Tablet, now: Moment, language: Language) -> Path:
    """Write the diagnostic beside the store and return its path; it names no customer and holds no key.

    The office's receipts are in it: ``tournee sync check --receipts`` compares them with what the office holds.
    """
    entries = tablet.store.read(outbox.entries)
    enrolment = tablet.store.read(lambda session: settings.load(session, settings.Enrolment))
    body = {
        "carrier_id": enrolment.carrier_id if enrolment else "",
        "device_id": enrolment.device_id if enrolment else "",
        "receipts": [msgspec.to_builtins(one) for one in tablet.store.read(receipts.kept)],
        "checks": [asdict(check) for check in examine(tablet, language)],
        "events": [[entry.seq, entry.type, entry.state, entry.hash] for entry in entries],
        "position": msgspec.to_builtins(tablet.store.read(settings.position)),
        "written_wall_ms": now.wall_ms,
    }
    path = tablet.store.path.parent / f"diagnostic-{now.wall_ms}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(body)))
    return path


def _is_whole(session: Session) -> bool:
    return bool(session.db.execute("PRAGMA quick_check").fetchone()[0] == "ok")


def _is_chained(session: Session) -> bool:
    entries = outbox.entries(session)
    return all(after.seq == before.seq + 1 for before, after in pairwise(entries))


def _check(name: Text, language: Language, *, is_good: bool) -> Check:
    return Check(name.say(language), (_GOOD if is_good else _BAD).say(language), is_good)
