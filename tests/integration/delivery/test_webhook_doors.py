"""An organisation's own webhooks: pages and API, rotation, suspension, tests, and receivers that drip."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.core import facts
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.notifications.events import WEBHOOK_SUSPENDED
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage, SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing import webhooks
from server.notifications.outgoing.jobs import call_webhook
from server.notifications.outgoing.webhooks import WebhookUnanswered, call, signature
from server.notifications.service import endpoints
from server.notifications.service.calling import SUSPENDED_AFTER
from server.notifications.service.telling import News, tell
from shared.ids import new_id
from shared.problems import Text
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import make_world, stamp

GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"
DEAD = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def loopback(database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEE_WEBHOOK_ALLOW_LOOPBACK", "1")
    reload_settings()


@pytest.fixture
def brewery() -> Organisation:
    return Organisation(OrganisationKind.SUPPLIER, make_world().seller.id)


@pytest.fixture
def program(app: Flask, brewery: Organisation) -> Client:
    return program_of(app, make_member(brewery, Role.OWNER))


def added(program: Client, url: str = DEAD) -> dict[str, Any]:
    answer = program.post("/api/v1/webhooks", json={"url": url})
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def calls_of(brewery: Organisation, endpoint_id: str, *, count: int, state: SendingState) -> list[WebhookCall]:
    """Make calls that wait for this webhook, or failed."""
    at = datetime.now(UTC)
    with transaction(brewery.id) as session:
        made = [
            WebhookCall(
                id=new_id(), owner_id=brewery.id, endpoint_id=endpoint_id, key=f"proof:{number}", event="proof.sealed",
                body={"key": f"proof:{number}"}, state=state, next_try_at=at - timedelta(seconds=1),
                made_at=at + timedelta(seconds=number),
            )
            for number in range(count)
        ]  # fmt: skip
        session.add_all(made)
    return made


def fail_for_good(brewery: Organisation, made: WebhookCall) -> None:
    with transaction(brewery.id) as session:
        row = session.get_one(WebhookCall, made.id)
        row.round_tries, row.next_try_at = 7, datetime(2026, 1, 1, tzinfo=UTC)
    call_webhook(owner_id=str(brewery.id), subject_id=str(made.id))


def test_a_rotated_secret_and_the_former_one_both_sign_for_a_while(program: Client, monkeypatch) -> None:
    """Webhooks: who changes its secret loses no call; after the time only the new one signs."""
    first = added(program)
    path = f"/api/v1/webhooks/{first['id']}"
    rotated = program.post(f"{path}/secret").json
    assert rotated["secret"] != first["secret"]
    assert rotated["former_secret"] == first["secret"]
    assert program.post(f"{path}/secret").status_code == 409
    signed = signature([rotated["secret"], rotated["former_secret"]], at_unix=1, payload=b"x")
    assert signed.count("v1=") == 2
    monkeypatch.setenv("TOURNEE_WEBHOOK_ROTATION_HOURS", "0")
    reload_settings()
    later = program.get(path).json
    assert (later["secret"], later["former_secret"]) == (rotated["secret"], None)


def test_no_secret_lies_in_the_database(program: Client, brewery: Organisation) -> None:
    """Security: a dump or a backup of the database signs nothing."""
    made = added(program)
    with transaction(brewery.id) as session:
        row = session.scalars(select(WebhookEndpoint)).one()
        assert made["secret"].removeprefix("whsec_") not in str(vars(row))
    assert len(made["secret"]) > 40


def test_a_webhook_that_takes_nothing_is_suspended_and_taken_up_again(program: Client, brewery: Organisation) -> None:
    """After calls given up in a row nothing is tried; its owner is told; enabling it calls what waited."""
    made = added(program)
    waiting = calls_of(brewery, made["id"], count=SUSPENDED_AFTER + 1, state=SendingState.WAITING)
    for one in waiting[:-1]:
        fail_for_good(brewery, one)
    fail_for_good(brewery, waiting[-1])  # held back, not tried
    assert program.get("/api/v1/webhooks").json[0]["suspended_at"] is not None
    tell_fact(owner_id=str(brewery.id), subject_id=made["id"])
    with transaction(brewery.id) as session:
        assert session.get_one(WebhookCall, waiting[-1].id).state is SendingState.WAITING
    assert program.post(f"/api/v1/webhooks/calls/{waiting[0].id}/retry").status_code == 409
    assert program.post(f"/api/v1/webhooks/{made['id']}/enable").json["suspended_at"] is None
    answer = program.post(f"/api/v1/webhooks/calls/{waiting[0].id}/retry")
    assert (answer.status_code, answer.json["state"]) == (202, "waiting")


def test_news_of_a_suspended_webhook_come_by_inbox_and_never_by_itself(brewery: Organisation) -> None:
    """Who is told of a broken webhook is told by another way."""
    with transaction(brewery.id) as session:
        one = endpoints.add_endpoint(session, url=DEAD, stamp=stamp())
        one.suspended_at = stamp().at
        facts.record(session, WEBHOOK_SUSPENDED, one.id, stamp())
    tell_fact(owner_id=str(brewery.id), subject_id=str(one.id))
    with transaction(brewery.id) as session:
        assert session.scalars(select(InboxMessage)).one().link == f"/webhooks/{one.id}"
        assert session.scalars(select(WebhookCall)).all() == []


def test_all_failures_that_the_filter_shows_are_tried_again(program: Client, brewery: Organisation) -> None:
    """« Réessayer » for one and for all; what is filtered away stays as it is."""
    first, second = added(program), added(program, "http://127.0.0.1:10/")
    calls_of(brewery, first["id"], count=3, state=SendingState.FAILED)
    calls_of(brewery, second["id"], count=2, state=SendingState.FAILED)
    assert program.post(f"/api/v1/webhooks/calls/retry?webhook_id={first['id']}").json == {"retried": 3}
    page = program.get("/api/v1/webhooks/calls?state=failed&limit=1").json
    assert page["calls"][0]["endpoint_id"] == second["id"]
    rest = program.get(f"/api/v1/webhooks/calls?state=failed&before={page['before']}").json
    assert (len(rest["calls"]), rest["before"]) == (1, None)


def test_a_test_call_goes_out_even_while_suspended(program: Client, brewery: Organisation) -> None:
    """A ping shows whether the receiver answers, before the webhook is taken up again."""
    made = added(program)
    with transaction(brewery.id) as session:
        session.scalars(select(WebhookEndpoint)).one().suspended_at = stamp().at
    pinged = program.post(f"/api/v1/webhooks/{made['id']}/ping")
    assert pinged.status_code == 202
    assert program.post(f"/api/v1/webhooks/{made['id']}/ping").status_code == 409
    call_webhook(owner_id=str(brewery.id), subject_id=pinged.json["id"])
    (ended,) = program.get("/api/v1/webhooks/calls").json["calls"]
    assert (ended["event"], ended["state"], ended["tries"]) == ("ping", "failed", 1)


def test_webhooks_are_their_owners_alone(app: Flask, program: Client, brewery: Organisation) -> None:
    """G10: another organisation finds neither webhook nor call, and cannot act on them."""
    made = added(program)
    (one,) = calls_of(brewery, made["id"], count=1, state=SendingState.FAILED)
    other = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER), Role.OWNER))
    assert other.get("/api/v1/webhooks").json == []
    assert other.get("/api/v1/webhooks/calls").json["calls"] == []
    for path in (f"{made['id']}/secret", f"{made['id']}/ping", f"{made['id']}/enable", f"calls/{one.id}/retry"):
        assert other.post(f"/api/v1/webhooks/{path}").status_code == 404
    assert other.get(f"/api/v1/webhooks/{made['id']}").status_code == 404


def test_pages_show_failures_with_what_to_do(app: Flask, program: Client, brewery: Organisation) -> None:
    """French first: list, one webhook, « Réessayer », filters in the address; an empty list says what to do."""
    browser = browser_of(app, make_member(brewery, Role.OWNER))
    assert "Ajoutez l’adresse https" in browser.get("/webhooks").text
    made = added(program)
    (one,) = calls_of(brewery, made["id"], count=1, state=SendingState.FAILED)
    listed = browser.get("/webhooks?etat=failed").text
    assert "Réessayer" in listed
    assert "proof.sealed" in listed
    assert "Aucun appel ne correspond" in browser.get("/webhooks?etat=sent").text
    assert made["secret"] in browser.get(f"/webhooks/{made['id']}").text
    assert browser.post(f"/webhooks/appels/{one.id}/reessayer?etat=failed").status_code == 303
    assert browser.post(f"/webhooks/{made['id']}/retirer").status_code == 303
    assert program.get("/api/v1/webhooks").json == []


def test_an_address_without_encryption_is_refused(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Security: outside of trials a webhook is https."""
    monkeypatch.setenv("TOURNEE_WEBHOOK_ALLOW_LOOPBACK", "0")
    reload_settings()
    answer = program.post("/api/v1/webhooks", json={"url": "http://8.8.8.8/"})
    assert (answer.status_code, answer.json["slug"]) == (422, "webhook-insecure")


@contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """Serve somebody who answers a byte at a time, without end."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(first)
            while not over.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        over.set()
        server.close()
        thread.join()


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_receiver_that_drips_ends_in_time_and_is_no_success(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits on everything: the exchange has one deadline, though each byte arrives within the socket's own."""
    monkeypatch.setattr(webhooks, "EXCHANGE_S", 0.5)
    with dripping(first) as url:
        began = time.monotonic()
        with pytest.raises(WebhookUnanswered):
            call(url, secrets=["s"], key="k", body={}, at_unix=1)
        assert time.monotonic() - began < 2


def test_the_guide_s_receiver_takes_ours_and_refuses_others() -> None:
    """docs/webhooks.md: its example is run as it stands; old, altered and unsigned calls are refused."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    room: dict[str, Any] = {}
    exec(code, room)
    body, now = b'{"event":"ping"}', int(time.time())
    signed = signature(["new", "old"], at_unix=now, payload=body)
    assert room["is_ours"]("new", signed, body)
    assert room["is_ours"]("old", signed, body)
    assert not room["is_ours"]("other", signed, body)
    assert not room["is_ours"]("new", signed, body + b" ")
    assert not room["is_ours"]("new", signature(["new"], at_unix=now - 600, payload=body), body)
    assert not room["is_ours"]("new", "", body)


def test_a_removed_webhook_gets_nothing_more(brewery: Organisation) -> None:
    """What waited for a removed address is given up, and says so."""
    news = News(key="k", kind="proof.sealed", subject_id=new_id(), title=Text("a", "a"), text=Text("b", "b"), link="/")
    with transaction(brewery.id) as session:
        one = endpoints.add_endpoint(session, url=DEAD, stamp=stamp())
        tell(session, recipient_id=brewery.id, news=news, stamp=stamp())
        endpoints.remove_endpoint(session, endpoint_id=one.id, stamp=stamp())
    with transaction(brewery.id) as session:
        made = session.scalars(select(WebhookCall)).one()
    call_webhook(owner_id=str(brewery.id), subject_id=str(made.id))
    with transaction(brewery.id) as session:
        ended = session.scalars(select(WebhookCall)).one()
    assert (ended.state, ended.tries, ended.last_error_fr) == (SendingState.FAILED, 0, "Le webhook est retiré.")
