"""What a credit of containers still gives back, and what a correction of its visit has moved back already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from server.billing.model import CreditKind, CreditLine, CreditNote, Invoice, InvoiceLine
from server.billing.service.credits import VISIT
from server.catalog.queries import container_classes
from server.core.acting import acting_for
from server.core.database import among
from server.delivery.model import ContainerReturn, Visit
from shared.states import CreditState


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One line of a credit of containers.

    ``taken_units`` of it, ``taken_cents`` and ``taken_taxes``, stand billed again. Of the ``left_units`` the first
    ``back_units`` are at the customer already: a correction counted fewer, and moved them.
    """

    line: CreditLine
    taken_units: int
    taken_cents: int
    taken_taxes: Mapping[str, int]
    back_units: int

    @property
    def left_units(self) -> int:
        """How many it still gives back."""
        return self.line.quantity - self.taken_units


def given_back(session: Session, note: CreditNote) -> Sequence[Given]:
    """Return what each line of a credit of containers still gives back; the session acts for its issuer."""
    stop = _Stop.of(session, note)
    standing = _billed_again(session, [line.id for one in stop.notes for line in one.lines])
    back = _moved_back(session, note, stop)
    for one in stop.notes:
        for line in one.lines:
            if line.container_class_id in back:
                units = sum(row.quantity for row in standing.get(line.id, ()))
                back[line.container_class_id] = max(0, back[line.container_class_id] - units)
    return [_given(line, standing.get(line.id, ()), back.get(line.container_class_id, 0)) for line in note.lines]


def siblings(session: Session, note: CreditNote) -> Sequence[CreditNote]:
    """Return the other credits of containers that the issuer gave at the same stop, oldest first."""
    return [one for one in _Stop.of(session, note).notes if one.id != note.id]


@dataclass(frozen=True, slots=True)
class NetGiven:
    """Units of a class and their deposits that stand credited, and whether any of them were billed again."""

    units: int
    cents: int
    has_taken_back: bool


def net_given(session: Session, *, issuer_id: UUID, visit_ids: Iterable[UUID], class_id: UUID) -> NetGiven:
    """Return what an issuer credited of a container class at these visits, less what stands billed again."""
    notes = _notes_at(session, issuer_id, visit_ids)
    lines = [line for one in notes for line in one.lines if line.container_class_id == class_id]
    again = [row for rows in _billed_again(session, [line.id for line in lines]).values() for row in rows]
    return NetGiven(
        units=sum(line.quantity for line in lines) - sum(row.quantity for row in again),
        cents=sum(line.deposit_cents for line in lines) - sum(row.deposit_cents for row in again),
        has_taken_back=bool(again),
    )


@dataclass(frozen=True, slots=True)
class _Stop:
    """The visits of the stop at which a credit's containers came back, and the issuer's credits for them."""

    keeper_id: UUID | None
    visit_ids: Sequence[UUID]
    notes: Sequence[CreditNote]

    @classmethod
    def of(cls, session: Session, note: CreditNote) -> _Stop:
        if note.cause_kind != VISIT:
            return cls(None, (), [note])
        first = session.scalars(
            select(ContainerReturn).where(ContainerReturn.visit_id == note.cause_id).limit(1)
        ).first()
        if first is None:
            return cls(None, (), [note])
        with acting_for(session, first.owner_id):
            here = select(Visit.stop_id).where(Visit.id == note.cause_id).scalar_subquery()
            visit_ids = session.scalars(select(Visit.id).where(Visit.stop_id == here)).all()
        return cls(first.owner_id, visit_ids, _notes_at(session, note.owner_id, visit_ids))


def _notes_at(session: Session, issuer_id: UUID, visit_ids: Iterable[UUID]) -> Sequence[CreditNote]:
    return session.scalars(
        select(CreditNote)
        .where(
            CreditNote.owner_id == issuer_id,
            CreditNote.kind == CreditKind.CONTAINER_DEPOSIT,
            CreditNote.cause_kind == VISIT,
            CreditNote.state != CreditState.REFUSED,
            among(CreditNote.cause_id, visit_ids),
        )
        .order_by(CreditNote.created_at, CreditNote.id)
        .options(selectinload(CreditNote.lines))
    ).all()


def _billed_again(session: Session, line_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[InvoiceLine]]:
    """Return the lines that bill these credit lines again, on invoices that stand."""
    voided = exists().where(
        CreditNote.invoice_id == InvoiceLine.invoice_id,
        CreditNote.kind == CreditKind.VOID,
        CreditNote.state != CreditState.REFUSED,
    )
    rows = session.scalars(
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(among(InvoiceLine.credit_line_id, line_ids), ~voided)
    )
    found: dict[UUID, list[InvoiceLine]] = {}
    for row in rows:
        if row.credit_line_id is not None:
            found.setdefault(row.credit_line_id, []).append(row)
    return found


def _moved_back(session: Session, note: CreditNote, stop: _Stop) -> dict[UUID | None, int]:
    """Return how many containers of each class the stop's corrections moved back to the customer."""
    if stop.keeper_id is None:
        return {}
    with acting_for(session, stop.keeper_id):
        rows = session.scalars(
            select(ContainerReturn)
            .join(Visit, Visit.id == ContainerReturn.visit_id)
            .where(among(ContainerReturn.visit_id, stop.visit_ids), ContainerReturn.creditor_id == note.owner_id)
            .order_by(ContainerReturn.position)
        ).all()
    counts: dict[tuple[UUID, str], list[int]] = {}
    for row in rows:
        counts.setdefault((row.container_owner_id, row.class_code), []).append(row.quantity)
    class_ids = [line.container_class_id for line in note.lines if line.container_class_id]
    found: dict[UUID | None, int] = {}
    for one in container_classes(session, class_ids=class_ids).values():
        history = counts.get((one.owner_id, one.code), [0])
        found[one.id] = max(history) - history[-1]
    return found


def _given(line: CreditLine, again: Sequence[InvoiceLine], back_units: int) -> Given:
    taxes = {code: sum(row.deposit_taxes.get(code, 0) for row in again) for row in again for code in row.deposit_taxes}
    return Given(
        line=line,
        taken_units=sum(row.quantity for row in again),
        taken_cents=sum(row.deposit_cents for row in again),
        taken_taxes=taxes,
        back_units=back_units,
    )
