"""Credits for containers that came back: one note for each issuer and visit (C30)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.crediting import Cause, CreditAmounts, new_note
from server.billing.drafting import tax_row
from server.billing.letterhead import issuer_and_buyer_text, letterhead
from server.billing.model import CreditKind, CreditLine, CreditNote
from server.billing.queries import credit_of_cause
from server.billing.service.credits import VISIT
from server.billing.service.publication import want_published
from server.catalog.model import ContainerClass
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.delivery.model import ContainerReturn
from server.orders.service.lines import tax_rules_for
from shared.ids import new_id
from shared.pricing import ContainerReturn as PricedReturn
from shared.pricing import CreditedContainers, price_containers

REASON = Text("Retour de contenants consignés", "Return of deposit containers")


class UnknownContainer(Conflict):
    """A returned class is not one of its owner's."""

    slug = "unknown-container"
    title = Text("Contenant inconnu", "Unknown container")


def issue_deposit_credit(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    visit_id: UUID,
    returns: Sequence[ContainerReturn],
    stamp: Stamp,
) -> CreditNote | None:
    """Return the credit note of the containers that an issuer takes back at a visit, wanted for publication.

    ``returns`` are the visit's rows whose creditor is the issuer, at the prices that the signer saw; taxes are charged
    back on taxable classes alone. None when they are worth nothing. The same visit gives the same note again.

    Raises:
        UnknownContainer: a class that its owner does not have.

    Source: R081, C30; law 21.
    """
    with acting_for(session, issuer_id):
        known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=VISIT, cause_id=visit_id)
        if known is not None:
            return known
        classes = _classes(session, returns)
        on = letterhead(session, org_id=issuer_id).day_of(stamp.at)
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
            cause=Cause(kind=VISIT, id=visit_id),
            reason=REASON,
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


def _key(returned: ContainerReturn) -> str:
    """Two owners may use one code: the class's full name here is owner and code."""
    return f"{returned.container_owner_id}/{returned.class_code}"


def _classes(session: Session, returns: Sequence[ContainerReturn]) -> dict[str, ContainerClass]:
    wanted = {_key(one) for one in returns}
    found: dict[str, ContainerClass] = {}
    for owner_id in sorted({one.container_owner_id for one in returns}):
        with acting_for(session, owner_id):
            rows = session.scalars(select(ContainerClass).where(ContainerClass.owner_id == owner_id))
            found |= {f"{owner_id}/{row.code}": row for row in rows}
    if missing := wanted - set(found):
        raise UnknownContainer(
            Text(
                "Une classe de contenant rendue n’existe pas chez son propriétaire. Vérifier la table des consignes.",
                "A returned container class does not exist at its owner. Check the table of deposits.",
            ),
            where=min(missing).partition("/")[2],
        )
    return found


def _line(note: CreditNote, position: int, credited: CreditedContainers, container: ContainerClass) -> CreditLine:
    return CreditLine(
        **note.kin(),
        id=new_id(),
        credit_note_id=note.id,
        position=position,
        container_code=container.code,
        description_fr=container.name_fr,
        description_en=container.name_en,
        quantity=credited.quantity,
        net_cents=0,
        taxes={},
        deposit_cents=credited.deposit_cents,
        deposit_taxes=dict(credited.taxes),
        unit_cents=credited.unit_cents,
    )
