"""Paying online over JSON, a provider's notices, and an issuer's account at its provider (R080)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask_smorest import Blueprint
from marshmallow import fields

from server.core.transaction import transaction
from server.core.web import Schema, actor, public, requires, stamp
from server.core.web.byte_doors import Asked, carries_bytes
from server.core.web.limits import line
from server.identity.permissions import Permission
from server.receivables.api.opening import open_online, take_notice
from server.receivables.jobs import bring_to_agree
from server.receivables.model import Payment, ProviderAccount
from server.receivables.schemas import PaymentSchema
from server.receivables.service.online import MAX_SECRET, ProviderKeys, set_provider
from server.receivables.service.owning import readable_payment

online = Blueprint("online_payments_api", __name__, url_prefix="/online-payments", description="Paying online")
provider = Blueprint("payment_provider_api", __name__, url_prefix="/payment-provider", description="Paying online")


class OpenSchema(Schema):
    """Which invoice is paid. ``key`` makes the payment once."""

    key = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True)


class ProviderSchema(Schema):
    """An issuer's account at Stripe; secrets go in and never come out."""

    is_enabled = fields.Boolean(required=True)
    secret_key = line(longest=MAX_SECRET, load_only=True, load_default="")
    webhook_secret = line(longest=MAX_SECRET, load_only=True, load_default="")
    key_hint = fields.String(dump_only=True)


@online.route("", methods=["POST"])
@requires(Permission.PAYMENT_ONLINE)
@online.arguments(OpenSchema)
@online.response(201, PaymentSchema)
def pay(asked: dict[str, Any]) -> Payment:
    """Open a payment of what an invoice has open; ``pay_url`` is the provider's page"""
    return open_online(asked["invoice_id"], asked["key"])


@online.route("/<uuid:payment_id>/look", methods=["POST"])
@requires(Permission.PAYMENT_ONLINE, Permission.PAYMENT_KEEP)
@online.response(200, PaymentSchema)
def look(payment_id: UUID) -> Payment:
    """Ask the provider how a payment stands now"""
    with transaction(actor().org_id) as session:
        payment = readable_payment(session, payment_id)
    return bring_to_agree(payment.owner_id, payment_id)


_SIGNATURE = Asked("Stripe-Signature", "header", "the provider’s signature of the body", required=True)


@online.route("/notices/<uuid:issuer_id>", methods=["POST"])
@public("a payment provider has no account; its signature is asked for")
@online.response(204)
@carries_bytes(takes=("application/json",), asks=(_SIGNATURE,))
def notice(issuer_id: UUID) -> None:
    """Take a signed notice of the provider"""
    take_notice(issuer_id, request.get_data(cache=False), request.headers.get("Stripe-Signature", ""))


@provider.route("", methods=["PUT"])
@requires(Permission.MEMBER_ADMINISTER)
@provider.arguments(ProviderSchema)
@provider.response(200, ProviderSchema)
def enter(asked: dict[str, Any]) -> ProviderAccount:
    """Enter one's account at the provider, and offer online payment or not"""
    with transaction(actor().org_id) as session:
        return set_provider(session, keys=ProviderKeys(**asked), stamp=stamp())
