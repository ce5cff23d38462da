"""After a run changed, or an order that rides on it: it is made anew for its tablets, papers first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from server.core.jobs import AGAIN, enqueue, queue
from server.core.transaction import transaction
from server.documents.jobs import render_run
from server.orders import queries as orders
from server.planning.model import Run
from server.planning.progress import is_to_depart
from server.planning.queries import run_on_paper, run_to_visit
from server.sync.jobs import build_run_bundle


@queue.task(name="sync.send_order_again", retry=AGAIN)
def send_order_again(*, owner_id: str, subject_id: str) -> None:
    """Send the run of a changed order again, its papers made anew unless it is on the road.

    An order that rides on no documented run, or whose stop is over, sends nothing.
    """
    order_id = UUID(subject_id)
    with transaction(UUID(owner_id)) as session:
        order = orders.order(session, order_id=order_id)
        carrier_id = order.carrier_id or order.owner_id
    with transaction(carrier_id) as session:
        _send(session, run_to_visit(session, order_id=order_id))


@queue.task(name="sync.send_run_again", retry=AGAIN)
def send_run_again(*, owner_id: str, subject_id: str) -> None:
    """Send a changed run again, e.g. to the driver to whom it was given, its papers made anew.

    One without papers, or that is over, sends nothing.
    """
    with transaction(UUID(owner_id)) as session:
        _send(session, run_on_paper(session, run_id=UUID(subject_id)))


def _send(session: Session, run: Run | None) -> None:
    if run is not None:
        task = render_run if is_to_depart(run) else build_run_bundle
        key = f"{task.name}:{run.id}"
        enqueue(session, task, key=key, owner_id=str(run.owner_id), subject_id=str(run.id))
