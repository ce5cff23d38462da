"""A run as the office changed it while its driver is out."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.wire.bundle import BundleOrder, BundleRun, BundleStop
from shared.wire.terms import half_hash, terms_hash


def with_quantities(run: BundleRun, position: int, quantities: Mapping[int, int], *, version: int) -> BundleRun:
    """Return the run with other quantities on lines of the first order of a stop; 0 strikes a line out."""
    stop = run.stops[position]
    return with_stop(run, position, _with_order(stop, _with_lines(stop.orders[0], quantities)), version)


def with_another_line(run: BundleRun, position: int, line_id: str, *, version: int) -> BundleRun:
    """Return the run with one more line on the first order of a stop, like its first one."""
    stop = run.stops[position]
    order = stop.orders[0]
    goods = msgspec.structs.replace(order.goods.lines[0], line_id=line_id)
    lines = (*order.goods.lines, goods)
    priced = order.prices
    if priced is not None:
        more = msgspec.structs.replace(priced.lines[0], line_id=line_id)
        priced = msgspec.structs.replace(priced, lines=(*priced.lines, more))
    goods_half = msgspec.structs.replace(order.goods, lines=lines)
    return with_stop(run, position, _with_order(stop, _again(order, goods_half, priced)), version)


def with_other_price(run: BundleRun, position: int, unit_price: str, *, version: int) -> BundleRun:
    """Return the run with another price on the first line of the first order of a stop."""
    stop = run.stops[position]
    order = stop.orders[0]
    assert order.prices is not None
    first, *others = order.prices.lines
    prices = msgspec.structs.replace(
        order.prices, lines=(msgspec.structs.replace(first, unit_price=unit_price), *others)
    )
    return with_stop(run, position, _with_order(stop, _again(order, order.goods, prices)), version)


def without_stop(run: BundleRun, position: int, *, version: int) -> BundleRun:
    """Return the run without one of its stops."""
    stops = (*run.stops[:position], *run.stops[position + 1 :])
    return msgspec.structs.replace(run, stops=stops, version=version)


def _with_lines(order: BundleOrder, quantities: Mapping[int, int]) -> BundleOrder:
    lines = tuple(
        msgspec.structs.replace(line, quantity=quantities.get(at, line.quantity))
        for at, line in enumerate(order.goods.lines)
        if quantities.get(at, line.quantity)
    )
    kept = {line.line_id for line in lines}
    prices = order.prices
    if prices is not None:
        prices = msgspec.structs.replace(prices, lines=tuple(one for one in prices.lines if one.line_id in kept))
    return _again(order, msgspec.structs.replace(order.goods, lines=lines), prices)


def _again(order: BundleOrder, goods: object, prices: object) -> BundleOrder:
    if prices is None:
        return msgspec.structs.replace(order, goods=goods)
    return msgspec.structs.replace(
        order, goods=goods, prices=prices, prices_hash=half_hash(prices).hex(),
        terms_hash=terms_hash(half_hash(goods), half_hash(prices)),
    )  # fmt: skip


def _with_order(stop: BundleStop, order: BundleOrder) -> BundleStop:
    return msgspec.structs.replace(stop, orders=(order, *stop.orders[1:]))


def with_stop(run: BundleRun, position: int, stop: BundleStop, version: int) -> BundleRun:
    """Return the run with another stop in the place of one."""
    stops = (*run.stops[:position], stop, *run.stops[position + 1 :])
    return msgspec.structs.replace(run, stops=stops, version=version)
