"""Where an order stands, in the four words that people filter by, and what is to be done next (R028, R031)."""

from __future__ import annotations

from server.orders.listing import Bucket
from server.orders.standing import STEPS, next_step, progress
from shared.problems import Text

BUCKETS = {
    Bucket.UPCOMING: Text("À venir", "Upcoming"),
    Bucket.UNDER_WAY: Text("En cours", "Under way"),
    Bucket.LATE: Text("En retard", "Late"),
    Bucket.DONE: Text("Effectuées", "Done"),
}
BILLING_BUCKETS = {
    Bucket.UPCOMING: Text("Facture à venir", "Invoice to come"),
    Bucket.UNDER_WAY: Text("Facturation en cours", "Invoicing under way"),
    Bucket.LATE: Text("À facturer", "To invoice"),
    Bucket.DONE: Text("Facturée", "Invoiced"),
}

__all__ = ["BILLING_BUCKETS", "BUCKETS", "STEPS", "next_step", "progress"]
