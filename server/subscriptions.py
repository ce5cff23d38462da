"""Who reacts to what, on one page. A reaction is a job, enqueued in the fact's own transaction; none moves money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

from server.billing import jobs as billing
from server.billing.events import CREDIT_ISSUED, INVOICE_PUBLISHED, INVOICE_RESENT
from server.catalog.events import CONTAINER_PRICED
from server.core.facts import Happened, subscribe
from server.core.jobs import enqueue_at_end
from server.delivery import jobs as delivery
from server.delivery.events import (
    DELIVERY_RECORDED,
    EXPORT_ASKED,
)
from server.documents import jobs as documents
from server.documents.archives import jobs as archives
from server.documents.events import PAPERS_ASKED, RUN_RENDERED
from server.fulfilment.events import RUN_DOCUMENTED
from server.identity import jobs as identity
from server.identity.events import DEVICE_TAKEN_BACK, DEVICE_VOUCHED, INVITATION_MADE
from server.notifications import jobs as notifications
from server.notifications.following.jobs import tell_fact
from server.notifications.following.table import TABLE
from server.orders import events as order
from server.orders.jobs import watch_pending
from server.planning import jobs as planning
from server.planning.events import PLAN_REQUESTED, RUN_CHANGED, RUN_PLANNED, RUN_READY
from server.sync import jobs as sync
from server.sync.events import ATTACHMENT_RECEIVED, EVENT_SET_ASIDE
from server.sync.sending import jobs as sending

type Task = procrastinate.tasks.Task[..., Any, Any]

# fact name → its work, each a job that takes owner_id and subject_id as text
_WORK: Mapping[str, tuple[Task, ...]] = {
    order.ORDER_CREATED: (documents.render_order,),
    order.ORDER_SUBMITTED: (documents.render_order, watch_pending),
    order.ORDER_ACCEPTED: (documents.render_order,),
    order.ORDER_REJECTED: (documents.render_order,),
    order.ORDER_CANCELLED: (documents.render_order,),
    order.ORDER_EXPIRED: (documents.render_order,),
    order.ORDER_REVISED: (documents.render_order, sending.send_order_again),
    order.ORDER_PAPER_CHOSEN: (sending.send_order_again,),
    order.ORDER_RESTORED: (documents.render_order,),
    order.ORDER_PLANNED: (documents.render_order,),
    order.ORDER_UNPLANNED: (documents.render_order,),
    order.ORDER_SHIPPED: (documents.render_order,),
    order.ORDER_DELIVERED: (documents.render_order,),
    order.ORDER_NOT_DELIVERED: (documents.render_order,),
    order.ORDER_REOPENED: (documents.render_order,),
    order.ORDER_CORRECTED: (documents.render_order,),
    order.SUPPLEMENT_MADE: (documents.render_order,),
    order.SUPPLEMENT_WITHDRAWN: (documents.render_order,),
    CONTAINER_PRICED: (billing.watch_deposit,),
    PAPERS_ASKED: (archives.gather_papers,),
    RUN_DOCUMENTED: (documents.render_run,),
    RUN_RENDERED: (sync.build_run_bundle,),
    RUN_READY: (sync.build_run_bundle,),
    DELIVERY_RECORDED: (documents.render_delivery, sync.seal_delivery),
    EVENT_SET_ASIDE: (sync.tell_set_aside,),
    ATTACHMENT_RECEIVED: (sync.seal_with_attachment,),
    INVOICE_PUBLISHED: (documents.render_invoice,),
    INVOICE_RESENT: (documents.render_invoice,),
    CREDIT_ISSUED: (documents.render_credit,),
    order.ORDER_LOTS_NOTED: (delivery.say_proofs_anew,),
    EXPORT_ASKED: (delivery.gather_export,),
    DEVICE_TAKEN_BACK: (delivery.ask_about_tablet,),
    DEVICE_VOUCHED: (delivery.ask_about_vouched_tablet,),
    INVITATION_MADE: (notifications.tell_invitation,),
    PLAN_REQUESTED: (planning.solve_plan,),
    RUN_PLANNED: (planning.draw_run,),
    RUN_CHANGED: (planning.draw_run, sending.send_run_again),
}


# fact name → its jobs: its work, then its news to whoever the table says
REACTIONS: Mapping[str, tuple[Task, ...]] = {
    name: (*_WORK.get(name, ()), *((tell_fact,) if name in TABLE else ())) for name in (*_WORK, *TABLE)
}

# when (cron, UTC) → its job, taking the moment; only a worker that stays plans them, once however many there are
HOURS: Mapping[str, Task] = {"23 * * * *": identity.sweep, "41 * * * *": sync.sweep_half_sent}


def plan_hours(app: procrastinate.App) -> None:
    """Have this process's worker ask for what is due by the clock."""
    for cron, task in HOURS.items():
        if (task.name, "") not in app.periodic_registry.periodic_tasks:
            app.periodic(cron=cron)(task)


def react(session: Session, fact: Happened) -> None:
    """Enqueue every job that the fact asks for; while the same one waits, it is not doubled."""
    tasks = REACTIONS.get(fact.name, ())
    owner_id, subject_id = str(fact.owner_id), str(fact.subject_id)
    for task in tasks:
        enqueue_at_end(session, task, key=f"{task.name}:{subject_id}", owner_id=owner_id, subject_id=subject_id)


def install_subscriptions() -> None:
    """Let facts wake their jobs in this process; every wiring (app, worker, example) calls it."""
    subscribe(react)
