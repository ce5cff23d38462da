"""The day's incidents as the script that a tablet's driver follows, with the ids of the run that was planned."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.queries import live_invoices
from server.core.transaction import transaction
from server.example.cast import CARRIER_ID, SUPPLIERS, org_id
from server.example.incidents import INCIDENTS, Incident, LineIncident, LineKey
from server.example.ordering import formats_of
from server.orders.model import Order
from server.parties.model import Site
from server.planning import queries
from server.planning.model import Stop

type Script = dict[str, Any]
_CODES = tuple(supplier.code for supplier in SUPPLIERS)


def script_of(run_id: UUID) -> Script:
    """Return what the driver of a run does: everything in full but for the day's incidents, then the way back."""
    with transaction(acting=CARRIER_ID) as session:
        run = queries.run(session, run_id=run_id)
        places = select(Site.id, Site.name).where(Site.id.in_([stop.site_id for stop in run.stops]))
        names = dict(session.execute(places).all())
        told = [
            _stop(session, stop, INCIDENTS[names[stop.site_id]])
            for stop in run.stops
            if names[stop.site_id] in INCIDENTS
        ]
    return {"run_id": str(run_id), "stops": told, "others": "full", "return": True}


def _stop(session: Session, stop: Stop, incident: Incident) -> Script:
    orders = _orders(session, stop)
    told: Script = {"stop_id": str(stop.id), "outcome": incident.outcome, "photo": incident.photo}
    told["lines"] = {_line_id(orders, key): _plain(line) for key, line in incident.lines.items()}
    told["containers"] = {f"{code}+{org_id(owner)}": count for (code, owner), count in incident.returns.items()}
    told["cash"] = _cash(session, [orders[supplier] for supplier in incident.cash_for])
    if incident.kill_at:
        told["kill_at"] = incident.kill_at
    return told


def _orders(session: Session, stop: Stop) -> dict[str, Order]:
    rows = session.scalars(
        select(Order)
        .where(Order.id.in_([riding.order_id for riding in stop.orders]))
        .options(selectinload(Order.lines))
    )
    by_seller = {order.owner_id: order for order in rows}
    return {code: by_seller[org_id(code)] for code in _CODES if org_id(code) in by_seller}


def _line_id(orders: dict[str, Order], key: LineKey) -> str:
    supplier, item = key
    format_id = formats_of(supplier)[item]
    return next(str(line.id) for line in orders[supplier].lines if line.format_id == format_id)


def _plain(line: LineIncident) -> Script:
    parts = {name: getattr(line, name) for name in ("not_shipped", "lost", "returned", "extra") if getattr(line, name)}
    return parts | ({"reason": line.reason} if line.reason else {})


def _cash(session: Session, orders: list[Order]) -> dict[str, int]:
    standing = live_invoices(session, [order.id for order in orders])
    return {str(standing[order.id].owner_id): standing[order.id].total_cents for order in orders}
