"""A customer's account at an issuer: who has one, how much it may owe, whether its orders wait."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.queries import balance_cents
from server.parties.model import Client
from server.receivables import events
from server.receivables.accounts import has_account
from server.receivables.exposure import uninvoiced_cents
from server.receivables.model import CustomerAccount
from shared.ids import new_id
from shared.money import format_money

MAX_LIMIT_CENTS: Final = 10**11
MAX_HOLD_REASON: Final = 500


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


def lock_limited(session: Session, *, issuer_ids: Collection[UUID], buyer_ids: Collection[UUID]) -> None:
    """Lock, all at once, the accounts that ``reason_to_hold`` would lock one by one for orders of these customers.

    Whoever decides about several orders in a transaction calls it first, after the goods that they take are locked.
    """
    pairs = []
    for issuer_id in issuer_ids:
        with acting_for(session, issuer_id):
            limited = _limited(session, issuer_id, buyer_ids)
        pairs += [(issuer_id, buyer_id) for buyer_id in limited]
    if pairs:
        ledger.lock_accounts(session, pairs=pairs)


def _limited(session: Session, issuer_id: UUID, buyer_ids: Collection[UUID]) -> set[UUID]:
    by_account = select(CustomerAccount.buyer_id).where(
        CustomerAccount.owner_id == issuer_id,
        CustomerAccount.buyer_id.in_(buyer_ids),
        CustomerAccount.credit_limit_cents.is_not(None),
    )
    by_card = select(Client.buyer_id).where(
        Client.owner_id == issuer_id, Client.buyer_id.in_(buyer_ids), Client.credit_limit_cents.is_not(None)
    )
    return set(session.scalars(by_account.union(by_card)))


def reason_to_hold(session: Session, *, issuer_id: UUID, buyer_id: UUID, adding_cents: int | None) -> Text | None:
    """Return why an order of so many cents is not accepted by the system, or None when credit lets it through.

    A hold comes first. Else what the customer owes, what was accepted for it or delivered and is not invoiced yet, and
    the order, must together stay within its limit; equality passes. None adds nothing and asks for no limit: such an
    order is billed outside, and never owed here. A limited account stays locked until the transaction ends, so that
    orders submitted at once are weighed one after the other: call it when the goods are locked, before any counter of
    documents.

    Source: R068, R070: credit limit and hold; R007.
    """
    with acting_for(session, issuer_id):
        account = account_of(session, issuer_id=issuer_id, buyer_id=buyer_id)
        if account is not None and account.held_since is not None:
            return Text(
                f"Compte retenu\u00a0: {account.hold_reason} Acceptation manuelle requise.",
                f"Account on hold: {account.hold_reason} To be accepted by hand.",
            )
        limit_cents = credit_limit(session, issuer_id=issuer_id, buyer_id=buyer_id)
        if limit_cents is None or adding_cents is None:
            return None
        ledger.lock_accounts(session, pairs=[(issuer_id, buyer_id)])
        currency = letterhead(session, org_id=issuer_id).currency
        owed_cents = balance_cents(session, issuer_id=issuer_id, customer_id=buyer_id, currency=currency)
        owed_cents += uninvoiced_cents(session, issuer_id=issuer_id, buyer_id=buyer_id, currency=currency)
    if owed_cents + adding_cents <= limit_cents:
        return None
    return _over_limit(owed_cents + adding_cents, limit_cents, currency)


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
