"""What identity keeps for a while only: sessions, tokens, nonces and counts whose time is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.database import Owned
from server.identity.model import DeviceChallenge, DeviceToken, RateWindow, UserSession
from server.identity.service.sessions import IDLE

AT_ONCE: Final = 5_000
LONGEST_WINDOW: Final = timedelta(hours=1)  # no limit counts longer


def sweep_once(session: Session, *, at: datetime) -> dict[str, int]:
    """Delete what is over by now, at most ``AT_ONCE`` rows of each table; return how many by table.

    A session is over when it expired or idled too long, a count when its window is: none of them lets anybody in.
    """
    return {kind.__tablename__: _delete(session, kind, over) for kind, over in _over(at)}


def _over(at: datetime) -> Iterable[tuple[type[Owned], ColumnElement[bool]]]:
    return (
        (UserSession, or_(UserSession.expires_at <= at, UserSession.seen_at <= at - IDLE)),
        (RateWindow, RateWindow.window_starts_at <= at - LONGEST_WINDOW),
        (DeviceToken, DeviceToken.expires_at <= at),
        (DeviceChallenge, DeviceChallenge.expires_at <= at),
    )


def _delete(session: Session, kind: type[Owned], over: ColumnElement[bool]) -> int:
    """Rows in somebody's hands are passed over: the next round has them."""
    old = (
        select(kind.id)
        .where(kind.owner_id == acting_org(session), over)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return cast("CursorResult[Any]", session.execute(delete(kind).where(kind.id.in_(old)))).rowcount
