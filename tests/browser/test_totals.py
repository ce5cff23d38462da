"""« Why this number »: every total of every page unfolds, for whoever sees it, to the cent."""

from __future__ import annotations

import os

import pytest
from flask import Flask

from server.app import create_app
from server.orders.model import Order
from shared.states import OrderState
from tests.browser.samples import PEOPLE, Ids, shown_pages
from tests.browser.world import BrowserDay, driver_of
from tests.factories.unfolding import Page, cents_of, faults, opening
from tests.factories.web import Client, Organisation, browser_of, make_account, make_member
from tests.factories.world import RUN_DAY

LANGUAGES = ("fr", "en") if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else ("fr",)
PARTS_OF_PAGES = {"dispatcher": (f"/tableau/a-voir?jour={RUN_DAY}",)}
"""What pages fetch and shows totals."""

STEP = '<p class="leaf"><span><a href="/la">{0}</a></span><span class="much">{1}</span></p>'
WHOLE = (
    '<a class="why-link" href="{0}">{1}<span>, pourquoi ce montant</span></a><section id="pourquoi">'
    '<details class="unfold"><summary><span>Total</span><span class="much">{2}</span></summary><ul>{3}</ul></details>'
    "</section>"
)


@pytest.fixture(scope="module")
def app(day: BrowserDay) -> Flask:
    """The application over the day."""
    assert day.url
    return create_app()


def reader_of(app: Flask, day: BrowserDay, who: str, language: str) -> Client:
    """Return a browser of somebody of the day."""
    if who == "driver":
        return browser_of(app, driver_of(day))
    role, kind = PEOPLE[who]
    return browser_of(app, make_member(Organisation(kind, Ids(day).orgs[who]), role, make_account(language=language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_total_of_every_page_unfolds_to_the_cent(app: Flask, day: BrowserDay, language: str) -> None:
    """Issue, « why this number »: each total leads its reader to exactly what it is made of.

    By day in French, by night in English as well.
    """
    wrong: list[str] = []
    seen: dict[str, set[str]] = {who: set() for who in PEOPLE}
    walked = [(one.who, one.path) for one in shown_pages(app, day) if one.who in PEOPLE]
    walked += [(who, path) for who, every in PARTS_OF_PAGES.items() for path in every]
    for who in PEOPLE:
        fetch = opening(reader_of(app, day, who, language))
        for path in [path for one, path in walked if one == who]:
            _status, page = fetch(path)
            seen[who] |= {href.strip("/").split("/")[0].split("?")[0] for _cents, href in page.totals}
            wrong += faults(path, page, fetch)
    assert sorted(set(wrong)) == []
    assert {"#pourquoi", "commandes", "factures"} <= seen["dispatcher"]
    assert {"#pourquoi", "commandes", "factures", "credits", "comptes", "stock"} <= seen["supplier"]
    assert {"#pourquoi", "commandes", "factures", "credits", "a-payer"} <= seen["retailer"]


def test_an_order_s_totals_unfold_while_it_is_written(app: Flask, day: BrowserDay) -> None:
    """R038: the totals that the form fetches as one types unfold where they stand."""
    supplier = reader_of(app, day, "supplier", "fr")
    order_id = Ids(day).id("supplier", Order, Order.state == OrderState.PENDING)
    form = Page(supplier.get(f"/commandes/{order_id}/modifier").text)
    typed = {
        one.attributes["name"]: one.attributes.get("value", "")
        for one in form.elements
        if one.tag == "input" and one.attributes.get("name") and one.attributes.get("type") != "checkbox"
    }
    shown = Page(supplier.post(f"/commandes/{order_id}/modifier/total", data=typed).text)
    assert list(faults("modifier", shown, opening(supplier))) == []
    assert [cents for cents, _href in shown.totals][-1]


def test_a_statement_s_balances_follow_from_row_to_row(app: Flask, day: BrowserDay) -> None:
    """R086, law 25: each balance is the one above and its row's debit or credit, from the opening to the closing."""
    supplier = reader_of(app, day, "supplier", "fr")
    page = Page(supplier.get(f"/comptes/{day.world.buyer.id}/releve").text)
    rows = [[one.text for one in page.elements if one.tag == "td" and one.parent is row] for row in page.elements]
    opening_row, *moved = [[cents_of(words) for words in row[2:]] for row in rows if row]
    balance = opening_row[-1]
    assert balance is not None
    assert moved
    for debit, credit, after in moved:
        balance += (debit or 0) - (credit or 0)
        assert after == balance
    assert page.totals[-1][0] == balance


@pytest.mark.usefixtures("day")
@pytest.mark.parametrize(
    ("page", "said"),
    [
        (WHOLE.format("#pourquoi", "3,00 $", "3,00 $", STEP.format("a", "1,00 $") + STEP.format("b", "2,00 $")), ""),
        (WHOLE.format("#pourquoi", "3,00 $", "3,00 $", STEP.format("a", "1,00 $")), "its parts [100]"),
        (WHOLE.format("#pourquoi", "3,01 $", "3,00 $", STEP.format("a", "3,00 $")), "nothing there comes to 301"),
        (WHOLE.format("#ailleurs", "3,00 $", "3,00 $", STEP.format("a", "3,00 $")), "nothing there comes to 300"),
        (WHOLE.format("/perdu", "3,00 $", "3,00 $", STEP.format("a", "3,00 $")), "answers 404"),
        (
            WHOLE.format("#pourquoi", "3,00 $", "3,00 $", STEP.format("a", "3,00 $").replace("/la", "/perdu")),
            "leads to",
        ),
        (
            '<a class="why-link" href="#p">3,00 $</a><p class="leaf" id="p"><span class="much">3,00 $</span></p>',
            "without parts, words or document",
        ),
    ],
)
def test_a_total_that_does_not_unfold_is_found(page: str, said: str) -> None:
    """The check can fail: wrong sums, other amounts, dead ends and mere repetitions are each found."""
    found = list(faults("/ici", Page(page), lambda path: (404 if path == "/perdu" else 200, Page(""))))
    assert said in found[0] if said else found == []


@pytest.mark.usefixtures("day")
def test_amounts_are_read_as_they_are_written() -> None:
    """The check reads French and English amounts, negative ones too, and takes nothing else for one."""
    written = {
        "1 234,56 $": 123_456, "-12,30 $": -1_230, "$1,234.56": 123_456, "-$12.30": -1_230, "–": None,
        "12": None, "3,00 $, pourquoi ce montant": 300,
    }  # fmt: skip
    assert {words: cents_of(words) for words in written} == written
