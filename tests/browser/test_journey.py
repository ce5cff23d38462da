"""From a retailer's order to a statement that closes at zero, through pages wherever a person acts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from server.core.embedded.address import PostgresAddress
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.delivery.proofs import verify_proof
from server.identity.model import OrganisationKind, Role
from server.parties.model import Organisation
from server.receivables.audit import book_faults
from tests.browser.axe import complaints_of, faults_of
from tests.browser.browsing import settle, sign_in, speak, visit
from tests.browser.dispatching import document, plan
from tests.browser.standing import copied, settings_for
from tests.browser.world import BrowserDay, Person, office_of, person_of
from tests.factories.accounts import today
from tests.factories.hosted_stripe import SECRET_KEY, WEBHOOK_SECRET, HostedStripe, hosted_stripe
from tests.factories.world import CREDIT, Buyer, Deal

CASES, BROKEN = 4, 1
SHORT_STOP = {
    "position": 1,
    "outcome": "short",
    "lines": {"#0": {"lost": BROKEN, "reason": "breakage"}},
    "photo": True,
    "signer": "Éloïse Gagné",
}
_heard: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()
SETTINGS = {"emission": "on_accept", "auto_accept": "yes", "balance_visible": "yes"}


@dataclass(frozen=True)
class Told:
    """What the pages say on the way, in one language."""

    language: str
    accepted: str
    delivered: str
    paid: str
    set_off: str
    closing: str
    zero: str


TOLD = {
    "fr": Told("fr", "Acceptée", "Livrée en partie", "Payée", "Affecté", "Solde de clôture", "0,00\u00a0$"),
    "en": Told("en", "Accepted", "Partly delivered", "Paid", "Allocated", "Closing balance", "$0.00"),
}


@dataclass
class Shop:
    """Where everybody of the journey is: the office, Stripe, who buys, and on which day it is delivered."""

    day: BrowserDay
    stripe: HostedStripe
    buyers: dict[str, tuple[Buyer, Person, date]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def shop(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two suppliers, two retailers, a truck and a driver; nobody has set or ordered anything."""
    folder = tmp_path_factory.mktemp("journey")
    with (
        hosted_stripe() as stripe,
        copied(postgres, "template_tournee") as database,
        settings_for(postgres, database, folder, STRIPE_API_BASE=stripe.url),
        office_of(folder, buyers=2, deals=(CREDIT, Deal())) as day,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setenv("TOURNEE_PUBLIC_URL", day.url)
        reload_settings()
        stripe.notices_url = f"{day.url}/api/v1/online-payments/notices/{day.world.seller.id}"
        made = Shop(day, stripe)
        second = person_of(day.world.buyers[1].id, OrganisationKind.RETAILER, Role.OWNER, "Ann Smith")
        with transaction(day.world.buyers[1].id) as session:
            session.get_one(Organisation, day.world.buyers[1].id).language = "en"
        made.buyers["fr"] = (day.world.buyers[0], day.retailer, today() + timedelta(days=1))
        made.buyers["en"] = (day.world.buyers[1], second, today() + timedelta(days=2))
        yield made


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_order_is_accepted_invoiced_delivered_short_credited_and_paid_to_zero(
    shop: Shop, browser: Browser, language: str
) -> None:
    """R001, R014, R018, R024, R026, R067, R080, R086: order to cash on the pages; axe finds nothing serious.

    The group accepts and invoices by itself; the tablet is the real store and sync; Stripe is its own library against
    hosted pages on this machine, and its signed notice closes the invoice.
    """
    told, (buyer, person, on) = TOLD[language], shop.buyers[language]
    day = shop.day
    with visit(browser, day.url, language=language) as page:
        come_in(page, day.supplier, language)
        set_terms(page)
        offer_online_payment(page)
    with visit(browser, day.url, language=language) as page:
        come_in(page, person, language)
        order_page = order(page, day, told, on)
        invoiced = invoice_total(page, order_page)
    with visit(browser, day.url, language=language) as page:
        come_in(page, day.dispatcher, language)
        plan(page, day, on)
        assert document(page, day).startswith(b"%PDF-")
        look(page)
    script = {"enrol": day.office.code(), "pull": True, "runs": [{"run_id": "*", "stops": [SHORT_STOP]}], "push": True}
    day.office.drive(script, tablet=language)
    day.office.jobs()
    with visit(browser, day.url, language=language) as page:
        come_in(page, person, language)
        credited = credit_total(page, order_page, told)
        assert 0 < credited < invoiced
        pay(page, shop, order_page, told, invoiced - credited)
        close_at_zero(page, f"/a-payer/{day.world.seller.id}", told, [invoiced, -credited, credited - invoiced])
    with visit(browser, day.url, language=language, accept_downloads=True) as page:
        come_in(page, day.supplier, language)
        close_at_zero(page, f"/comptes/{buyer.id}", told, [invoiced, -credited, credited - invoiced])
        read_proof(page)
    with transaction(day.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=day.world.seller.id)) == []


def come_in(page: Page, person: Person, language: str) -> None:
    """Sign in and turn to the language; the browser may complain about nothing on the way."""
    _heard[page] = complaints_of(page)
    sign_in(page, person.email, person.password)
    speak(page, language)


def look(page: Page) -> None:
    """See that the open page has no serious fault, and that the browser complained of nothing since the last look."""
    settle(page)
    assert _heard[page] == [], page.url
    assert faults_of(page) == [], page.url
    _heard[page].clear()  # axe itself tries an inline style, which the policy refuses


def set_terms(page: Page) -> None:
    """Say for « Tous » that orders are accepted and invoiced by themselves, and that clients see their balance."""
    page.goto("/groupes")
    look(page)
    page.locator("tbody td.lead a").first.click()
    for name, value in SETTINGS.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.locator("form:has(select[name=emission]) .actions button").click()
    page.wait_for_load_state()
    assert {name: page.locator(f"select[name={name}]").input_value() for name in SETTINGS} == SETTINGS
    look(page)


def offer_online_payment(page: Page) -> None:
    page.goto("/paiement-en-ligne")
    page.locator("[name=secret_key]").fill(SECRET_KEY)
    page.locator("[name=webhook_secret]").fill(WEBHOOK_SECRET)
    page.locator("[name=enabled]").check()
    page.locator("form[action='/paiement-en-ligne'] button").click()
    page.locator(".badge.green").wait_for()
    look(page)


def order(page: Page, day: BrowserDay, told: Told, on: date) -> str:
    """Order four cases from what the supplier offers; return the page of the order, which is accepted already."""
    page.goto(f"/offre?fournisseur={day.world.seller.id}")
    look(page)
    page.locator(".heading .actions a.button").click()
    page.locator(f"[name=n-{day.world.seller.case_id}]").fill(str(CASES))
    page.locator("[name=wanted_on]").fill(on.isoformat())
    page.locator("#totals .total").first.wait_for()
    look(page)
    page.locator("form[action='/commandes/nouvelle'] button:not([name])").click()
    page.wait_for_url(re.compile(r"/commandes/[0-9a-f-]{36}$"))
    assert page.locator(".heading .badge", has_text=told.accepted).is_visible()
    day.office.jobs()
    look(page)
    return page.url


def invoice_total(page: Page, order_page: str) -> int:
    """Open the invoice that the acceptance made, and return its total in cents."""
    page.goto(order_page)
    page.locator("main a[href^='/factures/']").first.click()
    look(page)
    return cents(page.locator("dd.total").first.inner_text())


def credit_total(page: Page, order_page: str, told: Told) -> int:
    """Open the credit note that the short delivery made, and return its total in cents."""
    page.goto(order_page)
    assert page.locator(".heading .badge", has_text=told.delivered).is_visible()
    assert page.get_by_text("Éloïse Gagné").first.is_visible()
    look(page)
    page.locator("main a[href^='/credits/']").first.click()
    look(page)
    return cents(page.locator("dd.total").first.inner_text())


def pay(page: Page, shop: Shop, order_page: str, told: Told, still: int) -> None:
    """Pay what the invoice has open at Stripe's page, by its buttons, and come back to a paid invoice."""
    page.goto(order_page)
    page.locator("main a[href^='/factures/']").first.click()
    invoice_page, button = page.url, page.locator("form[action$='/payer'] button")
    assert cents(button.inner_text()) == still
    button.click()
    page.wait_for_url("**/paiements/**")
    look(page)
    page.locator(".heading a.button").click()
    page.wait_for_url(f"{shop.stripe.url}/c/pay/**")
    assert page.locator("#amount").inner_text() == str(still)
    page.locator("button").click()
    page.wait_for_url(f"{shop.day.url}/paiements/**")
    assert shop.stripe.told[-1] == 204
    shop.day.office.jobs()
    page.reload()
    assert page.locator(".heading .badge", has_text=told.set_off).is_visible()
    look(page)
    page.goto(invoice_page)
    assert page.locator(".heading .badge", has_text=told.paid).is_visible()
    assert page.locator("form[action$='/payer']").count() == 0
    look(page)


def close_at_zero(page: Page, account: str, told: Told, moved: list[int]) -> None:
    """Read the statement from its account: every movement leads to its document, and nothing is left, in PDF too."""
    page.goto(account)
    look(page)
    page.locator(".heading a.button[href$='/releve']").click()
    look(page)
    rows = page.locator("tbody tr").all()[1:]
    assert [movement(row.locator("td").all_inner_texts()) for row in rows] == moved
    assert [cents(row.locator("td").last.inner_text()) for row in rows] == [moved[0], moved[0] + moved[1], 0]
    links = page.locator("tbody td.lead a").all()
    assert [(link.get_attribute("href") or "").split("/")[1] for link in links] == [
        "factures", "preuves", "credits", "paiements",
    ]  # fmt: skip
    assert all(page.request.get(link.get_attribute("href") or "").ok for link in links)
    closing = page.locator("dl.sums .total")
    # an amount is a link that says, to who cannot see it, what it opens
    assert [text.partition("\n")[0] for text in closing.all_inner_texts()] == [told.closing, told.zero]
    paper = page.request.get(page.locator(".heading .actions a").get_attribute("href") or "").body()
    said = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(paper)).pages)
    assert re.search(rf"{told.closing}\s+{re.escape(told.zero)}", said.replace("\n", " ")), said


def read_proof(page: Page) -> None:
    """Find the proof in the inbox, see what was signed, and verify the file that it gives."""
    page.goto("/avis")
    look(page)
    page.locator("tr:has-text('Preuve de livraison'), tr:has-text('Proof of delivery')").locator("button").first.click()
    page.wait_for_url("**/preuves/**")
    assert page.locator("svg.ink path").count() == 1
    assert page.get_by_text("Éloïse Gagné").first.is_visible()
    look(page)
    with page.expect_download() as downloading:
        page.locator(".heading .actions a", has_text=".proof").click()
    assert verify_proof(Path(downloading.value.path()).read_bytes())


def movement(cells: list[str]) -> int:
    """What a line of a statement moves: its debit, or its credit taken off."""
    debit, credit = cells[2], cells[3]
    return cents(debit) if debit.strip() else -cents(credit)


def cents(words: str) -> int:
    """Read an amount as the pages write it: ``1 234,56 $`` or ``$1,234.56``."""
    found = re.search(r"\d[\d\s\u00a0,.]*", words)
    assert found, words
    return int(re.sub(r"\D", "", found[0]))
