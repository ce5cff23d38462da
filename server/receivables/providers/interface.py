"""What every provider of online payments does for an issuer. No call is made while a transaction is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from server.core.problems import Problem, Text
from shared.problems import Language

KEYS_LAST: Final = timedelta(hours=23)
"""How long a provider surely remembers a key; Stripe forgets one after a day, and would give the money again."""


class GatewayRefused(Problem):
    """The provider does not do what was asked; asking again gives the same answer."""

    slug = "payment-provider-refused"
    status = 409
    title = Text("Refus du fournisseur de paiement", "Refused by the payment provider")


class GatewayUnanswered(Problem):
    """The provider did not answer, or is overloaded; asking again under the same key is safe."""

    slug = "payment-provider-unanswered"
    status = 502
    title = Text("Fournisseur de paiement sans réponse", "Payment provider unanswered")


class NoticeForged(Problem):
    """A notice does not carry the provider's signature, or carries one that is too old."""

    slug = "payment-notice-forged"
    status = 400
    title = Text("Avis de paiement non authentifié", "Payment notice not authenticated")


class GatewayState(StrEnum):
    """How a payment stands at its provider."""

    WAITING = "waiting"
    AUTHORIZED = "authorized"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a buyer is asked to pay, and where it comes back to. ``payment_id`` also makes the call once."""

    payment_id: UUID
    amount_cents: int
    currency: str
    title: str
    language: Language
    return_url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The provider's name of a payment, and the page or the secret with which the buyer pays."""

    ref: str
    url: str = ""
    client_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """One refund of a payment as its provider has it: whether it arrived, failed, or is on its way (None).

    ``ref`` is its name there, ``key`` the one that asked for it, empty when somebody gave it there.
    """

    ref: str
    key: str
    amount_cents: int
    arrived: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a payment stands at its provider now: the truth, whatever notices said and in whichever order.

    ``ref`` is its lasting name there; ``amount_cents`` is what was received, ``refunds`` all that was given back of it,
    failed ones too, ``charged_back_cents`` what the buyer's bank took back and has not returned.
    """

    ref: str
    state: GatewayState
    amount_cents: int
    currency: str
    refunds: Sequence[GivenBack] = ()
    charged_back_cents: int = 0

    @property
    def refunded_cents(self) -> int:
        """What went back of it, or is on its way."""
        return sum(one.amount_cents for one in self.refunds if one.arrived is not False)

    @property
    def is_charged_back(self) -> bool:
        """Whether nothing of it is left because the buyer's bank took it back."""
        return 0 < self.charged_back_cents >= self.amount_cents - self.refunded_cents


@dataclass(frozen=True, slots=True)
class Given:
    """A refund at the provider: its name there, and whether it arrived, failed, or is on its way (None)."""

    ref: str
    arrived: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A provider's notice that something happened to a payment: a reason to look, never the truth itself."""

    event_id: str
    kind: str
    payment_ref: str
    payment_id: UUID | None


class Gateway(Protocol):
    """An issuer's account at a provider. Calls that change something take a key and are safe to repeat under it.

    Raises:
        GatewayRefused, GatewayUnanswered: of every call.
    """

    def pay_link(self, asked: Asked) -> Opened:
        """Return a page at the provider where the buyer pays."""

    def intent(self, asked: Asked, *, capture: bool = True) -> Opened:
        """Return a payment that the buyer confirms with its secret; ``capture`` False only authorizes it."""

    def capture(self, ref: str, *, amount_cents: int, key: str) -> Standing:
        """Take the money of an authorized payment."""

    def refund(self, ref: str, *, amount_cents: int, key: str) -> Given:
        """Give back a part of a payment.

        A repeated key may be answered as it was the first time, and is forgotten after ``KEYS_LAST``: what became of a
        refund, and whether there is one, ``fetch`` says.
        """

    def fetch(self, ref: str) -> Standing:
        """Return how a payment stands."""

    def parse(self, payload: bytes, signature: str) -> Notice:
        """Return what a notice is about.

        Raises:
            NoticeForged: not signed by the provider, or too long ago.
        """
