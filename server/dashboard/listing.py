"""Lists in pages: bounded, and never counted to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, any_, literal, or_
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.database import Owned

type Rows = Select[*tuple[Any, ...]]
"""A statement of rows of any columns."""

PAGE_ROWS: Final = 50
LAST_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Listed[T]:
    """One page of a list, counted from 1, and whether another one follows."""

    rows: Sequence[T]
    page: int
    more: bool


def page_of(session: Session, statement: Rows, *, page: int) -> Listed[Any]:
    """Return one page of ``statement``, whose order must be total."""
    wanted = min(max(page, 1), LAST_PAGE)
    rows = session.execute(statement.limit(PAGE_ROWS + 1).offset((wanted - 1) * PAGE_ROWS)).all()
    return Listed(rows[:PAGE_ROWS], wanted, len(rows) > PAGE_ROWS and wanted < LAST_PAGE)


def mine(session: Session, table: type[Owned]) -> ColumnElement[bool]:
    """Return the condition that the acting organisation owns or reads the row; the database asks the same again."""
    org_id = acting_org(session)
    return or_(table.owner_id == org_id, literal(org_id) == any_(table.party_ids))


def like(words: str) -> str:
    """Return a pattern that finds ``words`` anywhere, its own wildcards taken literally."""
    plain = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"
