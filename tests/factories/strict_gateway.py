"""A provider stricter and less kind than any real one: keys honoured, refunds checked, notices misdelivered."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from server.core.problems import Text
from server.receivables.model import ProviderAccount
from server.receivables.providers import (
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

SECRET = "whsec_of_the_strict_fake"


@dataclass
class _Charge:
    """One payment as the fake keeps it."""

    asked: Asked
    state: GatewayState = GatewayState.WAITING
    refunds: dict[str, tuple[int, Given]] = field(default_factory=dict)
    charged_back_cents: int = 0

    @property
    def refunded_cents(self) -> int:
        return sum(cents for cents, given in self.refunds.values() if given.arrived is not False)


@dataclass
class StrictGateway:
    """Every payment of every issuer, and the notices that it means to send: the test delivers, loses or doubles them.

    ``silent`` lets the next calls go unanswered although they took effect, as a cut connection does. ``watch`` is
    called before each call, e.g. to see that no transaction is open.
    """

    charges: dict[str, _Charge] = field(default_factory=dict)
    notices: list[tuple[bytes, str]] = field(default_factory=list)
    silent: int = 0
    refunds_arrive: bool | None = True
    calls: list[str] = field(default_factory=list)
    watch: Callable[[], None] = lambda: None

    def maker(self, _account: ProviderAccount) -> StrictGateway:
        return self

    def pay_link(self, asked: Asked) -> Opened:
        self._called("pay_link")
        ref = f"pi_{asked.payment_id.hex}"
        known = self.charges.setdefault(ref, _Charge(asked))
        if known.asked != asked:
            raise GatewayRefused(Text("Même clé, autre demande.", "Same key, other request."))
        self._answer()
        return Opened(ref, url=f"https://pay.example/{ref}")

    def intent(self, asked: Asked, *, capture: bool = True) -> Opened:
        del capture
        return self.pay_link(asked)

    def capture(self, ref: str, *, amount_cents: int, key: str) -> Standing:
        del amount_cents, key
        self._called("capture")
        self.charges[ref].state = GatewayState.PAID
        self._answer()
        return self.fetch(ref)

    def refund(self, ref: str, *, amount_cents: int, key: str) -> Given:
        self._called("refund")
        charge = self.charges[ref]
        if key in charge.refunds:
            cents, given = charge.refunds[key]
            if cents != amount_cents:
                raise GatewayRefused(Text("Même clé, autre montant.", "Same key, other amount."))
            return given
        if charge.state is not GatewayState.PAID or amount_cents > charge.asked.amount_cents - charge.refunded_cents:
            raise GatewayRefused(Text("Plus que ce qui a été reçu.", "More than was received."))
        given = Given(f"re_{key}", self.refunds_arrive)
        charge.refunds[key] = (amount_cents, given)
        self._answer()
        return given

    def fetch(self, ref: str) -> Standing:
        self._called("fetch")
        charge = self.charges[ref]
        self._answer()
        return Standing(
            ref=ref,
            state=charge.state,
            amount_cents=charge.asked.amount_cents,
            currency=charge.asked.currency,
            refunds=[
                GivenBack(ref=given.ref, key=key, amount_cents=cents, arrived=given.arrived)
                for key, (cents, given) in charge.refunds.items()
            ],
            charged_back_cents=charge.charged_back_cents,
        )

    def parse(self, payload: bytes, signature: str) -> Notice:
        if not hmac.compare_digest(signature, sign(payload)):
            raise NoticeForged(Text("Signature fausse.", "Wrong signature."))
        body = json.loads(payload)
        return Notice(
            event_id=body["id"], kind=body["kind"], payment_ref=body["ref"], payment_id=UUID(body["payment_id"])
        )

    def happen(self, payment_id: str, kind: str, **became: Any) -> tuple[bytes, str]:
        """Let something happen to a payment, and return the notice of it, which nobody has delivered yet."""
        ref = f"pi_{UUID(payment_id).hex}"
        for name, value in became.items():
            setattr(self.charges[ref], name, value)
        body = {"id": f"evt_{len(self.notices)}", "kind": kind, "ref": ref, "payment_id": payment_id}
        payload = json.dumps(body).encode()
        self.notices.append((payload, sign(payload)))
        return self.notices[-1]

    def _called(self, what: str) -> None:
        self.watch()
        self.calls.append(what)

    def _answer(self) -> None:
        if self.silent:
            self.silent -= 1
            raise GatewayUnanswered(Text("Sans réponse.", "Unanswered."))


def sign(payload: bytes) -> str:
    """Return the signature of a notice."""
    return hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()


def stripe_signature(payload: bytes, secret: str, *, at: float | None = None) -> str:
    """Return the header with which Stripe signs a notice sent at ``at``, now by default."""
    unix = int(at if at is not None else time.time())
    digest = hmac.new(secret.encode(), f"{unix}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={unix},v1={digest}"
