"""The states of orders, invoices, runs, stops, credits, payments and events, with the words that people read.

What can be derived is no state here: an invoice is paid, overdue or credited by its allocations and credit notes,
never by a stored word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from shared.problems import Text


class OrderState(StrEnum):
    """How far an order's goods are."""

    DRAFT = "draft"
    PENDING = "pending"
    ACCEPTED = "accepted"
    PLANNED = "planned"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly_delivered"
    NOT_DELIVERED = "not_delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class BillingState(StrEnum):
    """How far an order's invoicing is; payment is another axis."""

    UNINVOICED = "uninvoiced"
    UNDER_WAY = "under_way"
    SETTLED = "settled"
    INVOICED_OUTSIDE = "invoiced_outside"


class InvoiceState(StrEnum):
    """What is stored of an invoice; paid, overdue and credited are derived."""

    DRAFT = "draft"
    PROVISIONAL = "provisional"
    PUBLISHED = "published"
    DROPPED = "dropped"


class RunState(StrEnum):
    """How far a run is, from its draft to its closing."""

    DRAFT = "draft"
    PREPARED = "prepared"
    DOCUMENTED = "documented"
    LOADING = "loading"
    READY = "ready"
    UNDER_WAY = "under_way"
    BACK = "back"
    SYNCED = "synced"
    SETTLED = "settled"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class StopState(StrEnum):
    """How far one stop is. A refused stop is signed or failed: its outcome says which."""

    PLANNED = "planned"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    COUNTING = "counting"
    SIGNED = "signed"
    FAILED = "failed"
    SKIPPED = "skipped"
    SYNCED = "synced"
    REVIEWED = "reviewed"
    POSTPONED = "postponed"
    RETURNED_TO_DEPOT = "returned_to_depot"


class CreditState(StrEnum):
    """How far a credit note is; applied is derived from its allocations."""

    PROPOSED = "proposed"
    ISSUED = "issued"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """How far a payment is."""

    INITIATED = "initiated"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    ALLOCATED = "allocated"
    FAILED = "failed"
    REFUNDED = "refunded"


class EventState(StrEnum):
    """Where a sealed event is; a parked one waits for a dispatcher and is never dropped."""

    LOCAL = "local"
    SENT = "sent"
    RECEIVED = "received"
    PARKED = "parked"
    ARCHIVED = "archived"


class StateLabels(Mapping[StrEnum, Text]):
    """The word for each state. Two subjects may share a slug (``draft``), so the enum itself is part of the key."""

    def __init__(self, *tables: Mapping[StrEnum, Text]) -> None:
        """Take one table for each enum."""
        self._texts = {(type(state), state): text for table in tables for state, text in table.items()}

    def __getitem__(self, state: StrEnum) -> Text:
        """Return the word for ``state``; ``KeyError`` for a member of an unknown enum."""
        return self._texts[type(state), state]

    def __iter__(self) -> Iterator[StrEnum]:
        """Go through every state of every enum."""
        return (state for _, state in self._texts)

    def __len__(self) -> int:
        """Return how many states have a word."""
        return len(self._texts)


LABELS = StateLabels(
    {
        OrderState.DRAFT: Text("Brouillon", "Draft"),
        OrderState.PENDING: Text("En attente", "Pending"),
        OrderState.ACCEPTED: Text("Acceptée", "Accepted"),
        OrderState.PLANNED: Text("Planifiée", "Planned"),
        OrderState.SHIPPED: Text("Expédiée", "Shipped"),
        OrderState.DELIVERED: Text("Livrée", "Delivered"),
        OrderState.PARTLY_DELIVERED: Text("Livrée en partie", "Partly delivered"),
        OrderState.NOT_DELIVERED: Text("Non livrée", "Not delivered"),
        OrderState.REJECTED: Text("Rejetée", "Rejected"),
        OrderState.EXPIRED: Text("Expirée", "Expired"),
        OrderState.CANCELLED: Text("Annulée", "Cancelled"),
    },
    {
        BillingState.UNINVOICED: Text("Non facturée", "Not invoiced"),
        BillingState.UNDER_WAY: Text("En cours", "Under way"),
        BillingState.SETTLED: Text("Réglée", "Settled"),
        BillingState.INVOICED_OUTSIDE: Text("Facturée à l’externe", "Invoiced outside"),
    },
    {
        InvoiceState.DRAFT: Text("Brouillon", "Draft"),
        InvoiceState.PROVISIONAL: Text("Provisoire", "Provisional"),
        InvoiceState.PUBLISHED: Text("Publiée", "Published"),
        InvoiceState.DROPPED: Text("Abandonnée", "Dropped"),
    },
    {
        RunState.DRAFT: Text("Brouillon", "Draft"),
        RunState.PREPARED: Text("Préparée", "Prepared"),
        RunState.DOCUMENTED: Text("Documentée", "Documented"),
        RunState.LOADING: Text("En chargement", "Loading"),
        RunState.READY: Text("Prête", "Ready"),
        RunState.UNDER_WAY: Text("En route", "Under way"),
        RunState.BACK: Text("De retour", "Back"),
        RunState.SYNCED: Text("Synchronisée", "Synced"),
        RunState.SETTLED: Text("Réglée", "Settled"),
        RunState.CLOSED: Text("Close", "Closed"),
        RunState.CANCELLED: Text("Annulée", "Cancelled"),
    },
    {
        StopState.PLANNED: Text("Prévu", "Planned"),
        StopState.ON_THE_WAY: Text("En chemin", "On the way"),
        StopState.ARRIVED: Text("Arrivé", "Arrived"),
        StopState.COUNTING: Text("En décompte", "Counting"),
        StopState.SIGNED: Text("Signé", "Signed"),
        StopState.FAILED: Text("Échec", "Failed"),
        StopState.SKIPPED: Text("Sauté", "Skipped"),
        StopState.SYNCED: Text("Synchronisé", "Synced"),
        StopState.REVIEWED: Text("Revu", "Reviewed"),
        StopState.POSTPONED: Text("Reporté", "Postponed"),
        StopState.RETURNED_TO_DEPOT: Text("Retour au dépôt", "Returned to depot"),
    },
    {
        CreditState.PROPOSED: Text("Proposée", "Proposed"),
        CreditState.ISSUED: Text("Émise", "Issued"),
        CreditState.REFUSED: Text("Refusée", "Refused"),
        CreditState.CANCELLED: Text("Annulée", "Cancelled"),
    },
    {
        PaymentState.INITIATED: Text("Initié", "Initiated"),
        PaymentState.PENDING: Text("En attente", "Pending"),
        PaymentState.SUCCEEDED: Text("Réussi", "Succeeded"),
        PaymentState.ALLOCATED: Text("Affecté", "Allocated"),
        PaymentState.FAILED: Text("Échoué", "Failed"),
        PaymentState.REFUNDED: Text("Remboursé", "Refunded"),
    },
    {
        EventState.LOCAL: Text("Sur la tablette", "On the tablet"),
        EventState.SENT: Text("Envoyé", "Sent"),
        EventState.RECEIVED: Text("Reçu", "Received"),
        EventState.PARKED: Text("Mis de côté", "Parked"),
        EventState.ARCHIVED: Text("Archivé", "Archived"),
    },
)
