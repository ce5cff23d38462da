"""What a tablet showed a signer, unfolded by the frozen terms that the event cites and the quantities that it seals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from server.billing.explaining import Step
from server.billing.explaining.invoices import DEPOSITS, NET
from server.billing.explaining.steps import closed, summed
from shared.priced import PricedDocument, PricedLine
from shared.problems import Problem, Text
from shared.settlement import SettlementPreview, preview_settlement
from shared.visit import OrderFacts
from shared.wire.terms import Goods, Prices

INVOICE: Final = Text("Facture montrée", "Invoice shown")
CREDIT: Final = Text("Crédit montré", "Credit shown")
SUPPLEMENT: Final = Text("Supplément montré", "Supplement shown")
_AS_SEALED: Final = Text(
    "Montré sans que ces termes et ces quantités y mènent",
    "Shown although these terms and quantities do not lead to it",
)


def explain_shown(agreed: tuple[Goods, Prices] | None, facts: OrderFacts) -> tuple[Step, ...]:
    """Return each amount that a sealed order says was shown, as its terms and quantities reckon it.

    An amount that they do not lead to, or whose terms are not here, ends in a step that says so: it stays as sealed.

    Source: R019, C12; the issue's « why this number ».
    """
    leaf, preview = facts.leaf, _preview(agreed, facts)
    number = agreed[0].order_number if agreed else leaf.order_id
    credit = preview.credit if preview.kind == "credit" else None
    noted = (
        (INVOICE, leaf.shown_total_cents, preview.invoice),
        (CREDIT, leaf.shown_credit_cents, credit),
        (SUPPLEMENT, leaf.shown_supplement_cents, preview.supplement),
    )
    return tuple(
        closed(summed(_of(label, number), _parts(document, agreed)), cents, _AS_SEALED)
        for label, cents, document in noted
        if cents
    )


def _preview(agreed: tuple[Goods, Prices] | None, facts: OrderFacts) -> SettlementPreview:
    if agreed is None:
        return SettlementPreview("none")
    try:
        return preview_settlement(*agreed, facts.delivered_lines)
    except Problem:  # what was sealed does not fit its terms: nothing leads to what was shown
        return SettlementPreview("none")


def _of(label: Text, number: str) -> Text:
    return Text(f"{label.fr}, commande {number}", f"{label.en}, order {number}")


def _parts(document: PricedDocument | None, agreed: tuple[Goods, Prices] | None) -> list[Step]:
    if document is None or agreed is None:
        return []
    goods, prices = agreed
    names = {line.line_id: Text(line.description_fr, line.description_en) for line in goods.lines}
    taxes = {rule.code: Text(rule.name_fr, rule.name_en) for rule in prices.taxes}
    parts = [
        _over(NET, document, names, lambda line: line.net_cents),
        *_taxes(document, names, taxes),
        _over(DEPOSITS, document, names, lambda line: line.deposit_cents),
    ]
    return [part for part in parts if part.parts]


def _taxes(document: PricedDocument, names: Mapping[str, Text], taxes: Mapping[str, Text]) -> Iterator[Step]:
    for code in document.taxes:

        def share(line: PricedLine, code: str = code) -> int:
            return line.taxes.get(code, 0) + line.deposit_tax.get(code, 0)

        yield _over(taxes.get(code, Text(code, code)), document, names, share)


def _over(label: Text, document: PricedDocument, names: Mapping[str, Text], cents: Callable[[PricedLine], int]) -> Step:
    return summed(
        label,
        [
            Step(
                label=names.get(line.line_id, Text(line.line_id, line.line_id)),
                amount_cents=cents(line),
                says=Text(f"Quantité {line.quantity}", f"Quantity {line.quantity}"),
            )
            for line in document.lines
            if cents(line)
        ],
    )
