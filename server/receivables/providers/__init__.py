"""Who takes payments online for issuers: one interface, an adapter for each provider."""

from server.receivables.providers.interface import (
    KEYS_LAST,
    Asked,
    Gateway,
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
from server.receivables.providers.opening import gateway_of, use_gateway

__all__ = [
    "KEYS_LAST",
    "Asked",
    "Gateway",
    "GatewayRefused",
    "GatewayState",
    "GatewayUnanswered",
    "Given",
    "GivenBack",
    "Notice",
    "NoticeForged",
    "Opened",
    "Standing",
    "gateway_of",
    "use_gateway",
]
