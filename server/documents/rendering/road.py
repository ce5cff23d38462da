"""The papers of the road as sheets: run sheet and load list."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from server.documents.rendering import words
from server.documents.rendering.compose import address, masthead, pairs, start_sheet
from server.documents.rendering.figures import (
    NBSP,
    colon,
    count,
    day,
    duration,
    format_money,
    kilograms,
    kilometres,
    time_of,
    window,
)
from server.documents.rendering.papers import HandedOver, LoadLine, LoadList, LoadStop, RunSheet, RunStop
from server.documents.rendering.parts import Currency
from server.documents.rendering.sheet import Address, Cell, Column, Sheet, Table
from shared.problems import Language, Text

PLANNED = Text("Prévu", "Planned")
PLACE = Text("Lieu", "Place")
WINDOWS = Text("Plages", "Windows")
TO_HAND_OVER = Text("À remettre", "To hand over")
DEPARTURE = Text("Départ", "Departure")
RETURN = Text("Retour", "Return")
DISTANCE = Text("Distance", "Distance")
STOPS = Text("Arrêts", "Stops")
COLLECT = Text("À percevoir", "To collect")
ESTIMATED_TIMES = Text(
    "Distances et heures estimées, sans réseau routier", "Distances and times estimated, without a road network"
)
LOAD_ORDER = Text("Ordre de chargement", "Loading order")
LOAD_ORDER_NOTE = Text(
    "Le dernier arrêt se charge en premier, au fond du camion.",
    "The last stop is loaded first, at the front of the box.",
)
PRODUCT_TOTALS = Text("Totaux par produit", "Totals by product")
LOADED = Text("Chargé", "Loaded")
WEIGHT = Text("Poids", "Weight")


def run_sheet(paper: RunSheet, language: Language) -> Sheet:
    """Return the driver's stops in order; without a road network every figure of it is labelled as estimated."""
    head = masthead(words.CARRIER, paper.carrier, language)
    sheet = start_sheet(
        words.RUN_SHEET, paper.run_name, head, qr=paper.qr, language=language, issuer_name=paper.carrier.name
    )
    about = f" ({words.ESTIMATED.say(language)})" if paper.estimated else ""
    return msgspec.structs.replace(
        sheet,
        badge=ESTIMATED_TIMES.say(language) if paper.estimated else "",
        facts=pairs(
            language,
            (words.DATE, day(paper.runs_on, language, weekday=True)),
            (words.DRIVER, paper.driver_name),
            (words.VEHICLE, paper.vehicle_name),
            (DEPARTURE, time_of(paper.starts_at, paper.timezone, language)),
            (RETURN, time_of(paper.ends_at, paper.timezone, language) + about),
            (DISTANCE, kilometres(paper.distance_m, language) + about),
            (STOPS, count(len(paper.stops), language)),
            (words.VERSION, str(paper.version)),
        ),
        addresses=(address(words.DEPOT, paper.depot, language),),
        blocks=(_stops_table(paper, language),),
    )


def load_list_sheet(paper: LoadList, language: Language) -> Sheet:
    """Return what to load, last stop first, after the totals of each product."""
    head = masthead(words.CARRIER, paper.carrier, language)
    sheet = start_sheet(
        words.LOAD_LIST, paper.run_name, head, qr=paper.qr, language=language, issuer_name=paper.carrier.name
    )
    return msgspec.structs.replace(
        sheet,
        facts=pairs(
            language,
            (words.DATE, day(paper.runs_on, language, weekday=True)),
            (STOPS, count(len(paper.stops), language)),
            (WEIGHT, "" if paper.weight_g is None else kilograms(paper.weight_g, language)),
            (words.VERSION, str(paper.version)),
        ),
        addresses=(
            Address(label=words.VEHICLE.say(language), name=paper.vehicle_name, lines=(LOAD_ORDER_NOTE.say(language),)),
        ),
        blocks=(_product_totals(paper.stops, language), _loading_order(paper.stops, language)),
    )


def _stops_table(paper: RunSheet, language: Language) -> Table:
    columns = (
        Column(label="", width_mm=9, align="right"),
        Column(label=PLANNED.say(language), width_mm=23),
        Column(label=PLACE.say(language)),
        Column(label=WINDOWS.say(language), width_mm=33),
        Column(label=TO_HAND_OVER.say(language), width_mm=52),
    )
    return Table(columns=columns, rows=tuple(_stop_row(stop, paper, language) for stop in paper.stops))


def _stop_row(stop: RunStop, paper: RunSheet, language: Language) -> tuple[Cell, ...]:
    place = stop.place
    town = f"{place.city}{NBSP * 2}{place.postal_code}".strip(NBSP)
    reach = " · ".join(part for part in (town, place.phone) if part)
    below = (place.street, reach, *stop.access_note.splitlines())
    return (
        Cell(text=str(stop.position), tone="strong"),
        Cell(
            text=time_of(stop.planned_at, paper.timezone, language),
            below=(duration(stop.service_s),),
            tone="strong",
        ),
        Cell(text=place.name, below=tuple(line for line in below if line), tone="strong"),
        Cell(below=tuple(window(one, language) for one in stop.windows)),
        Cell(
            below=(
                *(_handed_over(one, language) for one in stop.orders),
                *_collect(stop, paper.currency, language),
            )
        ),
    )


def _handed_over(order: HandedOver, language: Language) -> str:
    billed = order.billed.say(language) if order.billed else ""
    return " · ".join(part for part in (order.number, order.seller_name, billed) if part)


def _collect(stop: RunStop, currency: Currency, language: Language) -> Iterable[str]:
    label = colon(COLLECT.say(language), language)
    return (f"{label} {format_money(cents, currency, language)} ({issuer})" for issuer, cents in stop.collect)


def _product_totals(stops: tuple[LoadStop, ...], language: Language) -> Table:
    sums: dict[tuple[str, str], tuple[LoadLine, int]] = {}
    for line in (line for stop in stops for line in stop.lines):
        key = (line.product, line.unit.fr)
        first, quantity = sums.get(key, (line, 0))
        sums[key] = (first, quantity + line.quantity)
    ordered = sorted(sums.values(), key=lambda item: (item[0].seller_name, item[0].description.say(language)))
    return Table(
        title=PRODUCT_TOTALS.say(language),
        columns=_load_columns(language),
        rows=tuple(_load_row(line, quantity, language) for line, quantity in ordered),
    )


def _loading_order(stops: tuple[LoadStop, ...], language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for stop in reversed(stops):
        rows.append((Cell(text=f"{words.STOP.say(language)} {stop.position} — {stop.name}", tone="strong"),))
        rows.extend(_load_row(line, line.quantity, language) for line in stop.lines)
    return Table(title=LOAD_ORDER.say(language), columns=_load_columns(language), rows=tuple(rows))


def _load_columns(language: Language) -> tuple[Column, ...]:
    return (
        Column(label=words.PRODUCT.say(language)),
        Column(label=words.UNIT.say(language), width_mm=30),
        Column(label=words.QUANTITY.say(language), width_mm=18, align="right"),
        Column(label=LOADED.say(language), width_mm=22, align="right"),
    )


def _load_row(line: LoadLine, quantity: int, language: Language) -> tuple[Cell, ...]:
    return (
        Cell(text=line.description.say(language), below=(line.seller_name,) if line.seller_name else ()),
        Cell(text=line.unit.say(language), tone="quiet"),
        Cell(text=count(quantity, language)),
        Cell(box=True),
    )
