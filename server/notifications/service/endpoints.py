"""An organisation's webhooks: named, signed with derived secrets, rotated, suspended and taken up again."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.keys import derived_secret
from server.core.problems import Conflict, Problem, Text
from server.core.settings import settings
from server.core.stamp import Stamp
from server.notifications.events import WEBHOOK_CHANGED
from server.notifications.model import SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing.webhooks import resolve
from server.notifications.queries import endpoint
from server.notifications.service.calling import call_soon
from shared.ids import new_id

MAX_ENDPOINTS: Final = 10
MAX_URL: Final = 500
PING: Final = "ping"


class WebhookInsecure(Problem):
    """A webhook must be called over TLS: proofs are nobody else's business."""

    slug = "webhook-insecure"
    title = Text("Adresse non chiffrée", "Address without encryption")


def check_address(url: str) -> str:
    """Return the address when calls may go there. It asks the network: never inside a transaction.

    Raises:
        WebhookRefused: not an address, unknown or not public.
        WebhookInsecure: no https.
    """
    wanted = url.strip()[:MAX_URL]
    if urlsplit(wanted).scheme == "http" and not settings().webhook_allow_loopback:
        raise WebhookInsecure(Text("Donnez une adresse https://.", "Give an https:// address."), where="url")
    resolve(wanted)
    return wanted


def add_endpoint(session: Session, *, url: str, stamp: Stamp) -> WebhookEndpoint:
    """Return a new webhook of the acting organisation; its address was checked before.

    Raises:
        Conflict: the address is known already, or there are ``MAX_ENDPOINTS``.
    """
    me = acting_org(session)
    known = select(WebhookEndpoint).where(WebhookEndpoint.owner_id == me, WebhookEndpoint.disabled_at.is_(None))
    urls = [one.url for one in session.scalars(known.with_for_update())]
    if url in urls or len(urls) >= MAX_ENDPOINTS:
        raise Conflict(
            Text(
                f"Cette adresse est déjà inscrite, ou vous en avez déjà {MAX_ENDPOINTS}. Retirez-en une.",
                f"This address is known already, or you have {MAX_ENDPOINTS}. Remove one.",
            ),
            where="url",
        )
    made = WebhookEndpoint(id=new_id(), owner_id=me, url=url)
    session.add(made)
    session.flush()
    facts.record(session, WEBHOOK_CHANGED, made.id, stamp)
    return made


def remove_endpoint(session: Session, *, endpoint_id: UUID, stamp: Stamp) -> WebhookEndpoint:
    """Call this address no more; what waited for it is given up."""
    found = endpoint(session, endpoint_id, locked=True)
    found.disabled_at = found.disabled_at or stamp.at
    facts.record(session, WEBHOOK_CHANGED, found.id, stamp)
    return found


def rotate_secret(session: Session, *, endpoint_id: UUID, stamp: Stamp) -> WebhookEndpoint:
    """Give the webhook another secret; the former one signs too for ``webhook_rotation_hours``.

    Raises:
        Conflict: the last rotation still runs: a third secret would end the first one early.
    """
    found = endpoint(session, endpoint_id, locked=True)
    if former_good_until(found, at=stamp.at) is not None:
        raise Conflict(
            Text(
                "Le secret vient d’être remplacé, et l’ancien est encore bon. Attendez la fin de ce délai.",
                "The secret was just replaced, and the former one is still good. Wait until that time is over.",
            ),
            where=str(endpoint_id),
        )
    found.generation += 1
    found.rotated_at = stamp.at
    facts.record(session, WEBHOOK_CHANGED, found.id, stamp)
    return found


def secrets_of(one: WebhookEndpoint, *, at: datetime) -> tuple[str, ...]:
    """Return the secrets that sign a call at this instant: the present one, and the former while it is good."""
    former = former_good_until(one, at=at) is not None
    return tuple(_secret(one.id, one.generation - back) for back in range(1 + former))


def former_good_until(one: WebhookEndpoint, *, at: datetime) -> datetime | None:
    """Return until when the former secret signs too, or None when it no longer does."""
    if one.rotated_at is None:
        return None
    until = one.rotated_at + timedelta(hours=settings().webhook_rotation_hours)
    return until if at < until else None


def enable_endpoint(session: Session, *, endpoint_id: UUID, stamp: Stamp) -> WebhookEndpoint:
    """Take a suspended webhook up again: what waited is called now, in the order of its making.

    Raises:
        Conflict: it was removed.
    """
    found = endpoint(session, endpoint_id, locked=True)
    if found.disabled_at is not None:
        raise Conflict(
            Text("Ce webhook est retiré\u00a0: ajoutez-en un nouveau.", "This webhook was removed: add a new one."),
            where=str(endpoint_id),
        )
    found.suspended_at, found.given_up = None, 0
    waiting = session.scalars(
        select(WebhookCall)
        .where(WebhookCall.endpoint_id == found.id, WebhookCall.state == SendingState.WAITING)
        .order_by(WebhookCall.made_at, WebhookCall.id)
    )
    for call in waiting:
        call.next_try_at = stamp.at
        call_soon(session, call)
    facts.record(session, WEBHOOK_CHANGED, found.id, stamp)
    return found


def ping(session: Session, *, endpoint_id: UUID, stamp: Stamp) -> WebhookCall:
    """Return a call that says nothing but that calls arrive; it goes out even while the webhook is suspended.

    Raises:
        Conflict: another one waits, or the webhook was removed.
    """
    found = endpoint(session, endpoint_id, locked=True)
    waiting = session.scalar(
        select(func.count())
        .select_from(WebhookCall)
        .where(
            WebhookCall.endpoint_id == found.id, WebhookCall.event == PING, WebhookCall.state == SendingState.WAITING
        )
    )
    if waiting or found.disabled_at is not None:
        raise Conflict(
            Text(
                "Un essai est déjà en route, ou ce webhook est retiré.",
                "A test is already on its way, or this webhook was removed.",
            ),
            where=str(endpoint_id),
        )
    call_id = new_id()
    key = f"ping:{call_id}"
    made = WebhookCall(
        id=call_id,
        owner_id=found.owner_id,
        endpoint_id=found.id,
        key=key,
        event=PING,
        body={"key": key, "event": PING, "at": stamp.at.isoformat()},
        state=SendingState.WAITING,
        next_try_at=stamp.at,
        made_at=stamp.at,
    )
    session.add(made)
    session.flush()
    call_soon(session, made)
    return made


def _secret(endpoint_id: UUID, generation: int) -> str:
    raw = derived_secret(f"webhook/{endpoint_id}/{generation}")
    return "whsec_" + base64.urlsafe_b64encode(raw).decode().rstrip("=")
