"""Laying the log of a tablet aside that can never go on with it: what must be true, and the fresh start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from driver_app import aside
from driver_app.clock import Clock
from driver_app.platform.protocols import Secrets
from driver_app.store import attachments, outbox, settings
from driver_app.store.commit_points import Reached, pass_by
from driver_app.store.database import Session
from driver_app.store.settings import Exported
from driver_app.sync.engine import Backlog, backlog
from driver_app.sync.greeting import greet
from driver_app.sync.office import Office, Refused
from driver_app.sync.transport import Transport
from driver_app.tablet import Tablet, open_tablet
from shared.problems import Problem, Text
from shared.wire.tablet_log import FORMAT

_OVER: Final = frozenset({"fork", "revoked", "unknown"})


class LogStillLives(Problem):
    """The office goes on with this log: there is nothing to lay aside."""

    slug = "tablet-log-lives"
    status = 409
    title = Text("Rien à mettre de côté", "Nothing to lay aside")


class LogOnlyHere(Problem):
    """The office has not everything, and no file holds it yet."""

    slug = "tablet-log-only-here"
    status = 409
    title = Text("Journal à exporter d’abord", "Export the log first")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStanding:
    """What the office lacks of a log, and whether a file holds all of it."""

    is_over: bool
    is_unknown: bool
    events: int
    files: int
    exported: str

    @property
    def is_safe(self) -> bool:
        """Whether nothing is on this tablet alone."""
        return not (self.events or self.files) or bool(self.exported)


def log_standing(tablet: Tablet) -> LogStanding:
    """Return how a tablet's log stands: over when it was revoked, forked, or the office knows the tablet no more.

    Of a fork, copies at the office count; an office that does not know the tablet holds nothing of its log.
    """

    def read(session: Session) -> LogStanding:
        left, head = backlog(session), outbox.head(session)
        known = settings.load(session, Exported)
        now = (head.seq, head.hash, attachments.count(session), FORMAT)  # the office takes no other file
        covers = known is not None and (known.seq, known.head, known.files, known.format) == now
        return LogStanding(
            is_over=left.position.standing in _OVER,
            is_unknown=left.position.standing == "unknown",
            events=_only_here(session, left),
            files=attachments.count(session) if left.position.standing == "unknown" else left.files,
            exported=known.name if known is not None and covers else "",
        )

    return tablet.store.read(read)


def _only_here(session: Session, left: Backlog) -> int:
    position = left.position
    if position.standing == "unknown":
        return len(outbox.entries(session))
    return max(0, outbox.head(session).seq - position.strays_seq) if position.standing == "fork" else left.events


def begin_anew(tablet: Tablet, keys: Secrets, *, reached: Reached = pass_by) -> Tablet:
    """Lay a log aside, whole, and return the fresh tablet that stands in its place, not enrolled yet.

    The former tablet's store is closed. How the driver likes the screens is taken along.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
    """
    require_over(tablet)
    home, preferences = tablet.store.path.parent, tablet.preferences
    tablet.store.close()
    aside.begin(home)
    fresh = open_tablet(home, keys, reached=reached)
    fresh.store.write("set_preference", lambda session: settings.save(session, preferences))
    return fresh


def require_over(tablet: Tablet) -> None:
    """Go on where a log may be laid aside.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
    """
    standing = log_standing(tablet)
    if not standing.is_over:
        raise LogStillLives(
            Text(
                "Le bureau suit cette tablette. Seul un journal révoqué, double ou inconnu du bureau se met de côté.",
                "The office follows this tablet. Only a log that is revoked, forked or unknown to it is laid aside.",
            )
        )
    if not standing.is_safe:
        raise LogOnlyHere(
            Text(
                "Des livraisons ne sont que sur cette tablette. Exportez le journal, puis mettez-le de côté.",
                "Deliveries are on this tablet alone. Export the log, then lay it aside.",
            )
        )


def require_still_there(tablet: Tablet, transport: Transport, clock: Clock) -> None:
    """Go on where a log may be laid aside and the office says just now that it has all of it, or a file holds it.

    What was heard before says nothing of an office that was put back since. Where nothing is left here to hand in, one
    that still does not know the tablet has said all that it can.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
        Unreachable: the office does not answer, and no file holds the log.
        Refused: it answers otherwise.
    """
    require_over(tablet)
    if log_standing(tablet).exported:
        return
    device = tablet.enrolment
    office = Office(transport, tablet.key, lambda: device.attestation)
    try:
        greet(tablet.store, office, device.device_id, clock)
    except Refused as refusal:
        if not (refusal.is_of_unknown and log_standing(tablet).is_unknown):
            raise
    require_over(tablet)


def open_aside(home: Path, keys: Secrets, number: int) -> Tablet:
    """Open a log that was laid aside, e.g. to export it again."""
    return open_tablet(aside.folder_of(home, number), aside.AsideSecrets(keys, number))
