"""The two jobs that reach out of the house: mail and webhooks, tried again with growing pauses."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from procrastinate import RetryStrategy
from sqlalchemy import select

from server.core import clock
from server.core.blobs import blob_store
from server.core.jobs import AGAIN, queue
from server.core.logs import log
from server.core.settings import settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.sharing.model import AccessWay
from server.documents.model import Document
from server.notifications.model import EmailMessage, SendingState
from server.notifications.outgoing import waiting
from server.notifications.outgoing.attaching import PaperNotReady, must_wait, papers_of
from server.notifications.outgoing.composing import composed
from server.notifications.outgoing.mail_server import mail_server, without_password
from server.notifications.outgoing.webhooks import WebhookRefused, WebhookUnanswered, call
from server.notifications.service.arriving import note_arrival
from server.notifications.service.calling import MAX_TRIES, DueCall, claim, note_try
from server.notifications.service.endpoints import secrets_of
from shared.problems import Problem, Text

_log = log(__name__)
_AGAIN = RetryStrategy(max_attempts=MAX_TRIES, exponential_wait=4)


class MailUndelivered(Problem):
    """The mail server did not take a message."""

    slug = "mail-undelivered"
    status = 502
    title = Text("Courriel non remis", "Mail not delivered")


@queue.task(name="notifications.send_email", pass_context=False, retry=_AGAIN)
def send_email(*, owner_id: str, subject_id: str) -> None:
    """Send one e-mail; without a mail server it waits in the outbox, and is looked for each hour."""
    with transaction(UUID(owner_id)) as session:
        message = session.scalars(select(EmailMessage).where(EmailMessage.id == UUID(subject_id))).one()
        papers = papers_of(session, message)
        waits = message.state is SendingState.WAITING and bool(settings().smtp_host) and must_wait(message, papers)
        message.tries += waits
    if waits:
        raise PaperNotReady(Text("Le PDF du courriel arrive.", "The e-mail’s PDF is on its way."))
    if message.state is not SendingState.WAITING:
        return
    if not settings().smtp_host:
        _log.info("email.waits", subject_id=subject_id, reason="no mail server is set")
        with transaction(UUID(owner_id)) as session:
            waiting.look_later(session, send_waiting, now=clock.now())
        return
    error = _send(message, papers)
    with transaction(UUID(owner_id)) as session:
        row = session.scalars(select(EmailMessage).where(EmailMessage.id == message.id)).one()
        row.tries += 1
        row.last_error = error
        row.document_ids = [one.id for one in papers]
        row.state = SendingState.SENT if not error else _after_failure(row.tries)
        row.sent_at = clock.now() if not error else None
        if not error:
            note_arrival(
                session, kind=row.kind, subject_id=row.subject_id, way=AccessWay.EMAIL, to=row.recipient, stamp=_now()
            )
    if error and row.state is SendingState.WAITING:
        raise MailUndelivered(
            Text(f"Le serveur de courriel a refusé ({error}).", f"The mail server refused ({error}).")
        )


@queue.task(name="notifications.send_waiting", pass_context=False, retry=AGAIN)
def send_waiting(*, owner_id: str) -> None:
    """Take up an organisation's e-mails that no job sends any more; comes back each hour while one waits.

    An hour of the clock for all cannot find them: no job looks over the fence between organisations.
    """
    with transaction(UUID(owner_id)) as session:
        if settings().smtp_host:
            waiting.take_up(session, send_email, now=clock.now())
        if waiting.is_any(session):
            waiting.look_later(session, send_waiting, now=clock.now())


@queue.task(name="notifications.call_webhook", pass_context=False, retry=AGAIN)
def call_webhook(*, owner_id: str, subject_id: str) -> None:
    """Make one signed call if it is due; every try carries the same bytes and key, and the next one is a job again."""
    with transaction(UUID(owner_id)) as session:
        due = claim(session, UUID(subject_id), stamp=_now())
    if due is None:
        return
    status, problem = _call(due)
    with transaction(UUID(owner_id)) as session:
        note_try(session, due, status=status, problem=problem, stamp=_now())
        if problem is None:
            host = urlsplit(due.endpoint.url).hostname or ""  # not the address whole: it may hold a secret
            made = due.call
            note_arrival(
                session, kind=made.event, subject_id=made.subject_id, way=AccessWay.WEBHOOK, to=host, stamp=_now()
            )


def _send(message: EmailMessage, papers: Sequence[Document]) -> str:
    attached = [(paper.name, blob_store().get(paper.owner_id, paper.sha256)) for paper in papers]
    mime = composed(message, attached)
    try:
        with mail_server() as server:
            server.send_message(mime)
    except (OSError, smtplib.SMTPException) as error:
        return without_password(f"{type(error).__name__}: {error}")[:500]
    return ""


def _call(due: DueCall) -> tuple[int | None, Problem | None]:
    now = clock.now()
    secrets = secrets_of(due.endpoint, at=now)
    try:
        status = call(
            due.endpoint.url, secrets=secrets, key=due.call.key, body=due.call.body, at_unix=int(now.timestamp())
        )
    except (WebhookRefused, WebhookUnanswered) as problem:
        return problem.members.get("answered"), problem
    return status, None


def _after_failure(tries: int) -> SendingState:
    return SendingState.FAILED if tries >= MAX_TRIES else SendingState.WAITING


def _now() -> Stamp:
    return Stamp(None, clock.now())
