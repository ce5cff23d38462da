"""Proofs of delivery: the search, and one with its signature, its files and who had them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.dashboard.pages.blueprint import (
    asked_choice,
    asked_day,
    asked_id,
    asked_words,
    driver_only,
    pages,
    same_list,
    zone_here,
)
from server.dashboard.queries import proofs as queries
from server.dashboard.signing import read_signing
from server.delivery.api.callers import reader
from server.delivery.contests import queries as contests_read
from server.delivery.contests.queries import may_contest
from server.delivery.model import VisitOutcome
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.sharing import queries as shared
from server.delivery.sharing.model import AccessPart, AccessWay, ProofKind, ProofState
from server.delivery.sharing.noting import note_access
from server.delivery.sharing.queries import ProofFilter
from server.documents.model import DocumentKind
from server.identity.permissions import Permission
from server.orders import queries as orders


@pages.get("/preuves")
@requires(Permission.PROOF_READ)
def proofs() -> str:
    """Search the proofs that the caller may read, by what the address says."""
    narrowed, now = narrowed_here(), clock.now()
    kept: dict[str, Any] = {name: asked for name, asked in request.args.items() if asked and name != "avant"}
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        query = shared.find_proofs(session, narrowed=narrowed, zone=zone, now=now, driver_id=driver_only())
        found, before = shared.newest(session, query, before=asked_id("avant"))
        return render_template(
            "dashboard/proofs.html",
            found=found,
            billing=orders.billing_types(session, order_ids=[one.order_id for one in found]),
            following=same_list(avant=str(before)) if before else "",
            narrowed=narrowed,
            asked=request.args,
            exporting=url_for("dashboard.ask_export", **kept),
            reasons=(*REASONS, *FAILURES),
            state_of=lambda entry: shared.state_of(entry, now=now),
            zone=zone,
        )


@pages.get("/preuves/<uuid:proof_id>")
@requires(Permission.PROOF_READ)
def proof(proof_id: UUID) -> str:
    """Show one proof: what was received, who signed, and the files that prove it."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        whole = queries.proof_whole(session, proof_id=proof_id, driver_id=driver_only())
        entry = shared.entry_named(session, proof_id)
        accesses = shared.accesses(session, proof_id)
        contests = contests_read.contests_of(session, proof_id)
        evidence = contests_read.evidence_of(session, [one.id for one in contests])
        note_access(
            session, owner_id=whole.row.proof.owner_id, proof_ids=[proof_id], reader=reader(), way=AccessWay.PAGE,
            part=AccessPart.CONTENTS, stamp=stamp(),
        )  # fmt: skip
    signing = read_signing(whole.row.proof.owner_id, entry.file_sha256)
    return render_template(
        "dashboard/proof.html",
        whole=whole,
        signing=signing,
        entry=entry,
        state=shared.state_of(entry, now=clock.now()),
        accesses=accesses,
        contests=contests,
        evidence=evidence,
        contestable=may_contest(entry, contests, me=actor().org_id, now=clock.now()),
        contest_action=url_for("contests.contest_proof", subject_id=proof_id),
        contest_until=entry.contest_until,
        is_owner=whole.row.proof.owner_id == actor().org_id,
        zone=zone,
        reasons={one.code: one for one in (*FAILURES, *REASONS)},
        pdf=whole.file(DocumentKind.PROOF_PDF),
        sealed=whole.file(DocumentKind.PROOF_FILE),
    )


def narrowed_here() -> ProofFilter:
    """Return what the address asks for."""
    return ProofFilter(
        words=asked_words(),
        order=asked_words("commande"),
        client=asked_words("client"),
        seller=asked_words("fournisseur"),
        signer=asked_words("signataire"),
        reason=asked_words("motif"),
        lot=asked_words("lot"),
        outcome=asked_choice("resultat", VisitOutcome),
        state=asked_choice("etat", ProofState),
        kind=asked_choice("sorte", ProofKind),
        first_day=asked_day("du"),
        last_day=asked_day("au"),
    )
