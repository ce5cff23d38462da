"""Lists by pages: bounded, stable, and the same way everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import fields, validate
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.core.web.schemas import QuerySchema

MAX_PAGE = 200
DEFAULT_PAGE = 50


class PageQuerySchema(QuerySchema):
    """``after`` is the last identifier of the page before; the first page has none."""

    after = fields.UUID(metadata={"description": "the last id of the page before"})
    limit = fields.Integer(load_default=DEFAULT_PAGE, validate=validate.Range(min=1, max=MAX_PAGE))


def page[T](session: Session, query: Select[T], key: InstrumentedAttribute[UUID], asked: dict[str, Any]) -> Sequence[T]:
    """Return one page in the order of ``key``, which is the row's identifier."""
    if (after := asked.get("after")) is not None:
        query = query.where(key > after)
    return session.scalars(query.order_by(key).limit(asked["limit"])).all()
