"""Reminders of overdue invoices, and e-mails that carry their PDF."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from server.core import clock
from server.core.settings import reload_settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.documents.jobs import render_invoice
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage
from server.notifications.outgoing.attaching import PaperNotReady
from server.notifications.outgoing.jobs import send_email
from server.receivables.jobs import remind
from server.receivables.service.reminders import LATE_DAYS, Pause, foreseen_reminders, send_reminders
from server.receivables.service.scheduling import reminder_plan
from tests.factories.accounts import Books, answered, make_books


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer and one shop, without anything due."""
    return make_books()


def reminded(books: Books, *, late_days: int, due) -> list[tuple[UUID, int]]:
    at = datetime(due.year, due.month, due.day, 16, tzinfo=UTC) + timedelta(days=late_days)
    with transaction(books.world.seller.id) as session:
        return [(one.invoice_id, one.level) for one in send_reminders(session, stamp=Stamp(None, at))]


def test_levels_rise_and_nobody_is_reminded_of_nothing(books: Books) -> None:
    """Law 27, R122: once at each level, ever higher; not at open 0, not when more is owed back."""
    invoice = books.invoice()
    due = invoice.due_on
    assert reminded(books, late_days=0, due=due) == []
    assert reminded(books, late_days=LATE_DAYS[0], due=due) == [(invoice.id, 1)]
    assert reminded(books, late_days=LATE_DAYS[0], due=due) == []
    assert reminded(books, late_days=LATE_DAYS[2] + 5, due=due) == [(invoice.id, 3)]
    assert reminded(books, late_days=LATE_DAYS[1], due=due) == []
    second = books.invoice()
    books.pay(invoice.total_cents + second.total_cents, allocations=[])
    assert reminded(books, late_days=40, due=second.due_on) == []
    assert answered(books.issuer.post("/api/v1/accounts/reminders"), 201) == []
    assert books.issuer_page.post("/comptes/rappels").status_code == 303
    assert books.shop.post("/api/v1/accounts/reminders").status_code == 403


def test_what_is_foreseen_says_what_waits_and_why(books: Books) -> None:
    """Law 27, R122: before each sending the door and the page say the level due, the next day, and why one waits."""
    world = books.world
    invoice = books.invoice(cases=60)
    on = invoice.due_on + timedelta(days=LATE_DAYS[0])
    with transaction(world.seller.id) as session:
        [one] = [one for one in foreseen_reminders(session, on=on) if one.invoice.id == invoice.id]
        assert (one.level_sent, one.level_due, one.is_due) == (0, 1, True)
        assert one.next_on == invoice.due_on + timedelta(days=LATE_DAYS[1])
        assert foreseen_reminders(session, on=invoice.due_on) == []
    assert (invoice.id, 1) in reminded(books, late_days=LATE_DAYS[0], due=invoice.due_on)
    books.credit(10**6)
    with transaction(world.seller.id) as session:
        assert {one.pause for one in foreseen_reminders(session, on=on)} == {Pause.NOTHING_OWED}
    assert answered(books.issuer.get("/api/v1/accounts/reminders")) == []
    page = books.issuer_page.get("/comptes/rappels").get_data(as_text=True)
    assert "Aucune facture en souffrance" in page
    assert books.shop.get("/api/v1/accounts/reminders").status_code == 403


def test_reminders_go_out_each_morning_while_they_are_switched_on(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R122, law 27: one job a morning, nothing twice on a day, nothing while off; the page has the switch."""
    issuer_id = str(books.world.seller.id)
    invoice = books.invoice(cases=400)
    plan = "/api/v1/accounts/reminders/plan"
    for _ in range(2):
        assert answered(books.issuer.open(plan, "PUT", json={"is_on": True}))["is_on"]
    assert len(mornings()) == 1
    at = datetime(invoice.due_on.year, invoice.due_on.month, invoice.due_on.day, 14, tzinfo=UTC) + timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: at)
    for sent in (1, 0):
        remind(owner_id=issuer_id, subject_id=issuer_id)
        with transaction(books.world.seller.id) as session:
            assert reminder_plan(session).sent == sent
    next_one = at.astimezone(ZoneInfo("America/Toronto")).date() + timedelta(days=1)
    assert f"receivables.remind:{issuer_id}:{next_one}" in mornings()
    monkeypatch.undo()
    assert "Désactiver" in books.issuer_page.get("/comptes/rappels").get_data(as_text=True)
    assert books.issuer_page.post("/comptes/rappels/calendrier").status_code == 303
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(days=30))
    remind(owner_id=issuer_id, subject_id=issuer_id)
    assert (invoice.id, 3) in reminded(books, late_days=40, due=invoice.due_on)


def mornings() -> list[str]:
    """The keys of the jobs that wait for a morning."""
    rows = text(
        "SELECT queueing_lock FROM procrastinate_jobs WHERE task_name = 'receivables.remind' AND status = 'todo'"
    )
    with transaction(UUID(int=0)) as session:
        return list(session.scalars(rows))


class Mailbox:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.kept = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  # aiosmtpd's own name
        self.kept.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox(books: Books, monkeypatch: pytest.MonkeyPatch):
    """A mail server on a free port."""
    del books
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("TOURNEE_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("TOURNEE_SMTP_PORT", str(port))
    reload_settings()
    yield box
    controller.stop()
    monkeypatch.undo()
    reload_settings()


def test_invoices_and_reminders_go_with_their_pdf(books: Books, mailbox: Mailbox) -> None:
    """R073, R116: the e-mail waits for its paper, carries the very PDF under one Message-ID, and comes once."""
    invoice = books.invoice(cases=3)
    asked = {"owner_id": str(books.world.seller.id), "subject_id": str(invoice.id)}
    tell_fact(**asked)
    with transaction(books.world.buyer.id) as session:
        message = session.scalars(select(EmailMessage).where(EmailMessage.subject_id == invoice.id)).one()
    sending = {"owner_id": str(books.world.buyer.id), "subject_id": str(message.id)}
    with pytest.raises(PaperNotReady):
        send_email(**sending)
    render_invoice(**asked)
    send_email(**sending)
    send_email(**sending)
    [arrived] = mailbox.kept
    [paper] = list(arrived.iter_attachments())
    assert paper.get_filename() == f"{invoice.number}.pdf"
    assert paper.get_content().startswith(b"%PDF")
    assert arrived["Message-ID"] == message.message_id
    assert f"/factures/{invoice.id}" in arrived.get_body().get_content()
    books.invoice(cases=20)  # so that more is owed than was paid in advance
    at = datetime.now(UTC) + timedelta(days=80)
    with transaction(books.world.seller.id) as session:
        made = [one for one in send_reminders(session, stamp=Stamp(None, at)) if one.invoice_id == invoice.id]
    for one in made:
        tell_fact(owner_id=asked["owner_id"], subject_id=str(one.id))
        with transaction(books.world.buyer.id) as session:
            kind = EmailMessage.kind == "invoice.reminder"
            again = session.scalars(select(EmailMessage).where(EmailMessage.subject_id == invoice.id, kind)).one()
        send_email(owner_id=str(books.world.buyer.id), subject_id=str(again.id))
    assert "rappel" in mailbox.kept[-1]["Subject"].lower()
    assert list(mailbox.kept[-1].iter_attachments())
