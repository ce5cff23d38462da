"""From an issuer's account to its gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from server.core.settings import settings
from server.receivables.model import Provider, ProviderAccount
from server.receivables.providers.interface import Gateway
from server.receivables.providers.sealing import unseal
from server.receivables.providers.stripe_gateway import StripeGateway

KEY: Final = "key"
WEBHOOK: Final = "webhook"

type Maker = Callable[[ProviderAccount], Gateway]


def _stripe(account: ProviderAccount) -> Gateway:
    return StripeGateway(
        unseal(account.owner_id, KEY, account.sealed_key),
        webhook_secret=unseal(account.owner_id, WEBHOOK, account.sealed_webhook_secret),
        api_base=settings().stripe_api_base,
    )


_MAKERS: dict[Provider, Maker] = {Provider.STRIPE: _stripe}


def gateway_of(account: ProviderAccount) -> Gateway:
    """Return the gateway of an issuer's account; nothing is called yet.

    Raises:
        SealBroken: its secrets do not open.
    """
    return _MAKERS[account.provider](account)


@contextmanager
def use_gateway(provider: Provider, maker: Maker) -> Iterator[None]:
    """Let another maker stand in for a provider inside the block, e.g. a strict fake of it."""
    former = _MAKERS[provider]
    _MAKERS[provider] = maker
    try:
        yield
    finally:
        _MAKERS[provider] = former
