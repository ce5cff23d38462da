"""A database brought up by its migrations is the one that the models describe."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from server.core.database import Model
from server.core.embedded.roles import ensure_database
from server.core.migrations import NewerSchema, migrate
from server.migrations.freeze import FROZEN, frozen_text

_CATALOGUE = {
    "policies": "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
    "fences": """
        SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1""",
    "triggers": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "grants": """
        SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE grantee = 'tournee_app' ORDER BY 1, 3""",
    "checks": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
}


@pytest.fixture
def migrated(postgres):
    ensure_database(postgres, "migrated")
    url = postgres.url("migrated", user="tournee_owner")
    yield url
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE migrated WITH (FORCE)"))
    engine.dispose()


def test_the_frozen_schema_is_what_the_models_say():
    """Until the first release the frozen file follows the models; freeze it again after a change."""
    assert FROZEN.read_text(encoding="utf-8") == frozen_text()


def test_a_migrated_database_is_the_one_of_the_models(migrated, database):
    """Tables, policies, triggers, grants and checks are the same by both ways, and a second run does nothing."""
    assert migrate(migrated)
    assert not migrate(migrated)
    first, second = create_engine(migrated), create_engine(database.owner_url)
    with first.connect() as one, second.connect() as other:
        found = [
            step
            for step in compare_metadata(MigrationContext.configure(one), Model.metadata)
            if not (
                step[0] == "remove_table"
                and (step[1].name.startswith("procrastinate") or step[1].name == "alembic_version")
            )
            and not (step[0] == "remove_index" and step[1].table.name.startswith("procrastinate"))
        ]
        assert found == []
        for name, query in _CATALOGUE.items():
            both = [[row for row in made.execute(text(query)) if row[0] != "alembic_version"] for made in (one, other)]
            assert both[0] == both[1], name
    first.dispose()
    second.dispose()


def test_a_database_of_a_later_release_is_refused(migrated):
    """An older release does not touch a newer database and says what to do."""
    migrate(migrated)
    engine = create_engine(migrated)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    engine.dispose()
    with pytest.raises(NewerSchema, match="later"):
        migrate(migrated)
