"""Papers as files, to whoever the paper is for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.core import clock
from server.core.blobs import blob_store
from server.core.database import IDENTITY_ORG
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.core.web import actor, language, public, requires, stamp
from server.delivery.api.callers import reader
from server.delivery.sharing.model import AccessWay
from server.delivery.sharing.noting import Reader
from server.documents import queries
from server.documents.access import may_open, ridden_for
from server.documents.api.statements import customer_statement, shared_statement, statement_response
from server.documents.filing.api import file_response, take_file
from server.documents.filing.service import remove_file
from server.documents.model import Document, DocumentKind, PaperLink
from server.documents.service import linking
from server.documents.service.noting import note_paper
from server.documents.wording import KINDS
from server.identity.permissions import Permission
from server.identity.service import count_try
from server.identity.service.limits import PAPER_ADDRESS
from server.parties import queries as parties
from server.receivables.pages.blueprint import asked_day

pages = Blueprint("documents", __name__, template_folder="templates")


@pages.get("/documents/<uuid:document_id>")
@requires(Permission.ORDER_READ, Permission.INVOICE_READ, Permission.RUN_DOCUMENTS, Permission.PROOF_READ)
def send(document_id: UUID) -> Response:
    """Send one paper: PDF to look at, or as a file when asked; everything else as a file."""
    who = actor()
    with transaction(who.org_id) as session:
        paper = queries.document(session, document_id=document_id, ridden=ridden_for(who))
        if not may_open(who, paper.kind):
            raise queries.missing(document_id)
        note_paper(session, paper, way=AccessWay.PAGE, reader=reader(), stamp=stamp())
    payload = blob_store().get(paper.owner_id, paper.sha256)
    return _file(paper, payload)


@pages.get("/papiers/<token>")
@public("the signed, expiring token of an e-mail’s link stands for a client without an account; tries are counted")
def linked_papers(token: str) -> str:
    """Show the papers behind a link (C26)."""
    now = clock.now()
    link = _link(token)
    with transaction(link.owner_id) as session:
        linking.note_use(session, link, document_id=None, at=now)
        papers = _readable(linking.papers_behind(session, link))
        zone = parties.zone_of(session, org_id=link.owner_id)
        return render_template("documents/linked.html", link=link, papers=papers, token=token, kinds=KINDS, zone=zone)


@pages.get("/papiers/<token>/<uuid:document_id>")
@public("as the list of a link’s papers")
def linked_paper(token: str, document_id: UUID) -> Response:
    """Send one paper behind a link.

    Raises:
        NotFound: it is none of the link's.
    """
    now = clock.now()
    link = _link(token)
    with transaction(link.owner_id) as session:
        paper = next((one for one in linking.papers_behind(session, link) if one.id == document_id), None)
        if paper is None:
            raise queries.missing(document_id)
        linking.note_use(session, link, document_id=paper.id, at=now)
        by_link = Reader(org_id=link.owner_id, org_name="", person_name=link.email)
        note_paper(session, paper, way=AccessWay.EMAIL, reader=by_link, stamp=Stamp(by=None, at=now))
    return _file(paper, blob_store().get(paper.owner_id, paper.sha256))


@pages.get("/papiers")
@requires(Permission.PARTY_EDIT)
def sent_links() -> str:
    """Show the links that were sent to clients without an account, how often each was used, and revoke."""
    with transaction(actor().org_id) as session:
        return render_template(
            "documents/links.html",
            rows=linking.links(session),
            now=clock.now(),
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )


@pages.post("/papiers/<uuid:link_id>/revoquer")
@requires(Permission.PARTY_EDIT)
def revoke(link_id: UUID) -> BaseResponse:
    """Revoke a link."""
    with transaction(actor().org_id) as session:
        linking.revoke_link(session, link_id=link_id, stamp=stamp())
    return redirect(url_for(".sent_links"), code=303)


def _readable(papers: Sequence[Document]) -> Sequence[Document]:
    """Return the papers in the reader's language, or all where there is none: a paper is better than no paper."""
    if not any(one.language == language() for one in papers):
        return papers
    return [one for one in papers if one.language == language() or one.kind is DocumentKind.PROOF_FILE]


def _link(token: str) -> PaperLink:
    with transaction(IDENTITY_ORG) as session:
        count_try(session, PAPER_ADDRESS, request.remote_addr or "", at=clock.now())
    with transaction(IDENTITY_ORG) as session:
        return linking.find_link(session, token[:200], at=clock.now())


MOST_AT_ONCE = 10


@pages.post("/commandes/<uuid:order_id>/fichiers")
@requires(Permission.ORDER_CHAT)
def add_order_file(order_id: UUID) -> BaseResponse:
    """Put files of one's own beside an order (R056)."""
    for brought in request.files.getlist("fichiers")[:MOST_AT_ONCE]:
        if brought.filename:
            take_file(order_id, name=brought.filename, payload=brought.read())
    return redirect(f"/commandes/{order_id}", code=303)


@pages.get("/commandes/fichiers/<uuid:file_id>")
@requires(Permission.ORDER_READ)
def order_file(file_id: UUID) -> Response:
    """Send a party's file, never to be opened in place."""
    return file_response(file_id)


@pages.post("/commandes/fichiers/<uuid:file_id>/retirer")
@requires(Permission.ORDER_CHAT)
def remove_order_file(file_id: UUID) -> BaseResponse:
    """Take one's own file off an order."""
    with transaction(actor().org_id) as session:
        removed = remove_file(session, file_id=file_id, stamp=stamp())
    return redirect(f"/commandes/{removed.order_id}", code=303)


@pages.get("/comptes/<uuid:buyer_id>/releve.pdf")
@requires(Permission.BALANCE_READ)
def statement(buyer_id: UUID) -> Response:
    """Send a customer's statement of a period as PDF (R086)."""
    return statement_response(customer_statement(buyer_id, asked_day("du"), asked_day("au")))


@pages.get("/a-payer/<uuid:issuer_id>/releve.pdf")
@requires(Permission.BALANCE_READ)
def payable_statement(issuer_id: UUID) -> Response:
    """Send one's statement at an issuer that shares it as PDF (R079, R086)."""
    return statement_response(shared_statement(issuer_id, asked_day("du"), asked_day("au")))


def _file(paper: Document, payload: bytes) -> Response:
    as_file = "telecharger" in request.args or paper.media_type != "application/pdf"
    response = Response(payload, mimetype=paper.media_type)
    response.headers.set("Content-Disposition", "attachment" if as_file else "inline", filename=paper.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(paper.sha256)
    response.make_conditional(request)
    return response
