"""A batch's events applied together: read beforehand, written at the end, and one by one where that cannot be.

Events that nothing stands in the way of (an arrival, the first visit of a stop, the return) only gather their rows;
every other event is applied at once, under a savepoint of its own. When a gathered one fails, nothing of it can be
undone alone: the whole batch is undone and its events are applied one by one. Both ways leave the same rows.

Where what the events issue cannot be numbered together either, each event is numbered by itself: the one that refuses
is set aside, and nothing stands in the way of the tablet (ADR 0056).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from server.core.acting import savepoint
from server.core.gathering import Uncertain, at_once, gathered, is_gathering
from server.core.logs import log
from server.fulfilment.service.foreseeing import foresee, forget_foreseen
from server.fulfilment.service.questions import is_known_first
from server.sync.service.in_turn import Unnumbered
from server.sync.service.parking import POISON
from shared.visit import ORDER_PREFIX
from shared.wire.event import Envelope, SealedEvent
from shared.wire.limits import Identifier, OptionalIdentifier

_log = log(__name__)
_PLAIN: Final = frozenset({"stop.arrived", "run.returned"})


class Take[T](Protocol):
    """Takes a batch; numbers go to each event at once, or to all at the end."""

    def __call__(self, *, numbered_with_each: bool) -> T:
        """Take it.

        Raises:
            Uncertain: a gathered step failed.
            Unnumbered: what the events issued cannot be numbered together.
        """


def together_or_one_by_one[T](session: Session, take: Take[T]) -> T:
    """Return what ``take`` does to a batch: gathered if that goes well, else one by one, else numbered one by one."""
    try:
        with savepoint(session), gathered(session):
            return take(numbered_with_each=False)
    except Uncertain as error:
        _log.info("sync.one_by_one", reason=repr(error.__cause__ or error)[:300])
    except (Unnumbered, *POISON) as error:  # what succeeds one by one fails by the gathering, and is to be mended
        _log.error("sync.one_by_one", exc_info=error.__cause__ or error)
    try:
        with savepoint(session):
            return take(numbered_with_each=False)
    except Unnumbered as error:
        _log.error("sync.numbered_one_by_one", exc_info=error.__cause__)
    return take(numbered_with_each=True)


def look_ahead(session: Session, events: Sequence[SealedEvent]) -> None:
    """Read beforehand what these events will ask for; outside of a gathering there is nothing to do."""
    if not is_gathering(session):
        return
    places = [place for sealed in events if (place := _place(sealed)) is not None]
    foresee(
        session,
        run_ids=(UUID(one.run_id) for one in places),
        stop_ids=(UUID(one.stop_id) for one in places if one.stop_id),
        order_ids=(order_id for sealed in events for order_id in _order_ids(sealed)),
    )


class _Place(msgspec.Struct, frozen=True):
    """Which run and stop an event names."""

    run_id: Identifier
    stop_id: OptionalIdentifier


def _place(sealed: SealedEvent) -> _Place | None:
    try:
        return msgspec.json.decode(sealed.body.encode(), type=_Place)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


@contextmanager
def step(session: Session, sealed: SealedEvent, envelope: Envelope) -> Iterator[None]:
    """Apply one event inside the block under its own savepoint; only gather its rows when nothing stands against it.

    Raises:
        Uncertain: a gathered event failed.
    """
    if not is_gathering(session) or _is_plain(session, sealed, envelope):
        with savepoint(session):
            yield
        return
    forget_foreseen(session)
    with at_once(session), savepoint(session):
        yield


def _is_plain(session: Session, sealed: SealedEvent, envelope: Envelope) -> bool:
    """Say whether the event reads nothing that an event before it in the batch may have gathered."""
    if envelope.type == "visit.finished":
        is_first = is_known_first(session, order_ids=_order_ids(sealed), stop_id=UUID(envelope.stop_id))
        return is_first and not envelope.payload.get("corrects")
    return envelope.type in _PLAIN or (envelope.type == "run.departed" and not session.new)


def _order_ids(sealed: SealedEvent) -> list[UUID]:
    return [UUID(key) for group in sealed.groups if (key := group.key.removeprefix(ORDER_PREFIX)) != group.key]
