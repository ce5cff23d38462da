"""Stripe's interface for hosted pages on a port of this machine, with the page where a buyer pays, and its notices.

It refuses what Stripe refuses: a wrong key, an unknown field, a key that was used for another request. A person pays by
the button of the page; the notice is signed and sent while the person is sent back.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask, Response, redirect, request
from markupsafe import escape
from werkzeug.serving import make_server

from shared.ids import new_id
from tests.factories.strict_gateway import stripe_signature

SECRET_KEY = "sk_test_hosted_4242"
WEBHOOK_SECRET = "whsec_hosted_4242"
PATIENCE_S = 10
WORDS = {"fr-CA": ("Paiement", "Payer"), "en": ("Payment", "Pay")}
FIELDS = {
    "mode", "locale", "client_reference_id", "metadata[payment_id]", "payment_intent_data[metadata][payment_id]",
    "success_url", "cancel_url", "line_items[0][quantity]", "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]",
}  # fmt: skip


class Refused(Exception):
    """What Stripe answers with an error: status, type and words."""


@dataclass
class HostedStripe:
    """Every hosted page and intent, and where notices go; ``told`` holds the answer's status of each notice."""

    url: str = ""
    notices_url: str = ""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    _keys: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)

    def open_session(self, asked: dict[str, str], key: str) -> dict[str, Any]:
        """Open a hosted page; the same key with the same request gives the same page."""
        if unknown := set(asked) - FIELDS:
            raise Refused(400, "invalid_request_error", f"Received unknown parameters: {sorted(unknown)}")
        if key in self._keys:
            former, session_id = self._keys[key]
            if former != asked:
                raise Refused(400, "idempotency_error", "Keys are for the same request alone.")
            return self.sessions[session_id]
        amount = int(asked["line_items[0][price_data][unit_amount]"]) * int(asked["line_items[0][quantity]"])
        if asked["mode"] != "payment" or amount <= 0 or not urlsplit(asked["success_url"]).netloc:
            raise Refused(400, "invalid_request_error", "Not a payment that can be asked for.")
        session_id = f"cs_test_{new_id().hex}"
        self._keys[key] = (asked, session_id)
        self.sessions[session_id] = {
            "id": session_id, "object": "checkout.session", "status": "open", "payment_intent": None,
            "amount_total": amount, "currency": asked["line_items[0][price_data][currency]"],
            "locale": asked["locale"], "metadata": {"payment_id": asked["metadata[payment_id]"]},
            "success_url": asked["success_url"], "url": f"{self.url}/c/pay/{session_id}",
            "title": asked["line_items[0][price_data][product_data][name]"],
        }  # fmt: skip
        return self.sessions[session_id]

    def pay(self, session_id: str) -> str:
        """Take the money, tell the issuer, and return where the buyer goes back to."""
        page = self.sessions[session_id]
        if page["status"] == "open":
            intent_id = f"pi_{new_id().hex}"
            self.intents[intent_id] = {
                "id": intent_id, "object": "payment_intent", "status": "succeeded", "amount": page["amount_total"],
                "amount_received": page["amount_total"], "currency": page["currency"], "metadata": page["metadata"],
                "latest_charge": {"id": f"ch_{intent_id}", "object": "charge", "amount_refunded": 0, "disputed": False},
            }  # fmt: skip
            page |= {"status": "complete", "payment_intent": intent_id}
            self._tell("checkout.session.completed", page)
        return str(page["success_url"])

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        event = {"id": f"evt_{new_id().hex}", "object": "event", "type": kind, "data": {"object": about}}
        payload = json.dumps(event).encode()
        headers = {"Stripe-Signature": stripe_signature(payload, WEBHOOK_SECRET), "Content-Type": "application/json"}
        answer = requests.post(self.notices_url, data=payload, headers=headers, timeout=PATIENCE_S)
        self.told.append(answer.status_code)


def _interface(held: HostedStripe) -> Flask:
    app = Flask("hosted-stripe")

    @app.before_request
    def know() -> Response | None:
        if request.path.startswith("/v1/") and request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            return _refusal(401, "invalid_request_error", "Invalid API Key provided")
        return None

    @app.post("/v1/checkout/sessions")
    def create() -> Response | dict[str, Any]:
        try:
            return held.open_session(dict(request.form), request.headers["Idempotency-Key"])
        except Refused as refused:
            return _refusal(*refused.args)

    @app.get("/v1/checkout/sessions/<session_id>")
    def session(session_id: str) -> dict[str, Any]:
        return held.sessions[session_id]

    @app.get("/v1/payment_intents/<intent_id>")
    def intent(intent_id: str) -> dict[str, Any]:
        return held.intents[intent_id]

    @app.get("/v1/refunds")
    def refunds() -> dict[str, Any]:
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/refunds"}

    @app.get("/c/pay/<session_id>")
    def show(session_id: str) -> str:
        return _page(held.sessions[session_id])

    @app.post("/c/pay/<session_id>")
    def pay(session_id: str) -> Any:
        return redirect(held.pay(session_id), code=303)

    return app


def _refusal(status: int, kind: str, words: str) -> Response:
    body = json.dumps({"error": {"type": kind, "message": words}})
    return Response(body, status=status, mimetype="application/json")


def _page(session: dict[str, Any]) -> str:
    language, (title, pay) = session["locale"], WORDS[session["locale"]]
    return (
        f'<!doctype html><html lang="{language[:2]}"><title>{title}</title><link rel="icon" href="data:,"><main>'
        f"<h1>{escape(session['title'])}</h1><p id='amount'>{session['amount_total']}</p>"
        f"<form method='post'><button>{pay}</button></form></main></html>"
    )


@contextmanager
def hosted_stripe() -> Iterator[HostedStripe]:
    """Serve the interface and its pages until the block ends."""
    held = HostedStripe()
    server = make_server("127.0.0.1", 0, _interface(held), threaded=True)
    held.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        thread.join(PATIENCE_S)
