"""The database of the whole schema that every test's own is copied from."""

from __future__ import annotations

from sqlalchemy import create_engine

from server.core.embedded.address import PostgresAddress
from server.core.embedded.roles import ensure_database, ensure_roles
from server.core.migrations import note_present
from server.migrations.schema import install

TEMPLATE = "template_tournee"


def make_schema_template(address: PostgresAddress) -> None:
    """Install the schema in a database named TEMPLATE, with the roles that use it."""
    ensure_roles(address)
    ensure_database(address, TEMPLATE)
    owner = create_engine(address.url(TEMPLATE, user="tournee_owner"))
    with owner.begin() as connection:
        install(connection)
        note_present(connection)
    owner.dispose()
