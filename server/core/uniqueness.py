"""Adding a row whose name must be its own."""

from __future__ import annotations

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.database import Model
from server.core.problems import Problem


def add_unique(session: Session, row: Model, *, taken: Problem) -> None:
    """Add a row and write it at once.

    Raises:
        Problem: ``taken``, when the database already has a row of that name; nothing else of the transaction is lost.
    """
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise taken from error
        raise
