"""Credits for containers that came back: one note for each issuer and visit (C30), or by a person's hand (R081)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.crediting import Cause, CreditAmounts, new_note
from server.billing.drafting import tax_row
from server.billing.letterhead import issuer_and_buyer_text, letterhead
from server.billing.model import CreditKind, CreditLine, CreditNote
from server.billing.queries import credit_of_cause
from server.billing.service.credits import HAND, PERSON, VISIT, require_reason
from server.billing.service.publication import want_published
from server.billing.service.repeated import require_same_empties
from server.billing.service.taking_back import require_taken_back
from server.catalog.model import ContainerClass
from server.catalog.queries import container_classes, prices_on
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.delivery.model import ContainerReturn
from server.delivery.service import Handover
from server.ledger.service import lock_command
from server.orders.service.lines import tax_rules_for
from server.stock.service import move_containers
from shared.ids import new_id
from shared.pricing import ContainerReturn as PricedReturn
from shared.pricing import CreditedContainers, price_containers

REASON = Text("Retour de contenants consignés", "Return of deposit containers")


class UnknownContainer(Conflict):
    """A returned class is not one of its owner's."""

    slug = "unknown-container"
    title = Text("Contenant inconnu", "Unknown container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Empties:
    """Containers of one class that a person counted, priced by the table of the day."""

    owner_id: UUID
    container_owner_id: UUID
    class_id: UUID
    class_code: str
    quantity: int
    unit_cents: int


type TakenBack = ContainerReturn | Empties


def issue_deposit_credit(
    session: Session,
    *,
    issuer_id: UUID,
    at: Handover,
    returns: Sequence[ContainerReturn],
    taken_at: datetime,
    stamp: Stamp,
) -> CreditNote | None:
    """Return the credit note of the containers that an issuer takes back at a handover, wanted for publication.

    ``returns`` are its rows whose creditor is the issuer, at the prices that the signer saw; taxes are charged
    back on taxable classes alone, at the rates of the day of ``taken_at`` (T8). None when they are worth nothing. The
    same handover gives the same note again.

    Raises:
        UnknownContainer: a class that its owner does not have.

    Source: R081, C30; law 21.
    """
    cause = Cause(kind=VISIT if at.visit_id else HAND, id=at.source_id)
    return _issue(
        session,
        issuer_id=issuer_id,
        buyer_id=at.buyer_id,
        returns=returns,
        cause=cause,
        reason=REASON,
        taken_at=taken_at,
        stamp=stamp,
    )


def credit_empties(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    counted: Mapping[UUID, int],
    reason: Text,
    key: UUID,
    stamp: Stamp,
) -> CreditNote | None:
    """Return the credit note of containers that came back outside of a visit, wanted for publication.

    ``counted`` is by container class, priced by the deposits of the day; the buyer's container accounts go down by as
    many. None when they are worth nothing. ``key`` is the command's: repeating it gives the same note.

    Raises:
        ReasonMissing: no reason is given.
        UnknownContainer: a class that the issuer may not read, or none at all.
        OtherOwner: a class that is another's to credit (C30).
        NoDeposit: a class has no deposit on that day.
        KeyUsed: the key credited something else.

    Source: R081, R095; C30; laws 20, 33.
    """
    require_reason(reason)
    cause = Cause(kind=PERSON, id=key)
    with acting_for(session, issuer_id):
        lock_command(session, issuer_id=issuer_id, key=key)
        known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=PERSON, cause_id=key)
        if known is not None:
            require_same_empties(session, known, buyer_id=buyer_id, counted=counted, why=reason)
            return known
        returns = _counted(session, issuer_id, buyer_id, counted, stamp)
    note = _issue(
        session,
        issuer_id=issuer_id,
        buyer_id=buyer_id,
        returns=returns,
        cause=cause,
        reason=reason,
        taken_at=stamp.at,
        stamp=stamp,
    )
    for one in returns:
        move_containers(
            session,
            class_owner_id=one.container_owner_id,
            class_id=one.class_id,
            from_holder_id=buyer_id,
            to_holder_id=one.container_owner_id,
            quantity=one.quantity,
            movement_id=uuid5(key, str(one.class_id)),
            stamp=stamp,
        )
    return note


def _counted(
    session: Session, issuer_id: UUID, buyer_id: UUID, counted: Mapping[UUID, int], stamp: Stamp
) -> list[Empties]:
    classes = container_classes(session, class_ids=counted)
    if not counted or counted.keys() - classes.keys():
        raise _unknown(str(min(counted.keys() - classes.keys(), default="")))
    require_taken_back(session, classes.values(), issuer_id=issuer_id, buyer_id=buyer_id)
    day = letterhead(session, org_id=issuer_id).day_of(stamp.at)
    prices = prices_on(session, class_ids=counted, day=day)
    return [
        Empties(
            owner_id=issuer_id,
            container_owner_id=classes[class_id].owner_id,
            class_id=class_id,
            class_code=classes[class_id].code,
            quantity=quantity,
            unit_cents=prices[class_id],
        )
        for class_id, quantity in sorted(counted.items())
        if quantity
    ]


def _issue(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    returns: Sequence[TakenBack],
    cause: Cause,
    reason: Text,
    taken_at: datetime,
    stamp: Stamp,
) -> CreditNote | None:
    with acting_for(session, issuer_id):
        known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=cause.kind, cause_id=cause.id)
        if known is not None:
            return known
        classes = _classes(session, returns)
        on = letterhead(session, org_id=issuer_id).day_of(taken_at)
        rules = tax_rules_for(session, issuer_id=issuer_id, on=on)
        credit = price_containers(
            [
                PricedReturn(_key(one), one.quantity, one.unit_cents, taxable=classes[_key(one)].taxable)
                for one in returns
            ],
            taxes=rules,
        )
        if not credit.total_cents:
            return None
        taxes = [
            tax_row(rule, base_cents=0, amount_cents=credit.taxes[rule.code])
            for rule in rules
            if rule.code in credit.taxes
        ]
        note = new_note(
            owner_id=issuer_id,
            party_ids=sorted({buyer_id, *(one.owner_id for one in returns)}),
            buyer_id=buyer_id,
            seller_ids=[],
            kind=CreditKind.CONTAINER_DEPOSIT,
            cause=cause,
            reason=reason,
            currency=letterhead(session, org_id=issuer_id).currency,
            amounts=CreditAmounts(net_cents=0, deposit_cents=credit.deposits_cents, taxes=taxes),
            stamp=stamp,
        )
        note.parties_text = issuer_and_buyer_text(session, issuer_id=issuer_id, buyer_id=buyer_id, on=on)
        note.lines = [
            _line(note, at, one, classes[one.container_class]) for at, one in enumerate(credit.lines, start=1)
        ]
        session.add(note)
        session.flush()
        want_published(session, note, by_agent=False)
    return note


def _key(returned: TakenBack) -> str:
    """Two owners may use one code: the class's full name here is owner and code."""
    return f"{returned.container_owner_id}/{returned.class_code}"


def _classes(session: Session, returns: Sequence[TakenBack]) -> dict[str, ContainerClass]:
    wanted = {_key(one) for one in returns}
    found: dict[str, ContainerClass] = {}
    for owner_id in sorted({one.container_owner_id for one in returns}):
        with acting_for(session, owner_id):
            rows = session.scalars(select(ContainerClass).where(ContainerClass.owner_id == owner_id))
            found |= {f"{owner_id}/{row.code}": row for row in rows}
    if missing := wanted - set(found):
        raise _unknown(min(missing).partition("/")[2])
    return found


def _unknown(where: str) -> UnknownContainer:
    return UnknownContainer(
        Text(
            "Une classe de contenant rendue n’existe pas chez son propriétaire. Vérifier la table des consignes.",
            "A returned container class does not exist at its owner. Check the table of deposits.",
        ),
        where=where,
    )


def _line(note: CreditNote, position: int, credited: CreditedContainers, container: ContainerClass) -> CreditLine:
    return CreditLine(
        **note.kin(),
        id=new_id(),
        credit_note_id=note.id,
        position=position,
        container_code=container.code,
        container_class_id=container.id,
        description_fr=container.name_fr,
        description_en=container.name_en,
        quantity=credited.quantity,
        net_cents=0,
        taxes={},
        deposit_cents=credited.deposit_cents,
        deposit_taxes=dict(credited.taxes),
        unit_cents=credited.unit_cents,
    )
