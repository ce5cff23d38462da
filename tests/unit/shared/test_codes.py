"""QR codes of papers: written and read back by the same module, from a picture of the page too."""

from __future__ import annotations

import io
from uuid import UUID

import pytest
from PIL import Image

from server.documents.rendering.render import draw_pages
from shared.codes import (
    MAX_CODE_BYTES,
    PaperCode,
    PaperKind,
    ProofCode,
    UnreadableCode,
    paper_code,
    proof_code,
    read_paper_code,
    read_proof_code,
)
from tests.factories.papers import a_delivery_slip, codes_on

ORDER = UUID("0193a1b2-0000-7000-8000-00000000abcd")
HERE = "https://tournee.example"
PROOF = ProofCode("ab" * 32, "cd" * 8, "C-2026-0042 é&#")


@pytest.mark.parametrize("kind", PaperKind)
def test_a_papers_code_reads_back(kind: PaperKind) -> None:
    """M1, giving proofs out: the code of a paper names its kind and its subject, wherever the office stands."""
    for address in (HERE, "http://localhost:8000", "https://moved.example/tournee"):
        assert read_paper_code(paper_code(address, kind, ORDER)) == PaperCode(kind, ORDER)


def test_a_scanned_slip_names_its_order() -> None:
    """M1: the code is read from a rotated, shrunken picture of the rendered page, as a phone would take it."""
    slip = a_delivery_slip(qr=paper_code(HERE, PaperKind.DELIVERY_SLIP, ORDER))
    page = Image.open(io.BytesIO(draw_pages(slip, language="fr", ppi=110)[0])).convert("L")
    for taken in (page, page.rotate(90, expand=True), page.rotate(7, expand=True, fillcolor=255)):
        assert [read_paper_code(text) for text in codes_on(taken)] == [PaperCode(PaperKind.DELIVERY_SLIP, ORDER)]


def test_a_printed_proofs_code_reads_back() -> None:
    """M1: fingerprint, key and order number stand behind the hash, which a browser never sends."""
    text = proof_code(HERE, PROOF)
    assert read_proof_code(text) == PROOF
    assert text.partition("#")[0] == f"{HERE}/verifier"
    assert len(proof_code("https://" + "x" * 60 + ".example", ProofCode("0" * 64, "1" * 16, "é" * 80))) < MAX_CODE_BYTES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "https://x/q/bon/",
        f"https://x/q/ailleurs/{ORDER}",
        f"https://x/q/bon/{ORDER}0",
        f"https://x/q/bon/{str(ORDER).upper()}",
        f"https://x/?q/bon/{ORDER}",
        "http://[",
        "\ud800",
        "x" * 600,
    ],
)
def test_another_code_is_refused(text: str) -> None:
    """Limits: whatever else a camera reads is refused with what to do."""
    for read in (read_paper_code, read_proof_code):
        with pytest.raises(UnreadableCode) as refused:
            read(text)
        assert refused.value.detail.fr != refused.value.detail.en
