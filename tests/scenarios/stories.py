"""How a story goes: plan, load, a morning pull, a day without network, a push; then what stands where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.billing.model import CreditNote, Invoice
from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.orders.model import Order
from tests.scenarios.office import Office


def make_ready(office: Office) -> UUID:
    """Plan, prepare and load the day's only run, and let the driver's tablet pull it."""
    (run_id,) = office.plan()
    office.load(run_id)
    office.drive({"enrol": office.code(), "pull": True, "runs": [], "push": False})
    return run_id


def drive_alone(office: Office, *stops: dict[str, Any], push: bool = True, **drive: Any) -> list[dict[str, Any]]:
    """Drive the run without network, then push unless told otherwise; return what the tablet was told."""
    script = {"pull": False, "runs": [{"run_id": "*", "stops": list(stops)}], "push": push}
    said = office.drive(script, **drive)
    office.jobs()
    return said


def live_day(office: Office, *stops: dict[str, Any]) -> list[dict[str, Any]]:
    """Do everything from the plan to the proofs; ``stops`` are told by their position, the others go well."""
    make_ready(office)
    return drive_alone(office, *stops)


def told_documents(said: list[dict[str, Any]]) -> dict[str, int]:
    """Return the documents that the receipts brought to the tablet: total in cents by kind."""
    push = next(phase for phase in said if phase["phase"] == "push")
    return {one["kind"]: one["total_cents"] for one in push["documents"]}


def invoices_of(org_id: UUID) -> list[Invoice]:
    with transaction(org_id) as session:
        return list(session.scalars(select(Invoice).where(Invoice.owner_id == org_id).order_by(Invoice.created_at)))


def credits_of(org_id: UUID) -> list[CreditNote]:
    with transaction(org_id) as session:
        notes = select(CreditNote).where(CreditNote.owner_id == org_id).options(selectinload(CreditNote.lines))
        return list(session.scalars(notes.order_by(CreditNote.created_at)))


def orders_of(org_id: UUID) -> list[Order]:
    with transaction(org_id) as session:
        chosen = select(Order).where(Order.owner_id == org_id).options(selectinload(Order.lines))
        return list(session.scalars(chosen.order_by(Order.number)))


def delivery_of(office: Office, order_id: UUID) -> Delivery:
    with transaction(office.world.carrier_id) as session:
        chosen = select(Delivery).where(Delivery.order_id == order_id).options(selectinload(Delivery.lines))
        return session.scalars(chosen).one()
