"""Container classes and their dated deposits over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.catalog import queries, schemas, service
from server.catalog.model import ContainerClass
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission

classes = Blueprint(
    "container_classes",
    __name__,
    url_prefix="/container-classes",
    description="Containers that come back, and deposits",
)


@classes.route("", methods=["GET"])
@requires(Permission.CATALOG_READ)
@classes.response(200, schemas.ClassSchema(many=True))
def list_classes() -> list[dict[str, Any]]:
    """List the container classes that the caller's organisation owns or may use"""
    with transaction(actor().org_id) as session:
        return _presented(session, queries.readable_classes(session))


@classes.route("", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@classes.arguments(schemas.NewClassSchema)
@classes.response(201, schemas.ClassSchema)
def add_class(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a container class with its first deposit; partners may use it"""
    with transaction(actor().org_id) as session:
        made = service.create_container_class(session, **asked, stamp=stamp())
        return _presented(session, [made])[0]


@classes.route("/<uuid:class_id>", methods=["PUT"])
@requires(Permission.CATALOG_EDIT)
@classes.arguments(schemas.ClassWordsSchema)
@classes.response(200, schemas.ClassSchema)
def change_class(asked: dict[str, Any], class_id: UUID) -> dict[str, Any]:
    """Say a class's words and tax setting anew; lines keep what they had"""
    with transaction(actor().org_id) as session:
        changed = service.change_container_class(session, class_id=class_id, **asked, stamp=stamp())
        return _presented(session, [changed])[0]


@classes.route("/<uuid:class_id>/deposits", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@classes.arguments(schemas.DatedDepositSchema)
@classes.response(201, schemas.ClassSchema)
def add_deposit(asked: dict[str, Any], class_id: UUID) -> dict[str, Any]:
    """Set a class's deposit from a day on; earlier days keep theirs"""
    with transaction(actor().org_id) as session:
        service.price_container(session, class_id=class_id, **asked, stamp=stamp())
        return _presented(session, [session.get_one(ContainerClass, class_id)])[0]


def _presented(session: Session, found: Sequence[ContainerClass]) -> list[dict[str, Any]]:
    table = queries.price_table(session, class_ids=[one.id for one in found])
    names = ("id", "owner_id", "code", "kind", "name_fr", "name_en", "taxable", "decided_by")
    return [{name: getattr(one, name) for name in names} | {"deposits": table[one.id]} for one in found]
