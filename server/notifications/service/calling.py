"""One call's life: due, tried, tried again ever later, sent or given up, and taken up again by a person."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.jobs import enqueue
from server.core.problems import Conflict, Problem, Text
from server.core.stamp import Stamp
from server.notifications.events import WEBHOOK_FAILED, WEBHOOK_SUSPENDED
from server.notifications.model import SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing.webhooks import WebhookRefused
from server.notifications.queries import CallFilter, all_calls, call_named

MAX_TRIES: Final = 8
SUSPENDED_AFTER: Final = 3  # calls given up in a row
LEASE: Final = timedelta(seconds=30)  # longer than one exchange; then a killed worker's call is due again
MAX_RETRIED: Final = 500  # at once, by one click
_BASE_S: Final = 4
_PING = "ping"
_JITTER = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call that this worker alone makes now, and where it goes."""

    call: WebhookCall
    endpoint: WebhookEndpoint


def call_soon(session: Session, call: WebhookCall, *, by_hand: bool = False) -> None:
    """Enqueue the call for its next try; one that a person wants does not wait for the one that waits."""
    from server.notifications.outgoing.jobs import call_webhook  # the job makes what is due, this makes jobs due

    key = f"webhook:{call.id}:{'now' if by_hand else 'next'}"
    enqueue(
        session,
        call_webhook,
        key=key,
        not_before=None if by_hand else call.next_try_at,
        owner_id=str(call.owner_id),
        subject_id=str(call.id),
    )


def claim(session: Session, call_id: UUID, *, stamp: Stamp) -> DueCall | None:
    """Return a call that is due, leased to the caller, or None: sent, given up, too early, or held back."""
    call = session.scalars(select(WebhookCall).where(WebhookCall.id == call_id).with_for_update()).one()
    endpoint = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id == call.endpoint_id)).one()
    if call.state is not SendingState.WAITING:
        return None
    if endpoint.disabled_at is not None:
        call.state = SendingState.FAILED
        call.last_error_fr, call.last_error_en = "Le webhook est retiré.", "The webhook was removed."
        return None
    if endpoint.suspended_at is not None and call.event != _PING:
        return None
    if call.next_try_at > stamp.at:
        call_soon(session, call)
        return None
    call.next_try_at = stamp.at + LEASE
    return DueCall(call, endpoint)


def note_try(session: Session, due: DueCall, *, status: int | None, problem: Problem | None, stamp: Stamp) -> None:
    """Write down how a try ended: sent, due again later, or given up; too many given up suspend the webhook."""
    call = session.scalars(select(WebhookCall).where(WebhookCall.id == due.call.id).with_for_update()).one()
    endpoint = session.scalars(
        select(WebhookEndpoint).where(WebhookEndpoint.id == due.endpoint.id).with_for_update()
    ).one()
    call.tries, call.round_tries = call.tries + 1, call.round_tries + 1
    call.last_status, call.last_try_at = status, stamp.at
    call.last_error_fr, call.last_error_en = (problem.detail.fr, problem.detail.en) if problem else ("", "")
    if problem is None:
        call.state, call.sent_at, endpoint.given_up = SendingState.SENT, stamp.at, 0
    elif call.round_tries >= MAX_TRIES or isinstance(problem, WebhookRefused) or call.event == _PING:
        _give_up(session, call, endpoint, stamp)
    else:
        call.next_try_at = stamp.at + pause_after(call.round_tries)
        call_soon(session, call)


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 4 s, 16 s, … 4 h 33 min, each up to a tenth longer by chance."""
    return timedelta(seconds=_BASE_S**tries * _JITTER.uniform(1, 1.1))


def retry(session: Session, *, call_id: UUID, stamp: Stamp) -> WebhookCall:
    """Try a call that failed or waits again now, with all its tries before it.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: it was sent, or its webhook is suspended or removed.
    """
    call, endpoint = call_named(session, call_id)
    if call.state is SendingState.SENT:
        raise Conflict(
            Text("Cet appel est déjà arrivé.", "This call has already arrived."),
            where=str(call_id),
        )
    if endpoint.suspended_at is not None or endpoint.disabled_at is not None:
        raise Conflict(
            Text(
                "Ce webhook est suspendu ou retiré. Réactivez-le d’abord.",
                "This webhook is suspended or removed. Enable it first.",
            ),
            where=str(call_id),
        )
    _again(session, call, stamp)
    return call


def retry_filtered(session: Session, *, narrowed: CallFilter, stamp: Stamp) -> int:
    """Try again every failed call that the filter shows, the oldest ``MAX_RETRIED`` first; return how many."""
    found: Sequence[WebhookCall] = session.scalars(
        all_calls(session, narrowed=narrowed)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookCall.endpoint_id)
        .where(
            WebhookCall.state == SendingState.FAILED,
            WebhookEndpoint.suspended_at.is_(None),
            WebhookEndpoint.disabled_at.is_(None),
        )
        .order_by(WebhookCall.made_at, WebhookCall.id)
        .limit(MAX_RETRIED)
        .with_for_update(of=WebhookCall)
    ).all()
    for call in found:
        _again(session, call, stamp)
    return len(found)


def _again(session: Session, call: WebhookCall, stamp: Stamp) -> None:
    if call.next_try_at > stamp.at and call.state is SendingState.WAITING and not call.tries:
        return  # leased for its first try just now
    call.state, call.round_tries, call.next_try_at = SendingState.WAITING, 0, stamp.at
    call_soon(session, call, by_hand=True)


def _give_up(session: Session, call: WebhookCall, endpoint: WebhookEndpoint, stamp: Stamp) -> None:
    call.state = SendingState.FAILED
    if call.event == _PING:
        return
    facts.record(session, WEBHOOK_FAILED, call.id, stamp)
    endpoint.given_up += 1
    if endpoint.given_up >= SUSPENDED_AFTER and endpoint.suspended_at is None:
        endpoint.suspended_at = stamp.at
        facts.record(session, WEBHOOK_SUSPENDED, endpoint.id, stamp)
