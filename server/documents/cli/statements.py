"""Commands over papers: ``tournee statement CUSTOMER``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from server.core import clock
from server.core.ground import StoreKind, ground_said
from server.core.transaction import transaction
from server.documents.cli.standing import standing_books, store_option
from server.documents.service.statements import StatementDraft, draft_statement
from server.receivables.payables import customer_accounts
from server.receivables.service.periods import period_of
from shared.money import format_money
from shared.problems import Problem, Text


class NoAccount(Problem):
    """Nobody of this name has an account with this issuer."""

    slug = "no-account"
    status = 404
    title = Text("Aucun compte client", "No customer account")


class SeveralIssuers(Problem):
    """A PDF is of one issuer, and the customer has accounts with more."""

    slug = "several-issuers"
    title = Text("Plusieurs émetteurs", "Several issuers")


_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("statement")
@click.argument("customer")
@click.option("--issuer", default="", help="Émetteur, par son nom ou son identifiant · issuer, by name or id.")
@click.option("--from", "first_day", type=_DAY, help="Premier jour · first day.")
@click.option("--to", "last_day", type=_DAY, help="Dernier jour · last day.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Écrire le PDF · write the PDF.")
@store_option
def statement(
    *,
    customer: str,
    issuer: str,
    first_day: datetime | None,
    last_day: datetime | None,
    pdf: Path | None,
    store: StoreKind | None,
) -> None:
    """État de compte d'un client, par son nom ou son identifiant · A customer's statement, by name or id.

    With several issuers, each has its statement; a PDF is of one, which --issuer then names.
    """
    with standing_books(store) as issuer_ids:
        accounts = _accounts(issuer_ids, customer=customer, issuer=issuer)
        if pdf is not None and len(accounts) > 1:
            raise _several(len(accounts))
        drafts = [_draft(issuer_id, buyer_id, first_day, last_day) for issuer_id, buyer_id in accounts]
        for draft in drafts:
            _say(draft)
        if pdf is not None:
            pdf.write_bytes(drafts[0].rendered())
            click.echo(f"{pdf}")


def _accounts(issuer_ids: list[UUID], *, customer: str, issuer: str) -> list[tuple[UUID, UUID]]:
    found: list[tuple[UUID, UUID]] = []
    for issuer_id in issuer_ids:
        with transaction(acting=issuer_id) as session:
            found += customer_accounts(session, customer=customer, issuer=issuer)
    if not found:
        raise NoAccount(
            Text(
                "Aucun client de ce nom ou de cet identifiant n’a de compte ici. Vérifiez le nom, --issuer et --store.",
                "No customer of this name or id has an account here. Check the name, --issuer and --store.",
            ),
            where=f"{customer} {issuer}".strip() + f"; {ground_said()}",
        )
    return found


def _several(count: int) -> SeveralIssuers:
    return SeveralIssuers(
        Text(
            f"Ce client a un compte chez {count} émetteurs, et un PDF est d’un seul. Nommez-le avec --issuer.",
            f"This customer has accounts with {count} issuers, and a PDF is of one. Name it with --issuer.",
        ),
        where="--issuer",
    )


def _draft(issuer_id: UUID, buyer_id: UUID, first_day: datetime | None, last_day: datetime | None) -> StatementDraft:
    now = clock.now()
    first, last = (one.date() if one else None for one in (first_day, last_day))
    with transaction(acting=issuer_id) as session:
        return draft_statement(session, buyer_id=buyer_id, period=period_of(first, last, today=now.date()), at=now)


def _say(draft: StatementDraft) -> None:
    first, last = draft.papers[0], draft.papers[-1]
    rows = [row for paper in draft.papers for row in paper.rows]
    click.echo(f"{first.issuer.name} → {first.buyer.name}, {first.first_day} – {first.last_day}")
    click.echo(f"{'':10}  {_money(first.opening_cents, first.currency):>16}  ouverture · opening")
    for row in rows:
        click.echo(f"{row.on}  {_money(row.amount_cents, first.currency):>16}  {row.words.fr}")
    click.echo(f"{'':10}  {_money(last.closing_cents, first.currency):>16}  clôture · closing ({len(rows)})")


def _money(cents: int, currency: str) -> str:
    return format_money(cents, currency, "fr")
