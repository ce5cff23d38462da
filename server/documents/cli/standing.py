"""The books that a command reads: which database and store, and the refusal where none was ever kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import click

from server.core.ground import VAR, StoreKind, ground_said, standing_ground, store_ground, was_ground
from server.core.transaction import transaction
from server.receivables.queries import all_organisation_ids
from shared.problems import Problem, Text


class NoBooks(Problem):
    """There is no issuer where the command looks, hence nothing that could be right or wrong."""

    slug = "no-books"
    status = 404
    title = Text("Aucun livre à lire", "No books to read")


def store_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option of the example day's store; without it, the settings say which."""
    told = "Magasin de la journée d’exemple · store of the example day."
    return click.option("--store", type=click.Choice(["local", "s3"]), default=None, help=told)(command)


@contextmanager
def standing_books(store: StoreKind | None) -> Iterator[list[UUID]]:
    """Hold the database and store inside the block, and give their issuers; nothing is made where nothing is.

    Raises:
        NoBooks: no database was ever made here, or it holds no issuer.
    """
    if not was_ground(store):
        raise _no_books(str(VAR.resolve()))
    with standing_ground() if store is None else store_ground(store):
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            issuer_ids = all_organisation_ids(session)
        if not issuer_ids:
            raise _no_books(ground_said())
        yield issuer_ids


def _no_books(where: str) -> NoBooks:
    return NoBooks(
        Text(
            "Aucun émetteur ici. Placez-vous dans le dossier du produit, nommez sa base dans TOURNEE_DATABASE_URL, ou "
            "dites le magasin de la journée d’exemple avec --store local ou --store s3.",
            "No issuer here. Go to the product’s folder, name its database in TOURNEE_DATABASE_URL, or name the store "
            "of the example day with --store local or --store s3.",
        ),
        where=where,
    )
