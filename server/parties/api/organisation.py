"""One's own organisation over JSON: card, footers, tax numbers, and what it does with corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint

from server.core.csv_cells import email, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries, service
from server.parties.company_schemas import (
    CompanySchema,
    CompanyTermsSchema,
    CorrectionPolicySchema,
    RegistrationSchema,
    RegistrationTermsSchema,
)
from server.parties.forms import read_field, required
from server.parties.model import Organisation, TaxRegistration
from server.parties.schemas import MAX_NAME
from server.parties.service.client_rows import read_postal_code

blp = Blueprint("organisation_api", __name__, url_prefix="/organisation", description="One's own organisation")


@blp.route("", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, CompanySchema)
def read() -> Organisation:
    """Read one's own organisation"""
    with transaction(actor().org_id) as session:
        return queries.organisation(session, org_id=actor().org_id)


@blp.route("", methods=["PUT"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(CompanyTermsSchema)
@blp.response(200, CompanySchema)
def change(asked: dict[str, Any]) -> Organisation:
    """Change one's card and invoice footers; what is left out stays"""
    with transaction(actor().org_id) as session:
        return service.revise_company(session, changes=card_of(asked), stamp=stamp())


@blp.route("/correction-policy", methods=["PUT"])
@requires(Permission.RUN_CLOSE)
@blp.arguments(CorrectionPolicySchema)
@blp.response(200, CompanySchema)
def choose_policy(asked: dict[str, Any]) -> Organisation:
    """Say whether corrections of received visits are looked at first, or count by themselves"""
    with transaction(actor().org_id) as session:
        return service.choose_correction_policy(session, policy=asked["correction_policy"], stamp=stamp())


@blp.route("/tax-registrations", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, RegistrationSchema(many=True))
def list_registrations() -> Sequence[TaxRegistration]:
    """List one's tax numbers, with the days on which each is printed"""
    with transaction(actor().org_id) as session:
        return service.registrations_of(session)


@blp.route("/tax-registrations", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(RegistrationTermsSchema)
@blp.response(200, RegistrationSchema)
def register(asked: dict[str, Any]) -> TaxRegistration:
    """Enter a tax number from a day on; the same day again corrects it"""
    with transaction(actor().org_id) as session:
        return service.enter_registration(session, **asked, stamp=stamp())


def card_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a card that were sent, as they are kept.

    Raises:
        BadField: an empty name, or an address that cannot be.
    """
    told = dict(asked)
    if "name" in told:
        told["name"] = required(read_field(told, "name", words(MAX_NAME)), "name")
    for name, reader in (("email", email), ("postal_code", read_postal_code)):
        if told.get(name):
            told[name] = read_field(told, name, reader)
    return told
