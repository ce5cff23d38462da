"""Who stands on a document: names, addresses and registrations as they are printed, frozen with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.memory import remembered
from server.core.problems import Problem, Text
from server.orders.model import Order
from server.parties import queries as parties
from server.parties.model import Organisation, Site

_PRINTED = ("name", "legal_name", "street", "city", "postal_code", "email", "phone", "language")
_CACHE = "letterheads"


class MissingRegistration(Problem):
    """A document charges a tax for which its issuer has no registration on that day."""

    slug = "missing-tax-registration"
    status = 409
    title = Text("Numéro de taxe manquant", "Tax registration missing")


class MissingCode(Problem):
    """An issuer without a code cannot number its documents."""

    slug = "missing-series-code"
    status = 409
    title = Text("Code de série manquant", "Series code missing")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """An organisation as its documents print it. ``zone`` counts its business days."""

    org_id: UUID
    code: str
    currency: str
    zone: ZoneInfo
    card: dict[str, Any]
    footer_fr: str
    footer_en: str

    def day_of(self, at: datetime) -> date:
        """Return the organisation's business day of an instant."""
        return at.astimezone(self.zone).date()


def letterhead(session: Session, *, org_id: UUID) -> Letterhead:
    """Return an organisation's letterhead, read once for each session."""
    known: dict[UUID, Letterhead] = session.info.setdefault(_CACHE, {})
    if org_id not in known:
        known[org_id] = _read(session, org_id)
    return known[org_id]


def remember_letterheads(session: Session, *, org_ids: Iterable[UUID]) -> None:
    """Read many letterheads by one statement, each for those who ask for it later."""
    known: dict[UUID, Letterhead] = session.info.setdefault(_CACHE, {})
    if missing := set(org_ids) - known.keys():
        found = parties.cards(session, org_ids=sorted(missing))
        known.update({org_id: _letterhead(organisation) for org_id, organisation in found.items()})


def series_code(session: Session, *, issuer_id: UUID) -> str:
    """Return the prefix of an issuer's numbers.

    Raises:
        MissingCode: it has none.
    """
    head = letterhead(session, org_id=issuer_id)
    if not head.code:
        raise MissingCode(
            Text(
                f"«\u00a0{head.card['name']}\u00a0» n’a pas de code pour numéroter ses documents. Lui en donner un.",
                f"“{head.card['name']}” has no code to number its documents with. Give it one.",
            ),
            where=str(issuer_id),
        )
    return head.code


def parties_text(
    session: Session, *, issuer_id: UUID, order: Order, on: date, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return issuer with registrations, buyer, seller and place, as a document of this order prints them.

    ``known`` is what an earlier revision printed, empty for the first: all but the registrations is taken from it.
    """
    text = dict(known) or {
        "issuer": letterhead(session, org_id=issuer_id).card,
        "buyer": letterhead(session, org_id=order.buyer_id).card,
        "sellers": [letterhead(session, org_id=order.owner_id).card],
        "orders": [{"id": str(order.id), "number": order.number}],
        "ship_to": _place(session, order),
    }
    return text | {"issuer": text["issuer"] | {"registrations": registered(session, org_id=issuer_id, on=on)}}


def issuer_and_buyer_text(session: Session, *, issuer_id: UUID, buyer_id: UUID, on: date) -> dict[str, Any]:
    """Return the parties of a document that covers no order."""
    return {
        "issuer": letterhead(session, org_id=issuer_id).card
        | {"registrations": registered(session, org_id=issuer_id, on=on)},
        "buyer": letterhead(session, org_id=buyer_id).card,
        "sellers": [],
        "orders": [],
        "ship_to": {},
    }


def require_registrations(text: dict[str, Any], taxes: list[dict[str, Any]], *, supplemented: str = "") -> None:
    """Refuse a document that charges a tax without its issuer's registration number.

    ``supplemented`` is the number of the published invoice that the document supplements: its order is relieved of a
    tax only once that one is void.

    Raises:
        MissingRegistration: names the tax.

    Source: section 4, « tax numbers present »; the highest threshold of Revenu Québec is printed on every document.
    """
    registered = {one["code"] for one in text["issuer"]["registrations"]}
    for tax in taxes:
        if tax["amount_cents"] and tax["code"] not in registered:
            raise MissingRegistration(_without_number(text["issuer"]["name"], tax, supplemented), where=tax["code"])


def _without_number(name: str, tax: dict[str, Any], supplemented: str) -> Text:
    fr, en = "retirer la taxe de la commande.", "take the tax off the order."
    if supplemented:
        fr = f"annuler la facture {supplemented}, retirer la taxe de la commande et la facturer de nouveau."
        en = f"void invoice {supplemented}, take the tax off the order and invoice it again."
    return Text(
        f"«\u00a0{name}\u00a0» n’a pas de numéro de {tax['name_fr']} ce jour-là. Inscrire le numéro, ou {fr}",
        f"“{name}” has no {tax['name_en']} number on that day. Enter the number, or {en}",
    )


def _read(session: Session, org_id: UUID) -> Letterhead:
    with acting_for(session, org_id):
        return _letterhead(parties.organisation(session, org_id=org_id))


def _letterhead(organisation: Organisation) -> Letterhead:
    return Letterhead(
        org_id=organisation.id,
        code=organisation.code,
        currency=organisation.currency,
        zone=ZoneInfo(organisation.timezone),
        card={"id": str(organisation.id)} | {name: getattr(organisation, name) for name in _PRINTED},
        footer_fr=organisation.footer_fr,
        footer_en=organisation.footer_en,
    )


def registered(session: Session, *, org_id: UUID, on: date) -> list[dict[str, str]]:
    """Return what an organisation is registered for on a day, ``code`` and ``number``; read once a session."""
    known: dict[tuple[UUID, date], list[dict[str, str]]] = session.info.setdefault(f"{_CACHE}.registrations", {})
    if (org_id, on) not in known:
        letterheads: dict[UUID, Letterhead] = session.info.get(_CACHE, {})  # whoever was foreseen prints soon, too
        of_each = parties.registrations_of(session, org_ids={org_id, *letterheads}, on=on)
        known.update(
            {(one, on): [{"code": row.tax_code, "number": row.number} for row in rows] for one, rows in of_each.items()}
        )
    return known[org_id, on]


def _place(session: Session, order: Order) -> dict[str, str]:
    places = remembered(session, "places")
    if (order.owner_id, order.site_id) not in places:
        with acting_for(session, order.owner_id):
            places[order.owner_id, order.site_id] = parties.sites(session, site_ids=[order.site_id]).get(order.site_id)
    site: Site | None = places[order.owner_id, order.site_id]
    if site is None:
        return {}
    return {"name": site.name, "street": site.street, "city": site.city, "postal_code": site.postal_code}
