"""Credits of amounts: what a customer is owed for another reason than invoiced lines or containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.crediting import Cause, CreditAmounts, new_note
from server.billing.drafting import tax_row
from server.billing.letterhead import Letterhead, issuer_and_buyer_text, letterhead, require_registrations
from server.billing.model import CreditKind, CreditLine, CreditNote
from server.billing.queries import credit_of_cause
from server.billing.service.credits import PERSON, require_reason
from server.billing.service.publication import want_published
from server.billing.service.repeated import Line, require_same_amounts
from server.core.acting import acting_for
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.ledger.service import lock_command
from server.orders.service.lines import tax_rules_for
from shared.ids import new_id
from shared.money import half_up, share_by_largest_remainder, times
from shared.wire.terms import TaxRule

MAX_CREDIT_CENTS: Final = 10**9
MAX_CREDIT_LINES: Final = 50


class BadAmount(Problem):
    """A free credit is of positive and reasonable amounts."""

    slug = "bad-credit-amount"
    title = Text("Montant de crédit invalide", "Invalid credit amount")


@dataclass(frozen=True, slots=True)
class FreeLine:
    """One described amount of a credit, in cents before taxes; ``taxed`` puts the issuer's taxes on top."""

    description: Text
    net_cents: int
    taxed: bool


def issue_free_credit(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    lines: Sequence[FreeLine],
    reason: Text,
    key: UUID,
    stamp: Stamp,
) -> CreditNote:
    """Return one credit note of described amounts, wanted for publication; it waits for the next invoice.

    Each tax is taken once on all taxed lines together and shared by largest remainder. ``key`` is the command's:
    repeating it gives the same note.

    Raises:
        BadAmount: no line, too many, or an amount that is nothing, less, or far too much.
        ReasonMissing: no reason, or a line without words.
        KeyUsed: the key credited something else.

    Source: R081, R088, R093, R094, R095; T3, T4.
    """
    _require_lines(lines)
    require_reason(reason)
    with acting_for(session, issuer_id):
        lock_command(session, issuer_id=issuer_id, key=key)
        known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=PERSON, cause_id=key)
        head = letterhead(session, org_id=issuer_id)
        if known is not None:
            require_same_amounts(
                session, known, buyer_id=buyer_id, lines=_as_made(session, known, lines, head), why=reason
            )
            return known
        on = head.day_of(stamp.at)
        rules = tax_rules_for(session, issuer_id=issuer_id, on=on) if any(one.taxed for one in lines) else ()
        shares = {rule.code: _tax_shares(lines, rule) for rule in rules}
        note = new_note(
            owner_id=issuer_id,
            party_ids=[buyer_id],
            buyer_id=buyer_id,
            seller_ids=[],
            kind=CreditKind.FREE_AMOUNT,
            cause=Cause(kind=PERSON, id=key),
            reason=reason,
            currency=head.currency,
            amounts=_amounts(lines, rules, shares),
            stamp=stamp,
        )
        note.parties_text = issuer_and_buyer_text(session, issuer_id=issuer_id, buyer_id=buyer_id, on=on)
        require_registrations(note.parties_text, note.taxes)
        note.lines = [_line(note, position, one, shares) for position, one in enumerate(lines, start=1)]
        session.add(note)
        session.flush()
        want_published(session, note, by_agent=False)
    return note


def _as_made(session: Session, known: CreditNote, lines: Sequence[FreeLine], head: Letterhead) -> list[Line]:
    """What these lines would have been on the day of the note: « taxed » says nothing where no tax was charged."""
    rules = tax_rules_for(session, issuer_id=known.owner_id, on=head.day_of(known.created_at))
    return [(one.description.fr, one.description.en, one.net_cents, one.taxed and bool(rules)) for one in lines]


type _Shares = Mapping[str, Sequence[int]]


def _amounts(lines: Sequence[FreeLine], rules: Sequence[TaxRule], shares: _Shares) -> CreditAmounts:
    base_cents = sum(one.net_cents for one in lines if one.taxed)
    rows = [tax_row(rule, base_cents=base_cents, amount_cents=sum(shares[rule.code])) for rule in rules]
    return CreditAmounts(net_cents=sum(one.net_cents for one in lines), deposit_cents=0, taxes=rows)


def _tax_shares(lines: Sequence[FreeLine], rule: TaxRule) -> tuple[int, ...]:
    bases = [one.net_cents if one.taxed else 0 for one in lines]
    return share_by_largest_remainder(half_up(times(Decimal(sum(bases)), Decimal(rule.rate))), bases)


def _require_lines(lines: Sequence[FreeLine]) -> None:
    if not 1 <= len(lines) <= MAX_CREDIT_LINES:
        raise BadAmount(
            Text(f"Un crédit a de 1 à {MAX_CREDIT_LINES} lignes.", f"A credit has 1 to {MAX_CREDIT_LINES} lines."),
            where="lines",
        )
    for position, one in enumerate(lines):
        require_reason(one.description)
        if not 0 < one.net_cents <= MAX_CREDIT_CENTS:
            raise BadAmount(
                Text("Le montant doit être positif et raisonnable.", "The amount must be positive and reasonable."),
                where=f"lines[{position}].net_cents",
            )


def _line(note: CreditNote, position: int, one: FreeLine, shares: _Shares) -> CreditLine:
    return CreditLine(
        **note.kin(),
        id=new_id(),
        credit_note_id=note.id,
        position=position,
        description_fr=one.description.fr,
        description_en=one.description.en,
        quantity=1,
        net_cents=one.net_cents,
        taxes={code: cents[position - 1] for code, cents in shares.items()} if one.taxed else {},
        deposit_cents=0,
        deposit_taxes={},
    )
