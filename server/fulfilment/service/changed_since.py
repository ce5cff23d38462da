"""Terms that a delivery cites beside what its order says by now, and beside the terms that it cited before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining.steps import said
from server.billing.service import bills_otherwise
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Discrepancy, Terms
from server.delivery.queries import revisions_of
from server.delivery.service import open_discrepancy, read_terms
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from shared.delivered_line import DeliveredLine
from shared.pricing import price_extra, price_order
from shared.problems import Text
from shared.wire.terms import Goods, GoodsLine, PriceLine, Prices, TaxRule

_KIND: Final = "order_changed"
_NAMED: Final = 5  # changes that a question names; the order's own history says all of them
_BILLED: Final = Text(
    "Ce qui fut signé est ce qui se facture\u00a0: s’entendre avec le client, puis créditer la différence ou commander "
    "ce qui manque.",
    "What was signed is what is billed: agree with the customer, then credit the difference or order what is missing.",
)
_BILLED_OUTSIDE: Final = Text(
    "Facturer ce qui fut livré dans le système du vendeur; commander de nouveau ce qui manque.",
    "Bill what was delivered in the seller’s own system; order again what is missing.",
)
_OF_ORDER: Final = Text("rabais de la commande", "the order’s discount")


class _Line(NamedTuple):
    """One line of terms, or of an order as terms would say it."""

    goods: GoodsLine
    price: PriceLine


def comes_to_another(was: Terms, now: Terms, lines: Sequence[DeliveredLine]) -> bool:
    """Say whether these counted lines cost something else by ``now`` than by ``was``; how invoices stand is no matter.

    Where it is billed outside, no price binds.
    """
    (goods, prices), before = read_terms(now), read_terms(was)
    if goods.billing_type == "external":
        return False
    delivered, extra = ({line.line_id: getattr(line, name) for line in lines} for name in ("delivered", "extra"))
    return any(
        price(goods, prices, units) != price(*before, units)
        for price, units in ((price_order, delivered), (price_extra, extra))
    )


def ask_about_changed_order(
    session: Session, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp, *, before: Delivery | None = None
) -> None:
    """Ask where a customer accepted goods by terms that its order says no more: another quantity, price, or line.

    Lines that the order has lost are asked about by themselves, and so is another issuer; who calls asks about another
    invoice. Of a correction only what its revision ``before`` left unasked. ``order.lines`` must be loaded.

    Source: law 19; sync, « What binds » and « Protocol », 7.
    """
    if not _accepts(delivery) or (before is not None and _accepts(before) and before.terms_id == terms.id):
        return
    goods, prices = read_terms(terms)
    if bills_otherwise(order, terms):
        return
    found = list(_changes(goods, prices, *_present(order, prices)))
    if not found or (before is not None and _is_asked(session, before)):
        return
    remedy = _BILLED_OUTSIDE if goods.billing_type == "external" else _BILLED
    told = _told(found)
    open_discrepancy(
        session,
        kind=_KIND,
        subject_id=delivery.id,
        text=Text(
            f"La commande {order.number} a changé depuis les conditions signées\u00a0: {told.fr}. {remedy.fr}",
            f"Order {order.number} has changed since the terms that were signed: {told.en}. {remedy.en}",
        ),
        stamp=stamp,
    )


def _accepts(delivery: Delivery) -> bool:
    return any(line.delivered or line.extra for line in delivery.lines)


def _is_asked(session: Session, before: Delivery) -> bool:
    """Say whether a former revision of the same delivery left the question."""
    former = [one.id for one, _because in revisions_of(session, before)]
    asked = select(Discrepancy.id).where(Discrepancy.kind == _KIND, Discrepancy.subject_id.in_(former))
    return session.scalar(asked.limit(1)) is not None


def _present(order: Order, cited: Prices) -> tuple[Goods, Prices]:
    """Return the order as terms would say it, charged what the cited ones charge: a registration changes no order.

    Where these charge nothing, taxes may have been put back (R052): which ones is enough, at no rate.
    """
    rules = cited.taxes or [TaxRule(code=one, rate="0", name_fr=one, name_en=one) for one in order.charged_taxes]
    return goods_of(order), prices_of(order, taxes=rules)


def _changes(goods: Goods, prices: Prices, goods_now: Goods, prices_now: Prices) -> Iterator[Text]:
    """Units are told of all lines of the same goods, once: what a customer took is no matter of lines."""
    has_prices = goods.billing_type != "external"
    told = set[tuple[str, ...]]()
    for was, now in _paired(_lines(goods, prices), _lines(goods_now, prices_now)):
        name = Text(now.goods.description_fr, now.goods.description_en)
        if was is None or was.goods.quantity != now.goods.quantity:
            if _names(now) not in told:
                yield _units(name, *(_units_of(now, lines) for lines in (goods.lines, goods_now.lines)))
            told.add(_names(now))
        elif has_prices and _costs(was) != _costs(now):
            yield _price(name, was.price, now.price, prices.currency)
    if has_prices and prices.document_discount_cents != prices_now.document_discount_cents:
        yield _OF_ORDER


def _paired(was: dict[str, _Line], now: dict[str, _Line]) -> Iterator[tuple[_Line | None, _Line]]:
    """Yield each line of now with the one that it was: its own, or one of the same goods that was struck out."""
    struck = [line for line_id, line in was.items() if line_id not in now]
    for line_id, line in now.items():
        before = was.get(line_id) or next((one for one in struck if _names(one) == _names(line)), None)
        if before in struck:
            struck.remove(before)
        yield before, line


def _lines(goods: Goods, prices: Prices) -> dict[str, _Line]:
    priced = {line.line_id: line for line in prices.lines}
    return {line.line_id: _Line(line, priced[line.line_id]) for line in goods.lines}


def _names(line: _Line) -> tuple[str, ...]:
    return _of_goods(line.goods)


def _of_goods(goods: GoodsLine) -> tuple[str, ...]:
    return goods.description_fr, goods.description_en, goods.unit, goods.barcode


def _units_of(line: _Line, lines: Iterable[GoodsLine]) -> int:
    return sum(one.quantity for one in lines if _of_goods(one) == _names(line))


def _costs(line: _Line) -> tuple[object, ...]:
    price = line.price
    return Decimal(price.unit_price), price.discount_cents, sorted(price.tax_codes), price.deposits


def _units(name: Text, signed: int, ordered: int) -> Text:
    return Text(
        f"{name.fr} (signé\u00a0: {signed}, commandé\u00a0: {ordered})",
        f"{name.en} (signed: {signed}, ordered: {ordered})",
    )


def _price(name: Text, was: PriceLine, now: PriceLine, currency: str) -> Text:
    both = [(Decimal(one.unit_price), currency) for one in (was, now)]
    if both[0] == both[1]:
        return Text(
            f"{name.fr} (rabais, taxes ou consignes)",
            f"{name.en} (discount, taxes or deposits)",
        )
    prices = said("signé à {}, commandé à {}", "signed at {}, ordered at {}", *both)
    return Text(f"{name.fr} ({prices.fr})", f"{name.en} ({prices.en})")


def _told(found: Sequence[Text]) -> Text:
    named, more = found[:_NAMED], len(found) - _NAMED
    beside = [Text(f"{more} de plus", f"{more} more")] if more > 0 else []
    return Text("; ".join(one.fr for one in (*named, *beside)), "; ".join(one.en for one in (*named, *beside)))
