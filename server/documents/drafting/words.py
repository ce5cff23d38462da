"""The words that papers share: parties, units, reasons and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.delivery.reasons import FAILURES, REASONS
from server.documents.rendering.parts import Party, Registration
from server.parties.model import Organisation, Site
from shared.problems import Text

UNITS: Mapping[str, Text] = {
    "case": Text("caisse", "case"),
    "container": Text("contenant", "container"),
    "keg": Text("fût", "keg"),
    "unit": Text("unité", "unit"),
}
REGISTRATIONS: Mapping[str, Text] = {"gst": Text("N° TPS", "GST no."), "qst": Text("N° TVQ", "QST no.")}
TAXES: Mapping[str, Text] = {"gst": Text("TPS", "GST"), "qst": Text("TVQ", "QST")}
_REASONS = {reason.code: Text(reason.name_fr, reason.name_en) for reason in REASONS}
_FAILURES = {failure.code: Text(failure.name_fr, failure.name_en) for failure in FAILURES}
OUTCOMES: Mapping[str, Text] = {
    "complete": Text("Livraison complète", "Complete delivery"),
    "partial": Text("Livraison partielle", "Partial delivery"),
    "refused": Text("Livraison refusée", "Delivery refused"),
    "failed": Text("Livraison impossible", "Delivery not possible"),
}


def unit(code: str) -> Text:
    """Return the word of a sales unit; an unknown code is its own word."""
    return UNITS.get(code, Text(code, code))


def reason(code: str) -> Text | None:
    """Return the words of a line's reason; an unknown code is its own word."""
    return _REASONS.get(code, Text(code, code)) if code else None


def failure(code: str) -> Text | None:
    """Return the words of a stop's failure; an unknown code is its own word."""
    return _FAILURES.get(code, Text(code, code)) if code else None


def party_of_card(card: Mapping[str, Any]) -> Party:
    """Return a frozen letterhead card as it is printed."""
    return Party(
        name=card.get("legal_name") or card["name"],
        street=card.get("street", ""),
        city=card.get("city", ""),
        region="Québec",
        postal_code=card.get("postal_code", ""),
        email=card.get("email", ""),
        phone=card.get("phone", ""),
        registrations=tuple(
            Registration(name=REGISTRATIONS.get(one["code"], Text(one["code"], one["code"])), number=one["number"])
            for one in card.get("registrations", ())
        ),
    )


def party_of_organisation(organisation: Organisation) -> Party:
    """Return an organisation with its postal address."""
    return Party(
        name=organisation.name,
        street=organisation.street,
        city=organisation.city,
        region="Québec",
        postal_code=organisation.postal_code,
        email=organisation.email,
        phone=organisation.phone,
    )


def party_of_site(site: Site) -> Party:
    """Return a site with its postal address."""
    return Party(
        name=site.name,
        street=site.street,
        city=site.city,
        region="Québec",
        postal_code=site.postal_code,
        phone=site.phone,
    )
