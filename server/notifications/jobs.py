"""Who is told what: each job reads its subject and tells the subject's own parties."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from server.billing.model import CreditNote, Invoice
from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.contests.model import Contest, ContestState, ContestSubject
from server.delivery.model import Correction, Delivery, Proof
from server.identity.model import Invitation
from server.notifications import queries
from server.notifications.outgoing.links import INVITATION, LINK
from server.notifications.service.mailing import mail
from server.notifications.service.telling import News, tell
from server.orders.model import Order
from shared.money import format_money
from shared.problems import Text


@queue.task(name="notifications.tell_proof", retry=AGAIN)
def tell_proof(*, owner_id: str, subject_id: str) -> None:
    """Tell seller and buyer that the signed proof of their order is there, and nobody else (R018, R026)."""
    with transaction(UUID(owner_id)) as session:
        proof = session.scalars(select(Proof).where(Proof.id == UUID(subject_id))).one()
        order = session.scalars(select(Order).where(Order.id == proof.order_id)).one()
        news = News(
            key=f"proof:{proof.id}",
            kind="proof.sealed",
            subject_id=proof.id,
            title=Text(f"Preuve de livraison, commande {order.number}", f"Proof of delivery, order {order.number}"),
            text=Text(
                f"La preuve signée de la commande {order.number} est prête à consulter.",
                f"The signed proof of order {order.number} is ready.",
            ),
            link=f"/preuves/{proof.id}",
            members={
                "order_id": str(order.id),
                "order_number": order.number,
                "proof_id": str(proof.id),
                "file_sha256": proof.file_sha256,
                "pdf_sha256": proof.pdf_sha256,
            },
        )
        for recipient_id in sorted({proof.seller_id, order.buyer_id}):
            tell(session, recipient_id=recipient_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_variance", retry=AGAIN)
def tell_variance(*, owner_id: str, subject_id: str) -> None:
    """Tell the seller that an order was not delivered as ordered (R022, C14)."""
    with transaction(UUID(owner_id)) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == UUID(subject_id))).one()
        if delivery.outcome.value == "complete":
            return
        order = session.scalars(select(Order).where(Order.id == delivery.order_id)).one()
        news = News(
            key=f"variance:{delivery.id}",
            kind="delivery.variance",
            subject_id=order.id,
            title=Text(f"Écart de livraison, commande {order.number}", f"Delivery variance, order {order.number}"),
            text=Text(
                f"La commande {order.number} n’a pas été livrée telle que commandée ; les quantités sont à la page.",
                f"Order {order.number} was not delivered as ordered; the page shows the quantities.",
            ),
            link=f"/commandes/{order.id}",
            members={
                "order_id": str(order.id),
                "order_number": order.number,
                "delivery_id": str(delivery.id),
                "outcome": delivery.outcome.value,
            },
        )
        tell(session, recipient_id=delivery.seller_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_correction", retry=AGAIN)
def tell_correction(*, owner_id: str, subject_id: str) -> None:
    """Tell seller and buyer that a delivery of theirs was corrected, and why (R022)."""
    with transaction(UUID(owner_id)) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == UUID(subject_id))).one()
        correction = session.scalars(select(Correction).where(Correction.delivery_id == delivery.id)).one()
        order = session.scalars(select(Order).where(Order.id == delivery.order_id)).one()
        why = f" {correction.reason}" if correction.reason else ""
        news = News(
            key=f"correction:{delivery.id}",
            kind="delivery.corrected",
            subject_id=order.id,
            title=Text(f"Livraison corrigée, commande {order.number}", f"Delivery corrected, order {order.number}"),
            text=Text(
                f"La livraison de la commande {order.number} a été corrigée (révision {delivery.revision}).{why}",
                f"The delivery of order {order.number} was corrected (revision {delivery.revision}).{why}",
            ),
            link=f"/commandes/{order.id}",
            members={
                "order_id": str(order.id),
                "order_number": order.number,
                "delivery_id": str(delivery.id),
                "replaces_id": str(correction.replaces_id),
                "revision": delivery.revision,
                "reason": correction.reason,
            },
        )
        for recipient_id in sorted({delivery.seller_id, delivery.buyer_id}):
            tell(session, recipient_id=recipient_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_invoice", retry=AGAIN)
def tell_invoice(*, owner_id: str, subject_id: str) -> None:
    """Invite the buyer to see its invoice (R073)."""
    _invite(owner_id, subject_id, again="")


@queue.task(name="notifications.tell_invoice_again", retry=AGAIN)
def tell_invoice_again(*, owner_id: str, subject_id: str) -> None:
    """Send the invitation once more, at most once a minute: its issuer asked for it (C6)."""
    _invite(owner_id, subject_id, again=f":{_now().at:%Y%m%d%H%M}")


def _invite(owner_id: str, subject_id: str, *, again: str) -> None:
    with transaction(UUID(owner_id)) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.id == UUID(subject_id))).one()
        fr, en = (format_money(invoice.total_cents, invoice.currency, language) for language in ("fr", "en"))
        news = News(
            key=f"invoice:{invoice.id}{again}",
            kind="invoice.published",
            subject_id=invoice.id,
            title=Text(f"Facture {invoice.number}", f"Invoice {invoice.number}"),
            text=Text(
                f"La facture {invoice.number} de {fr} est à consulter.", f"Invoice {invoice.number} of {en} is ready."
            ),
            link=f"/factures/{invoice.id}",
            members={"invoice_id": str(invoice.id), "number": invoice.number, "total_cents": invoice.total_cents},
        )
        tell(session, recipient_id=invoice.buyer_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_credit", retry=AGAIN)
def tell_credit(*, owner_id: str, subject_id: str) -> None:
    """Tell the buyer of a credit note."""
    with transaction(UUID(owner_id)) as session:
        note = session.scalars(select(CreditNote).where(CreditNote.id == UUID(subject_id))).one()
        fr, en = (format_money(note.total_cents, note.currency, language) for language in ("fr", "en"))
        news = News(
            key=f"credit:{note.id}",
            kind="credit_note.issued",
            subject_id=note.id,
            title=Text(f"Note de crédit {note.number}", f"Credit note {note.number}"),
            text=Text(
                f"La note de crédit {note.number} de {fr} est émise : {note.reason_fr}.",
                f"Credit note {note.number} of {en} is issued: {note.reason_en}.",
            ),
            link=f"/credits/{note.id}",
            members={"credit_id": str(note.id), "number": note.number, "total_cents": note.total_cents},
        )
        tell(session, recipient_id=note.buyer_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_contest", retry=AGAIN)
def tell_contest(*, owner_id: str, subject_id: str) -> None:
    """Tell the parties of a contest's order that it was opened, decided or withdrawn: all but who just acted."""
    with transaction(UUID(owner_id)) as session:
        found = session.scalars(select(Contest).where(Contest.id == UUID(subject_id))).one()
        actor_id = found.owner_id if found.state in _DECIDED else found.opener_id
        of_credit = found.subject is ContestSubject.CREDIT
        what = Text(
            f"{'du crédit' if of_credit else 'de la preuve de la commande'} {found.number}",
            f"of {'credit' if of_credit else 'the proof of order'} {found.number}",
        )
        said = _CONTESTED[found.state]
        news = News(
            key=f"contest:{found.id}:{found.state}",
            kind=f"contest.{found.state}",
            subject_id=found.subject_id,
            title=Text(f"Contestation {what.fr} {said.fr}", f"Contest {what.en} {said.en}"),
            text=Text(found.decision or found.reason, found.decision or found.reason),
            link=f"/{'credits' if of_credit else 'preuves'}/{found.subject_id}",
            members={
                "contest_id": str(found.id),
                "subject": found.subject.value,
                "subject_id": str(found.subject_id),
                "state": found.state.value,
            },
        )
        for recipient_id in sorted({found.owner_id, *found.party_ids} - {actor_id}):
            tell(session, recipient_id=recipient_id, news=news, stamp=_now())


_DECIDED = frozenset({ContestState.UPHELD, ContestState.DISMISSED})
_CONTESTED = {
    ContestState.OPEN: Text("ouverte", "opened"),
    ContestState.UPHELD: Text("accueillie", "upheld"),
    ContestState.DISMISSED: Text("rejetée", "dismissed"),
    ContestState.WITHDRAWN: Text("retirée", "withdrawn"),
}


@queue.task(name="notifications.tell_suspension", retry=AGAIN)
def tell_suspension(*, owner_id: str, subject_id: str) -> None:
    """Tell an organisation that its webhook is suspended, and where to take it up again."""
    with transaction(UUID(owner_id)) as session:
        one = queries.endpoint(session, UUID(subject_id))
        if one.suspended_at is None:
            return
        news = News(
            key=f"webhook:{one.id}:{one.suspended_at.isoformat()}",
            kind="webhook.suspended",
            subject_id=one.id,
            title=Text("Webhook suspendu", "Webhook suspended"),
            text=Text(
                f"Trois appels de suite ne sont pas arrivés à {one.url}. Les suivants attendent.",
                f"Three calls in a row did not arrive at {one.url}. The next ones wait.",
            ),
            link=f"/webhooks/{one.id}",
            calls_out=False,
        )
        tell(session, recipient_id=one.owner_id, news=news, stamp=_now())


@queue.task(name="notifications.tell_invitation", retry=AGAIN)
def tell_invitation(*, owner_id: str, subject_id: str) -> None:
    """Send an invitation to the address that it is for; its link is put in while it is sent."""
    with transaction(UUID(owner_id)) as session:
        one = session.scalars(select(Invitation).where(Invitation.id == UUID(subject_id))).one()
        days = (one.expires_at - one.made_at).days
        mail(
            session,
            key=f"invitation:{one.id}",
            kind=INVITATION,
            subject_id=one.id,
            recipient=one.email,
            language="en" if one.language == "en" else "fr",
            subject=Text(f"Invitation\u00a0: {one.organisation_name}", f"Invitation: {one.organisation_name}"),
            body=Text(
                f"{one.inviter_name} vous invite à rejoindre {one.organisation_name} sur Tournée.\n\n{LINK}\n\n"
                f"Ce lien sert une fois, pendant {days} jours. Si vous n’attendiez rien, ignorez ce courriel.\n",
                f"{one.inviter_name} invites you to join {one.organisation_name} on Tournée.\n\n{LINK}\n\n"
                f"This link works once, for {days} days. If you expected nothing, ignore this e-mail.\n",
            ),
            stamp=_now(),
        )


def _now() -> Stamp:
    return Stamp(None, clock.now())
