"""The moves between states that both sides allow; everything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from shared.lifecycle import StateMachine
from shared.problems import Text
from shared.states import (
    LABELS,
    BillingState,
    CreditState,
    EventState,
    InvoiceState,
    OrderState,
    PaymentState,
    RunState,
    StopState,
)

__all__ = [
    "ALL_LIFECYCLES",
    "BILLING_LIFECYCLE",
    "CORRECTION_LIFECYCLE",
    "CREDIT_LIFECYCLE",
    "EVENT_LIFECYCLE",
    "INVOICE_LIFECYCLE",
    "LABELS",
    "ORDER_LIFECYCLE",
    "PAYMENT_LIFECYCLE",
    "RUN_LIFECYCLE",
    "STOP_LIFECYCLE",
    "BillingState",
    "CreditState",
    "EventState",
    "InvoiceState",
    "OrderState",
    "PaymentState",
    "RunState",
    "StopState",
]


def _lifecycle[S: StrEnum](name: str, title: Text, states: type[S], moves: Mapping[S, set[S]]) -> StateMachine[S]:
    """Complete the table: a state without a row is terminal."""
    table = {state: frozenset(moves.get(state, ())) for state in states}
    return StateMachine(name, table, title=title, labels={state: LABELS[state] for state in states})


ORDER_LIFECYCLE = _lifecycle(
    "order",
    Text("Commande", "Order"),
    OrderState,
    {
        OrderState.DRAFT: {OrderState.PENDING},
        OrderState.PENDING: {OrderState.ACCEPTED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED},
        OrderState.ACCEPTED: {OrderState.PLANNED, OrderState.SHIPPED, OrderState.CANCELLED},
        OrderState.PLANNED: {OrderState.ACCEPTED, OrderState.SHIPPED, OrderState.CANCELLED},
        OrderState.SHIPPED: {OrderState.DELIVERED, OrderState.PARTLY_DELIVERED, OrderState.NOT_DELIVERED},
        OrderState.NOT_DELIVERED: {OrderState.ACCEPTED},
    },
)

# Only the correction of a delivery takes these moves; the supplement of an overage that turned out wrong is cancelled.
CORRECTION_LIFECYCLE = _lifecycle(
    "order-correction",
    Text("Commande, livraison corrigée", "Order, delivery corrected"),
    OrderState,
    {
        OrderState.DELIVERED: {OrderState.PARTLY_DELIVERED, OrderState.NOT_DELIVERED, OrderState.CANCELLED},
        OrderState.PARTLY_DELIVERED: {OrderState.DELIVERED, OrderState.NOT_DELIVERED},
        OrderState.NOT_DELIVERED: {OrderState.DELIVERED, OrderState.PARTLY_DELIVERED},
        OrderState.ACCEPTED: {OrderState.DELIVERED, OrderState.PARTLY_DELIVERED},
    },
)

# A void by a mirror credit note opens the order for one new invoice, hence the way back from settled (C6, C27).
BILLING_LIFECYCLE = _lifecycle(
    "order-billing",
    Text("Facturation de la commande", "Order invoicing"),
    BillingState,
    {
        BillingState.UNINVOICED: {BillingState.UNDER_WAY, BillingState.SETTLED, BillingState.INVOICED_OUTSIDE},
        BillingState.UNDER_WAY: {BillingState.SETTLED},
        BillingState.SETTLED: {BillingState.UNINVOICED},
    },
)

# Provisional to provisional is a new revision of what the run documents print.
INVOICE_LIFECYCLE = _lifecycle(
    "invoice",
    Text("Facture", "Invoice"),
    InvoiceState,
    {
        InvoiceState.DRAFT: {InvoiceState.PUBLISHED, InvoiceState.DROPPED},
        InvoiceState.PROVISIONAL: {InvoiceState.PROVISIONAL, InvoiceState.PUBLISHED, InvoiceState.DROPPED},
    },
)

RUN_LIFECYCLE = _lifecycle(
    "run",
    Text("Tournée", "Run"),
    RunState,
    {
        RunState.DRAFT: {RunState.PREPARED, RunState.CANCELLED},
        RunState.PREPARED: {RunState.DOCUMENTED, RunState.DRAFT, RunState.CANCELLED},
        RunState.DOCUMENTED: {RunState.LOADING, RunState.PREPARED, RunState.CANCELLED},
        RunState.LOADING: {RunState.READY, RunState.CANCELLED},
        RunState.READY: {RunState.UNDER_WAY, RunState.CANCELLED},
        RunState.UNDER_WAY: {RunState.BACK},
        RunState.BACK: {RunState.SYNCED},
        RunState.SYNCED: {RunState.SETTLED},
        RunState.SETTLED: {RunState.CLOSED},
    },
)

# The tablet records no tap between two stops and none between arrival and signature: the states in between may be
# passed over. A correction before the sync goes back to counting; what failed is postponed or comes back.
STOP_LIFECYCLE = _lifecycle(
    "stop",
    Text("Arrêt", "Stop"),
    StopState,
    {
        StopState.PLANNED: {StopState.ON_THE_WAY, StopState.ARRIVED, StopState.SKIPPED},
        StopState.ON_THE_WAY: {StopState.ARRIVED, StopState.FAILED, StopState.SKIPPED},
        StopState.ARRIVED: {StopState.COUNTING, StopState.SIGNED, StopState.FAILED, StopState.SKIPPED},
        StopState.COUNTING: {StopState.SIGNED, StopState.FAILED, StopState.SKIPPED},
        StopState.SIGNED: {StopState.COUNTING, StopState.SYNCED},
        StopState.FAILED: {StopState.COUNTING, StopState.SYNCED, StopState.POSTPONED, StopState.RETURNED_TO_DEPOT},
        StopState.SKIPPED: {
            StopState.ON_THE_WAY,
            StopState.ARRIVED,
            StopState.POSTPONED,
            StopState.RETURNED_TO_DEPOT,
        },
        StopState.SYNCED: {StopState.REVIEWED, StopState.POSTPONED, StopState.RETURNED_TO_DEPOT},
    },
)

CREDIT_LIFECYCLE = _lifecycle(
    "credit-note",
    Text("Note de crédit", "Credit note"),
    CreditState,
    {
        CreditState.PROPOSED: {CreditState.ISSUED, CreditState.REFUSED},
        CreditState.ISSUED: {CreditState.CANCELLED},
    },
)

# A chargeback fails a payment that had succeeded, and reverses its allocations. A provider may confirm at once; a
# refund that never arrives gives the payment its money again.
PAYMENT_LIFECYCLE = _lifecycle(
    "payment",
    Text("Paiement", "Payment"),
    PaymentState,
    {
        PaymentState.INITIATED: {PaymentState.PENDING, PaymentState.SUCCEEDED, PaymentState.FAILED},
        PaymentState.PENDING: {PaymentState.SUCCEEDED, PaymentState.FAILED},
        PaymentState.SUCCEEDED: {PaymentState.ALLOCATED, PaymentState.REFUNDED, PaymentState.FAILED},
        PaymentState.ALLOCATED: {PaymentState.ALLOCATED, PaymentState.SUCCEEDED, PaymentState.FAILED},
        PaymentState.REFUNDED: {PaymentState.SUCCEEDED, PaymentState.FAILED},  # a refunded cheque bounces, too
    },
)

# A server restored from a backup asks again for what it had received, hence the way back to sent.
EVENT_LIFECYCLE = _lifecycle(
    "sync-event",
    Text("Événement", "Event"),
    EventState,
    {
        EventState.LOCAL: {EventState.SENT},
        EventState.SENT: {EventState.SENT, EventState.RECEIVED, EventState.PARKED},
        EventState.RECEIVED: {EventState.SENT, EventState.ARCHIVED},
        EventState.PARKED: {EventState.SENT, EventState.RECEIVED},
    },
)

ALL_LIFECYCLES: tuple[StateMachine[Any], ...] = (
    ORDER_LIFECYCLE,
    CORRECTION_LIFECYCLE,
    BILLING_LIFECYCLE,
    INVOICE_LIFECYCLE,
    RUN_LIFECYCLE,
    STOP_LIFECYCLE,
    CREDIT_LIFECYCLE,
    PAYMENT_LIFECYCLE,
    EVENT_LIFECYCLE,
)
