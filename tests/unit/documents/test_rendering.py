"""Promises of every document: the same bytes, the archive standards, limits, QR codes, pages."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from pypdf import PdfReader

from server.documents.rendering.papers import PacketItem
from server.documents.rendering.parts import MAX_LINES
from server.documents.rendering.qr import QrTooLong, qr_svg
from server.documents.rendering.render import PaperRefused, draw_pages, render_packet
from server.documents.rendering.samples import main, sample_papers
from shared.problems import Text
from tests.factories.papers import ISSUED_AT, an_invoice, codes_on, pages_of, pdf_of, text_of

KINDS = sorted(sample_papers(long=False))


def test_the_same_paper_gives_the_same_bytes_in_another_process():
    """Law 31: a document rendered again has the stored hash."""
    script = (
        "import hashlib; from server.documents.rendering.samples import ISSUED_AT, render, sample_papers\n"
        "for paper in sample_papers(long=False).values():\n"
        "    print(hashlib.sha256(render(paper, language='fr', issued_at=ISSUED_AT)).hexdigest())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    here = [hashlib.sha256(pdf_of(paper)).hexdigest() for paper in sample_papers(long=False).values()]
    assert elsewhere.split() == here


def test_threads_may_render_at_the_same_time():
    """Rendering: a web process with threads gets the same documents as one without."""
    papers = [an_invoice(number=f"F-{number}") for number in range(16)]
    with ThreadPoolExecutor(4) as threads:
        rendered = list(threads.map(pdf_of, papers))
    assert rendered == [pdf_of(paper) for paper in papers]


def test_a_document_is_dated_by_its_issue_and_not_by_its_rendering():
    """Law 31: the time in the file is the time of issue, whenever it is rendered."""
    pdf = PdfReader(io.BytesIO(pdf_of(an_invoice())))
    assert pdf.metadata.creation_date == ISSUED_AT
    assert pdf.metadata.modification_date == ISSUED_AT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_documents_are_tagged_and_made_for_archives(kind, language):
    """Rendering: PDF/UA-1 and PDF/A-2a, with a title, a language and a structure that readers can speak."""
    pdf = PdfReader(io.BytesIO(pdf_of(sample_papers(long=False)[kind], language)))
    declared = pdf.xmp_metadata.stream.get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in declared
    assert "<pdfaid:part>2</pdfaid:part>" in declared
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert pdf.root_object["/Lang"] == f"{language}-CA"
    assert pdf.metadata.title


def test_an_emoji_in_a_beers_name_does_not_stop_the_document():
    """Rendering: a character that no font has is forbidden in archives; the document is plain PDF rather than none."""
    paper = an_invoice()
    line = msgspec.structs.replace(paper.lines[0], description=Text("Pilsner 🍺 d’été", "Pilsner 🍺"))
    pdf = pdf_of(msgspec.structs.replace(paper, lines=(line, *paper.lines[1:])))
    assert "d’été" in pages_of(pdf)[0]
    assert "pdfuaid" not in PdfReader(io.BytesIO(pdf)).xmp_metadata.stream.get_data().decode()


@pytest.mark.parametrize("kind", KINDS)
def test_the_qr_code_of_every_document_reads_back(kind):
    """Documents: the code printed on the page gives the text that the paper was given."""
    paper = sample_papers(long=False)[kind]
    assert codes_on(draw_pages(paper, language="fr", ppi=144)[0]) == [paper.qr]


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")
@pytest.mark.parametrize(
    "payload",
    ["A", "é" * 100, "Tournée œ 🍺", "https://tournee.example/v#" + "0123456789abcdef" * 28],
    ids=["shortest", "accents", "any letter", "long"],
)
def test_a_qr_code_reads_back_from_the_pdf_itself(payload, tmp_path):
    """Documents: another program that draws the PDF sees the same code, short or long."""
    target = tmp_path / "invoice.pdf"
    target.write_bytes(pdf_of(an_invoice(qr=payload)))
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", target, tmp_path / "page"], check=True)
    assert codes_on(Image.open(tmp_path / "page.png")) == [payload]


@pytest.mark.parametrize("payload", ["", "x" * 513, "é" * 257])
def test_a_payload_without_bounds_is_refused(payload):
    """Limits: a QR code holds from 1 to 512 bytes."""
    with pytest.raises(QrTooLong):
        qr_svg(payload)


@pytest.mark.parametrize("kind", KINDS)
def test_long_papers_repeat_their_header_and_count_their_pages(kind):
    """Layout: 60 lines take several pages, each with the table's header and its number."""
    pages = pages_of(pdf_of(sample_papers(long=True)[kind]))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} sur {len(pages)}" in page
    header = {"run-sheet": "PRÉVU", "statement": "MOUVEMENT"}.get(kind, "PRODUIT")
    behind = {"proof-of-delivery": 2, "invoice-joined": 1, "invoice-joined-provisional": 1}.get(kind, 0)  # no goods
    with_rows = pages[: len(pages) - behind]
    assert all(header in page for page in with_rows)


@pytest.mark.parametrize("count", range(1, 60, 3))
def test_totals_never_stand_alone_on_a_page(count):
    """Layout: whatever the number of lines, the total's page holds at least one line of goods under its header."""
    with_totals = next(page for page in pages_of(pdf_of(an_invoice(count))) if "Total à payer" in page)
    above_totals = with_totals.split("PRODUIT")[1].split("Sous-total")[0]
    assert "caisse de 24" in above_totals or "fût 30 L" in above_totals


def test_a_name_without_spaces_stays_in_its_column():
    """Layout: a word longer than its column breaks; nothing is printed in the right margin."""
    paper = an_invoice()
    line = msgspec.structs.replace(paper.lines[0], description=Text("X" * 150, "X"), unit=Text("Y" * 60, "Y"))
    wide = msgspec.structs.replace(
        paper,
        lines=(line, *paper.lines[1:]),
        buyer=msgspec.structs.replace(paper.buyer, name="Z" * 150),
        footer="W" * 300,
    )
    page = Image.open(io.BytesIO(draw_pages(wide, language="fr", ppi=72)[0])).convert("L")
    margin = page.crop((page.width - 48, 0, page.width, page.height))
    assert margin.getextrema() == (255, 255)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "F" * 81},
        {"note": "n" * 2_001},
        {"lines": an_invoice(1).lines * (MAX_LINES + 1)},
        {"buyer": "somebody"},
    ],
)
def test_a_paper_beyond_its_limits_is_refused(change):
    """Limits: every text and list of a paper is bounded, and refused with a clear problem."""
    with pytest.raises(PaperRefused) as refusal:
        pdf_of(an_invoice(**change) if "lines" not in change else msgspec.structs.replace(an_invoice(), **change))
    assert refusal.value.detail.fr.startswith("Une valeur est hors limites")


def test_an_invoice_of_no_lines_is_printed():
    """Layout: a table without rows still closes with its totals."""
    empty = msgspec.structs.replace(an_invoice().amounts, net_cents=0, total_cents=0, taxes=(), deposits=())
    assert "Total à payer 0,00 $" in text_of(msgspec.structs.replace(an_invoice(), lines=(), amounts=empty))


def test_a_packet_holds_the_papers_in_order_each_with_its_own_pages():
    """R060: a run's documents in one file, in the order of the stops, each in its recipient's language."""
    items = [
        PacketItem(paper=an_invoice(60, number="F-1"), language="fr"),
        PacketItem(paper=an_invoice(number="F-2"), language="en"),
    ]
    pages = pages_of(render_packet(items, title="Tournée 3", author="Rive-Nord", issued_at=ISSUED_AT))
    assert ["F-1" in page for page in pages] == [True, True, True, False]
    assert [page.splitlines()[-1].split("F-")[1][2:] for page in pages] == [
        "Page 1 sur 3",
        "Page 2 sur 3",
        "Page 3 sur 3",
        "Page 1 of 1",
    ]


@pytest.mark.parametrize("count", [0, 501])
def test_a_packet_has_bounds(count):
    """Limits: a packet has from 1 to 500 papers."""
    items = [PacketItem(paper=an_invoice(), language="fr")] * count
    with pytest.raises(PaperRefused):
        render_packet(items, title="T", author="A", issued_at=ISSUED_AT)


def test_the_samples_command_writes_documents_and_pictures(tmp_path, capsys):
    """Screenshots: each document can be looked at, in both languages, short and long."""
    assert main([str(tmp_path / "out")]) == 0
    written = {path.name for path in Path(tmp_path / "out").iterdir()}
    assert {
        f"{kind}-{length}-{language}.pdf" for kind in KINDS for length in ("short", "long") for language in ("fr", "en")
    } <= written
    assert "invoice-long-fr-3.png" in written
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
