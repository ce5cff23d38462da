"""Runs as they were pulled, byte for byte."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from driver_app.store import drafts
from driver_app.store.database import Session
from driver_app.store.vault import Unreadable
from shared.problems import Problem, Text
from shared.wire.bundle import BundleRun, BundleStop, FileRef

MAX_UNIT_PRICE: Final = 1_000_000
"""No order has a higher price, as the office takes them."""
_LATEST = 2**63 - 1


class UnknownRun(Problem):
    """The tablet does not hold this run."""

    slug = "tablet-run-unknown"
    status = 404
    title = Text("Tournée absente de la tablette", "Run not on this tablet")


class UnknownStop(Problem):
    """The run has no such stop in the version that the tablet holds."""

    slug = "tablet-stop-unknown"
    status = 404
    title = Text("Arrêt absent de la tournée", "Stop not in this run")


def keep(session: Session, body: bytes) -> BundleRun:
    """Keep one run's bytes under its version, and return what they say: it is the latest from now on.

    A restored office may have lost a later version, or made another one of the same number; its word counts. A stop
    that was opened here and that it does not name is kept beside its draft (ADR 0050).

    Raises:
        msgspec.ValidationError: the bytes are not a run, or a price is beyond ``MAX_UNIT_PRICE``; nothing is kept.
    """
    run = msgspec.json.decode(body, type=BundleRun)
    _require_prices(run)
    _keep_opened(session, run)
    session.db.execute(
        "INSERT INTO bundle_run (run_id, version, body) VALUES (?, ?, ?) "
        "ON CONFLICT (run_id, version) DO UPDATE SET gone = 0, body = excluded.body",
        (run.run_id, run.version, session.vault.close(body, f"run:{run.run_id}:{run.version}")),
    )
    session.db.execute("DELETE FROM bundle_run WHERE run_id = ? AND version > ?", (run.run_id, run.version))
    session.db.execute("UPDATE bundle_run SET gone = 0 WHERE run_id = ?", (run.run_id,))
    return run


def _require_prices(run: BundleRun) -> None:
    """Times the largest count and added up over an order, every price within the bound can be shown and sealed."""
    for order in (order for stop in run.stops for order in stop.orders):
        prices = order.prices.lines if order.prices is not None else ()
        if any(abs(Decimal(line.unit_price)) > MAX_UNIT_PRICE for line in prices):
            raise msgspec.ValidationError(f"order {order.order_number}: a unit price is beyond {MAX_UNIT_PRICE}")


def _keep_opened(session: Session, run: BundleRun) -> None:
    """Keep what an opened stop was about before the version that had it last may go, its empties and money by name."""
    opened = drafts.opened(session, run.run_id)
    if not opened:
        return
    try:
        before = load(session, run.run_id)
    except Unreadable:  # nothing can be kept of it, and the new version is not held up
        return
    left = opened - {stop.stop_id for stop in run.stops}
    for stop in before.stops:
        if stop.stop_id in opened:
            drafts.name_entries(session, stop, run_id=run.run_id)
        if stop.stop_id in left:
            drafts.keep_stop(session, stop, run_id=run.run_id)


def mark_gone(session: Session, run_ids: tuple[str, ...]) -> None:
    """Take runs off the list; what was done on them stays."""
    session.db.executemany("UPDATE bundle_run SET gone = 1 WHERE run_id = ?", [(run_id,) for run_id in run_ids])


def keep_only(session: Session, run_ids: set[str]) -> None:
    """Take every run off the list that is not in ``run_ids``."""
    held = {row[0] for row in session.db.execute("SELECT DISTINCT run_id FROM bundle_run WHERE gone = 0")}
    mark_gone(session, tuple(held - run_ids))


def load(session: Session, run_id: str, *, version: int = _LATEST) -> BundleRun:
    """Return the latest version of a run, gone or not, with the stops that were opened here and have left it since.

    With ``version`` it is the latest up to that one: what an event that names it was sealed under.

    Raises:
        UnknownRun: it was never pulled.
    """
    row = session.db.execute(
        "SELECT version, body FROM bundle_run WHERE run_id = ? AND version <= ? ORDER BY version DESC LIMIT 1",
        (run_id, version),
    ).fetchone()
    if row is None:
        raise UnknownRun(
            Text(
                "Cette tournée n’est pas sur la tablette. Connectez-vous au réseau pour la recevoir.",
                "This run is not on the tablet. Connect to the network to receive it.",
            ),
            where=run_id,
        )
    run = msgspec.json.decode(session.vault.open(row[1], f"run:{run_id}:{row[0]}"), type=BundleRun)
    left = drafts.opened(session, run_id) - {stop.stop_id for stop in run.stops}
    kept = [drafts.kept_stop(session, run_id=run_id, stop_id=stop_id) for stop_id in sorted(left)]
    return msgspec.structs.replace(run, stops=(*run.stops, *filter(None, kept))) if left else run


def current(session: Session) -> tuple[BundleRun, ...]:
    """Return the runs on the list, by their start; a run under way stays even when the office withdrew it."""
    ids = session.db.execute(
        "SELECT DISTINCT run_id FROM bundle_run WHERE gone = 0 "
        "UNION SELECT run_id FROM run_state WHERE departed_ms IS NOT NULL AND returned_ms IS NULL"
    )
    return tuple(
        sorted((load(session, row[0]) for row in ids), key=lambda run: (run.starts_at_ms, run.name, run.run_id))
    )


def stop_of(run: BundleRun, stop_id: str) -> BundleStop:
    """Return one stop of a run.

    Raises:
        UnknownStop: the run has no such stop.
    """
    for stop in run.stops:
        if stop.stop_id == stop_id:
            return stop
    raise UnknownStop(
        Text(
            f"La tournée {run.name} n’a pas cet arrêt. Revenez à la liste.",
            f"Run {run.name} has no such stop. Go back to the list.",
        ),
        where=stop_id,
    )


def missing_files(session: Session) -> tuple[FileRef, ...]:
    """Return the documents that the runs on the list name and the tablet does not hold yet."""
    held = {row[0] for row in session.db.execute("SELECT sha256 FROM bundle_file")}
    named = {
        file.sha256: file
        for run in current(session)
        for stop in run.stops
        for order in stop.orders
        for file in order.files
    }
    return tuple(file for sha256, file in named.items() if sha256 not in held)


def keep_file(session: Session, file: FileRef, body: bytes) -> None:
    """Keep a document's bytes under its hash."""
    session.db.execute(
        "INSERT OR IGNORE INTO bundle_file (sha256, media_type, body) VALUES (?, ?, ?)",
        (file.sha256, file.media_type, session.vault.close(body, f"file:{file.sha256}")),
    )


def load_file(session: Session, sha256: str) -> bytes | None:
    """Return a document's bytes, or None when they have not been fetched."""
    row = session.db.execute("SELECT body FROM bundle_file WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else session.vault.open(row[0], f"file:{sha256}")
