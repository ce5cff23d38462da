"""From what was counted at a stop to the leaves that its signature covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from driver_app.statement import delivered_lines, preview, rounding_of
from driver_app.store.drafts import StopDraft, containers_at
from shared.delivered_line import Unmet
from shared.delivery import outcome
from shared.visit import VisitCollection, VisitContainers, VisitOrder, VisitPhoto, build_visit_records
from shared.wire.bundle import BundleOrder, BundleRun, BundleStop
from shared.wire.event import Outcome


def visit_records(run: BundleRun, stop: BundleStop, draft: StopDraft) -> dict[str, list[dict[str, Any]]]:
    """Return the visit's leaves by group, unsalted: orders, owners of empties, and what only the carrier sees."""
    return build_visit_records(
        orders=[_order(run, order, draft) for order in stop.orders],
        containers=list(_containers(stop, draft)),
        collections=[
            VisitCollection(
                issuer_id=taken.issuer_id,
                method=taken.method,
                amount_cents=taken.amount_cents,
                rounding_cents=rounding_of(taken.method, taken.amount_cents),
                reference=taken.reference,
            )
            for taken in draft.collections
        ],
        photos=[VisitPhoto(sha256=photo.sha256, note=photo.note) for photo in draft.photos],
    )


def outcome_of(run: BundleRun, stop: BundleStop, draft: StopDraft) -> Outcome:
    """Return how the whole stop ended: as its failure says, in full, or in part."""
    unmet = _unmet(run, draft)
    if unmet is not None:
        return unmet
    return outcome([line for order in stop.orders for line in delivered_lines(order, draft)])


def _order(run: BundleRun, order: BundleOrder, draft: StopDraft) -> VisitOrder:
    return VisitOrder(
        order_id=order.order_id,
        terms_hash=order.terms_hash,
        lines=delivered_lines(order, draft),
        preview=preview(order, draft),
        unmet=_unmet(run, draft),
        photos={line.line_id: draft.lines[line.line_id].photos for line in order.goods.lines},
    )


def _containers(stop: BundleStop, draft: StopDraft) -> Iterator[VisitContainers]:
    offered = {(item.container_class, item.owner_id): item for item in containers_at(stop, draft)}
    for counted in draft.containers:
        kind = offered[counted.container_class, counted.owner_id]
        yield VisitContainers(
            owner_id=kind.owner_id,
            creditor_id=kind.creditor_id,
            container_class=kind.container_class,
            returned=counted.returned,
            unit_cents=kind.unit_cents,
        )


def _unmet(run: BundleRun, draft: StopDraft) -> Unmet | None:
    return next((item.outcome for item in run.failures if item.code == draft.failure), None)
