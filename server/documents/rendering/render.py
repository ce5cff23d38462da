"""Papers to PDF, one at a time or a whole packet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from server.core.problems import Problem, Text
from server.documents.rendering.accounts import statement_sheet
from server.documents.rendering.commerce import (
    credit_note_sheet,
    delivery_slip_sheet,
    invoice_sheet,
    purchase_order_sheet,
)
from server.documents.rendering.engine import draw, typeset
from server.documents.rendering.evidence import proof_sheet, variance_notice_sheet
from server.documents.rendering.joined import joined_invoice_sheet
from server.documents.rendering.papers import (
    CreditNote,
    DeliverySlip,
    Invoice,
    JoinedInvoice,
    LoadList,
    PacketItem,
    Paper,
    ProofOfDelivery,
    PurchaseOrder,
    RunSheet,
    Statement,
    VarianceNotice,
)
from server.documents.rendering.road import load_list_sheet, run_sheet
from server.documents.rendering.sheet import Sheet
from shared.problems import Language

MAX_PACKET_PAPERS = 500
MAX_PAPER_BYTES = 2_000_000

_SHEETS: Final[dict[type[Any], Callable[[Any, Language], Sheet]]] = {
    PurchaseOrder: purchase_order_sheet,
    DeliverySlip: delivery_slip_sheet,
    Invoice: invoice_sheet,
    JoinedInvoice: joined_invoice_sheet,
    CreditNote: credit_note_sheet,
    VarianceNotice: variance_notice_sheet,
    RunSheet: run_sheet,
    LoadList: load_list_sheet,
    ProofOfDelivery: proof_sheet,
    Statement: statement_sheet,
}


_PAPERS: Final[msgspec.json.Decoder[Paper]] = msgspec.json.Decoder(Paper)


class PaperRefused(Problem):
    """A paper that breaks a limit or a type, before anything is typeset."""

    slug = "paper-refused"
    title = Text("Document refusé", "Document refused")


def render(paper: Paper, *, language: Language, issued_at: datetime) -> bytes:
    """Return the PDF of one paper (US letter, tagged); the same paper and instant give the same bytes.

    Raises:
        PaperRefused: a text, a list or a number is beyond its limit.
        UnbalancedPaper: amounts that do not add up.
        NoNumber: an invoice with neither or both of number and reference.
        NotTypeset: the typesetter fails.
    """
    sheet = sheet_of(paper, language)
    return typeset([sheet], title=_title(sheet), author=sheet.head.name, issued_at=issued_at)


def render_packet(items: Sequence[PacketItem], *, title: str, author: str, issued_at: datetime) -> bytes:
    """Return one PDF with all papers in the order given, each with its own language and page count.

    Raises:
        PaperRefused: no paper, more than ``MAX_PACKET_PAPERS``, or one beyond its limits; and as ``render``.
    """
    if not 0 < len(items) <= MAX_PACKET_PAPERS:
        raise PaperRefused(
            Text(
                f"Un lot compte de 1 à {MAX_PACKET_PAPERS} documents; celui-ci en a {len(items)}.",
                f"A packet has from 1 to {MAX_PACKET_PAPERS} papers; this one has {len(items)}.",
            ),
            where="items",
        )
    sheets = [sheet_of(item.paper, item.language) for item in items]
    return typeset(sheets, title=title, author=author, issued_at=issued_at)


def draw_pages(paper: Paper, *, language: Language, ppi: int = 96) -> tuple[bytes, ...]:
    """Return the pages of a paper as PNG pictures.

    Raises:
        As ``render``.
    """
    sheet = sheet_of(paper, language)
    return draw([sheet], title=_title(sheet), author=sheet.head.name, ppi=ppi)


def sheet_of(paper: Paper, language: Language) -> Sheet:
    """Return the layout of a paper after checking its limits.

    Raises:
        PaperRefused: a text, a list or a number is beyond its limit.
    """
    checked = _checked(paper)
    return _SHEETS[type(checked)](checked, language)


def _checked(paper: Paper) -> Paper:
    written = msgspec.json.encode(paper)
    if len(written) > MAX_PAPER_BYTES:
        raise PaperRefused(
            Text(
                f"Le document fait {len(written)} octets; le maximum est de {MAX_PAPER_BYTES}.",
                f"The paper has {len(written)} bytes; the most is {MAX_PAPER_BYTES}.",
            ),
            where="paper",
        )
    try:
        return _PAPERS.decode(written)
    except msgspec.ValidationError as error:
        raise PaperRefused(
            Text(f"Une valeur est hors limites\u00a0: {error}.", f"A value is beyond its limits: {error}."),
            where="paper",
        ) from error


def _title(sheet: Sheet) -> str:
    return f"{sheet.title} {sheet.number} — {sheet.head.name}"
