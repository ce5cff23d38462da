"""Worlds in which every supplier's words and numbers are its own, and a sieve that finds them where they are not."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask import Flask
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import StreamObject
from sqlalchemy import select, update

from server.catalog.model import Product, ProductFormat
from server.core.transaction import transaction
from server.notifications.service.endpoints import add_endpoint
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order
from server.parties.model import Organisation
from tests.factories.hand_tablet import SIGNATURE_SHA, HandTablet, Yard, make_yard, short
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, RUN_DAY, Buyer, Seller, World, make_world, stamp

JOINED = replace(AGENT, one_invoice_a_stop=True)
DEALS = ((ADJUST, CREDIT, EXTERNAL, AGENT, JOINED), (JOINED, JOINED, EXTERNAL, CREDIT, ADJUST))
"""What suppliers agree, from one world to the next: in every other one an agent joins the invoices of some (C15)."""
_TOKEN = re.compile(r"[0-9A-Za-z]{6,}")
_AMOUNT = re.compile(r"(?<!\d)\d{4,}[.,]\d{2,4}(?!\d)")
_NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Planted:
    """What only one supplier, its shops and the carrier may read."""

    seller: Seller
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Grounds:
    """A documented run over many shops, and every supplier's planted words."""

    yard: Yard
    planted: tuple[Planted, ...]
    choose: random.Random


def make_grounds(app: Flask, *, seed: int, sellers: int, shops: int) -> Grounds:
    """Return shops that each order from two suppliers or more, with a marker in every text and number of a supplier."""
    choose = random.Random(seed)
    deals = DEALS[seed % len(DEALS)]
    world = make_world([deals[number % len(deals)] for number in range(sellers)], buyers=shops)
    planted = tuple(_plant(seller, choose) for seller in world.sellers)
    for buyer in world.buyers:
        for seller in choose.sample(world.sellers, choose.randint(2, min(4, sellers))):
            mine = next(one for one in planted if one.seller is seller)
            _order(world, mine, buyer, choose)
    return Grounds(make_yard(app, world), planted, choose)


def marker(choose: random.Random) -> str:
    """Return a word that nothing else holds by chance: 14 letters of the middle of the alphabet, no hex among them."""
    return "".join(choose.choices("ghijklmnopqrstuvwxyz", k=14))


def deliver_stop(grounds: Grounds, position: int) -> None:
    """Finish a stop as chance has it: in full, short with reasons and photos, refused; and push it."""
    tablet, choose = grounds.yard.tablet, grounds.choose
    said: dict[str, Any] = {}
    if choose.random() < 0.1:
        said["unmet"] = "refused"
    else:
        lines = [line for order in tablet.stop(position).orders for line in order.goods.lines]
        counted = {}
        for line in lines:
            if choose.random() < 0.3:
                counted |= short(line.line_id, line.quantity, choose.randint(1, line.quantity))
        said["counted"] = counted
        said["line_photos"] = {line.line_id: [SIGNATURE_SHA] for line in lines if choose.random() < 0.2}
    tablet.visit(tablet.stop(position), **said)
    assert tablet.push(len(tablet.events))["results"][-1]["status"] == "applied"
    _note_secrets(grounds, tablet)


def _note_secrets(grounds: Grounds, tablet: HandTablet) -> None:
    """Salts, leaves' own ids and padding of each order are their supplier's alone."""
    event = tablet.events[-1]
    owners = {order.order_id: order for stop in tablet.run.stops for order in stop.orders}
    for group in event.groups:
        kind, _, named = group.key.partition(":")
        seller_id = owners[named].goods.seller_id if kind == "order" else named
        mine = next((one for one in grounds.planted if str(one.seller.id) == seller_id), None)
        if mine is not None:
            mine.words.update(json.loads(leaf)["salt"] for leaf in group.leaves)
            mine.words.update(group.padding)
            if kind == "order":
                order = owners[named]
                mine.words.update((order.order_id, order.order_number, order.terms_hash))
                mine.words.update(line.line_id for line in order.goods.lines)


def _plant(seller: Seller, choose: random.Random) -> Planted:
    found = Planted(seller)

    def word() -> str:
        made = marker(choose)
        found.words.add(made)
        return made

    def amount() -> Decimal:
        made = Decimal(choose.randint(1000_0001, 9999_9999)) / 10_000
        found.words.add(f"{made:.4f}")
        return made

    texts = ("name", "legal_name", "email", "phone", "street", "city", "footer_fr", "footer_en")
    with transaction(seller.id) as session:
        code = marker(choose)[:9].upper()
        found.words.add(code)
        named = {name: word() for name in texts} | {"code": code}
        session.execute(update(Organisation).where(Organisation.id == seller.id).values(**named))
        session.execute(update(Product).values(name_fr=word(), name_en=word(), style=word()))
        for format_id in (seller.case_id, seller.keg_id):
            values = {"name_fr": word(), "name_en": word(), "barcode": word(), "unit_price": amount()}
            session.execute(update(ProductFormat).where(ProductFormat.id == format_id).values(**values))
        endpoint = add_endpoint(session, url="http://127.0.0.1:9/", stamp=stamp())
    found.words.update(str(one) for one in (endpoint.id, seller.case_id, seller.keg_id, seller.agreement_id))
    return found


def _order(world: World, mine: Planted, buyer: Buyer, choose: random.Random) -> None:
    seller = mine.seller
    note = marker(choose)
    items = [
        orders.OrderItem(format_id=format_id, quantity=choose.randint(1, most))
        for format_id, most in ((seller.case_id, 5), (seller.keg_id, 2))
    ]
    with transaction(seller.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=seller.id, buyer_id=buyer.id, site_id=buyer.site_id, carrier_id=world.carrier_id
            ),
            items=items,
            distribution=DistributionMethod.DISTRIBUTOR,
            planned_on=RUN_DAY,
            note=note,
            stamp=stamp(),
        )
        orders.submit(session, order=order, stamp=stamp())
        orders.accept(session, order=order, stamp=stamp())
        lot = marker(choose)
        orders.note_lots(session, order=order, lots={order.lines[0].id: [lot]}, stamp=stamp())
        mine.words.update({note, lot, f"{order.total_cents / 100:.2f}", str(order.id)})
        mine.words.update(str(one) for one in session.scalars(select(Order.number).where(Order.id == order.id)))


def foreign_words(planted: Iterable[Planted], mine: Planted) -> set[str]:
    """Return everything that must not reach ``mine``."""
    return {word for one in planted if one is not mine for word in one.words} - mine.words


def leaks(text: str, words: Iterable[str]) -> list[str]:
    """Return the words that a text holds: markers anywhere, numbers as a whole, however their comma is written."""
    sieve = Sieve(frozenset(words))
    return sorted(sieve(text))


class Sieve:
    """Looks through each text once for all words of everyone, however often and to whom it comes."""

    def __init__(self, words: frozenset[str]) -> None:
        self.numbers = {form: word for word in words if _NUMBER.fullmatch(word) for form in _forms(word)}
        self.markers = {word.lower(): word for word in words if not _NUMBER.fullmatch(word)}
        self.seen: dict[bytes, frozenset[str]] = {}

    def __call__(self, text: str) -> frozenset[str]:
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if key not in self.seen:
            self.seen[key] = frozenset(self._found(text))
        return self.seen[key]

    def _found(self, text: str) -> Iterator[str]:
        joined = text.replace("\u00a0", "").replace("\u202f", "")
        lowered = joined.lower()
        yield from (word for marker, word in self.markers.items() if marker in lowered)
        written = {one.replace(",", ".") for one in _AMOUNT.findall(joined)} | set(_TOKEN.findall(joined))
        yield from (self.numbers[one] for one in written & self.numbers.keys())


def _forms(number: str) -> tuple[str, ...]:
    """Return a number as written whole, to the cent, and in cents."""
    whole, _, rest = number.partition(".")
    return number, f"{whole}.{rest[:2]}", f"{whole}{rest[:2]}"


_unpacked: dict[bytes, list[str]] = {}


def all_of(payload: bytes) -> list[str]:
    """Return every text inside a file: its bytes, a PDF's text and unpacked streams, an archive's files, each again."""
    key = hashlib.sha256(payload).digest()
    if key not in _unpacked:
        _unpacked[key] = list(_texts(payload))
    return _unpacked[key]


def _texts(payload: bytes) -> Iterator[str]:
    if payload.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            yield "\n".join((*archive.namelist(), archive.comment.decode("latin-1")))
            for entry in archive.infolist():
                yield entry.comment.decode("latin-1") + entry.extra.decode("latin-1")
                yield from all_of(archive.read(entry))
        return
    yield payload.decode("utf-8", "replace") if payload.isascii() else payload.decode("latin-1")
    if not payload.isascii():
        yield payload.decode("utf-8", "replace")
    if payload.startswith(b"%PDF-"):
        yield from _pdf_texts(payload)


def _pdf_texts(payload: bytes) -> Iterator[str]:
    reader = PdfReader(io.BytesIO(payload))
    yield str(reader.metadata)
    yield from (page.extract_text() for page in reader.pages)
    for number in range(1, len(reader.xref_objStm) + sum(len(one) for one in reader.xref.values()) + 1):
        try:
            found = reader.get_object(number)
            if isinstance(found, StreamObject):
                yield found.get_data().decode("latin-1")
            else:
                yield str(found)
        except (PyPdfError, zlib.error, NotImplementedError, ValueError, KeyError, AttributeError):
            yield ""  # an image of its own coding, or no such object
