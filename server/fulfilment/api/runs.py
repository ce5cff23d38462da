"""What happens to a run that touches orders' invoices: its papers, and orders that leave it."""

from __future__ import annotations

from uuid import UUID

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.api.access import require_whole
from server.fulfilment.service.documents import prepare_documents
from server.fulfilment.service.leaving import cancel_run, take_off_run
from server.identity.permissions import Permission
from server.planning.model import Run
from server.planning.schemas import RecostedSchema, RunSchema
from server.planning.service import Recosted

run_papers = Blueprint("run_papers", __name__, url_prefix="/runs", description="A run's papers and its orders")


@run_papers.route("/<uuid:run_id>/documents", methods=["POST"])
@requires(Permission.RUN_DOCUMENTS)
@run_papers.response(200, RunSchema)
def make_documents(run_id: UUID) -> Run:
    """Make a prepared run's papers and every missing invoice, once"""
    with transaction(actor().org_id) as session:
        prepared = prepare_documents(session, run_id, stamp=stamp())
        require_whole(Permission.RUN_DOCUMENTS)
        return prepared.run


@run_papers.route("/<uuid:run_id>/orders/<uuid:order_id>", methods=["DELETE"])
@requires(Permission.RUN_PLAN)
@run_papers.response(200, RecostedSchema)
def remove_order(run_id: UUID, order_id: UUID) -> Recosted:
    """Take an order off a run that has not left; a provisional invoice is let go"""
    with transaction(actor().org_id) as session:
        return take_off_run(session, run_id=run_id, order_id=order_id, stamp=stamp())


@run_papers.route("/<uuid:run_id>/cancel", methods=["POST"])
@requires(Permission.RUN_PLAN)
@run_papers.response(200, RunSchema)
def cancel(run_id: UUID) -> Run:
    """Cancel a run that has not left; its orders wait for another one, provisional invoices are let go"""
    with transaction(actor().org_id) as session:
        return cancel_run(session, run_id=run_id, stamp=stamp())
