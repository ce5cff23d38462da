"""The papers that can be rendered: each struct holds everything that it prints, and nothing is looked up elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.documents.rendering.parts import (
    MAX_LINES,
    Amounts,
    Cents,
    Count,
    Currency,
    DeliveredRow,
    Drawing,
    Fix,
    GoodsLine,
    Line80,
    Moment,
    Paragraph,
    Part,
    Party,
    QrPayload,
    Sha256,
    Window,
    Word,
)
from shared.problems import Language, Text

type GoodsLines = Annotated[tuple[GoodsLine, ...], Meta(max_length=MAX_LINES)]
type DeliveredRows = Annotated[tuple[DeliveredRow, ...], Meta(max_length=MAX_LINES)]


class PaperBase(Part, frozen=True, kw_only=True, tag_field="kind"):
    """What every paper has: the text of its QR code."""

    qr: QrPayload


class PurchaseOrder(PaperBase, frozen=True, kw_only=True, tag="purchase_order"):
    """A numbered order with its current status, priced or not, with what was received once known (R038-R040, R020).

    ``billed`` says how when it is not the usual way (R008).
    """

    number: Word
    seller: Party
    buyer: Party
    status: Text
    ordered_on: date
    lines: GoodsLines
    carrier: Party | None = None
    deliver_on: date | None = None
    terms: Text | None = None
    billed: Text | None = None
    amounts: Amounts | None = None
    note: Paragraph = ""


class DeliverySlip(PaperBase, frozen=True, kw_only=True, tag="delivery_slip"):
    """What is handed over for one order; empty boxes for received quantities until they are known (R020).

    ``billed`` says how its order is billed when it is not the usual way (R008). ``by_hand`` says who recorded a
    delivery that no tablet saw.
    """

    order_number: Word
    seller: Party
    buyer: Party
    carrier: Party
    deliver_on: date
    lines: GoodsLines
    run_name: Line80 = ""
    position: Annotated[int, Meta(ge=0, le=999)] = 0
    billed: Text | None = None
    amounts: Amounts | None = None
    by_hand: Text | None = None
    note: Paragraph = ""


class Invoice(PaperBase, frozen=True, kw_only=True, tag="invoice"):
    """An invoice: published with a ``number``, or provisional with a ``reference`` ``P-<order>-<revision>`` (C1).

    ``dated_on`` is the issue date, or the day of preparation while provisional. ``seller`` is given when the issuer
    is an agent (C28). ``footer`` holds the payment instructions (R006). ``replaces`` is the number of the void invoice
    in whose place it stands (C6), ``supplements`` that of the one which it completes (R023), ``part_of`` that of the
    joined invoice of which it is a section (C15).
    """

    issuer: Party
    buyer: Party
    dated_on: date
    terms: Text
    lines: GoodsLines
    amounts: Amounts
    number: Word = ""
    reference: Word = ""
    due_on: date | None = None
    delivered_on: date | None = None
    order_numbers: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    ship_to: Party | None = None
    seller: Party | None = None
    replaces: Word = ""
    supplements: Word = ""
    part_of: Word = ""
    note: Paragraph = ""
    footer: Paragraph = ""


class InvoiceSection(Part, frozen=True, kw_only=True):
    """One order of a joined invoice: its own number or reference, its supplier, its lines and what they come to."""

    number: Word
    order_number: Word
    seller: Party
    lines: GoodsLines
    amounts: Amounts
    note: Paragraph = ""


class JoinedInvoice(PaperBase, frozen=True, kw_only=True, tag="joined_invoice"):
    """One agent invoice for the orders of a stop, a section for each (C15, C28); ``amounts`` are their sums.

    ``number`` or ``reference``, ``dated_on`` and ``footer`` are as an invoice's.
    """

    issuer: Party
    buyer: Party
    dated_on: date
    terms: Text
    sections: Annotated[tuple[InvoiceSection, ...], Meta(min_length=1, max_length=100)]
    amounts: Amounts
    number: Word = ""
    reference: Word = ""
    due_on: date | None = None
    delivered_on: date | None = None
    ship_to: Party | None = None
    footer: Paragraph = ""


class CreditNote(PaperBase, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note with positive amounts: its reason and the invoice it belongs to, if any (C30 has none)."""

    number: Word
    issuer: Party
    buyer: Party
    dated_on: date
    reason: Text
    lines: GoodsLines
    amounts: Amounts
    invoice_number: Word = ""
    invoice_dated_on: date | None = None
    order_numbers: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    seller: Party | None = None
    note: Paragraph = ""
    footer: Paragraph = ""


class VarianceNotice(PaperBase, frozen=True, kw_only=True, tag="variance_notice"):
    """Tells a supplier who bills elsewhere what was not delivered as ordered (C14). No amounts.

    ``billed`` says how its order is billed when it is not the usual way (R008), ``by_hand`` who recorded a delivery
    that no tablet saw.
    """

    reference: Word
    order_number: Word
    seller: Party
    buyer: Party
    carrier: Party
    delivered_at: Moment
    timezone: Word
    rows: DeliveredRows
    signer_name: Line80 = ""
    signer_role: Line80 = ""
    by_hand: Text | None = None
    billed: Text | None = None


class HandedOver(Part, frozen=True, kw_only=True):
    """One order of a stop; ``billed`` says how when it is not the usual way (R008)."""

    number: Word
    seller_name: Line80
    billed: Text | None = None


class RunStop(Part, frozen=True, kw_only=True):
    """One stop of a run sheet. ``collect`` are ready lines: (issuer, cents)."""

    position: Annotated[int, Meta(ge=1, le=999)]
    place: Party
    planned_at: datetime
    service_s: Count
    windows: Annotated[tuple[Window, ...], Meta(max_length=8)] = ()
    orders: Annotated[tuple[HandedOver, ...], Meta(max_length=100)] = ()
    collect: Annotated[tuple[tuple[Line80, Cents], ...], Meta(max_length=50)] = ()
    access_note: Paragraph = ""


class RunSheet(PaperBase, frozen=True, kw_only=True, tag="run_sheet"):
    """The driver's list of stops in order, with windows and planned times; ``estimated`` when without real roads."""

    run_name: Line80
    runs_on: date
    timezone: Word
    carrier: Party
    depot: Party
    driver_name: Line80
    vehicle_name: Line80
    starts_at: datetime
    ends_at: datetime
    distance_m: Count
    estimated: bool
    stops: Annotated[tuple[RunStop, ...], Meta(max_length=MAX_LINES)]
    version: Count = 1
    currency: Currency = "CAD"


class LoadLine(Part, frozen=True, kw_only=True):
    """A quantity of one product for one stop; lines with the same ``product`` and unit are totalled."""

    product: Word
    description: Text
    unit: Text
    quantity: Count
    seller_name: Line80 = ""


class LoadStop(Part, frozen=True, kw_only=True):
    """What one stop receives."""

    position: Annotated[int, Meta(ge=1, le=999)]
    name: Line80
    lines: Annotated[tuple[LoadLine, ...], Meta(max_length=MAX_LINES)]


class LoadList(PaperBase, frozen=True, kw_only=True, tag="load_list"):
    """What to load, last stop first. ``stops`` are given in delivery order; the list reverses them."""

    run_name: Line80
    runs_on: date
    carrier: Party
    vehicle_name: Line80
    stops: Annotated[tuple[LoadStop, ...], Meta(max_length=MAX_LINES)]
    weight_g: Count | None = None
    version: Count = 1


class SeenAmounts(Part, frozen=True, kw_only=True):
    """What the signer's screen showed: ``shown`` is the leaf's word, the cents stand for what was shown."""

    shown: Literal["none", "invoice", "credit", "supplement", "credit_pending"]
    total_cents: Cents = 0
    credit_cents: Cents = 0
    supplement_cents: Cents = 0
    currency: Currency = "CAD"


class Seal(Part, frozen=True, kw_only=True):
    """Where the visit stands in its device's chain, and under which key it was signed."""

    event_id: Word
    event_hash: Sha256
    root: Sha256
    prev_hash: Sha256
    sequence: Count
    terms_hash: Sha256
    screen_sha256: Sha256
    consent_sha256: Sha256
    device_key: Line80
    manifest_sha256: Sha256
    sealing_key: Line80


class ProofOfDelivery(PaperBase, frozen=True, kw_only=True, tag="proof_of_delivery"):
    """The sealed facts of one order's delivery, for its supplier and buyer: no line of another supplier.

    ``billed`` says how its order is billed when it is not the usual way (R008).
    """

    order_number: Word
    seller: Party
    buyer: Party
    carrier: Party
    outcome: Text
    rows: DeliveredRows
    delivered_at: Moment
    timezone: Word
    driver_name: Line80
    device_name: Line80
    app_version: Line80
    seal: Seal
    billed: Text | None = None
    run_name: Line80 = ""
    arrived_at: Moment | None = None
    received_at: datetime | None = None
    failure: Text | None = None
    signer_name: Line80 = ""
    signer_role: Line80 = ""
    signer_language: Language = "fr"
    signature: Drawing | None = None
    consent: Text | None = None
    place: Fix | None = None
    seen: SeenAmounts | None = None
    photos: Annotated[tuple[Sha256, ...], Meta(max_length=50)] = ()
    missing_photos: Annotated[tuple[Sha256, ...], Meta(max_length=50)] = ()
    corrections: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    purged: Text | None = None
    clock_skewed: bool = False


class StatementRow(Part, frozen=True, kw_only=True):
    """One movement: what it adds to the balance, and the balance after it; ``link`` opens its document."""

    on: date
    words: Text
    amount_cents: Cents
    balance_cents: Cents
    link: Annotated[str, Meta(max_length=300)] = ""
    proof_link: Annotated[str, Meta(max_length=300)] = ""


class Statement(PaperBase, frozen=True, kw_only=True, tag="statement"):
    """A customer's account over a period, or one part of a long one: opening and rows make the closing (law 25)."""

    issuer: Party
    buyer: Party
    first_day: date
    last_day: date
    opening_cents: Cents
    closing_cents: Cents
    rows: Annotated[tuple[StatementRow, ...], Meta(max_length=MAX_LINES)]
    ages: Annotated[tuple[tuple[Text, Cents], ...], Meta(max_length=10)] = ()
    currency: Currency = "CAD"
    part: Annotated[int, Meta(ge=1, le=1000)] = 1
    parts: Annotated[int, Meta(ge=1, le=1000)] = 1
    footer: Paragraph = ""


type Paper = (
    PurchaseOrder
    | DeliverySlip
    | Invoice
    | JoinedInvoice
    | CreditNote
    | VarianceNotice
    | RunSheet
    | LoadList
    | ProofOfDelivery
    | Statement
)


class PacketItem(Part, frozen=True, kw_only=True):
    """One paper of a packet, in the language of who receives it."""

    paper: Paper
    language: Language


def paper_bytes(paper: Paper) -> bytes:
    """Return the JSON of a paper, its kind included."""
    return msgspec.json.encode(paper)
