"""Credits of an amount: what a customer is owed for another reason than invoiced lines or containers."""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.crediting import Cause, CreditAmounts, new_note
from server.billing.drafting import tax_row
from server.billing.letterhead import issuer_and_buyer_text, letterhead, require_registrations
from server.billing.model import CreditKind, CreditLine, CreditNote
from server.billing.queries import credit_of_cause
from server.billing.service.credits import PERSON, require_reason
from server.billing.service.publication import want_published
from server.core.acting import acting_for
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.orders.service.lines import tax_rules_for
from shared.ids import new_id
from shared.money import half_up, times
from shared.wire.terms import TaxRule

MAX_CREDIT_CENTS: Final = 10**9


class BadAmount(Problem):
    """A free credit is of a positive and reasonable amount."""

    slug = "bad-credit-amount"
    title = Text("Montant de crédit invalide", "Invalid credit amount")


def issue_free_credit(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    net_cents: int,
    taxed: bool,
    reason: Text,
    key: UUID,
    stamp: Stamp,
) -> CreditNote:
    """Return a credit note of an amount, wanted for publication; it waits for the customer's next invoice.

    With ``taxed`` the issuer's taxes of the day come on top of ``net_cents``. ``key`` is the command's: repeating it
    gives the same note.

    Raises:
        BadAmount: nothing, less, or far too much.
        ReasonMissing: no reason is given.

    Source: R081, R088, R093, R095; T3.
    """
    if not 0 < net_cents <= MAX_CREDIT_CENTS:
        raise BadAmount(
            Text("Le montant doit être positif et raisonnable.", "The amount must be positive and reasonable."),
            where="net_cents",
        )
    require_reason(reason)
    with acting_for(session, issuer_id):
        known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=PERSON, cause_id=key)
        if known is not None:
            return known
        head = letterhead(session, org_id=issuer_id)
        on = head.day_of(stamp.at)
        rules = tax_rules_for(session, issuer_id=issuer_id, on=on) if taxed else ()
        taxes = {rule.code: _tax_cents(net_cents, rule) for rule in rules}
        rows = [tax_row(rule, base_cents=net_cents, amount_cents=taxes[rule.code]) for rule in rules]
        note = new_note(
            owner_id=issuer_id,
            party_ids=[buyer_id],
            buyer_id=buyer_id,
            seller_ids=[],
            kind=CreditKind.FREE_AMOUNT,
            cause=Cause(kind=PERSON, id=key),
            reason=reason,
            currency=head.currency,
            amounts=CreditAmounts(net_cents=net_cents, deposit_cents=0, taxes=rows),
            stamp=stamp,
        )
        note.parties_text = issuer_and_buyer_text(session, issuer_id=issuer_id, buyer_id=buyer_id, on=on)
        require_registrations(note.parties_text, note.taxes)
        note.lines = [_line(note, taxes)]
        session.add(note)
        session.flush()
        want_published(session, note, by_agent=False)
    return note


def _tax_cents(net_cents: int, rule: TaxRule) -> int:
    return half_up(times(Decimal(net_cents), Decimal(rule.rate)))


def _line(note: CreditNote, taxes: dict[str, int]) -> CreditLine:
    return CreditLine(
        **note.kin(),
        id=new_id(),
        credit_note_id=note.id,
        position=1,
        description_fr=note.reason_fr,
        description_en=note.reason_en,
        quantity=1,
        net_cents=note.net_cents,
        taxes=taxes,
        deposit_cents=0,
        deposit_taxes={},
    )
