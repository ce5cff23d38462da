"""Stripe: hosted pages, payment intents, refunds and signed notices.

A hosted page (``cs_…``) has no payment intent (``pi_…``) before the buyer pays; the intent's name then becomes the
payment's own. Our payment's id goes along as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import stripe

from server.receivables.providers.interface import (
    Asked,
    GatewayRefused,
    GatewayState,
    GatewayUnanswered,
    Given,
    GivenBack,
    Notice,
    NoticeForged,
    Opened,
    Standing,
)
from shared.problems import Text

TIMEOUT_S: Final = 15
RETRIES: Final = 2
_PAID: Final = {
    "succeeded": GatewayState.PAID,
    "requires_capture": GatewayState.AUTHORIZED,
    "canceled": GatewayState.FAILED,
}
_ARRIVED: Final = {"succeeded": True, "failed": False, "canceled": False}
_KEY: Final = "refund_key"
_MOST: Final = 100
_WITHDRAWN: Final = frozenset({"needs_response", "under_review", "lost"})
_WITH_CHARGE: Final[dict[str, Any]] = {"expand": ["latest_charge"]}


class StripeGateway:
    """One issuer's account at Stripe."""

    def __init__(self, secret_key: str, *, webhook_secret: str, api_base: str = "") -> None:
        """Keep the secrets; nothing is called yet. ``api_base`` is another address of the interface, for trials."""
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
            max_network_retries=RETRIES,
        ).v1

    def pay_link(self, asked: Asked) -> Opened:
        """Return a hosted page."""
        wanted: Any = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": asked.currency.lower(),
                        "unit_amount": asked.amount_cents,
                        "product_data": {"name": asked.title},
                    },
                }
            ],
            "locale": "en" if asked.language == "en" else "fr-CA",
            "client_reference_id": str(asked.payment_id),
            "metadata": {"payment_id": str(asked.payment_id)},
            "payment_intent_data": {"metadata": {"payment_id": str(asked.payment_id)}},
            "success_url": asked.return_url,
            "cancel_url": asked.return_url,
        }
        with _told():
            made = self._client.checkout.sessions.create(wanted, {"idempotency_key": f"link-{asked.payment_id}"})
        return Opened(made.id, url=made.url or "")

    def intent(self, asked: Asked, *, capture: bool = True) -> Opened:
        """Return a payment intent."""
        wanted: Any = {
            "amount": asked.amount_cents,
            "currency": asked.currency.lower(),
            "metadata": {"payment_id": str(asked.payment_id)},
            "capture_method": "automatic" if capture else "manual",
        }
        with _told():
            made = self._client.payment_intents.create(wanted, {"idempotency_key": f"intent-{asked.payment_id}"})
        return Opened(made.id, client_secret=made.client_secret or "")

    def capture(self, ref: str, *, amount_cents: int, key: str) -> Standing:
        """Take the money of an authorized intent."""
        with _told():
            self._client.payment_intents.capture(ref, {"amount_to_capture": amount_cents}, {"idempotency_key": key})
        return self.fetch(ref)

    def refund(self, ref: str, *, amount_cents: int, key: str) -> Given:
        """Give back a part of an intent's money."""
        with _told():
            made = self._client.refunds.create(
                {"payment_intent": ref, "amount": amount_cents, "metadata": {_KEY: key}}, {"idempotency_key": key}
            )
        return Given(made.id, _ARRIVED.get(made.status or ""))

    def fetch(self, ref: str) -> Standing:
        """Return how an intent, or the intent of a hosted page, stands."""
        with _told():
            if not ref.startswith("cs_"):
                return self._of_intent(self._client.payment_intents.retrieve(ref, _WITH_CHARGE))  # type: ignore[arg-type]  # the library's own parameters
            page = self._client.checkout.sessions.retrieve(ref)
            if page.payment_intent is not None:
                return self._of_intent(self._client.payment_intents.retrieve(str(page.payment_intent), _WITH_CHARGE))  # type: ignore[arg-type]  # as above
        state = GatewayState.FAILED if page.status == "expired" else GatewayState.WAITING
        return Standing(
            ref=ref, state=state, amount_cents=page.amount_total or 0, currency=(page.currency or "").upper()
        )

    def parse(self, payload: bytes, signature: str) -> Notice:
        """Return what a signed notice is about."""
        try:
            event: Any = stripe.Webhook.construct_event(payload, signature, self._webhook_secret)
        except (ValueError, stripe.SignatureVerificationError) as error:
            raise NoticeForged(
                Text(
                    "La signature de cet avis n’est pas celle de Stripe, ou date trop.",
                    "The signature of this notice is not Stripe’s, or is too old.",
                )
            ) from error
        about = event.data.object.to_dict()
        named = (about.get("metadata") or {}).get("payment_id", "")
        return Notice(
            event_id=event.id,
            kind=event.type,
            payment_ref=str(about.get("payment_intent") or about["id"]),
            payment_id=_uuid(named),
        )

    def _of_intent(self, intent: Any) -> Standing:
        said = intent.to_dict()
        charge = said.get("latest_charge")
        is_disputed = isinstance(charge, dict) and bool(charge.get("disputed"))
        state = _PAID.get(intent.status, GatewayState.WAITING)
        is_paid = state is GatewayState.PAID
        return Standing(
            ref=intent.id,
            state=state,
            amount_cents=said.get("amount_received") or said["amount"],
            currency=intent.currency.upper(),
            refunds=self._refunds(intent.id) if is_paid else (),
            charged_back_cents=self._withdrawn_cents(intent.id) if is_disputed else 0,
        )

    def _refunds(self, intent_id: str) -> list[GivenBack]:
        """All of them: one that failed is on no total of the charge any more."""
        found = self._client.refunds.list({"payment_intent": intent_id, "limit": _MOST})
        return [
            GivenBack(
                ref=one.id,
                key=one.metadata[_KEY] if one.metadata and _KEY in one.metadata else "",
                amount_cents=one.amount,
                arrived=_ARRIVED.get(one.status or ""),
            )
            for one in found.auto_paging_iter()
        ]

    def _withdrawn_cents(self, intent_id: str) -> int:
        """A dispute takes the money that it is about at once, and gives it back when it is won."""
        found = self._client.disputes.list({"payment_intent": intent_id})
        return sum(one.amount for one in found.data if one.status in _WITHDRAWN)


@contextmanager
def _told() -> Iterator[None]:
    """Turn the library's errors into ours, without what they carry of the request."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise GatewayUnanswered(
            Text(
                "Stripe ne répond pas. Réessayer dans un moment; rien n’est pris deux fois.",
                "Stripe does not answer. Try again in a moment; nothing is taken twice.",
            ),
            cause=type(error).__name__,
        ) from None
    except stripe.StripeError as error:
        raise GatewayRefused(
            Text(
                f"Stripe refuse\u00a0: {error.user_message or error.code or type(error).__name__}",
                f"Stripe refuses: {error.user_message or error.code or type(error).__name__}",
            ),
            cause=str(error.code or type(error).__name__),
        ) from None


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
