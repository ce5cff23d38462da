"""Who is told about accounts: the reminded buyer, and the other side of an accounting chat."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.joined import sections_beside
from server.billing.model import Invoice
from server.conversations.model import Message, Thread, ThreadSubject
from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.model import Membership
from server.notifications.accounting.words import news_of_account_message, news_of_reminder
from server.notifications.service.telling import tell
from server.receivables.model import Reminder


@queue.task(name="notifications.tell_reminder", retry=AGAIN)
def tell_reminder(*, owner_id: str, subject_id: str) -> None:
    """Remind a buyer of an overdue invoice, with its PDF by e-mail (R122, law 27)."""
    with transaction(UUID(owner_id)) as session:
        one = session.scalars(select(Reminder).where(Reminder.id == UUID(subject_id))).one()
        invoice = session.scalars(select(Invoice).where(Invoice.id == one.invoice_id)).one()
        news = news_of_reminder(one, invoice, open_cents=_open_with(session, one, invoice))
        tell(session, recipient_id=one.buyer_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_account_message", retry=AGAIN)
def tell_account_message(*, owner_id: str, subject_id: str) -> None:
    """Tell the other side of an account that somebody wrote in its chat (R087)."""
    issuer_id = UUID(owner_id)
    with transaction(issuer_id) as session:
        message = session.scalars(select(Message).where(Message.id == UUID(subject_id))).one()
        thread = session.scalars(select(Thread).where(Thread.id == message.thread_id)).one()
        if thread.subject is not ThreadSubject.ACCOUNT or message.author_id is None:
            return
        [buyer_id] = message.party_ids
        of_issuer = session.scalars(
            select(Membership).where(Membership.user_id == message.author_id, Membership.owner_id == issuer_id)
        ).first()
        link = f"/a-payer/{issuer_id}#chat" if of_issuer else f"/comptes/{buyer_id}#chat"
        news = news_of_account_message(message, link=link)
        tell(session, recipient_id=buyer_id if of_issuer else issuer_id, news=news, stamp=_now())


def _open_with(session: Session, one: Reminder, invoice: Invoice) -> int:
    """Return what is reminded of: of a joined invoice all sections that this day's reminders of the level are about."""
    beside = [section.id for section in sections_beside(session, invoice)]
    alike = select(func.sum(Reminder.open_cents)).where(
        Reminder.invoice_id.in_(beside), Reminder.level == one.level, Reminder.sent_on == one.sent_on
    )
    return int(session.scalars(alike).one())


def _now() -> Stamp:
    return Stamp(None, clock.now())
