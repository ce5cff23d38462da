"""How somebody likes their lists: columns put away, and views kept under a name (R032)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class ListTaste(Owned):
    """The columns of one list that one person does not want to see; the organisation owns it."""

    __tablename__ = "list_taste"
    __table_args__ = (UniqueConstraint("owner_id", "user_id", "list_name"),)

    user_id: Mapped[UUID]
    list_name: Mapped[str]
    hidden: Mapped[list[str]] = mapped_column(default=list)


class SavedView(Owned):
    """A list narrowed in one way, under a name: its address's choices. One person's, or the whole organisation's."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner_id", "user_id", "list_name", "name"),)

    user_id: Mapped[UUID]
    list_name: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    kept_at: Mapped[datetime]
