"""Write the first schema as SQL: ``python -m server.migrations.freeze``. After a release its file never changes."""

from __future__ import annotations

from pathlib import Path

from server.migrations.schema import schema_statements

FROZEN = Path(__file__).parent / "versions" / "v2026_11_22_first_schema.sql"


def frozen_text() -> str:
    """Return the statements of an empty database, each behind a line that parts them."""
    return "\n-- next\n".join(statement.strip() for statement in schema_statements()) + "\n"


if __name__ == "__main__":
    FROZEN.write_text(frozen_text(), encoding="utf-8")
