"""How credits become rows: of invoice lines, of returned containers, of a free amount; never more than is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from server.billing.billed import class_of, code_of
from server.billing.model import CreditKind, CreditLine, CreditNote, Invoice, InvoiceLine
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from shared.ids import new_id
from shared.money import half_up_ratio
from shared.priced import PricedDocument, PricedLine
from shared.states import CreditState

BASIS_POINTS: Final = 10_000


class CreditTooLarge(Problem):
    """A credit would give back more of a line than it still has (laws 8 and 9)."""

    slug = "credit-too-large"
    status = 409
    title = Text("Crédit trop grand", "Credit too large")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What makes a credit note, once for each issuer: a delivery, a visit, a record at hand, a void, a person's key."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAmounts:
    """The totals of a credit note, all positive."""

    net_cents: int
    deposit_cents: int
    taxes: Sequence[Mapping[str, Any]]

    @property
    def tax_cents(self) -> int:
        """All taxes together."""
        return sum(row["amount_cents"] for row in self.taxes)


def new_note(
    *,
    owner_id: UUID,
    party_ids: Sequence[UUID],
    buyer_id: UUID,
    seller_ids: Sequence[UUID],
    kind: CreditKind,
    cause: Cause,
    reason: Text,
    currency: str,
    amounts: CreditAmounts,
    stamp: Stamp,
) -> CreditNote:
    """Return a credit note in its first state, without number."""
    return CreditNote(
        id=new_id(),
        owner_id=owner_id,
        party_ids=sorted(set(party_ids) - {owner_id}),
        kind=kind,
        state=CreditState.PROPOSED,
        buyer_id=buyer_id,
        seller_ids=list(seller_ids),
        cause_kind=cause.kind,
        cause_id=cause.id,
        reason_fr=reason.fr,
        reason_en=reason.en,
        currency=currency,
        net_cents=amounts.net_cents,
        tax_cents=amounts.tax_cents,
        deposit_cents=amounts.deposit_cents,
        total_cents=amounts.net_cents + amounts.tax_cents + amounts.deposit_cents,
        taxes=[dict(row) for row in amounts.taxes],
        created_at=stamp.at,
    )


def credit_on_lines(note: CreditNote, invoice: Invoice, credited: PricedDocument, reasons: Mapping[str, str]) -> None:
    """Give the note the lines that ``credited`` takes of the invoice; ``reasons`` are codes by order line."""
    lines = {line.key: line for line in invoice.lines}
    note.lines = [
        _line(note, position, lines[one.line_id], one, reasons.get(one.line_id, ""))
        for position, one in enumerate(credited.lines, start=1)
    ]


def credited_taxes(invoice: Invoice, credited: PricedDocument) -> list[dict[str, Any]]:
    """Return the invoice's taxes with what is credited of each, at the invoice's own rates (T6)."""
    return [
        row
        | {
            "amount_cents": credited.taxes[row["code"]],
            "base_cents": sum(line.net_cents for line in credited.lines if row["code"] in line.taxes),
        }
        for row in invoice.taxes
        if row["code"] in credited.taxes
    ]


def require_left(invoice: Invoice, credited: PricedDocument, earlier: Sequence[CreditNote]) -> None:
    """Refuse what would give back more than a line still has, in units, net or deposits.

    Raises:
        CreditTooLarge: names the line.

    Source: laws 8 and 9.
    """
    lines = {line.key: line for line in invoice.lines}
    for one in credited.lines:
        line = lines.get(one.line_id)
        if line is None or not _fits(line, one, [old for note in earlier for old in note.lines]):
            raise CreditTooLarge(
                Text(
                    f"La ligne n’a plus {one.quantity} unités à créditer. Voir les crédits déjà émis sur la facture.",
                    f"The line no longer has {one.quantity} units to credit. See the invoice’s earlier credits.",
                ),
                where=one.line_id,
            )


def agent_fee_cents(net_cents: int, fee_bp: int) -> int:
    """Return what a billing agent keeps of a net, in basis points of it, half up (C28)."""
    return half_up_ratio(net_cents * fee_bp, BASIS_POINTS)


def fee_part_cents(invoice: Invoice, net_cents: int, earlier: Sequence[CreditNote]) -> int:
    """Return the part of the agent's fee that a credit of ``net_cents`` gives back.

    What stays is the fee of the net that stays, so that a shortage leaves the producer the same under *adjust* and
    *credit* (laws 19, 34), and all credits give back all of it.
    """
    before = sum(note.net_cents for note in earlier)
    given = sum(note.agent_fee_cents for note in earlier)
    left = agent_fee_cents(invoice.net_cents - before - net_cents, invoice.agent_fee_bp)
    return invoice.agent_fee_cents - given - left


def _fits(line: InvoiceLine, one: PricedLine, earlier: Sequence[CreditLine]) -> bool:
    taken = [old for old in earlier if old.invoice_line_id == line.id]
    return (
        sum(old.quantity for old in taken) + one.quantity <= line.quantity
        and sum(old.net_cents for old in taken) + one.net_cents <= line.net_cents
        and sum(old.deposit_cents for old in taken) + one.deposit_cents <= line.deposit_cents
    )


def _line(note: CreditNote, position: int, line: InvoiceLine, one: PricedLine, reason: str) -> CreditLine:
    return CreditLine(
        **note.kin(),
        id=new_id(),
        credit_note_id=note.id,
        position=position,
        invoice_line_id=line.id,
        order_line_id=line.order_line_id,
        container_code=code_of(line),
        container_class_id=UUID(class_id) if (class_id := class_of(line)) else None,
        description_fr=line.description_fr,
        description_en=line.description_en,
        quantity=one.quantity,
        net_cents=one.net_cents,
        taxes=dict(one.taxes),
        deposit_cents=one.deposit_cents,
        deposit_taxes=dict(one.deposit_tax),
        document_discount_cents=one.document_discount_cents,
        reason=reason,
    )
