"""The words of roles, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.core.problems import Text
from server.identity.model import Role

ROLES: Final[Mapping[Role, Text]] = {
    Role.OWNER: Text("propriétaire", "owner"),
    Role.ADMIN: Text("administrateur", "administrator"),
    Role.ACCOUNTANT: Text("comptable", "accountant"),
    Role.DISPATCHER: Text("répartiteur", "dispatcher"),
    Role.DRIVER: Text("livreur", "driver"),
}
WHAT_THEY_DO: Final[Mapping[Role, Text]] = {
    Role.OWNER: Text("tout ce que fait l’organisation", "everything that the organisation does"),
    Role.ADMIN: Text("commandes, factures, membres et réglages", "orders, invoices, members and settings"),
    Role.ACCOUNTANT: Text("factures, crédits, paiements et soldes", "invoices, credits, payments and balances"),
    Role.DISPATCHER: Text("planification, tournées et preuves", "planning, runs and proofs"),
    Role.DRIVER: Text("ses tournées, sur la tablette", "their runs, on the tablet"),
}
