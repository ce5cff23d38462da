"""What a limited cell of the matrix leaves a member to change (requirements, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from server.core.problems import Forbidden, Text
from server.core.web import actor
from server.identity.model import Role
from server.identity.permissions import Permission

MONEY: Final = frozenset(
    {"net_days", "credit_limit_cents", "note_fr", "note_en", "footer_fr", "footer_en", "balance_visible"}
)
"""What an accountant may set: terms of payment and words on papers, not who bills, when, nor what is accepted."""


def require_within_role(*, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Accept a change of settings that the caller's roles may make.

    Raises:
        Forbidden: an accountant changes more than terms of payment and words on papers.
    """
    if not actor().only(Role.ACCOUNTANT, permission=Permission.TERMS_SET):
        return
    beyond = sorted(name for name, value in after.items() if before.get(name) != value and name not in MONEY)
    if beyond:
        raise Forbidden(
            Text(
                "Un comptable règle l’échéance, la limite de crédit, les notes et la visibilité du solde. "
                "Demander le reste à un administrateur.",
                "An accountant sets net days, credit limit, notes and the balance’s visibility. "
                "Ask an administrator for the rest.",
            ),
            where=beyond[0],
        )
