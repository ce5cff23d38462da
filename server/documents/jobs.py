"""Rendering, outside of any transaction: read, render, store, then name what was stored."""

from __future__ import annotations

from uuid import UUID

from server.core import clock, facts
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.documents import service
from server.documents.events import RUN_RENDERED
from server.documents.service.drafts import Draft
from server.documents.service.keeping import put


@queue.task(name="documents.render_run", retry=AGAIN)
def render_run(*, owner_id: str, subject_id: str) -> None:
    """Render every paper of a run and its packet."""
    with transaction(UUID(owner_id)) as session:
        drafts = service.draft_run_papers(session, UUID(subject_id))
    rendered = [draft.rendered() for draft in drafts.drafts]
    rendered.append(drafts.packet())
    for one in rendered:
        put(one)
    stamp = _now()
    with transaction(UUID(owner_id)) as session:
        for one in rendered:
            service.keep(session, one, stamp=stamp)
        facts.record(session, RUN_RENDERED, UUID(subject_id), stamp)


@queue.task(name="documents.render_order", retry=AGAIN)
def render_order(*, owner_id: str, subject_id: str) -> None:
    """Render an order's purchase order with its present status."""
    with transaction(UUID(owner_id)) as session:
        draft = service.draft_order_paper(session, UUID(subject_id))
    _keep_all(owner_id, (draft,))


@queue.task(name="documents.render_invoice", retry=AGAIN)
def render_invoice(*, owner_id: str, subject_id: str) -> None:
    """Render a published invoice; with the first section of a joined one, the whole (C15)."""
    with transaction(UUID(owner_id)) as session:
        drafts = service.draft_invoice_papers(session, UUID(subject_id))
    _keep_all(owner_id, drafts)


@queue.task(name="documents.render_credit", retry=AGAIN)
def render_credit(*, owner_id: str, subject_id: str) -> None:
    """Render an issued credit note."""
    with transaction(UUID(owner_id)) as session:
        draft = service.draft_credit_paper(session, UUID(subject_id))
    _keep_all(owner_id, (draft,))


@queue.task(name="documents.render_delivery", retry=AGAIN)
def render_delivery(*, owner_id: str, subject_id: str) -> None:
    """Render what a delivery changes on paper."""
    with transaction(UUID(owner_id)) as session:
        drafts = service.draft_delivery_papers(session, UUID(subject_id))
    _keep_all(owner_id, drafts)


def _keep_all(owner_id: str, drafts: tuple[Draft, ...]) -> None:
    rendered = [draft.rendered() for draft in drafts]
    for one in rendered:
        put(one)
    with transaction(UUID(owner_id)) as session:
        for one in rendered:
            service.keep(session, one, stamp=_now())


def _now() -> Stamp:
    return Stamp(None, clock.now())
