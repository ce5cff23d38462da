"""The first schema, frozen as SQL beside this file, and the queue's, from its package."""

from pathlib import Path

from alembic import op

from server.migrations.schema import queue_statements

revision = "2026_11_22_first_schema"
down_revision = None


def upgrade() -> None:
    frozen = Path(__file__).with_name("v2026_11_22_first_schema.sql").read_text(encoding="utf-8")
    connection = op.get_bind()
    for statement in (*frozen.split("\n-- next\n"), *queue_statements()):
        connection.exec_driver_sql(statement.replace("%", "%%"))
