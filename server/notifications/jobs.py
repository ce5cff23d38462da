"""Who is told what: each job reads its subject and tells the subject's own parties."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.joined import joined_invoice
from server.billing.model import CreditNote, Invoice
from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.contests.model import Contest, ContestState
from server.delivery.model import Correction, Delivery, Proof
from server.identity.model import Invitation
from server.notifications import queries, words
from server.notifications.outgoing.links import INVITATION
from server.notifications.service.mailing import mail
from server.notifications.service.telling import News, tell
from server.orders.model import Order

_DECIDED = frozenset({ContestState.UPHELD, ContestState.DISMISSED})


@queue.task(name="notifications.tell_proof", retry=AGAIN)
def tell_proof(*, owner_id: str, subject_id: str) -> None:
    """Tell seller and buyer that the signed proof of their order is there, and nobody else (R018, R026)."""
    with transaction(UUID(owner_id)) as session:
        proof = session.scalars(select(Proof).where(Proof.id == UUID(subject_id))).one()
        order = _order(session, proof.order_id)
        _tell(session, {proof.seller_id, order.buyer_id}, words.news_of_proof(proof, order))


@queue.task(name="notifications.tell_variance", retry=AGAIN)
def tell_variance(*, owner_id: str, subject_id: str) -> None:
    """Tell the seller that an order was not delivered as ordered (R022, C14)."""
    with transaction(UUID(owner_id)) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == UUID(subject_id))).one()
        if delivery.outcome.value == "complete":
            return
        _tell(session, {delivery.seller_id}, words.news_of_variance(delivery, _order(session, delivery.order_id)))


@queue.task(name="notifications.tell_correction", retry=AGAIN)
def tell_correction(*, owner_id: str, subject_id: str) -> None:
    """Tell seller and buyer that a delivery of theirs was corrected, and why (R022)."""
    with transaction(UUID(owner_id)) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == UUID(subject_id))).one()
        correction = session.scalars(select(Correction).where(Correction.delivery_id == delivery.id)).one()
        news = words.news_of_correction(delivery, correction, _order(session, delivery.order_id))
        _tell(session, {delivery.seller_id, delivery.buyer_id}, news)


@queue.task(name="notifications.tell_invoice", retry=AGAIN)
def tell_invoice(*, owner_id: str, subject_id: str) -> None:
    """Invite the buyer to see its invoice (R073), once for all sections of a joined one (C15)."""
    _invite(owner_id, subject_id, again="")


@queue.task(name="notifications.tell_invoice_again", retry=AGAIN)
def tell_invoice_again(*, owner_id: str, subject_id: str) -> None:
    """Send the invitation once more, at most once a minute: its issuer asked for it (C6)."""
    _invite(owner_id, subject_id, again=f":{_now().at:%Y%m%d%H%M}")


def _invite(owner_id: str, subject_id: str, *, again: str) -> None:
    with transaction(UUID(owner_id)) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.id == UUID(subject_id))).one()
        if invoice.joined_id is None:
            news = words.news_of_invoice(invoice, again=again)
        else:  # each section asks, and its document's news are told once
            news = words.news_of_joined(joined_invoice(session, joined_id=invoice.joined_id), again=again)
        _tell(session, {invoice.buyer_id}, news)


@queue.task(name="notifications.tell_credit", retry=AGAIN)
def tell_credit(*, owner_id: str, subject_id: str) -> None:
    """Tell the buyer of a credit note."""
    with transaction(UUID(owner_id)) as session:
        note = session.scalars(select(CreditNote).where(CreditNote.id == UUID(subject_id))).one()
        _tell(session, {note.buyer_id}, words.news_of_credit(note))


@queue.task(name="notifications.tell_contest", retry=AGAIN)
def tell_contest(*, owner_id: str, subject_id: str) -> None:
    """Tell the parties of a contest's order that it was opened, decided or withdrawn: all but who just acted."""
    with transaction(UUID(owner_id)) as session:
        found = session.scalars(select(Contest).where(Contest.id == UUID(subject_id))).one()
        actor_id = found.owner_id if found.state in _DECIDED else found.opener_id
        _tell(session, {found.owner_id, *found.party_ids} - {actor_id}, words.news_of_contest(found))


@queue.task(name="notifications.tell_suspension", retry=AGAIN)
def tell_suspension(*, owner_id: str, subject_id: str) -> None:
    """Tell an organisation that its webhook is suspended, and where to take it up again."""
    with transaction(UUID(owner_id)) as session:
        one = queries.endpoint(session, UUID(subject_id))
        if one.suspended_at is not None:
            _tell(session, {one.owner_id}, words.news_of_suspension(one))


@queue.task(name="notifications.tell_invitation", retry=AGAIN)
def tell_invitation(*, owner_id: str, subject_id: str) -> None:
    """Send an invitation to the address that it is for; its link is put in while it is sent."""
    with transaction(UUID(owner_id)) as session:
        one = session.scalars(select(Invitation).where(Invitation.id == UUID(subject_id))).one()
        subject, body = words.invitation_words(one)
        mail(
            session,
            key=f"invitation:{one.id}",
            kind=INVITATION,
            subject_id=one.id,
            recipient=one.email,
            language="en" if one.language == "en" else "fr",
            subject=subject,
            body=body,
            stamp=_now(),
        )


def _order(session: Session, order_id: UUID) -> Order:
    return session.scalars(select(Order).where(Order.id == order_id)).one()


def _tell(session: Session, recipient_ids: Iterable[UUID], news: News) -> None:
    for recipient_id in sorted(recipient_ids):
        tell(session, recipient_id=recipient_id, news=news, stamp=_now())


def _now() -> Stamp:
    return Stamp(None, clock.now())
