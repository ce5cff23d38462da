"""Online payments: asked for, and brought to agree with what their provider says (R080, law 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.billing.joined import joined_number, sections_beside
from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.billing.queries import invoice as read_invoice
from server.billing.queries import voided_among
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, Forbidden, NotFound, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.queries import open_cents
from server.receivables import events
from server.receivables.model import (
    Payment,
    PaymentMethod,
    Provider,
    ProviderAccount,
    ProviderEvent,
)
from server.receivables.providers import GatewayState, Notice, Opened, Standing
from server.receivables.providers.opening import KEY, WEBHOOK
from server.receivables.providers.sealing import seal
from server.receivables.queries import origin_of, payment_of_cause
from server.receivables.service.allocating import read_anew
from server.receivables.service.mirroring import mirror_chargebacks, mirror_refunds
from server.receivables.service.payments import fail_payment, new_payment, received_of, succeed, taken_back
from server.receivables.service.reinstating import follow_reinstated
from server.receivables.service.repeated import require_same_online
from shared.ids import new_id
from shared.states import PaymentState

MAX_SECRET: Final = 300
_WAITING: Final = (PaymentState.INITIATED, PaymentState.PENDING)


class NotOnline(Conflict):
    """The issuer does not take payments online."""

    slug = "online-payment-off"
    title = Text("Paiement en ligne non offert", "Online payment not offered")


class NothingToPay(Conflict):
    """The invoice has nothing open."""

    slug = "nothing-to-pay"
    title = Text("Rien à payer", "Nothing to pay")


class OtherCurrency(Conflict):
    """The provider received another currency than the invoice's."""

    slug = "provider-other-currency"
    title = Text("Devise différente", "Different currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKeys:
    """What an issuer enters of its account at a provider; an empty secret keeps the one that stands."""

    is_enabled: bool
    secret_key: str = ""
    webhook_secret: str = ""


def set_provider(session: Session, *, keys: ProviderKeys, stamp: Stamp) -> ProviderAccount:
    """Return the acting issuer's account at Stripe, its secrets sealed; it is offered to buyers while enabled.

    Raises:
        NotOnline: it is to be enabled without its secrets.

    Source: R080.
    """
    me = acting_org(session)
    row = {
        "id": new_id(), "owner_id": me, "party_ids": [], "provider": Provider.STRIPE, "is_enabled": False,
        "sealed_key": b"", "sealed_webhook_secret": b"", "key_hint": "", "changed_at": stamp.at,
    }  # fmt: skip
    session.execute(insert(ProviderAccount).values(row).on_conflict_do_nothing())
    account = session.scalars(
        select(ProviderAccount).where(ProviderAccount.owner_id == me, ProviderAccount.provider == Provider.STRIPE)
        .with_for_update().execution_options(populate_existing=True)
    ).one()  # fmt: skip
    if keys.secret_key:
        account.sealed_key = seal(me, KEY, keys.secret_key[:MAX_SECRET])
        account.key_hint = keys.secret_key[-4:]
    if keys.webhook_secret:
        account.sealed_webhook_secret = seal(me, WEBHOOK, keys.webhook_secret[:MAX_SECRET])
    if keys.is_enabled and not (account.sealed_key and account.sealed_webhook_secret):
        raise NotOnline(
            Text("Inscrire la clé et le secret des avis avant d’activer.", "Enter key and notice secret first."),
            where="secret_key",
        )
    account.is_enabled, account.changed_at = keys.is_enabled, stamp.at
    facts.record(session, events.PROVIDER_CHANGED, account.id, stamp)
    return account


def provider_account(session: Session, *, issuer_id: UUID) -> ProviderAccount | None:
    """Return an issuer's account at its provider, if it has one; enabled or not."""
    with acting_for(session, issuer_id):
        return session.scalars(select(ProviderAccount).where(ProviderAccount.owner_id == issuer_id)).one_or_none()


def takes_online(session: Session, *, issuer_id: UUID) -> bool:
    """Say whether buyers may pay an issuer online."""
    account = provider_account(session, issuer_id=issuer_id)
    return account is not None and account.is_enabled


def require_provider(session: Session, *, issuer_id: UUID) -> ProviderAccount:
    """Return an issuer's enabled account at its provider.

    Raises:
        NotOnline: it has none, or it is off.
    """
    account = provider_account(session, issuer_id=issuer_id)
    if account is None or not account.is_enabled:
        raise NotOnline(
            Text(
                "Cet émetteur n’offre pas le paiement en ligne. Suivre les instructions de sa facture.",
                "This issuer does not offer online payment. Follow the instructions on its invoice.",
            ),
            where=str(issuer_id),
        )
    return account


def ask_online(session: Session, *, invoice_id: UUID, key: UUID, stamp: Stamp) -> Payment:
    """Return the acting buyer's new payment of all that an invoice has open; nothing is posted before it is paid.

    A section of a joined invoice is paid with all others: its client holds one invoice (C15).

    ``key`` is the command's: repeating it gives the same payment, as does asking while one waits.

    Raises:
        NotFound, Forbidden: the invoice is not the acting buyer's.
        NotOnline: its issuer takes no payments online.
        NothingToPay: nothing is open, or it is annulled (C6).
        KeyUsed: the key opened the payment of another invoice.
    """
    invoice = read_invoice(session, invoice_id=invoice_id)
    if invoice.buyer_id != acting_org(session):
        raise Forbidden(
            Text("Seul l’acheteur paie cette facture en ligne.", "Only the buyer pays this invoice online."),
            where=str(invoice_id),
        )
    require_provider(session, issuer_id=invoice.owner_id)
    with acting_for(session, invoice.owner_id):
        ledger.lock_command(session, issuer_id=invoice.owner_id, key=key)
        sections = sections_beside(session, invoice)
        known = payment_of_cause(session, issuer_id=invoice.owner_id, cause_id=key)
        if known is not None:
            require_same_online(known, invoice_id=sections[0].id)
            return known
        standing = {one.id for one in sections} - voided_among(session, invoice_ids=[one.id for one in sections])
        asked = open_cents(session, issuer_id=invoice.owner_id, document_ids=standing)
        still_cents = sum(asked.values())
        if still_cents <= 0:
            raise NothingToPay(
                Text("Cette facture n’a plus rien d’ouvert.", "This invoice has nothing open any more."),
                where=invoice.number,
            )
        waiting = _waiting_for(session, sections[0], still_cents)
        if waiting is not None:
            return waiting
        payment = new_payment(
            issuer_id=invoice.owner_id,
            party_ids=[invoice.buyer_id],
            buyer_id=invoice.buyer_id,
            method=PaymentMethod.GATEWAY,
            currency=invoice.currency,
            amount_cents=still_cents,
            received_on=letterhead(session, org_id=invoice.owner_id).day_of(stamp.at),
            reference=joined_number(invoice) or invoice.number,
            cause_id=key,
            stamp=stamp,
        )
        payment.state, payment.invoice_id = PaymentState.INITIATED, sections[0].id
        session.add(payment)
        facts.record(session, events.PAYMENT_ASKED, payment.id, stamp, readers=(invoice.buyer_id,))
    return payment


def _waiting_for(session: Session, invoice: Invoice, still_cents: int) -> Payment | None:
    """A second click must not open a second page on which the same invoice could be paid again."""
    ledger.lock_accounts(session, pairs=[(invoice.owner_id, invoice.buyer_id)])
    return session.scalars(
        select(Payment)
        .where(
            Payment.owner_id == invoice.owner_id,
            Payment.invoice_id == invoice.id,
            Payment.state.in_(_WAITING),
            Payment.amount_cents == still_cents,
        )
        .order_by(Payment.recorded_at.desc())
        .limit(1)
    ).one_or_none()


def note_opened(session: Session, *, payment: Payment, opened: Opened) -> Payment:
    """Return a payment with its provider's name and page; noted before, it stays as it is."""
    with acting_for(session, payment.owner_id):
        ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
        read_anew(session, payment)
        if payment.state is PaymentState.INITIATED and not payment.provider_ref:
            payment.provider_ref, payment.pay_url = opened.ref, opened.url
            payment.move_to(PaymentState.PENDING)
    return payment


def note_notice(session: Session, *, account: ProviderAccount, notice: Notice, stamp: Stamp) -> UUID | None:
    """Return the payment that a new notice is about; None for one that was noted before, or of nothing of ours.

    Source: law 14.
    """
    row = {
        "id": new_id(), "owner_id": account.owner_id, "party_ids": [], "provider": account.provider,
        "event_id": notice.event_id, "kind": notice.kind, "payment_ref": notice.payment_ref, "received_at": stamp.at,
    }  # fmt: skip
    made = session.execute(
        insert(ProviderEvent).values(row).on_conflict_do_nothing().returning(ProviderEvent.id)
    ).first()
    if made is None:
        return None
    is_it = Payment.id == notice.payment_id if notice.payment_id else Payment.provider_ref == notice.payment_ref
    return session.scalar(select(Payment.id).where(Payment.owner_id == account.owner_id, is_it))


def agree(session: Session, *, payment_id: UUID, standing: Standing, stamp: Stamp) -> Payment:
    """Return the acting issuer's payment brought to agree with how it stands at its provider.

    It is the state that decides, not the notices: whatever came twice, late or in another order ends the same.

    Raises:
        OtherCurrency: the provider received another currency.

    Source: R080; laws 13, 14, 15.
    """
    payment = session.get_one(Payment, payment_id)
    ledger.lock_accounts(session, pairs=[(payment.owner_id, payment.buyer_id)])
    read_anew(session, payment)
    _require_currency(payment, standing)
    if payment.state in _WAITING:
        payment.provider_ref = standing.ref
        if standing.state is GatewayState.FAILED:
            return fail_payment(session, payment=payment, stamp=stamp)
        if standing.state is not GatewayState.PAID:
            return payment
        _receive(session, payment, standing, stamp)
    if payment.state is PaymentState.FAILED:
        if standing.state is GatewayState.PAID:
            follow_reinstated(session, payment, standing, stamp)
        return payment
    mirror_refunds(session, [payment], standing.refunds, stamp)
    if not standing.is_charged_back:
        mirror_chargebacks(session, [payment], standing.charged_back_cents, stamp)
    elif taken_back(session, payment).amount_cents > 0:
        fail_payment(session, payment=payment, stamp=stamp)
    return payment


def waiting_payments(session: Session) -> list[UUID]:
    """Return the acting issuer's online payments that its provider has not decided yet, oldest first."""
    rows = session.scalars(
        select(Payment.id)
        .where(Payment.method == PaymentMethod.GATEWAY, Payment.state == PaymentState.PENDING)
        .where(Payment.owner_id == acting_org(session))
        .order_by(Payment.recorded_at)
    )
    return list(rows)


def require_followed(session: Session, payment_id: UUID) -> tuple[Payment, ProviderAccount]:
    """Return the payment under whose name a provider knows one of the acting issuer or buyer, and the issuer's account.

    Raises:
        NotFound: there is none, or it was never opened at a provider.
    """
    found = session.get(Payment, payment_id)
    payment = origin_of(session, found) if found else None
    account = provider_account(session, issuer_id=payment.owner_id) if payment else None
    if payment is None or account is None or not payment.provider_ref:
        raise NotFound(
            Text("Ce paiement en ligne n’existe pas.", "There is no such online payment."), where=str(payment_id)
        )
    return payment, account


def _receive(session: Session, payment: Payment, standing: Standing, stamp: Stamp) -> None:
    payment.amount_cents = standing.amount_cents
    on = letterhead(session, org_id=payment.owner_id).day_of(stamp.at)
    payment.received_on, payment.recorded_at = on, stamp.at
    session.flush()
    ledger.post_payment(session, received=received_of(payment), in_transit=False, posted_on=on, stamp=stamp)
    succeed(session, payment, on=on, stamp=stamp, first=payment.invoice_id)


def _require_currency(payment: Payment, standing: Standing) -> None:
    if standing.currency and standing.currency != payment.currency:
        raise OtherCurrency(
            Text(
                f"Le fournisseur a reçu des {standing.currency}, la facture est en {payment.currency}.",
                f"The provider received {standing.currency}, the invoice is in {payment.currency}.",
            ),
            where=str(payment.id),
        )
