"""What a run sheet and a load list say."""

from __future__ import annotations

import re

from tests.factories.papers import a_load_list, a_run_sheet, pages_of, pdf_of, text_of


def test_a_run_sheet_lists_stops_in_order_with_windows_and_times():
    """R015: ordered stops, planned times in the carrier's zone, the site's windows."""
    text = text_of(a_run_sheet())
    assert "mardi 24 novembre 2026" in text
    assert "Maïka Côté" in text
    times = re.findall(r"\b(\d+) (\d+ h(?: \d\d)?) \d+ min", text)
    assert [number for number, _ in times] == [str(number) for number in range(1, 9)]
    assert times[0][1] == "7 h 55"
    assert "9 h – 11 h 30" in text
    assert "13 h 30 – 17 h" in text


def test_figures_without_roads_are_labelled_as_estimates():
    """Roads: estimates are labelled as such, real ones are not."""
    assert "38,4 km (estimé)" in text_of(a_run_sheet())
    assert "estim" not in text_of(a_run_sheet(estimated=False))
    assert "11:27 a.m. (estimated)" in text_of(a_run_sheet(), "en")


def test_money_to_collect_stands_with_its_issuer():
    """C29: an amount to collect is one number for each issuer."""
    assert "À percevoir : 1 284,36 $ (Brasserie du Faubourg inc.)" in text_of(a_run_sheet())


def test_the_last_stop_is_loaded_first():
    """Loading: the list goes from the last stop to the first."""
    found = re.findall(r"Arrêt (\d+) —", text_of(a_load_list(9)))
    assert found == [str(number) for number in range(9, 0, -1)]


def test_products_are_totalled_over_all_stops():
    """Loading: one total for each product and unit, equal to the sum of the stops' lines."""
    paper = a_load_list(9)
    sums: dict[str, int] = {}
    for stop in paper.stops:
        for line in stop.lines:
            sums[line.description.fr] = sums.get(line.description.fr, 0) + line.quantity
    totals = text_of(paper).split("Ordre de chargement")[0]
    for name, quantity in sums.items():
        printed = name.replace("\u00a0", " ")
        assert f"{printed} Brasserie du Faubourg inc. caisse de 24 {quantity}" in totals


def test_a_stops_heading_never_ends_a_page():
    """Layout: a heading stays with its first line."""
    for page in pages_of(pdf_of(a_load_list(60))):
        lines = [line for line in page.splitlines() if line.strip()]
        assert not lines[-2].startswith("Arrêt"), "the last line above the footer is a heading"
