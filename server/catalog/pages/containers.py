"""Container classes with their dated deposits, and who decided that one is taxed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, render_template
from werkzeug.wrappers import Response

from server.catalog import queries, service
from server.catalog.model import ContainerKind
from server.catalog.pages.blueprint import pages, today
from server.catalog.service.bounds import MAX_NAME
from server.catalog.service.containers import MAX_DEPOSIT_CENTS, MAX_NOTE
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_cents, form_choice, form_day, form_flag, form_words, required
from server.identity.permissions import Permission
from server.parties import queries as parties


@pages.get("/catalogue/contenants")
@requires(Permission.CATALOG_EDIT)
def containers() -> str:
    """Show the container classes that the caller owns or may use, each with its table of deposits."""
    with transaction(actor().org_id) as session:
        classes = queries.readable_classes(session)
        return render_template(
            "catalog/containers.html",
            classes=classes,
            table=queries.price_table(session, class_ids=[one.id for one in classes]),
            names=parties.names(session, org_ids={one.owner_id for one in classes}),
            kinds=list(ContainerKind),
            today=today(session),
        )


@pages.post("/catalogue/contenants")
@requires(Permission.CATALOG_EDIT)
def add_class() -> Response:
    """Add a container class with its first deposit."""
    code, kind = form_words("code", longest=40), form_choice("kind", ContainerKind)
    with transaction(actor().org_id) as session:
        made = service.create_container_class(
            session, code=code, kind=kind, **_class_words(), **_deposit(), stamp=stamp()
        )
    return _to(made.id)


@pages.post("/catalogue/contenants/<uuid:class_id>")
@requires(Permission.CATALOG_EDIT)
def change_class(class_id: UUID) -> Response:
    """Change a class's words and tax setting."""
    with transaction(actor().org_id) as session:
        service.change_container_class(session, class_id=class_id, **_class_words(), stamp=stamp())
    return _to(class_id)


@pages.post("/catalogue/contenants/<uuid:class_id>/consignes")
@requires(Permission.CATALOG_EDIT)
def add_deposit(class_id: UUID) -> Response:
    """Set a deposit from a day on."""
    with transaction(actor().org_id) as session:
        service.price_container(session, class_id=class_id, **_deposit(), stamp=stamp())
    return _to(class_id)


def _class_words() -> dict[str, Any]:
    return {
        "name_fr": form_words("name_fr", longest=MAX_NAME),
        "name_en": form_words("name_en", longest=MAX_NAME),
        "taxable": form_flag("taxable"),
        "decided_by": form_words("decided_by", longest=MAX_NOTE),
    }


def _deposit() -> dict[str, Any]:
    return {
        "unit_cents": required("deposit", form_cents("deposit", most=MAX_DEPOSIT_CENTS)),
        "valid_from": required("valid_from", form_day("valid_from")),
    }


def _to(class_id: UUID) -> Response:
    return redirect(f"/catalogue/contenants#c-{class_id}", code=303)
