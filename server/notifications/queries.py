"""Reads over the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, not_, select, tuple_
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.notifications.choosing import is_hidden
from server.notifications.model import InboxMessage, SendingState, WebhookCall, WebhookEndpoint

PAGE_ROWS: Final = 50


def inbox(
    session: Session, *, page: int, hidden: frozenset[str] = frozenset(), unread: bool = False
) -> tuple[Sequence[InboxMessage], bool]:
    """Return one page of the acting organisation's messages, newest first, and whether another follows.

    ``hidden`` are the events that the reader switched off or may not hear of; ``unread`` leaves what was read out.
    """
    rows = session.scalars(
        all_messages(unread=unread, hidden=hidden)
        .where(InboxMessage.owner_id == acting_org(session))
        .order_by(InboxMessage.arrived_at.desc(), InboxMessage.id)
        .limit(PAGE_ROWS + 1)
        .offset((max(page, 1) - 1) * PAGE_ROWS)
    ).all()
    return rows[:PAGE_ROWS], len(rows) > PAGE_ROWS


def shown(hidden: frozenset[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of messages whose event is not among ``hidden``."""
    return (not_(is_hidden(hidden)),) if hidden else ()


def unread_count(session: Session, *, hidden: frozenset[str] = frozenset()) -> int:
    """Return how many messages of the acting organisation nobody has read, but for ``hidden`` events."""
    counted = session.scalar(
        select(func.count())
        .select_from(InboxMessage)
        .where(InboxMessage.owner_id == acting_org(session), InboxMessage.read_at.is_(None), *shown(hidden))
    )
    return int(counted or 0)


def all_messages(*, unread: bool, hidden: frozenset[str] = frozenset()) -> Select[InboxMessage]:
    """Return the query of the organisation's messages, or of those that nobody read, but for ``hidden`` events."""
    query = select(InboxMessage).where(*shown(hidden))
    return query.where(InboxMessage.read_at.is_(None)) if unread else query


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls of the webhooks to show; what is not set narrows nothing."""

    endpoint_id: UUID | None = None
    state: SendingState | None = None
    event: str = ""


def endpoints(session: Session) -> Sequence[WebhookEndpoint]:
    """Return the acting organisation's webhooks that were not removed, in the order of their addresses."""
    return session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.owner_id == acting_org(session), WebhookEndpoint.disabled_at.is_(None))
        .order_by(WebhookEndpoint.url, WebhookEndpoint.id)
    ).all()


def endpoint(session: Session, endpoint_id: UUID, *, locked: bool = False) -> WebhookEndpoint:
    """Return a webhook of the acting organisation.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    wanted = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.owner_id == acting_org(session)
    )
    found = session.scalars(wanted.with_for_update() if locked else wanted).one_or_none()
    if found is None:
        raise NotFound(Text("Ce webhook n’existe pas.", "There is no such webhook."), where=str(endpoint_id))
    return found


def call_named(session: Session, call_id: UUID) -> tuple[WebhookCall, WebhookEndpoint]:
    """Return a call of the acting organisation, locked, and its webhook.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(
        select(WebhookCall)
        .where(WebhookCall.id == call_id, WebhookCall.owner_id == acting_org(session))
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cet appel n’existe pas.", "There is no such call."), where=str(call_id))
    return found, endpoint(session, found.endpoint_id)


def all_calls(session: Session, *, narrowed: CallFilter) -> Select[WebhookCall]:
    """Return the query of the acting organisation's calls that the filter lets through."""
    query = select(WebhookCall).where(WebhookCall.owner_id == acting_org(session))
    chosen = (
        (WebhookCall.endpoint_id, narrowed.endpoint_id),
        (WebhookCall.state, narrowed.state),
        (WebhookCall.event, narrowed.event or None),
    )
    for column, wanted in chosen:
        if wanted is not None:
            query = query.where(column == wanted)
    return query


def calls(
    session: Session, *, narrowed: CallFilter, before: UUID | None, limit: int = PAGE_ROWS
) -> tuple[Sequence[WebhookCall], UUID | None]:
    """Return a page of calls, newest first, that starts behind the call ``before``, and the next page's ``before``."""
    query = all_calls(session, narrowed=narrowed)
    if before is not None:
        last = session.scalars(all_calls(session, narrowed=CallFilter()).where(WebhookCall.id == before)).one_or_none()
        if last is not None:
            query = query.where(tuple_(WebhookCall.made_at, WebhookCall.id) < tuple_(last.made_at, last.id))
    rows = session.scalars(query.order_by(WebhookCall.made_at.desc(), WebhookCall.id.desc()).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def failed_calls(session: Session) -> int:
    """Return how many calls of the acting organisation were given up, and whose webhook was not removed."""
    counted = session.scalar(
        select(func.count())
        .select_from(WebhookCall)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookCall.endpoint_id)
        .where(
            WebhookCall.owner_id == acting_org(session),
            WebhookCall.state == SendingState.FAILED,
            WebhookEndpoint.disabled_at.is_(None),
        )
    )
    return int(counted or 0)
