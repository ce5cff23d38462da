"""Commands over the books: ``tournee ledger check``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final
from uuid import UUID

import click

from server.core.blobs import blob_store
from server.core.ground import StoreKind, ground_said
from server.core.problems import say_problem
from server.core.transaction import transaction
from server.documents.audit import issued_papers, paper_faults
from server.documents.cli.standing import NoBooks, standing_books, store_option
from server.ledger.audit import LedgerFault
from server.receivables.audit import book_faults

EXIT_FAULTY: Final = 1
_MAX_SHOWN: Final = 20


@click.group()
def ledger() -> None:
    """Livres des émetteurs · Issuers' books."""


@ledger.command("check")
@store_option
def check(*, store: StoreKind | None) -> None:
    """Vérifier les livres et les PDF de chaque émetteur · Check every issuer's books and PDFs.

    Numbers, chains, sums, postings, allocations and the bytes of issued papers. Ends with 1 and names the first faults;
    where there is no issuer nothing was checked, which is 1 as well.
    """
    try:
        with standing_books(store) as issuer_ids:
            faults = list(islice(_all_faults(issuer_ids), _MAX_SHOWN))
            read = ground_said()
    except NoBooks as nothing:
        click.echo(say_problem(nothing), err=True)
        sys.exit(EXIT_FAULTY)
    for fault in faults:
        click.echo(f"{fault.issuer_id}  {fault.where}  {fault.kind}\n  {fault.text.fr}\n  {fault.text.en}", err=True)
    click.echo(read if faults else f"{len(issuer_ids)} livres justes · books hold  ({read})", err=bool(faults))
    if faults:
        sys.exit(EXIT_FAULTY)


def _all_faults(issuer_ids: list[UUID]) -> Iterator[LedgerFault]:
    for issuer_id in issuer_ids:
        with transaction(acting=issuer_id) as session:
            yield from book_faults(session, issuer_id=issuer_id)
            papers = issued_papers(session, issuer_id=issuer_id)
        yield from paper_faults(papers, issuer_id=issuer_id, store=blob_store())
