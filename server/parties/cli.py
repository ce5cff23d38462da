"""Commands over organisations and clients: ``tournee organisation create``, ``tournee import clients``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from server.core import clock
from server.core.ground import standing_ground
from server.core.imports import ImportReport, Note, read_import_file, told_report
from server.core.settings import settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.identity.service import invite
from server.identity.service.invitations import token_of
from server.parties import queries
from server.parties.service import create_organisation, preview_clients
from server.parties.service import import_clients as take_clients
from server.parties.service.client_rows import read_clients
from shared.ids import new_id

type Imported = Callable[[Session, Stamp, Note], ImportReport]


def run_import(seller: str, *, rows: int, dry_run: bool, preview: Imported, take: Imported) -> None:
    """Import a sheet for one seller, or show what it would do; each ``tournee import`` is this course.

    Somebody at a terminal sees how many of its ``rows`` are done.

    Raises:
        Problem: there is no such seller, or a row cannot be; nothing is written then.
    """
    made = Stamp(by=None, at=clock.now())
    with standing_ground():
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            seller_id = queries.seller_named(session, seller)
        bar = click.progressbar(length=rows, file=sys.stderr, hidden=not sys.stderr.isatty())
        with transaction(acting=seller_id) as session, bar:
            report = (preview if dry_run else take)(session, made, lambda: bar.update(1))
    for line in told_report(report, is_dry=dry_run):
        click.echo(line)


def import_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the file, the seller and the dry run that every import takes."""
    command = click.option("--dry-run", is_flag=True, help="Montrer sans écrire · Show and write nothing.")(command)
    told = "Code, nom ou identifiant du vendeur · Seller's code, name or id."
    command = click.option("--seller", default="", help=told)(command)
    return click.argument("file", type=click.Path(path_type=Path))(command)


@click.command("clients")
@import_options
def import_clients(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer des clients depuis FILE (CSV) · Import clients from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    sheet = read_clients(read_import_file(file))
    run_import(
        seller,
        rows=len(sheet.rows),
        dry_run=dry_run,
        preview=lambda session, _stamp, _note: preview_clients(session, sheet=sheet),
        take=lambda session, stamp, note: take_clients(session, sheet=sheet, stamp=stamp, note=note),
    )


@click.group()
def organisation() -> None:
    """Organisations · Organisations."""


@organisation.command("create")
@click.option("--kind", type=click.Choice([one.value for one in OrganisationKind]), required=True)
@click.option("--name", required=True, help="Nom usuel · Usual name.")
@click.option("--legal-name", default="", help="Raison sociale · Legal name.")
@click.option("--code", default="", help="Préfixe de ses numéros · Prefix of its numbers.")
@click.option("--email", required=True, help="Courriel de son propriétaire · Its owner's e-mail.")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def create(*, kind: str, name: str, legal_name: str, code: str, email: str, language: str) -> None:
    """Créer une organisation et inviter son propriétaire · Create an organisation and invite its owner.

    Le lien d'invitation sert une fois · the invitation's link works once.
    """
    now = Stamp(by=None, at=clock.now())
    org_id, org_kind = new_id(), OrganisationKind(kind)
    with standing_ground(), transaction(acting=org_id) as session:
        made = create_organisation(
            session,
            org_id=org_id,
            kind=org_kind,
            name=name,
            legal_name=legal_name or name,
            code=code,
            email=email,
            language=language,
            stamp=now,
        )
        invitation = invite(
            session,
            email=email,
            roles=(Role.OWNER,),
            org_id=org_id,
            kind=org_kind,
            name=name,
            inviter_name="Tournée",
            language="en" if language == "en" else "fr",
            stamp=now,
        )
    click.echo(f"{made.id}  {made.name}")
    click.echo(f"{settings().public_url}/invitations/{token_of(invitation.id)}")
