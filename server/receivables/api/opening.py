"""Calls to a provider between two transactions: a payment opened, a notice taken, money given back."""

from __future__ import annotations

from uuid import UUID

from server.billing.joined import joined_number
from server.billing.letterhead import letterhead
from server.billing.queries import invoice as read_invoice
from server.core import clock
from server.core.jobs import enqueue
from server.core.problems import NotFound, Text
from server.core.settings import settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.core.web import actor, language, stamp
from server.receivables import service
from server.receivables.jobs import follow_payment, give_back, look_later, try_later
from server.receivables.model import Payment, PaymentMethod, Refund, RefundState
from server.receivables.providers import Asked, gateway_of
from server.receivables.service.online import ask_online, note_notice, note_opened, provider_account, require_provider
from server.receivables.service.owning import own_payment


def open_online(invoice_id: UUID, key: UUID) -> Payment:
    """Return the caller's payment of an invoice, with the provider's page; the same key gives the same payment.

    Raises:
        As ``ask_online``; GatewayRefused, GatewayUnanswered: then the same key may be tried again.
    """
    with transaction(actor().org_id) as session:
        payment = ask_online(session, invoice_id=invoice_id, key=key, stamp=stamp())
        account = require_provider(session, issuer_id=payment.owner_id)
        invoice = read_invoice(session, invoice_id=invoice_id)
        number = joined_number(invoice) or invoice.number
        issuer = letterhead(session, org_id=payment.owner_id).card["name"]
    if payment.provider_ref:
        return payment
    asked = Asked(
        payment_id=payment.id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        title=f"{issuer} {number}",
        language=language(),
        return_url=f"{settings().public_url}/paiements/{payment.id}",
    )
    opened = gateway_of(account).pay_link(asked)
    with transaction(payment.owner_id) as session:
        payment = note_opened(session, payment=session.get_one(Payment, payment.id), opened=opened)
        look_later(session, payment, now=clock.now())
        return payment


def take_notice(issuer_id: UUID, payload: bytes, signature: str) -> None:
    """Take a provider's notice: a new one wakes the job that asks how the payment stands.

    Raises:
        NotFound: the issuer has no account at a provider.
        NoticeForged: not signed with the issuer's secret.

    Source: law 14.
    """
    with transaction(issuer_id) as session:
        account = provider_account(session, issuer_id=issuer_id)
    if account is None or not account.sealed_webhook_secret:
        raise NotFound(Text("Rien ne se trouve à cette adresse.", "There is nothing at this address."))
    notice = gateway_of(account).parse(payload, signature)
    with transaction(issuer_id) as session:
        now = Stamp(None, clock.now())
        payment_id = note_notice(session, account=account, notice=notice, stamp=now)
        if payment_id is not None:
            key = f"follow:{payment_id}"
            enqueue(session, follow_payment, key=key, owner_id=str(issuer_id), subject_id=str(payment_id))


def refund_payment(payment_id: UUID, wish: service.Wish, *, key: UUID) -> Refund:
    """Return the refund of a payment: by hand at once, or at its provider under the refund's own key.

    Raises:
        As ``service.refund``; GatewayRefused: then the refund has failed and the payment holds its money.
        GatewayUnanswered: it waits; the same key asks again, and so does a job.
    """
    with transaction(actor().org_id) as session:
        payment = own_payment(session, payment_id)
        if wish.method is not PaymentMethod.GATEWAY:
            return service.refund_by_hand(session, source=payment, wish=wish, key=key, stamp=stamp())
        service.require_online(session, payment)
        made = service.refund(session, source=payment, wish=wish, key=key, stamp=stamp())
        if made.state is RefundState.PENDING:
            try_later(session, made, now=clock.now())
    return give_back(made.owner_id, made.id)
