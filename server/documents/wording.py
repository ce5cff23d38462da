"""The words of papers, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.core.problems import Text
from server.documents.model import DocumentKind

KINDS: Final[Mapping[DocumentKind, Text]] = {
    DocumentKind.PURCHASE_ORDER: Text("Bon de commande", "Purchase order"),
    DocumentKind.DELIVERY_SLIP: Text("Bon de livraison", "Delivery slip"),
    DocumentKind.INVOICE: Text("Facture", "Invoice"),
    DocumentKind.PROVISIONAL_INVOICE: Text("Facture provisoire", "Provisional invoice"),
    DocumentKind.CREDIT_NOTE: Text("Note de crédit", "Credit note"),
    DocumentKind.VARIANCE_NOTICE: Text("Avis d’écart", "Variance notice"),
    DocumentKind.PROOF_PDF: Text("Preuve de livraison", "Proof of delivery"),
    DocumentKind.PROOF_FILE: Text("Preuve vérifiable (fichier)", "Proof to verify (file)"),
}
