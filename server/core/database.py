"""Tables as typed classes: every row has an owner and readers, and the database fences them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    MetaData,
    Numeric,
    Text,
    Uuid,
    any_,
    literal,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON

from shared.ids import new_id

IDENTITY_ORG = UUID(int=0)
"""The acting organisation of the doors that run before anyone is known: sign-in and tablets' keys."""

type Cents = int
type Json = dict[str, Any]

cents = Annotated[int, mapped_column(BigInteger)]
unit_price = Annotated[Any, mapped_column(Numeric(16, 4))]
rate = Annotated[Any, mapped_column(Numeric(9, 6))]
json_object = Annotated[dict[str, Any], mapped_column(JSONB)]
json_list = Annotated[list[Any], mapped_column(JSONB)]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def stored_enum(kind: type[enum.Enum], *, name: str | None = None) -> Enum:
    """Return the column type of a ``StrEnum``: its values as text with a CHECK, which ``name`` tells apart."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Return that a column holds one of these values: one array, so that the statement's text is always the same."""
    return cast("ColumnElement[bool]", column == any_(literal(list(values), ARRAY(column.type))))


class Model(DeclarativeBase):
    """Base of every table. Annotations map aware instants, business days and ``StrEnum`` with a CHECK."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date(),
        str: Text(),
        bytes: BYTEA(),
        UUID: Uuid(),
        list[UUID]: ARRAY(Uuid()),
        list[str]: ARRAY(Text()),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        enum.Enum: stored_enum(enum.Enum),
    }


class Owned(Model):
    """A row of one organisation (``owner_id`` writes) that others of its deal may read (``party_ids``)."""

    __abstract__ = True
    append_only: ClassVar[bool] = False
    kept_days: ClassVar[int] = 0  # of what is written once: how long before a row, by its ``at``, may be deleted
    counted_by_owner: ClassVar[bool] = False  # the schema's owner may list the rows, so that it can check each tenant

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    party_ids: Mapped[list[UUID]] = mapped_column(default=list)

    def kin(self) -> dict[str, Any]:
        """Return the owner and readers that a part of this row shares."""
        return {"owner_id": self.owner_id, "party_ids": list(self.party_ids)}


class Reference(Model):
    """A row that everyone may read and only a migration writes, e.g. tax rates."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
