"""Why lines are short and stops fail: the list that a run's bundle carries (R021)."""

from shared.wire.bundle import FailureReason, Reason

REASONS = (
    Reason(code="not_loaded", effect="not_shipped", name_fr="Pas chargé au dépôt", name_en="Not loaded at the depot"),
    Reason(code="forgotten", effect="not_shipped", name_fr="Oublié", name_en="Forgotten"),
    Reason(code="out_of_stock", effect="not_shipped", name_fr="Rupture de stock", name_en="Out of stock"),
    Reason(code="breakage", effect="lost", name_fr="Bris", name_en="Breakage", photo_required=True),
    Reason(code="missing", effect="lost", name_fr="Introuvable dans le camion", name_en="Missing from the truck"),
    Reason(code="refused_item", effect="returned", name_fr="Article refusé", name_en="Item refused"),
    Reason(code="wrong_item", effect="returned", name_fr="Mauvais article", name_en="Wrong item"),
    Reason(code="expired", effect="returned", name_fr="Date dépassée", name_en="Past its date"),
    Reason(code="over_ordered", effect="returned", name_fr="Commandé en trop", name_en="Ordered too much"),
)

FAILURES = (
    FailureReason(code="refused", outcome="refused", name_fr="Livraison refusée", name_en="Delivery refused"),
    FailureReason(code="closed", outcome="failed", name_fr="Commerce fermé", name_en="Shop closed"),
    FailureReason(code="absent", outcome="failed", name_fr="Personne pour recevoir", name_en="Nobody to receive"),
    FailureReason(code="no_access", outcome="failed", name_fr="Accès impossible", name_en="No access"),
    FailureReason(code="permit", outcome="failed", name_fr="Permis d’alcool échu", name_en="Liquor permit expired"),
)

CONSENT_FR = (
    "Je confirme avoir reçu les quantités affichées, avec les écarts et les montants indiqués, "
    "et j’accepte de signer ce document sur cet appareil."
)
CONSENT_EN = (
    "I confirm that I received the quantities shown, with the differences and amounts stated, "
    "and I agree to sign this document on this device."
)
