"""Who reacts to what, on one page. A reaction is a job, enqueued in the fact's own transaction; none moves money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

from server.billing.events import CREDIT_ISSUED, INVOICE_PUBLISHED, INVOICE_RESENT
from server.core.facts import Fact, subscribe
from server.core.jobs import enqueue_at_end
from server.delivery import jobs as delivery
from server.delivery.events import DELIVERY_CORRECTED, DELIVERY_RECORDED, EXPORT_ASKED, PROOF_SEALED
from server.documents import jobs as documents
from server.documents.events import RUN_RENDERED
from server.fulfilment.events import CONTEST_DECIDED, CONTEST_OPENED, RUN_DOCUMENTED
from server.notifications import jobs as notifications
from server.notifications.events import WEBHOOK_SUSPENDED
from server.orders.events import ORDER_ACCEPTED, ORDER_LOTS_NOTED, ORDER_SUBMITTED
from server.planning import jobs as planning
from server.planning.events import PLAN_REQUESTED, RUN_CHANGED, RUN_PLANNED, RUN_READY
from server.sync import jobs as sync
from server.sync.events import ATTACHMENT_RECEIVED, EVENT_SET_ASIDE

type Task = procrastinate.tasks.Task[..., Any, Any]

# fact name → its jobs, each taking owner_id and subject_id as text
REACTIONS: Mapping[str, tuple[Task, ...]] = {
    ORDER_SUBMITTED: (documents.render_order,),
    ORDER_ACCEPTED: (documents.render_order,),
    RUN_DOCUMENTED: (documents.render_run,),
    RUN_RENDERED: (sync.build_run_bundle,),
    RUN_READY: (sync.build_run_bundle,),
    DELIVERY_RECORDED: (documents.render_delivery, sync.seal_delivery, notifications.tell_variance),
    DELIVERY_CORRECTED: (notifications.tell_correction,),
    EVENT_SET_ASIDE: (sync.tell_set_aside,),
    ATTACHMENT_RECEIVED: (sync.seal_with_attachment,),
    INVOICE_PUBLISHED: (documents.render_invoice, notifications.tell_invoice),
    INVOICE_RESENT: (documents.render_invoice, notifications.tell_invoice_again),
    CREDIT_ISSUED: (documents.render_credit, notifications.tell_credit),
    ORDER_LOTS_NOTED: (delivery.say_proofs_anew,),
    EXPORT_ASKED: (delivery.gather_export,),
    PROOF_SEALED: (notifications.tell_proof,),
    CONTEST_OPENED: (notifications.tell_contest,),
    CONTEST_DECIDED: (notifications.tell_contest,),
    WEBHOOK_SUSPENDED: (notifications.tell_suspension,),
    PLAN_REQUESTED: (planning.solve_plan,),
    RUN_PLANNED: (planning.draw_run,),
    RUN_CHANGED: (planning.draw_run,),
}


def react(session: Session, fact: Fact) -> None:
    """Enqueue every job that the fact asks for; while the same one waits, it is not doubled."""
    for task in REACTIONS.get(fact.name, ()):
        enqueue_at_end(
            session,
            task,
            key=f"{task.name}:{fact.subject_id}",
            owner_id=str(fact.owner_id),
            subject_id=str(fact.subject_id),
        )


def install_subscriptions() -> None:
    """Let facts wake their jobs in this process; every wiring (app, worker, example) calls it."""
    subscribe(react)
