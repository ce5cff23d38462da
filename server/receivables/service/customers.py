"""A customer's account at an issuer: who has one, how much it may owe, whether its orders wait."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.ledger.queries import balance_cents
from server.orders.model import Order
from server.parties.model import Client
from server.receivables import events
from server.receivables.accounts import has_account
from server.receivables.model import CustomerAccount
from shared.ids import new_id
from shared.money import format_money
from shared.states import BillingState, OrderState

MAX_LIMIT_CENTS: Final = 10**11
MAX_HOLD_REASON: Final = 500
_UNDER_WAY: Final = (OrderState.ACCEPTED, OrderState.PLANNED, OrderState.SHIPPED)


class NoAccount(NotFound):
    """The organisation is no customer of the issuer."""

    slug = "no-account"
    title = Text("Aucun compte client", "No customer account")


class BadLimit(Problem):
    """A credit limit is a positive and reasonable amount, or none."""

    slug = "bad-credit-limit"
    title = Text("Limite de crédit invalide", "Invalid credit limit")


class BadHold(Problem):
    """A hold says why."""

    slug = "bad-hold"
    title = Text("Motif de la retenue manquant", "Reason of the hold missing")


def require_customer(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> None:
    """Refuse an organisation that never bought from the issuer and is no client of its.

    Raises:
        NoAccount: there is no account.
    """
    if not has_account(session, issuer_id=issuer_id, buyer_id=buyer_id):
        raise no_account(buyer_id)


def no_account(buyer_id: UUID) -> NoAccount:
    """Return what an organisation is told that shares no account with another."""
    return NoAccount(
        Text(
            "Cette organisation n’est pas un client de l’émetteur.",
            "This organisation is no customer of the issuer.",
        ),
        where=str(buyer_id),
    )


def set_credit_limit(session: Session, *, buyer_id: UUID, limit_cents: int | None, stamp: Stamp) -> CustomerAccount:
    """Return the account of a customer of the acting issuer with its credit limit, or without one.

    Raises:
        NoAccount: it is no customer.
        BadLimit: below zero, or far too much.
    """
    if limit_cents is not None and not 0 <= limit_cents <= MAX_LIMIT_CENTS:
        raise BadLimit(
            Text("La limite est de 0\u00a0$ ou plus, ou vide.", "The limit is 0 or more, or empty."),
            where="limit_cents",
        )
    account = _account(session, buyer_id, stamp)
    account.credit_limit_cents = limit_cents
    account.changed_at = stamp.at
    facts.record(session, events.ACCOUNT_LIMITED, account.id, stamp)
    return account


def hold_account(session: Session, *, buyer_id: UUID, reason: str, stamp: Stamp) -> CustomerAccount:
    """Return a customer's account on hold: its orders are accepted by hand only, and say why.

    Raises:
        NoAccount: it is no customer.
        BadHold: no words, or too many.
    """
    said = reason.replace("\x00", "").strip()
    if not 1 <= len(said) <= MAX_HOLD_REASON:
        raise BadHold(
            Text(
                f"Écrire pourquoi ce compte est retenu, {MAX_HOLD_REASON} caractères au plus.",
                f"Write why this account is on hold, {MAX_HOLD_REASON} characters at most.",
            ),
            where="reason",
        )
    account = _account(session, buyer_id, stamp)
    account.held_since = account.held_since or stamp.at
    account.hold_reason, account.changed_at = said, stamp.at
    facts.record(session, events.ACCOUNT_HELD, account.id, stamp)
    return account


def release_account(session: Session, *, buyer_id: UUID, stamp: Stamp) -> CustomerAccount:
    """Return a customer's account as it was before its hold.

    Raises:
        NoAccount: it is no customer.
    """
    account = _account(session, buyer_id, stamp)
    if account.held_since is not None:
        account.held_since, account.hold_reason, account.changed_at = None, "", stamp.at
        facts.record(session, events.ACCOUNT_RELEASED, account.id, stamp)
    return account


def account_of(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> CustomerAccount | None:
    """Return what an issuer decided about a customer's account, if anything; the session acts for the issuer."""
    return session.scalars(
        select(CustomerAccount).where(CustomerAccount.owner_id == issuer_id, CustomerAccount.buyer_id == buyer_id)
    ).one_or_none()


def credit_limit(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> int | None:
    """Return how much a customer may owe in cents, or None; the account's own limit wins over the client card's."""
    account = account_of(session, issuer_id=issuer_id, buyer_id=buyer_id)
    if account is not None and account.credit_limit_cents is not None:
        return account.credit_limit_cents
    return session.scalar(
        select(Client.credit_limit_cents).where(Client.owner_id == issuer_id, Client.buyer_id == buyer_id)
    )


def reason_to_hold(session: Session, *, issuer_id: UUID, buyer_id: UUID, adding_cents: int) -> Text | None:
    """Return why an order of so many cents is not accepted by the system, or None when credit lets it through.

    A hold comes first. Else what the customer owes, what is accepted for it and not yet invoiced, and the order, must
    together stay within its limit; equality passes.

    Source: R068, R070: credit limit and hold.
    """
    with acting_for(session, issuer_id):
        account = account_of(session, issuer_id=issuer_id, buyer_id=buyer_id)
        if account is not None and account.held_since is not None:
            return Text(
                f"Compte retenu\u00a0: {account.hold_reason} Acceptation manuelle requise.",
                f"Account on hold: {account.hold_reason} To be accepted by hand.",
            )
        limit_cents = credit_limit(session, issuer_id=issuer_id, buyer_id=buyer_id)
        if limit_cents is None:
            return None
        currency = letterhead(session, org_id=issuer_id).currency
        owed_cents = balance_cents(session, issuer_id=issuer_id, customer_id=buyer_id, currency=currency)
        owed_cents += _under_way_cents(session, issuer_id, buyer_id, currency)
    if owed_cents + adding_cents <= limit_cents:
        return None
    return _over_limit(owed_cents + adding_cents, limit_cents, currency)


def _under_way_cents(session: Session, issuer_id: UUID, buyer_id: UUID, currency: str) -> int:
    found = session.scalar(
        select(func.coalesce(func.sum(Order.total_cents), 0)).where(
            Order.issuer_id == issuer_id,
            Order.buyer_id == buyer_id,
            Order.currency == currency,
            Order.state.in_(_UNDER_WAY),
            Order.billing_state == BillingState.UNINVOICED,
        )
    )
    return int(found or 0)


def _over_limit(would_owe_cents: int, limit_cents: int, currency: str) -> Text:
    owes, owes_en = (format_money(would_owe_cents, currency, language) for language in ("fr", "en"))
    most, most_en = (format_money(limit_cents, currency, language) for language in ("fr", "en"))
    return Text(
        f"Limite de crédit dépassée\u00a0: {owes} sur {most}. Acceptation manuelle requise.",
        f"Over the credit limit: {owes_en} of {most_en}. To be accepted by hand.",
    )


def _account(session: Session, buyer_id: UUID, stamp: Stamp) -> CustomerAccount:
    issuer_id = acting_org(session)
    require_customer(session, issuer_id=issuer_id, buyer_id=buyer_id)
    row = {
        "id": new_id(), "owner_id": issuer_id, "party_ids": [], "buyer_id": buyer_id, "credit_limit_cents": None,
        "held_since": None, "hold_reason": "", "changed_at": stamp.at,
    }  # fmt: skip
    session.execute(insert(CustomerAccount).values(row).on_conflict_do_nothing())
    return session.scalars(
        select(CustomerAccount)
        .where(CustomerAccount.owner_id == issuer_id, CustomerAccount.buyer_id == buyer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
