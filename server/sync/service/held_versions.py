"""What the versions of a run that a tablet has had say of one of its stops."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.sync.model import RunBundle
from shared.wire.bundle import BundleRun, BundleStop


def once_named(session: Session, *, run_id: UUID, stop_id: UUID, version: int) -> frozenset[str]:
    """Return the ids of the sellers, issuers and owners of empties that a run named at a stop up to a version.

    Of what the office once gave the tablet, something may have been struck off since; a version that a restored office
    lost names nobody.
    """
    bodies = session.scalars(select(RunBundle.body).where(RunBundle.run_id == run_id, RunBundle.version <= version))
    runs = [msgspec.json.decode(body, type=BundleRun) for body in bodies]
    return frozenset(
        org_id for run in runs for stop in run.stops if stop.stop_id == str(stop_id) for org_id in _named(stop)
    )


def _named(stop: BundleStop) -> set[str]:
    return (
        {org_id for order in stop.orders for org_id in (order.goods.seller_id, order.goods.issuer_id)}
        | {org_id for kind in stop.containers for org_id in (kind.owner_id, kind.creditor_id)}
        | {item.issuer_id for item in stop.collect}
    )
