"""Price lists, discounts, promotions and allocations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.catalog import listing
from server.catalog.pages.blueprint import audiences, pages, said_audience, today, written
from server.catalog.prices import queries, service
from server.catalog.prices.model import PriceRule, RuleKind
from server.catalog.prices.service import RuleTerms
from server.catalog.service.bounds import MAX_NAME, MAX_REFERENCE
from server.catalog.service.formats import MAX_AN_ORDER
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import (
    form_choice,
    form_day,
    form_flag,
    form_id,
    form_ids,
    form_number,
    form_whole,
    form_words,
    required,
)
from server.identity.permissions import Permission
from server.parties import queries as parties

_PRICE = "price-"


@pages.get("/catalogue/prix")
@requires(Permission.CATALOG_EDIT)
def prices() -> str:
    """List one's rules of price."""
    archived = request.args.get("etat") == "archives"
    with transaction(actor().org_id) as session:
        found, _total = queries.rules(session, archived=archived)
        counts = queries.prices_of_lists(session, rule_ids=[one.id for one in found])
        return render_template(
            "catalog/prices.html",
            rules=found,
            counts=counts,
            archived=archived,
            today=today(session),
            **audiences(session),
        )


@pages.get("/catalogue/prix/nouveau/<kind>")
@requires(Permission.CATALOG_EDIT)
def new_rule(kind: str) -> str:
    """Show the form of a new rule of one kind."""
    chosen = RuleKind(kind) if kind in {one.value for one in RuleKind} else RuleKind.DISCOUNT
    with transaction(actor().org_id) as session:
        return render_template("catalog/rule.html", rule=None, kind=chosen, listed={}, **_choices(session))


@pages.get("/catalogue/prix/<uuid:rule_id>")
@requires(Permission.CATALOG_EDIT)
def price_rule(rule_id: UUID) -> str:
    """Show a rule and the form that changes it."""
    with transaction(actor().org_id) as session:
        rule = queries.rule(session, rule_id=rule_id)
        listed = queries.prices_of_lists(session, rule_ids=[rule.id])[rule.id]
        return render_template("catalog/rule.html", rule=rule, kind=rule.kind, listed=listed, **_choices(session))


@pages.post("/catalogue/prix")
@requires(Permission.CATALOG_EDIT)
def add_rule() -> Response:
    """Set a new rule."""
    return _set(None)


@pages.post("/catalogue/prix/<uuid:rule_id>")
@requires(Permission.CATALOG_EDIT)
def change_rule(rule_id: UUID) -> Response:
    """Say a rule anew; orders keep their prices."""
    return _set(rule_id)


@pages.post("/catalogue/prix/<uuid:rule_id>/archives")
@requires(Permission.CATALOG_EDIT)
def archive_rule(rule_id: UUID) -> Response:
    """Put a rule away, or bring it back."""
    with transaction(actor().org_id) as session:
        service.archive_rule(session, rule_id=rule_id, archived=form_flag("archived"), stamp=stamp())
    return redirect("/catalogue/prix", code=303)


@pages.get("/catalogue/allocations")
@requires(Permission.CATALOG_EDIT)
def allocations() -> str:
    """List one's allocations, with the form of a new one."""
    with transaction(actor().org_id) as session:
        found = queries.allocations(session)
        formats = listing.names_of_formats(session, [one.format_id for one in found])
        return render_template("catalog/allocations.html", found=found, formats=formats, **_choices(session))


@pages.post("/catalogue/allocations")
@requires(Permission.CATALOG_EDIT)
def allocate() -> Response:
    """Allocate a scarce format."""
    with transaction(actor().org_id) as session:
        service.allocate(
            session,
            format_id=required("format_id", form_id("format_id")),
            audience=said_audience(),
            quantity=required("quantity", form_whole("quantity", most=MAX_AN_ORDER)),
            valid_from=required("valid_from", form_day("valid_from")),
            valid_until=required("valid_until", form_day("valid_until")),
            stamp=stamp(),
        )
    return redirect("/catalogue/allocations", code=303)


@pages.post("/catalogue/allocations/<uuid:allocation_id>/finir")
@requires(Permission.CATALOG_EDIT)
def end_allocation(allocation_id: UUID) -> Response:
    """Take an allocation away."""
    with transaction(actor().org_id) as session:
        service.end_allocation(session, allocation_id=allocation_id, stamp=stamp())
    return redirect("/catalogue/allocations", code=303)


def _set(rule_id: UUID | None) -> Response:
    terms = _terms()
    with transaction(actor().org_id) as session:
        made: PriceRule = service.set_rule(session, terms=terms, rule_id=rule_id, stamp=stamp())
    return redirect(f"/catalogue/prix#r-{made.id}", code=303)


def _terms() -> RuleTerms:
    kind = form_choice("kind", RuleKind)
    is_list = kind is RuleKind.LIST
    return RuleTerms(
        kind=kind,
        name_fr=form_words("name_fr", longest=MAX_NAME),
        name_en=form_words("name_en", longest=MAX_NAME),
        reference=form_words("reference", longest=MAX_REFERENCE),
        audience=said_audience(),
        format_ids=() if is_list else form_ids("format_ids"),
        **({} if is_list else _ways()),
        min_quantity=form_whole("min_quantity", least=1, most=MAX_AN_ORDER) or 1,
        valid_from=required("valid_from", form_day("valid_from")),
        valid_until=form_day("valid_until"),
        prices=_listed() if is_list else {},
    )


def _ways() -> dict[str, Any]:
    return {name: form_number(name) for name in ("percent_off", "amount_off", "fixed_price")}


def _listed() -> dict[UUID, Decimal]:
    """Return the price of each format whose field is filled; the fields are named by their format."""
    listed = {}
    for format_id in form_ids("formats"):
        price = form_number(f"{_PRICE}{format_id}")
        if price is not None:
            listed[format_id] = price
    return listed


def _choices(session: Session) -> dict[str, Any]:
    return {
        "choices": listing.format_choices(session),
        "written": written,
        "today": today(session),
        "zone": parties.zone_or_ours(session, org_id=actor().org_id),
        **audiences(session),
    }
