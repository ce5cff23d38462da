"""Orders' terms for tests: Québec taxes, lines of cases and kegs, both halves at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from shared.pricing import PricedDocument, price_order
from shared.wire.terms import Deposit, Goods, GoodsLine, PriceLine, Prices, TaxRule

NAMESPACE = UUID("6f1c1d7a-2a77-4c2f-9a53-5f0a2a9a7a10")
GST = TaxRule(code="gst", rate="0.05", name_fr="TPS", name_en="GST")
QST = TaxRule(code="qst", rate="0.09975", name_fr="TVQ", name_en="QST")
QUEBEC_TAXES = (GST, QST)


def named_id(name: str) -> str:
    """The same name always gives the same id."""
    return str(uuid5(NAMESPACE, name))


@dataclass(frozen=True)
class LineTermsDraft:
    """One line of an order, goods and price together."""

    name: str = "blonde"
    quantity: int = 10
    unit_price: str = "10.00"
    discount_cents: int = 0
    tax_codes: tuple[str, ...] = ("gst", "qst")
    deposits: tuple[Deposit, ...] = ()
    credited_quantity: int = 0

    @property
    def line_id(self) -> str:
        return named_id(f"line {self.name}")


def cans(containers: int = 24, unit_cents: int = 10) -> Deposit:
    return Deposit(container_class="can", containers=containers, unit_cents=unit_cents, taxable=False)


def keg(unit_cents: int = 5000, *, taxable: bool = False) -> Deposit:
    return Deposit(container_class="keg_50", containers=1, unit_cents=unit_cents, taxable=taxable)


def make_terms(
    *lines: LineTermsDraft,
    document_discount_cents: int = 0,
    taxes: Sequence[TaxRule] = QUEBEC_TAXES,
    **changes: Any,
) -> tuple[Goods, Prices]:
    """Goods and prices of one order; ``changes`` go to whichever half has the field."""
    drafts = lines or (LineTermsDraft(),)
    goods = Goods(
        order_id=named_id("order"),
        order_number="C-0001",
        seller_id=named_id("seller"),
        buyer_id=named_id("buyer"),
        issuer_id=named_id("seller"),
        billing_type="platform",
        deliver_with="invoice",
        settlement_policy="adjust",
        lines=tuple(_goods_line(draft) for draft in drafts),
    )
    prices = Prices(
        order_id=goods.order_id,
        currency="CAD",
        document_discount_cents=document_discount_cents,
        taxes=tuple(taxes),
        lines=tuple(_price_line(draft) for draft in drafts),
        credit_threshold_cents=None,
        invoice_standing="none",
    )
    return _changed(goods, changes), _changed(prices, changes)


def make_invoice(*lines: LineTermsDraft, **changes: Any) -> PricedDocument:
    """The whole order priced."""
    return price_order(*make_terms(*lines, **changes))


def _goods_line(draft: LineTermsDraft) -> GoodsLine:
    return GoodsLine(
        line_id=draft.line_id,
        description_fr=f"Bière {draft.name}",
        description_en=f"{draft.name} beer",
        unit="case",
        quantity=draft.quantity,
    )


def _price_line(draft: LineTermsDraft) -> PriceLine:
    return PriceLine(
        line_id=draft.line_id,
        unit_price=draft.unit_price,
        discount_cents=draft.discount_cents,
        tax_codes=draft.tax_codes,
        deposits=draft.deposits,
        credited_quantity=draft.credited_quantity,
    )


def _changed[Half: (Goods, Prices)](half: Half, changes: dict[str, Any]) -> Half:
    return msgspec.structs.replace(half, **{name: changes[name] for name in changes if name in half.__struct_fields__})
