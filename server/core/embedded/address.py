"""Where a PostgreSQL server listens, and the names and passwords that open it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

OWNER_ROLE = "tournee_owner"
APP_ROLE = "tournee_app"


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A running server: a folder with its socket, and its superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str = "postgres"

    def password_of(self, role: str) -> str:
        """Return the password of ``role``: the superuser's own, and one derived from it for every other role."""
        if role == self.user:
            return self.password
        return hmac.new(self.password.encode(), role.encode(), hashlib.sha256).hexdigest()

    def url(self, database: str | None = None, user: str | None = None) -> str:
        """Return the SQLAlchemy URL of a database, for the superuser or for ``user``; it holds the password."""
        role = user or self.user
        return URL.create(
            "postgresql+psycopg",
            username=role,
            password=self.password_of(role),
            database=database or self.dbname,
            query={"host": self.host, "port": str(self.port)},
        ).render_as_string(hide_password=False)

    def conninfo(self, database: str | None = None, user: str | None = None) -> str:
        """Return the same as ``url`` in libpq's own words, for psycopg without SQLAlchemy."""
        role = user or self.user
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=role,
            password=self.password_of(role),
            dbname=database or self.dbname,
        )
