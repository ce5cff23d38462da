"""A form that is refused keeps what was typed and says why at the field; then it goes through."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.browsing import PHONE, sign_in, visit
from tests.browser.world import BrowserDay


def test_a_refused_form_keeps_what_was_typed(browser: Browser, day: BrowserDay) -> None:
    """WCAG 3.3.1 and 3.3.3: the field is named, described and focused; nothing has to be typed again."""
    with visit(browser, day.url, size=PHONE) as page:
        sign_in(page, day.supplier.email, day.supplier.password)
        page.goto("/catalogue/produits/nouveau")
        page.get_by_label("Nom en français").fill("Blanche de la baie")
        page.get_by_label("Nom en anglais").fill("Bay white")
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_role("link", name="Ajouter un format").first.click()
        page.get_by_label("Nom en français").fill("caisse de 24")
        page.get_by_label("Nom en anglais").fill("case of 24")
        page.get_by_label("Poids de l’unité de vente (kg)").fill("12,4")
        page.get_by_label("Prix de base de l’unité de vente ($)").fill("48,50")
        code = page.get_by_label("De l’unité de vente", exact=True)
        code.fill("10628504100011")
        page.get_by_role("button", name="Enregistrer le format").click()
        expect(page.get_by_role("alert")).to_contain_text("devrait être 8")
        expect(code).to_be_focused()
        expect(page.get_by_label("Prix de base de l’unité de vente ($)")).to_have_value("48,50")
        code.fill("10628504100018")
        page.get_by_role("button", name="Enregistrer le format").click()
        expect(page.get_by_text("10628504100018")).to_be_visible()
        expect(page.get_by_text("48,50")).to_be_visible()
