"""Papers for tests: the product's own samples, with what a test wants otherwise, and eyes to read what was rendered."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import msgspec
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from server.documents.rendering import sample_commerce, sample_visits
from server.documents.rendering.papers import (
    CreditNote,
    DeliverySlip,
    Invoice,
    LoadList,
    Paper,
    ProofOfDelivery,
    PurchaseOrder,
    RunSheet,
    VarianceNotice,
)
from server.documents.rendering.render import render
from shared.problems import Language

ISSUED_AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def an_invoice(lines: int = 5, **changes: Any) -> Invoice:
    return msgspec.structs.replace(sample_commerce.invoice(lines), **changes)


def a_provisional_invoice(**changes: Any) -> Invoice:
    return msgspec.structs.replace(sample_commerce.invoice(provisional=True), **changes)


def a_credit_note(**changes: Any) -> CreditNote:
    return msgspec.structs.replace(sample_commerce.credit_note(), **changes)


def a_purchase_order(**changes: Any) -> PurchaseOrder:
    return msgspec.structs.replace(sample_commerce.purchase_order(), **changes)


def a_delivery_slip(*, received: bool = False, **changes: Any) -> DeliverySlip:
    return msgspec.structs.replace(sample_commerce.delivery_slip(received=received), **changes)


def a_variance_notice(**changes: Any) -> VarianceNotice:
    return msgspec.structs.replace(sample_visits.variance_notice(), **changes)


def a_run_sheet(stops: int = 8, **changes: Any) -> RunSheet:
    return msgspec.structs.replace(sample_visits.run_sheet(stops), **changes)


def a_load_list(stops: int = 6, **changes: Any) -> LoadList:
    return msgspec.structs.replace(sample_visits.load_list(stops), **changes)


def a_proof(*, signed: bool = True, **changes: Any) -> ProofOfDelivery:
    return msgspec.structs.replace(sample_visits.proof(signed=signed), **changes)


def pdf_of(paper: Paper, language: Language = "fr") -> bytes:
    return render(paper, language=language, issued_at=ISSUED_AT)


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, no-break spaces as plain ones."""
    return [page.extract_text().replace("\u00a0", " ") for page in PdfReader(io.BytesIO(pdf)).pages]


def text_of(paper: Paper, language: Language = "fr") -> str:
    """Return all that a paper says, line breaks as spaces."""
    return " ".join(" ".join(pages_of(pdf_of(paper, language))).split())


def codes_on(picture: bytes | Image.Image) -> list[str]:
    """Return the texts of the bar codes seen on a picture of a page."""
    image = picture if isinstance(picture, Image.Image) else Image.open(io.BytesIO(picture))
    return [code.text for code in zxingcpp.read_barcodes(image.convert("L"))]
