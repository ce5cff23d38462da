"""Commands that write something once and end."""

from __future__ import annotations

import click
import orjson

from server.core.ground import migrate as bring_up


@click.command()
def openapi() -> None:
    """Écrire le document OpenAPI · print the API's document."""
    from server.app import create_app
    from server.core.web.openapi import document

    click.echo(orjson.dumps(document(create_app()), option=orjson.OPT_INDENT_2).decode())


@click.command()
def migrate() -> None:
    """Mettre le schéma à jour · bring the database to the present schema."""
    made = bring_up()
    click.echo("Schéma à jour · schema up to date" if not made else "Schéma installé · schema installed")
