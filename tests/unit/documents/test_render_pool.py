"""Rendering in processes of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.documents.rendering.papers import PacketItem
from server.documents.rendering.pool import PoolClosed, RendererDied, RenderingTooSlow, RenderPool
from server.documents.rendering.render import PaperRefused, render_packet
from tests.factories.papers import ISSUED_AT, a_load_list, an_invoice, pdf_of


@pytest.fixture
def pool():
    with RenderPool(workers=2) as pool:
        yield pool


def test_the_pool_gives_the_bytes_of_a_direct_rendering(pool):
    """Law 31: where a document is rendered does not change it, alone or in a packet."""
    assert pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT) == pdf_of(an_invoice())
    items = [PacketItem(paper=an_invoice(), language="en"), PacketItem(paper=a_load_list(), language="fr")]
    told = {"title": "Tournée", "author": "Rive-Nord", "issued_at": ISSUED_AT}
    assert pool.render_packet(items, **told) == render_packet(items, **told)


def test_many_threads_share_few_processes(pool):
    """Rendering: callers wait their turn and each gets its own document."""
    papers = [an_invoice(number=f"F-{number}") for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        rendered = list(threads.map(lambda paper: pool.render(paper, language="fr", issued_at=ISSUED_AT), papers))
    assert rendered == [pdf_of(paper) for paper in papers]


def test_a_refused_paper_comes_back_as_its_problem_and_the_pool_goes_on(pool):
    """RFC 9457: the paper's own refusal crosses the process, and the next paper is rendered."""
    with pytest.raises(PaperRefused) as refusal:
        pool.render(an_invoice(number=""), language="fr", issued_at=ISSUED_AT)
    assert refusal.value.members["cause"] == "invoice-without-number"
    assert pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT) == pdf_of(an_invoice())


def test_a_document_that_takes_too_long_is_ended_and_the_next_one_is_rendered():
    """Limits: rendering has a bounded time."""
    with RenderPool(timeout_s=0) as pool:
        with pytest.raises(RenderingTooSlow):
            pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT)
        with pytest.raises(RenderingTooSlow):
            pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT)


def test_a_process_without_memory_dies_alone():
    """Limits: rendering has a bounded memory, and its end is a problem that says what to do."""
    with RenderPool(memory_bytes=40 * 1024**2) as pool, pytest.raises(RendererDied) as death:
        pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT)
    assert "Réessayez" in death.value.detail.fr


def test_a_closed_pool_refuses():
    """Limits: nothing is started after the end."""
    pool = RenderPool()
    pool.close()
    with pytest.raises(PoolClosed):
        pool.render(an_invoice(), language="fr", issued_at=ISSUED_AT)
