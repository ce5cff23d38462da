"""Proofs of delivery: the list, and one with its signature and files."""

from __future__ import annotations

from uuid import UUID

from flask import render_template

from server.core.transaction import transaction
from server.core.web import actor, requires
from server.dashboard.pages.blueprint import asked_page, asked_words, driver_only, pages, turning, zone_here
from server.dashboard.queries import proofs as queries
from server.dashboard.signing import read_signing
from server.delivery.reasons import FAILURES, REASONS
from server.documents.model import DocumentKind
from server.identity.permissions import Permission


@pages.get("/preuves")
@requires(Permission.PROOF_READ)
def proofs() -> str:
    """List the proofs that the caller may read."""
    words = asked_words()
    with transaction(actor().org_id) as session:
        found = queries.list_proofs(session, words=words, page=asked_page(), driver_id=driver_only())
        return render_template(
            "dashboard/proofs.html", found=found, words=words, zone=zone_here(session), turning=turning()
        )


@pages.get("/preuves/<uuid:proof_id>")
@requires(Permission.PROOF_READ)
def proof(proof_id: UUID) -> str:
    """Show one proof: what was received, who signed, and the files that prove it."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        whole = queries.proof_whole(session, proof_id=proof_id, driver_id=driver_only())
    signing = read_signing(whole.row.proof.owner_id, whole.row.proof.file_sha256)
    return render_template(
        "dashboard/proof.html",
        whole=whole,
        signing=signing,
        zone=zone,
        reasons={one.code: one for one in (*FAILURES, *REASONS)},
        pdf=whole.file(DocumentKind.PROOF_PDF),
        sealed=whole.file(DocumentKind.PROOF_FILE),
    )
