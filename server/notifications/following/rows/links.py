"""What is told of what links organisations and systems: relations, agreements, webhooks."""

from __future__ import annotations

from typing import Final

from server.notifications.events import WEBHOOK_SUSPENDED
from server.notifications.following.lines import Line, Part, Rows
from server.parties import events as party
from shared.problems import Text

_BONDS: Final = (
    Line(
        to=(Part.READER,), kind="partner.proposed", when=("proposed",), own=True,
        title=Text("{partner} propose {what}", "{partner} proposes {what}"),
        text=Text(
            "Y répondre à la page Partenaires. Aucune commande n’est possible avant.",
            "Answer it on the page Partners. No order is possible before.",
        ),
    ),
    Line(
        to=(Part.READER,), kind="partner.active", when=("active",), own=True,
        title=Text("{partner} accepte {what}", "{partner} accepts {what}"),
        text=Text("De nouvelles commandes sont possibles.", "New orders are possible."),
    ),
    Line(
        to=(Part.READER,), kind="partner.inactive", when=("inactive",), own=True,
        title=Text("{partner} met fin à {what}", "{partner} ends {what}"),
        text=Text(
            "Aucune nouvelle commande n’est possible; celles en cours se terminent.",
            "No new order is possible; those under way go on.",
        ),
    ),
)  # fmt: skip

LINKS: Final[Rows] = {
    party.RELATION_MOVED: _BONDS,
    party.AGREEMENT_MOVED: _BONDS,
    WEBHOOK_SUSPENDED: (
        Line(
            to=(Part.OWNER,), kind="webhook.suspended", when=("suspended",), own=True, calls_out=False,
            title=Text("Webhook suspendu", "Webhook suspended"),
            text=Text(
                "Trois appels de suite ne sont pas arrivés à {url}. Les suivants attendent.",
                "Three calls in a row did not arrive at {url}. The next ones wait.",
            ),
        ),
    ),
}  # fmt: skip
