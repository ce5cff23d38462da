"""The two jobs that reach out of the house: mail and webhooks, tried again with growing pauses."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage as MimeMessage
from uuid import UUID

from procrastinate import RetryStrategy
from sqlalchemy import select

from server.core import clock
from server.core.jobs import queue
from server.core.logs import log
from server.core.settings import settings
from server.core.transaction import transaction
from server.notifications.model import EmailMessage, SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing.webhooks import WebhookRefused, WebhookUnanswered, call
from shared.problems import Problem, Text

MAX_TRIES = 8
_log = log(__name__)
_AGAIN = RetryStrategy(max_attempts=MAX_TRIES, exponential_wait=4)


class MailUndelivered(Problem):
    """The mail server did not take a message."""

    slug = "mail-undelivered"
    status = 502
    title = Text("Courriel non remis", "Mail not delivered")


@queue.task(name="notifications.send_email", pass_context=False, retry=_AGAIN)
def send_email(*, owner_id: str, subject_id: str) -> None:
    """Send one e-mail; without a mail server it waits in the outbox."""
    with transaction(UUID(owner_id)) as session:
        message = session.scalars(select(EmailMessage).where(EmailMessage.id == UUID(subject_id))).one()
    if message.state is not SendingState.WAITING:
        return
    if not settings().smtp_host:
        _log.info("email.waits", subject_id=subject_id, reason="no mail server is set")
        return
    error = _send(message)
    with transaction(UUID(owner_id)) as session:
        row = session.scalars(select(EmailMessage).where(EmailMessage.id == message.id)).one()
        row.tries += 1
        row.last_error = error
        row.state = SendingState.SENT if not error else _after_failure(row.tries)
        row.sent_at = clock.now() if not error else None
    if error and row.state is SendingState.WAITING:
        raise MailUndelivered(
            Text(f"Le serveur de courriel a refusé ({error}).", f"The mail server refused ({error}).")
        )


@queue.task(name="notifications.call_webhook", pass_context=False, retry=_AGAIN)
def call_webhook(*, owner_id: str, subject_id: str) -> None:
    """Make one signed call; every try carries the same bytes and key."""
    with transaction(UUID(owner_id)) as session:
        made = session.scalars(select(WebhookCall).where(WebhookCall.id == UUID(subject_id))).one()
        endpoint = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id == made.endpoint_id)).one()
    if made.state is not SendingState.WAITING or endpoint.disabled_at is not None:
        return
    status, problem = _call(made, endpoint)
    with transaction(UUID(owner_id)) as session:
        row = session.scalars(select(WebhookCall).where(WebhookCall.id == made.id)).one()
        row.tries += 1
        row.last_status = status
        row.last_error = problem.detail.en if problem else ""
        row.state = SendingState.SENT if problem is None else _after_failure(row.tries, problem)
        row.sent_at = clock.now() if problem is None else None
    if problem is not None and row.state is SendingState.WAITING:
        raise problem


def _send(message: EmailMessage) -> str:
    mime = MimeMessage()
    mime["From"] = settings().smtp_from
    mime["To"] = message.recipient
    mime["Subject"] = message.subject
    mime["Message-ID"] = message.message_id
    mime["Content-Language"] = message.language
    mime.set_content(message.body)
    try:
        with smtplib.SMTP(settings().smtp_host, settings().smtp_port, timeout=10) as server:
            server.send_message(mime)
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"[:500]
    return ""


def _call(made: WebhookCall, endpoint: WebhookEndpoint) -> tuple[int | None, Problem | None]:
    at_unix = int(clock.now().timestamp())
    try:
        return call(endpoint.url, secret=endpoint.secret, key=made.key, body=made.body, at_unix=at_unix), None
    except (WebhookRefused, WebhookUnanswered) as problem:
        return None, problem


def _after_failure(tries: int, problem: Problem | None = None) -> SendingState:
    is_final = tries >= MAX_TRIES or isinstance(problem, WebhookRefused)
    return SendingState.FAILED if is_final else SendingState.WAITING
