"""What the versions of a run that tablets have had say of one of its stops."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.fulfilment.service.belonging import OnceNamed
from server.sync.model import RunBundle
from shared.wire.bundle import BundleRun, BundleStop


def once_named(session: Session, *, run_id: UUID, stop_id: UUID, version: int) -> OnceNamed:
    """Return the sellers, issuers and owners of empties that a run named at a stop up to a version, and the deposits.

    Of what the office once gave the tablet, something may have been struck off or priced anew since; a version that a
    restored office lost names nobody.
    """
    bodies = session.scalars(select(RunBundle.body).where(RunBundle.run_id == run_id, RunBundle.version <= version))
    stops = [stop for body in bodies for stop in _read(body, stop_id)]
    return OnceNamed(
        org_ids=frozenset(org_id for stop in stops for org_id in _named(stop)),
        deposits=frozenset(
            (kind.owner_id, kind.container_class, kind.unit_cents) for stop in stops for kind in stop.containers
        ),
    )


def stop_changed(session: Session, *, run_id: UUID, stop_id: UUID, had: int, stands: int) -> bool:
    """Say whether a version of a run that a tablet had differs at a stop from the one that stands, but for its papers.

    Papers name the version, and always differ. Of a version that was lost, or is not made yet, nobody knows: it may.
    """
    if had > stands:  # an office that was restored has lost it
        return True
    of_both = select(RunBundle.body).where(RunBundle.run_id == run_id, RunBundle.version.in_((had, stands)))
    match [_without_papers(stop) for body in session.scalars(of_both) for stop in _read(body, stop_id)]:
        case [before, after]:
            return before != after
        case _:
            return True


def _read(body: bytes, stop_id: UUID) -> list[BundleStop]:
    """Return a version's stop; none of a version that no tablet could read, e.g. beyond the wire's bounds."""
    try:
        run = msgspec.json.decode(body, type=BundleRun)
    except msgspec.ValidationError:
        return []
    return [stop for stop in run.stops if stop.stop_id == str(stop_id)]


def _without_papers(stop: BundleStop) -> BundleStop:
    return replace(stop, orders=tuple(replace(order, files=()) for order in stop.orders))


def _named(stop: BundleStop) -> set[str]:
    return (
        {org_id for order in stop.orders for org_id in (order.goods.seller_id, order.goods.issuer_id)}
        | {org_id for kind in stop.containers for org_id in (kind.owner_id, kind.creditor_id)}
        | {item.issuer_id for item in stop.collect}
    )
