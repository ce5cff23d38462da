"""What a buyer owes, as each of its issuers lets it see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.standing import InvoiceStanding, with_standings
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Text
from server.parties.terms import balance_is_shared
from server.receivables.accounts import Account, accounts, issuers_to_pay
from server.receivables.queries import open_invoices


class BalanceHidden(NotFound):
    """The issuer does not share this balance: the answer is the same as if there were none (R079)."""

    slug = "balance-hidden"
    title = Text("Solde non partagé", "Balance not shared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """One issuer to pay; ``account`` is None when it does not share the balance."""

    issuer_id: UUID
    issuer_name: str
    currency: str
    open_invoices: int
    account: Account | None


def payables(session: Session, *, on: date) -> Sequence[Payable]:
    """Return the issuers who billed the acting buyer, by name, with what each lets it see.

    Source: R079: payables seen from the buyer's side.
    """
    me = acting_org(session)
    return [_payable(session, issuer_id, name, me, on) for issuer_id, name in issuers_to_pay(session)]


def payable(session: Session, *, issuer_id: UUID, on: date) -> Payable:
    """Return one issuer to pay.

    Raises:
        NotFound: it never billed the acting buyer.
    """
    for known_id, name in issuers_to_pay(session):
        if known_id == issuer_id:
            return _payable(session, issuer_id, name, acting_org(session), on)
    raise NotFound(
        Text("Cet émetteur ne vous a rien facturé.", "This issuer has billed you nothing."), where=str(issuer_id)
    )


@dataclass(frozen=True, slots=True)
class PayableWithInvoices:
    """One issuer to pay, whose attributes it has, with a part of its open invoices, oldest due first."""

    payable: Payable
    invoices: Sequence[InvoiceStanding]

    def __getattr__(self, name: str) -> Any:
        """Return what the payable says."""
        return getattr(self.payable, name)


def payable_with_invoices(
    session: Session, *, issuer_id: UUID, on: date, offset: int, limit: int
) -> PayableWithInvoices:
    """Return one issuer to pay with ``limit`` of its open invoices after ``offset``.

    The invoices are the acting buyer's own and are there whether or not the issuer shares its balance, as on the page.

    Raises:
        NotFound: it never billed the acting buyer.
    """
    found = payable(session, issuer_id=issuer_id, on=on)
    rows = open_invoices(
        session, issuer_id=issuer_id, buyer_id=acting_org(session), currency=found.currency, offset=offset, limit=limit
    )
    return PayableWithInvoices(found, with_standings(session, [one for one, _ in rows], on=on))


@contextmanager
def shared_account(session: Session, *, issuer_id: UUID) -> Iterator[UUID]:
    """Act for an issuer that shares its books on the acting buyer with it, and give the buyer.

    Raises:
        BalanceHidden: it does not, or never billed the buyer.

    Source: R079.
    """
    me = acting_org(session)
    billed = any(known_id == issuer_id for known_id, _ in issuers_to_pay(session))
    if not billed or not balance_is_shared(session, issuer_id=issuer_id, buyer_id=me):
        raise BalanceHidden(
            Text(
                "Cet émetteur ne partage pas votre solde. Lui écrire par le chat comptable.",
                "This issuer does not share your balance. Write to it in the accounting chat.",
            ),
            where=str(issuer_id),
        )
    with acting_for(session, issuer_id):
        yield me


def _payable(session: Session, issuer_id: UUID, name: str, buyer_id: UUID, on: date) -> Payable:
    shared = balance_is_shared(session, issuer_id=issuer_id, buyer_id=buyer_id)
    with acting_for(session, issuer_id):
        currency = letterhead(session, org_id=issuer_id).currency
        still = open_invoices(session, issuer_id=issuer_id, buyer_id=buyer_id, currency=currency)
        seen = accounts(session, on=on, buyer_id=buyer_id) if shared else ()
    mine = next((one for one in seen if one.currency == currency), None)
    return Payable(issuer_id=issuer_id, issuer_name=name, currency=currency, open_invoices=len(still), account=mine)


def customer_accounts(session: Session, *, customer: str, issuer: str) -> list[tuple[UUID, UUID]]:
    """Return the accounts of the acting issuer whose customer has this name or id; empty for another issuer's words."""
    me = acting_org(session)
    head = letterhead(session, org_id=me)
    if issuer and issuer.casefold() not in {str(me), head.card["name"].casefold(), head.card["legal_name"].casefold()}:
        return []
    wanted = customer.casefold()
    found = accounts(session, on=date.max)
    return [(me, one.buyer_id) for one in found if wanted in {str(one.buyer_id), one.buyer_name.casefold()}]
