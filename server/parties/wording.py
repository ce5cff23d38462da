"""The words of settings, relations and places, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from server.core.problems import Text
from server.parties.model import (
    BillingType,
    DeliverWith,
    Emission,
    OrganisationKind,
    RelationState,
    SettlementPolicy,
)
from server.parties.terms import Source

FIELDS: Final[Mapping[str, Text]] = {
    "billing_type": Text("Facturation", "Billing"),
    "emission": Text("Émission de la facture", "Invoice emission"),
    "deliver_with": Text("Document de livraison", "Paper that goes along"),
    "one_invoice_a_stop": Text("Une seule facture par arrêt", "One invoice a stop"),
    "settlement_policy": Text("Écart à la livraison", "Difference at delivery"),
    "net_days": Text("Échéance (jours)", "Net days"),
    "min_items": Text("Minimum d’articles", "Minimum items"),
    "min_value_cents": Text("Valeur minimum ($)", "Minimum value ($)"),
    "auto_accept": Text("Acceptation automatique", "Automatic acceptance"),
    "discount_bp": Text("Rabais (%)", "Discount (%)"),
    "note_fr": Text("Note sur les documents (français)", "Note on papers (French)"),
    "note_en": Text("Note sur les documents (anglais)", "Note on papers (English)"),
    "footer_fr": Text("Bas de facture (français)", "Invoice footer (French)"),
    "footer_en": Text("Bas de facture (anglais)", "Invoice footer (English)"),
    "balance_visible": Text("Solde visible par le client", "Balance visible to the client"),
}
HINTS: Final[Mapping[str, Text]] = {
    "emission": Text(
        "«\u00a0À l’acceptation\u00a0»\u00a0: la facture paraît d’elle-même avec l’acceptation.",
        "“At acceptance”: the invoice appears by itself with the acceptance.",
    ),
    "auto_accept": Text(
        "Une commande qui respecte les deux minimums est acceptée d’elle-même.",
        "An order that meets both minimums is accepted by itself.",
    ),
    "one_invoice_a_stop": Text(
        "Vaut quand l’agent facture\u00a0: une facture pour les commandes livrées ensemble, une section par commande.",
        "Holds when the agent bills: one invoice for orders delivered together, a section for each.",
    ),
    "settlement_policy": Text("Vaut quand la facture accompagne la livraison.", "Holds when the invoice goes along."),
}
CHOICES: Final[Mapping[StrEnum, Text]] = {
    BillingType.PLATFORM: Text("sur la plateforme", "on the platform"),
    BillingType.EXTERNAL: Text("dans un autre système", "in another system"),
    BillingType.AGENT: Text("par l’agent facturant", "by the billing agent"),
    Emission.MANUAL: Text("à la main", "by hand"),
    Emission.ON_ACCEPT: Text("à l’acceptation", "at acceptance"),
    Emission.ON_DELIVERED: Text("à la livraison", "at delivery"),
    Emission.ON_RUN_DOCUMENTS: Text("avec les documents de tournée", "with the run’s papers"),
    DeliverWith.PO: Text("bon de commande", "purchase order"),
    DeliverWith.INVOICE: Text("facture", "invoice"),
    SettlementPolicy.ADJUST: Text("ajuster la facture", "adjust the invoice"),
    SettlementPolicy.CREDIT: Text("émettre un crédit", "issue a credit"),
}
BILLED: Final[Mapping[BillingType, Text]] = {
    BillingType.EXTERNAL: Text("Facturation externe", "External billing"),
    BillingType.AGENT: Text("Agent facturant", "Billing agent"),
}
"""How an order is billed when it is not the usual way: its badge on pages and papers, in news and manifests (R008)."""
SOURCES: Final[Mapping[Source, Text]] = {
    Source.ORDER: Text("de la commande", "from the order"),
    Source.CLIENT: Text("du client", "from the client"),
    Source.GROUP: Text("du groupe", "from the group"),
    Source.EVERYONE: Text("de «\u00a0Tous\u00a0»", "from “Tous”"),
    Source.AGREEMENT: Text("selon l’entente", "from the agreement"),
    Source.SELLER: Text("de l’organisation", "from the organisation"),
    Source.DEFAULT: Text("par défaut", "by default"),
}
KINDS: Final[Mapping[OrganisationKind, Text]] = {
    OrganisationKind.SUPPLIER: Text("Fournisseur", "Supplier"),
    OrganisationKind.DISTRIBUTOR: Text("Distributeur", "Distributor"),
    OrganisationKind.RETAILER: Text("Détaillant", "Retailer"),
    OrganisationKind.AGENT: Text("Agent", "Agent"),
}
STATES: Final[Mapping[RelationState, Text]] = {
    RelationState.PROPOSED: Text("proposée", "proposed"),
    RelationState.ACTIVE: Text("active", "active"),
    RelationState.INACTIVE: Text("inactive", "inactive"),
}
ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "billing_type": BillingType,
    "emission": Emission,
    "deliver_with": DeliverWith,
    "settlement_policy": SettlementPolicy,
}
SWITCHES: Final = frozenset({"auto_accept", "balance_visible", "one_invoice_a_stop"})
TEXTS: Final = frozenset({"note_fr", "note_en", "footer_fr", "footer_en"})
HUNDREDTHS: Final = frozenset({"min_value_cents", "discount_bp"})


def badge_of(billing_type: BillingType | None) -> Text | None:
    """Return the badge of an order that is billed in this way, or None when it is the usual one (R008)."""
    return BILLED.get(billing_type) if billing_type else None


def with_badge(title: Text, billing_type: BillingType | None) -> Text:
    """Return a title that names an order, with its badge behind it if it has one (R008)."""
    badge = badge_of(billing_type)
    return Text(f"{title.fr} · {badge.fr}", f"{title.en} · {badge.en}") if badge else title
