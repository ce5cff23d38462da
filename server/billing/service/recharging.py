"""Deposits that a credit gave back too much, billed again: an invoice of its own, without an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import issuer_and_buyer_text, letterhead, require_registrations
from server.billing.model import CreditKind, CreditLine, CreditNote, Invoice, InvoiceKind, InvoiceLine
from server.billing.queries import with_lines
from server.billing.service.credits import ReasonMissing
from server.billing.service.publication import want_published
from server.billing.service.repeated import require_same_deposits
from server.billing.taken_back import Given, given_back
from server.catalog.model import ContainerClass
from server.catalog.queries import container_classes
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, Forbidden, Problem, Text
from server.core.stamp import Stamp
from server.ledger.service import lock_accounts, lock_command
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms, effective_terms
from server.stock.model import ContainerEntry
from server.stock.service import move_containers
from shared.ids import new_id
from shared.money import half_up_ratio
from shared.states import CreditState, InvoiceState

MAX_REASON: Final = 500


class NoDepositCredit(Conflict):
    """Only an issued credit of returned containers is billed again; goods have their order."""

    slug = "no-deposit-credit"
    title = Text("Pas un crédit de consignes", "Not a credit of deposits")


class NothingToTakeBack(Problem):
    """More containers are to be billed again than the credit still gives back, or none at all."""

    slug = "nothing-to-take-back"
    status = 422
    title = Text("Contenants à refacturer", "Containers to bill again")


def require_issuer(note: CreditNote, session: Session) -> None:
    """Let whoever issued a credit of containers bill it again.

    Raises:
        Forbidden: another organisation acts.
        NoDepositCredit: it credits something else, or is not issued.
    """
    if acting_org(session) != note.owner_id:
        raise Forbidden(
            Text(
                "Seul l’émetteur de cette note de crédit facture de nouveau ses consignes. Les lui demander.",
                "Only this credit note’s issuer bills its deposits again. Ask them.",
            ),
            where=note.number,
        )
    if note.kind is not CreditKind.CONTAINER_DEPOSIT or note.state is not CreditState.ISSUED:
        raise NoDepositCredit(
            Text(
                "Seules les consignes d’une note de crédit émise pour des contenants rendus se facturent de nouveau. "
                "Pour des articles, facturer une commande.",
                "Only the deposits of a credit note issued for returned containers are billed again. For items, "
                "invoice an order.",
            ),
            where=note.number,
        )


def recharge_deposits(
    session: Session, *, note: CreditNote, units: Mapping[UUID, int], reason: str, key: UUID, stamp: Stamp
) -> Invoice:
    """Return the invoice of so many containers of these credit lines, wanted for publication.

    Prices, taxes and rates are the credit's (T5, T6), and all of it billed again comes to the credit's own cents. The
    containers go to the customer, but those that a correction of the visit has moved back already. ``note.lines``
    must be loaded; ``key`` is the command's: repeating it gives the same invoice.

    Raises:
        Forbidden, NoDepositCredit: as ``require_issuer``.
        KeyUsed: the key billed something else.
        NothingToTakeBack: none, more than the credit still gives back, or of another credit.
        ReasonMissing: no reason is given, or one that is too long.
        MissingRegistration: it would charge a tax without a number.

    Source: C30; T5, T6; laws 1, 20, 21.
    """
    require_issuer(note, session)
    with acting_for(session, note.owner_id):
        lock_command(session, issuer_id=note.owner_id, key=key)
        known = _of_key(session, note.owner_id, key)
        if known is not None:
            require_same_deposits(known, of=note.id, counted=units, why=reason.strip())
            return known
        lock_accounts(session, pairs=[(note.owner_id, note.buyer_id)])
        words = _words(reason)
        wanted = _wanted(given_back(session, note), units)
        invoice = _draft(session, note, wanted, reason=words, key=key, stamp=stamp)
        session.add(invoice)
        session.flush()
        _hand_out(session, invoice, wanted, stamp)
        want_published(session, invoice, by_agent=False)
    return invoice


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be billed again: the invoice as it would be, and how many containers leave, line by line."""

    invoice: Invoice
    moving_units: Sequence[int]


def plan_recharge(session: Session, *, note: CreditNote, units: Mapping[UUID, int], stamp: Stamp) -> Planned:
    """Return what ``recharge_deposits`` would do now; nothing is done.

    Raises:
        Forbidden, NoDepositCredit, NothingToTakeBack, MissingRegistration: as ``recharge_deposits``.
    """
    require_issuer(note, session)
    wanted = _wanted(given_back(session, note), units)
    invoice = _draft(session, note, wanted, reason="", key=new_id(), stamp=stamp)
    return Planned(invoice, [one.moving for one in wanted])


def recharge_again(session: Session, *, invoice: Invoice, note: CreditNote, stamp: Stamp) -> Invoice:
    """Return the invoice that bills what a void one billed, wanted for publication; ``invoice.lines`` are loaded.

    Raises:
        NothingToTakeBack: its containers were billed again by another one meanwhile.
    """
    units = {line.credit_line_id: line.quantity for line in invoice.lines if line.credit_line_id is not None}
    reason = str(invoice.parties_text.get("notes", {}).get("order", ""))
    key = uuid5(invoice.id, "republish")
    return recharge_deposits(session, note=note, units=units, reason=reason, key=key, stamp=stamp)


def take_in_again(session: Session, *, invoice: Invoice, note: CreditNote, stamp: Stamp) -> None:
    """Move back what a void invoice of deposits handed out; ``invoice.lines`` are loaded, ``note`` voids it."""
    for line in invoice.lines:
        container = _class_of(session, line)
        if container is None:
            continue
        with acting_for(session, container.owner_id):
            moved = session.scalar(
                select(ContainerEntry.quantity).where(
                    ContainerEntry.movement_id == _movement(invoice, line), ContainerEntry.holder_id == invoice.buyer_id
                )
            )
        if moved:
            move_containers(
                session,
                class_owner_id=container.owner_id,
                class_id=container.id,
                from_holder_id=invoice.buyer_id,
                to_holder_id=container.owner_id,
                quantity=moved,
                movement_id=uuid5(note.id, line.key),
                stamp=stamp,
            )


@dataclass(frozen=True, slots=True)
class _Wanted:
    given: Given
    units: int

    @property
    def moving(self) -> int:
        """How many leave for the customer: the others are there already."""
        return self.units - min(self.units, self.given.back_units)


def _of_key(session: Session, issuer_id: UUID, key: UUID) -> Invoice | None:
    known = session.scalars(select(Invoice).where(Invoice.owner_id == issuer_id, Invoice.key == key)).one_or_none()
    return with_lines(session, [known])[0] if known else None


def _words(reason: str) -> str:
    words = reason.replace("\x00", "").strip()
    if not 0 < len(words) <= MAX_REASON:
        raise ReasonMissing(
            Text(
                f"Écrire pourquoi ces consignes se facturent de nouveau, en {MAX_REASON} caractères au plus.",
                f"Write why these deposits are billed again, in {MAX_REASON} characters at most.",
            ),
            where="reason",
        )
    return words


def _wanted(given: Sequence[Given], units: Mapping[UUID, int]) -> list[_Wanted]:
    asked = {line_id: count for line_id, count in units.items() if count}
    found = {one.line.id: one for one in given}
    if not asked or any(line_id not in found or found[line_id].left_units < count for line_id, count in asked.items()):
        raise NothingToTakeBack(
            Text(
                "Donner pour chaque contenant un nombre que la note de crédit rend encore; ce qui est déjà facturé de "
                "nouveau ne compte plus.",
                "Give for each container a number that the credit note still gives back; what is billed again already "
                "no longer counts.",
            ),
            where="lines",
        )
    return [_Wanted(one, asked[one.line.id]) for one in given if one.line.id in asked]


def _draft(
    session: Session, note: CreditNote, wanted: Sequence[_Wanted], *, reason: str, key: UUID, stamp: Stamp
) -> Invoice:
    head = letterhead(session, org_id=note.owner_id)
    today = head.day_of(stamp.at)
    terms = effective_terms(
        session, seller_id=note.owner_id, buyer_id=note.buyer_id, carrier_id=None,
        chosen=ChosenTerms(billing_type=BillingType.PLATFORM),
    )  # fmt: skip
    invoice = Invoice(
        id=new_id(),
        owner_id=note.owner_id,
        party_ids=list(note.party_ids),
        kind=InvoiceKind.CONTAINER_DEPOSIT,
        state=InvoiceState.DRAFT,
        buyer_id=note.buyer_id,
        seller_ids=[],
        currency=note.currency,
        revision=1,
        section=0,
        sections=0,
        net_days=terms.net_days,
        tax_on=today,
        due_on=today + timedelta(days=terms.net_days),
        takes_back_id=note.id,
        key=key,
        created_at=stamp.at,
        footer_fr=terms.footer_fr,
        footer_en=terms.footer_en,
        parties_text=issuer_and_buyer_text(session, issuer_id=note.owner_id, buyer_id=note.buyer_id, on=today)
        | {"takes_back": {"id": str(note.id), "number": note.number}, "notes": _notes(note, reason)},
    )
    invoice.lines = [_line(invoice, position, one) for position, one in enumerate(wanted, start=1)]
    _set_amounts(invoice, note)
    require_registrations(invoice.parties_text, invoice.taxes)
    return invoice


def _notes(note: CreditNote, reason: str) -> dict[str, str]:
    return {
        "fr": f"Consignes de la note de crédit {note.number}, facturées de nouveau.",
        "en": f"Deposits of credit note {note.number}, billed again.",
        "order": reason,
    }


def _line(invoice: Invoice, position: int, wanted: _Wanted) -> InvoiceLine:
    credited, given = wanted.given.line, wanted.given
    return InvoiceLine(
        **invoice.kin(),
        id=new_id(),
        invoice_id=invoice.id,
        revision=1,
        position=position,
        credit_line_id=credited.id,
        description_fr=credited.description_fr,
        description_en=credited.description_en,
        sales_unit="container",
        quantity=wanted.units,
        unit_price=Decimal(0),
        discount_cents=0,
        net_cents=0,
        taxes={},
        deposit_cents=_share(credited, credited.deposit_cents, wanted, given.taken_cents),
        deposit_taxes={
            code: _share(credited, cents, wanted, given.taken_taxes.get(code, 0))
            for code, cents in credited.deposit_taxes.items()
        },
        deposits=[
            {
                "container_class": credited.container_code,
                "class_id": str(credited.container_class_id),
                "containers": 1,
                "unit_cents": credited.unit_cents,
                "taxable": bool(credited.deposit_taxes),
            }
        ],
    )


def _share(credited: CreditLine, cents: int, wanted: _Wanted, taken_cents: int) -> int:
    """T5: what so many units come to together, less what stands billed again; all of them are the credit's cents."""
    together = half_up_ratio(cents * (wanted.given.taken_units + wanted.units), credited.quantity)
    return max(0, together - taken_cents)


def _set_amounts(invoice: Invoice, note: CreditNote) -> None:
    taxes = [dict(row) | _of_tax(invoice, row["code"]) for row in note.taxes]
    invoice.taxes = [row for row in taxes if row["amount_cents"]]
    invoice.deposit_cents = sum(line.deposit_cents for line in invoice.lines)
    invoice.tax_cents = sum(row["amount_cents"] for row in invoice.taxes)
    invoice.net_cents = 0
    invoice.total_cents = invoice.deposit_cents + invoice.tax_cents


def _of_tax(invoice: Invoice, code: str) -> dict[str, Any]:
    return {"base_cents": 0, "amount_cents": sum(line.deposit_taxes.get(code, 0) for line in invoice.lines)}


def _hand_out(session: Session, invoice: Invoice, wanted: Sequence[_Wanted], stamp: Stamp) -> None:
    for line, one in zip(invoice.lines, wanted, strict=True):
        container = _class_of(session, line)
        if container is None or not one.moving:
            continue
        move_containers(
            session,
            class_owner_id=container.owner_id,
            class_id=container.id,
            from_holder_id=container.owner_id,
            to_holder_id=invoice.buyer_id,
            quantity=one.moving,
            movement_id=_movement(invoice, line),
            stamp=stamp,
        )


def _class_of(session: Session, line: InvoiceLine) -> ContainerClass | None:
    class_id = UUID(line.deposits[0]["class_id"])
    return container_classes(session, class_ids=[class_id]).get(class_id)


def _movement(invoice: Invoice, line: InvoiceLine) -> UUID:
    return uuid5(invoice.id, line.key)
