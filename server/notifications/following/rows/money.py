"""What is told of payments, refunds, write-offs and accounts."""

from __future__ import annotations

from typing import Final

from server.notifications.following.lines import Line, Part, Rows
from server.receivables import events as money
from shared.problems import Text

MONEY: Final[Rows] = {
    money.PAYMENT_RECEIVED: (
        Line(
            to=(Part.BUYER,), kind="payment.receipt", own=True,
            title=Text("Reçu de paiement, {issuer}", "Payment receipt, {issuer}"),
            text=Text(
                "{issuer} a reçu votre paiement de {amount} ({method}).",
                "{issuer} received your payment of {amount} ({method}).",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="payment.received",
            title=Text("Paiement reçu, {buyer}", "Payment received, {buyer}"),
            text=Text("{buyer} a payé {amount} ({method}).", "{buyer} paid {amount} ({method})."),
        ),
    ),
    money.PAYMENT_FAILED: (
        Line(
            to=(Part.BUYER,), kind="payment.failed",
            title=Text("Paiement non abouti, {issuer}", "Payment failed, {issuer}"),
            text=Text(
                "Votre paiement de {amount} à {issuer} ({method}) n’a pas abouti; ce montant reste à payer.",
                "Your payment of {amount} to {issuer} ({method}) failed; this amount is still to be paid.",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="payment.failed",
            title=Text("Paiement non abouti, {buyer}", "Payment failed, {buyer}"),
            text=Text(
                "{buyer}\u00a0: le paiement de {amount} ({method}) n’a pas abouti; ce montant reste à payer.",
                "{buyer}: the payment of {amount} ({method}) failed; this amount is still to be paid.",
            ),
        ),
    ),
    money.REFUND_MADE: (
        Line(
            to=(Part.BUYER,), kind="refund.made",
            title=Text("{refund}, {issuer}", "{refund}, {issuer}"),
            text=Text(
                "{issuer}\u00a0: {amount} vous sont revenus ({method}).",
                "{issuer}: {amount} came back to you ({method}).",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="refund.made",
            title=Text("{refund}, {buyer}", "{refund}, {buyer}"),
            text=Text(
                "{amount} sont revenus à {buyer} ({method}).", "{amount} went back to {buyer} ({method})."
            ),
        ),
    ),
    money.REFUND_FAILED: (
        Line(
            to=(Part.BUYER,), kind="refund.failed",
            title=Text("{refund} sans suite, {issuer}", "{refund} undone, {issuer}"),
            text=Text(
                "{amount} qui devaient vous revenir sont restés chez {issuer}.",
                "{amount} that was to come back to you stayed with {issuer}.",
            ),
        ),
        Line(
            to=(Part.OWNER,), kind="refund.failed",
            title=Text("{refund} sans suite, {buyer}", "{refund} undone, {buyer}"),
            text=Text(
                "{amount} qui allaient à {buyer} vous sont revenus.",
                "{amount} that was going to {buyer} is yours again.",
            ),
        ),
    ),
    money.ACCOUNT_HELD: (
        Line(
            to=(Part.BUYER,), kind="account.hold_set", turns=True,
            title=Text("Compte retenu, {issuer}", "Account on hold, {issuer}"),
            text=Text(
                "{issuer} retient votre compte\u00a0: vos prochaines commandes attendent une acceptation à la main.",
                "{issuer} put your account on hold: your next orders wait to be accepted by hand.",
            ),
        ),
    ),
    money.ACCOUNT_RELEASED: (
        Line(
            to=(Part.BUYER,), kind="account.hold_ended",
            title=Text("Compte libéré, {issuer}", "Account released, {issuer}"),
            text=Text(
                "{issuer} ne retient plus votre compte; vos commandes suivent leur cours habituel.",
                "{issuer} released your account; your orders take their usual course.",
            ),
        ),
    ),
    money.INVOICE_WRITTEN_OFF: (
        Line(
            to=(Part.OWNER,), kind="invoice.written_off", own=True,
            title=Text("Radiation {number}, {buyer}", "Write-off {number}, {buyer}"),
            text=Text(
                "{amount} de la facture {invoice} ({buyer}) ne sont plus à payer. Motif\u00a0: {reason}.",
                "{amount} of invoice {invoice} ({buyer}) is no longer to be paid. Reason: {reason}.",
            ),
        ),
        Line(
            to=(Part.BUYER,), kind="invoice.written_off", own=True,
            title=Text("Radiation, facture {invoice}, {issuer}", "Write-off, invoice {invoice}, {issuer}"),
            text=Text(
                "{issuer} a radié {amount} de la facture {invoice}; ce montant n’est plus à payer.",
                "{issuer} wrote off {amount} of invoice {invoice}; this amount is no longer to be paid.",
            ),
        ),
    ),
    money.ALLOCATION_UNDONE: (
        Line(
            to=(Part.OWNER,), kind="invoice.written_off", when=("write_off",), own=True,
            title=Text("Radiation {number} défaite, {buyer}", "Write-off {number} undone, {buyer}"),
            text=Text(
                "{amount} de la facture {invoice} ({buyer}) sont de nouveau à payer.",
                "{amount} of invoice {invoice} ({buyer}) is to be paid again.",
            ),
        ),
        Line(
            to=(Part.BUYER,), kind="invoice.written_off", when=("write_off",), own=True,
            title=Text(
                "Radiation défaite, facture {invoice}, {issuer}", "Write-off undone, invoice {invoice}, {issuer}"
            ),
            text=Text(
                "{issuer} a défait une radiation\u00a0: {amount} de la facture {invoice} sont de nouveau à payer.",
                "{issuer} undid a write-off: {amount} of invoice {invoice} is to be paid again.",
            ),
        ),
    ),
}  # fmt: skip
