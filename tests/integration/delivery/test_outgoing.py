"""What leaves the house: calls that are signed and go nowhere private, and mail that arrives."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from server.core.jobs import queue
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.notifications.model import EmailMessage, SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing.jobs import MailUndelivered, call_webhook, send_email
from server.notifications.outgoing.webhooks import WebhookRefused, may_be_called, resolve
from server.notifications.service.calling import MAX_TRIES, pause_after, retry
from server.notifications.service.endpoints import add_endpoint, secrets_of
from server.notifications.service.telling import News, tell
from shared.ids import new_id
from shared.problems import Text
from tests.factories.world import World, make_world, stamp


@dataclass
class Receiver:
    """Somebody's own server, which answers what it is told and remembers what came."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("TOURNEE_WEBHOOK_ALLOW_LOOPBACK", "1")
    reload_settings()
    receiver = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((dict(self.headers), body))
            status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    receiver.url = f"http://127.0.0.1:{server.server_port}/tournee?for=us"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def world(database) -> World:
    return make_world()


def told(world: World, *, url: str = "") -> None:
    """Tell the first supplier something, by each way that it has."""
    news = News(
        key="proof:1",
        kind="proof.sealed",
        subject_id=new_id(),
        title=Text("Preuve de livraison, été", "Proof of delivery"),
        text=Text("La preuve est prête : à consulter.", "The proof is ready."),
        link="/preuves/1",
        members={"order_number": "C-1"},
    )
    with transaction(world.seller.id) as session:
        if url:
            add_endpoint(session, url=url, stamp=stamp())
        tell(session, recipient_id=world.seller.id, news=news, stamp=stamp())


def row(world: World, kind: type) -> Any:
    with transaction(world.seller.id) as session:
        return session.scalars(select(kind)).one()


def endpoint(world: World) -> WebhookEndpoint:
    return row(world, WebhookEndpoint)


def call(world: World, *, early: bool = False) -> None:
    """Make the call as the worker does; what waits for later is brought forward unless told ``early``."""
    made = row(world, WebhookCall)
    if not early:
        with transaction(world.seller.id) as session:
            session.get_one(WebhookCall, made.id).next_try_at = datetime(2026, 1, 1, tzinfo=UTC)
    call_webhook(owner_id=str(world.seller.id), subject_id=str(made.id))


def jobs_of(world: World) -> int:
    """Count the jobs that wait for this world's call."""
    with transaction(world.seller.id) as session:
        return session.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.call_webhook'"
                 " AND status = 'todo' AND args ->> 'subject_id' = :id"),
            {"id": str(row(world, WebhookCall).id)},
        ).scalar_one()  # fmt: skip


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    at, *signed = (part.partition("=")[2] for part in headers["Tournee-Signature"].split(","))
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() in signed


def test_a_call_is_signed_and_repeated_with_the_same_bytes(world: World, receiver: Receiver) -> None:
    """R026, G5: HMAC over time and body, one idempotency key; a refused try comes again unchanged."""
    receiver.statuses = [500, 302, 204]
    told(world, url=receiver.url)
    for _ in range(4):
        call(world)
    assert len(receiver.came) == 3
    assert len({body for _, body in receiver.came}) == 1
    (secret,) = secrets_of(endpoint(world), at=datetime.now(UTC))
    for headers, body in receiver.came:
        assert is_signed(headers, body, secret)
        assert headers["Idempotency-Key"] == "proof:1"
    assert json.loads(receiver.came[0][1])["order_number"] == "C-1"
    assert (row(world, WebhookCall).state, row(world, WebhookCall).tries) == (SendingState.SENT, 3)


def test_a_refused_try_says_why_and_when_the_next_one_is(world: World, receiver: Receiver) -> None:
    """R026: reason, count and next try stand with the call; the next try is a job of that instant."""
    receiver.statuses = [500]
    told(world, url=receiver.url)
    call(world)
    made = row(world, WebhookCall)
    assert (made.last_status, made.tries) == (500, 1)
    assert "500" in made.last_error_fr
    assert "500" in made.last_error_en
    assert timedelta(seconds=2) < made.next_try_at - datetime.now(UTC) <= pause_after(1) + timedelta(seconds=1)
    call(world, early=True)
    assert len(receiver.came) == 1
    assert jobs_of(world) >= 1


def test_a_call_that_nobody_takes_fails_for_good_in_the_end(world: World, receiver: Receiver) -> None:
    """Limits on everything: so many tries, then a person may look, and try again with all tries before it."""
    receiver.statuses = [503]
    told(world, url=receiver.url)
    for _ in range(MAX_TRIES + 1):
        call(world)
    failed = row(world, WebhookCall)
    assert (failed.state, len(receiver.came)) == (SendingState.FAILED, MAX_TRIES)
    receiver.statuses = [200]
    with transaction(world.seller.id) as session:
        retry(session, call_id=failed.id, stamp=stamp(datetime.now(UTC)))
    call(world, early=True)
    assert (row(world, WebhookCall).state, row(world, WebhookCall).tries) == (SendingState.SENT, MAX_TRIES + 1)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
        "192.0.2.1", "198.18.0.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_never_called(address: str, database) -> None:
    """Private, loopback, link-local, CGNAT, NAT64, mapped and documentation addresses are refused."""
    assert not may_be_called(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_called(address: str, database) -> None:
    """The refusal is of addresses, not of everything."""
    assert may_be_called(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/",
        "http://[::ffff:7f00:1]/", "ftp://example.com/", "file:///etc/passwd", "http://user:word@8.8.8.8/", "http:///x",
        "http://8.8.8.8:99999/", "http://[::1/", "http://a..b/",
    ],
)  # fmt: skip
def test_urls_that_lead_elsewhere_are_refused(url: str, database) -> None:
    """Other spellings of this machine, other schemes, credentials and broken ports are refused in words."""
    with pytest.raises(WebhookRefused):
        resolve(url)


def test_a_refused_address_is_not_tried_again(world: World) -> None:
    """A call that may not be made fails at once."""
    told(world, url="http://127.0.0.1:1/")
    call(world)
    assert (row(world, WebhookCall).state, row(world, WebhookCall).tries) == (SendingState.FAILED, 1)


class Mailbox:
    """A mail server that refuses the first messages and keeps the others."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.kept = refusals, []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            self.refusals -= 1
            return "451 later"
        self.kept.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@contextmanager
def open_mailbox(monkeypatch: pytest.MonkeyPatch, *, refusals: int = 0) -> Iterator[Mailbox]:
    """Run a mail server and set it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mailbox = Mailbox(refusals=refusals)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("TOURNEE_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("TOURNEE_SMTP_PORT", str(port))
    reload_settings()
    try:
        yield mailbox
    finally:
        controller.stop()


def take_jobs(database: Any, *tasks: str) -> list[tuple[str, dict[str, str]]]:
    """Take the waiting jobs of these tasks off the queue, as a worker does when they are due."""
    with psycopg.connect(database.superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(
            "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo' AND task_name = ANY(%s)"
            " RETURNING task_name, args",
            [list(tasks)],
        ).fetchall()


def test_mail_written_before_a_mail_server_was_set_is_sent_once_it_is(
    world: World, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new machine, or one that was restored, may run before its mail server is set: nothing that waits is lost."""
    told(world)
    ((_, asked),) = take_jobs(database, "notifications.send_email")
    send_email(**asked)
    send_email(**asked)
    with transaction(world.seller.id) as session:
        session.scalars(select(EmailMessage)).one().written_at = datetime.now(UTC) - timedelta(minutes=6)
    ((name, hour),) = take_jobs(database, "notifications.send_waiting", "notifications.send_email")
    assert name == "notifications.send_waiting"
    queue.tasks[name](**hour)
    ((_, hour),) = take_jobs(database, "notifications.send_waiting", "notifications.send_email")
    with open_mailbox(monkeypatch) as mailbox:
        for _twice in range(2):
            queue.tasks[name](**hour)
        ((_, asked),) = take_jobs(database, "notifications.send_email")
        send_email(**asked)
        ((_, hour),) = take_jobs(database, "notifications.send_waiting")
        queue.tasks[name](**hour)
        assert take_jobs(database, "notifications.send_waiting", "notifications.send_email") == []
    assert len(mailbox.kept) == 1
    assert row(world, EmailMessage).state is SendingState.SENT


def test_mail_arrives_once_with_its_accents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R026, R064: a message that the server refuses for now is sent again under the same Message-ID."""
    with open_mailbox(monkeypatch, refusals=1) as mailbox:
        told(world)
        message = row(world, EmailMessage)
        asked = {"owner_id": str(world.seller.id), "subject_id": str(message.id)}
        with pytest.raises(MailUndelivered):
            send_email(**asked)
        send_email(**asked)
        send_email(**asked)
    (arrived,) = mailbox.kept
    assert arrived["Subject"] == "Preuve de livraison, été"
    assert arrived["Message-ID"] == message.message_id
    assert "La preuve est prête : à consulter." in arrived.get_content()
    assert row(world, EmailMessage).state is SendingState.SENT
