"""What several papers print: parties, lines, amounts, places and strokes.

Amounts are integer cents; texts that exist in both languages are ``Text``; limits are part of the types and are
checked before anything is typeset.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.problems import Text
from shared.signature import MAX_SIDE, MAX_STROKES

MAX_LINES = 1_000
MAX_QR_BYTES = 512

type Word = Annotated[str, Meta(max_length=80)]
type Line80 = Annotated[str, Meta(max_length=200)]
type Paragraph = Annotated[str, Meta(max_length=2_000)]
type Cents = Annotated[int, Meta(ge=-(10**12), le=10**12)]
type Count = Annotated[int, Meta(ge=0, le=10**7)]
type Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
type Currency = Literal["CAD", "EUR", "CHF"]


def paper_currency(code: str) -> Currency:
    """Return the currency of a row as papers know it.

    Raises:
        msgspec.ValidationError: no paper is written in this currency.
    """
    found: Currency = msgspec.convert(code, Currency)
    return found


type QrPayload = Annotated[str, Meta(min_length=1, max_length=MAX_QR_BYTES)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class Registration(Part, frozen=True, kw_only=True):
    """A tax registration as it must be printed, e.g. ``Text("TPS", "GST")`` and ``123456789 RT0001``."""

    name: Text
    number: Word


class Party(Part, frozen=True, kw_only=True):
    """An organisation or a site with its postal address; ``registrations`` matter for issuers."""

    name: Line80
    street: Line80 = ""
    city: Word = ""
    region: Word = ""
    postal_code: Word = ""
    email: Line80 = ""
    phone: Word = ""
    registrations: Annotated[tuple[Registration, ...], Meta(max_length=6)] = ()


class PriceStep(Part, frozen=True, kw_only=True):
    """One step of a price: what made it, what it took off as the rule says it, and the price after it."""

    name: Text
    unit_price: Decimal
    change: Word = ""


class GoodsLine(Part, frozen=True, kw_only=True):
    """One line of a purchase order, slip, invoice or credit note.

    ``quantity`` is ordered (order, slip), invoiced or credited. ``received`` is None until the delivery is known.
    A priced line has an exact ``unit_price`` (4 decimals) and a ``net_cents`` after ``discount_cents``;
    ``tax_codes`` name rows of the paper's ``Amounts.taxes``; ``steps`` say how the price came about, if in several.
    """

    description: Text
    unit: Text
    quantity: Count
    received: Count | None = None
    reason: Text | None = None
    unit_price: Decimal | None = None
    discount_cents: Cents = 0
    net_cents: Cents | None = None
    tax_codes: Annotated[tuple[Word, ...], Meta(max_length=6)] = ()
    order_number: Word = ""
    steps: Annotated[tuple[PriceStep, ...], Meta(max_length=8)] = ()


class TaxAmount(Part, frozen=True, kw_only=True):
    """One tax of a document: ``rate`` is a fraction (``Decimal("0.09975")``), computed once on ``base_cents`` (T3)."""

    code: Word
    name: Text
    rate: Decimal
    base_cents: Cents
    amount_cents: Cents


class DepositAmount(Part, frozen=True, kw_only=True):
    """Container deposits of one class, apart from the price of the goods."""

    name: Text
    quantity: Count
    unit_cents: Cents
    amount_cents: Cents


class Amounts(Part, frozen=True, kw_only=True):
    """What stands under the lines.

    ``net_cents`` is the lines' nets less ``discount_cents`` (a document discount, positive, 0 when the lines already
    carry their share); ``total_cents`` = nets + taxes + deposits, checked before printing (law 3).
    """

    net_cents: Cents
    total_cents: Cents
    discount_cents: Cents = 0
    taxes: Annotated[tuple[TaxAmount, ...], Meta(max_length=10)] = ()
    deposits: Annotated[tuple[DepositAmount, ...], Meta(max_length=50)] = ()
    currency: Currency = "CAD"


class DeliveredRow(Part, frozen=True, kw_only=True):
    """One order line after the visit: ordered = delivered + not_shipped + lost + returned; ``extra`` on top."""

    description: Text
    unit: Text
    ordered: Count
    delivered: Count
    not_shipped: Count = 0
    lost: Count = 0
    returned: Count = 0
    extra: Count = 0
    reason: Text | None = None


class Window(Part, frozen=True, kw_only=True):
    """Local times of day, in minutes after midnight."""

    opens_min: Annotated[int, Meta(ge=0, le=1440)]
    closes_min: Annotated[int, Meta(ge=0, le=2880)]


class Fix(Part, frozen=True, kw_only=True):
    """Where the tablet was: 1e-7 degrees and metres of accuracy."""

    lat_e7: Annotated[int, Meta(ge=-900_000_000, le=900_000_000)]
    lon_e7: Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_000)]
    accuracy_m: Count


class Drawing(Part, frozen=True, kw_only=True):
    """A signature as it was drawn: strokes of (x, y) points on a canvas, without pressure or speed."""

    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    strokes: Annotated[tuple[tuple[tuple[int, int], ...], ...], Meta(max_length=MAX_STROKES)]


class Moment(Part, frozen=True, kw_only=True):
    """An aware instant and how far the clock that gave it may be off, in seconds."""

    at: datetime
    uncertainty_s: Count = 0
