"""What a proof of delivery and a variance notice say."""

from __future__ import annotations

import msgspec
import pytest

from server.documents.rendering.ink import TooMuchInk, ink_svg
from server.documents.rendering.papers import SeenAmounts
from server.documents.rendering.parts import Drawing, Fix
from server.documents.rendering.render import draw_pages
from shared.problems import Text
from shared.signature import MAX_POINTS
from tests.factories.papers import a_proof, a_variance_notice, pdf_of, text_of


def test_a_proof_says_who_what_when_and_where():
    """R018, R019: ordered and delivered with reasons, signer, times with their uncertainty, place, device, software."""
    text = text_of(a_proof())
    for fact in (
        "Livrée en partie",
        "IPA Cœur de houblon, canette 473 ml Bris de marchandise caisse de 24 5 4 – 1",
        "Élodie Lœwen gérante",
        "24 novembre 2026, 10:42:07 HNE (± 2 s)",
        "24 novembre 2026, 12:45:07 HNE",
        "45,54842°; -73,57312° (± 12 m)",
        "Tablette 3",
        "Tournée 0.1.0",
        "Maïka Côté",
        "En signant, je confirme avoir reçu les quantités affichées.",
    ):
        assert fact in text


def test_a_proof_carries_its_seal_and_says_what_it_proves():
    """Proofs: hash of the event, root, place in the chain, and in plain words what the seal proves and what not."""
    text = text_of(a_proof())
    for fact in ("c4" * 32, "5b" * 32, "90" * 32, "e1" * 32, "77" * 32, "rang 118", "signature électronique simple"):
        assert fact in text
    assert "Non prouvé : l’identité du signataire" in text
    assert "simple electronic signature" in text_of(a_proof(), "en")


def test_the_statement_is_printed_as_the_signer_read_it():
    """Evidence: the consent sentence is the one of the signer's screen, whatever the paper's language."""
    text = text_of(a_proof(signer_language="en"))
    assert "By signing, I confirm" in text
    assert "En signant" not in text


def test_a_visit_that_nobody_signed_says_so():
    """R018: a refused or closed stop has a proof without a signature."""
    text = text_of(a_proof(signed=False, failure=Text("Commerce fermé", "Shop closed")))
    assert "Personne n’a signé cette visite." in text
    assert "Commerce fermé" in text


def test_a_proof_that_misses_a_photo_says_so():
    """G7: a photo that has not arrived is named as missing."""
    assert "2 — pas encore reçue " + "2e" * 32 in text_of(a_proof())
    assert "pas encore reçue" not in text_of(a_proof(missing_photos=()))


def test_a_credit_to_be_approved_shows_no_amount():
    """C12: above the threshold the credit is proposed, never an amount as granted."""
    text = text_of(a_proof(seen=SeenAmounts(shown="credit_pending", credit_cents=99_900)))
    assert "crédit à approuver" in text
    assert "999,00" not in text


def test_corrections_place_and_clock_are_told():
    """Evidence: later corrections and a clock that was off are printed; a place that was not taken is said."""
    text = text_of(a_proof(place=None, clock_skewed=True, corrections=(Text("2 caisses rendues", "2 cases back"),)))
    for fact in ("non relevée", "plus de 5 minutes", "2 caisses rendues"):
        assert fact in text
    assert "± 12 m" not in text


def test_a_place_south_and_east_keeps_its_signs():
    """Evidence: coordinates are printed in degrees with five decimals."""
    assert "-33,86880°; 151,20930°" in text_of(
        a_proof(place=Fix(lat_e7=-338_688_000, lon_e7=1_512_093_000, accuracy_m=5))
    )


def test_strokes_become_a_path_and_nothing_else():
    """Proofs: strokes are vectors without pressure or speed, drawn through the recorded points only."""
    svg = ink_svg(Drawing(width=100, height=50, strokes=(((1, 2), (3, 4)), ((9, 9),))))
    assert 'd="M1 2L3 4 M9 9L9 9"' in svg
    assert "stroke-width" in svg


def test_a_tap_is_drawn():
    """Proofs: the dot of an i is part of a signature."""
    dot, nothing = (
        a_proof(signature=Drawing(width=60, height=20, strokes=strokes)) for strokes in ((((30, 10),),), ((),))
    )
    assert draw_pages(dot, language="fr") != draw_pages(nothing, language="fr")


def test_as_many_points_as_a_tablet_takes_are_drawn():
    """Limits: what the tablet accepts as a signature, the proof can show."""
    stroke = tuple((at % 600, at % 190) for at in range(MAX_POINTS))
    assert "Élodie Lœwen" in text_of(a_proof(signature=Drawing(width=640, height=200, strokes=(stroke,))))


def test_too_many_points_are_refused():
    """Limits: a signature has at most ``MAX_POINTS`` points over all its strokes."""
    strokes = (((0, 0),) * MAX_POINTS, ((1, 1),))
    with pytest.raises(TooMuchInk):
        pdf_of(a_proof(signature=Drawing(width=10, height=10, strokes=strokes)))


def test_a_variance_notice_says_what_is_missing_and_no_amount():
    """C14: for external billing the supplier learns the differences; no invoice, no credit, no price."""
    text = text_of(a_variance_notice())
    assert "Avis d’écart de livraison" in text
    assert "Rousse des Éclusiers, bouteille 341 ml Oubli au chargement caisse de 24 6 5 1 –" in text
    assert "+ 1 en plus" in text
    assert "aucune facture ni aucun crédit n’a été émis" in text
    assert "$" not in text


def test_only_fates_that_happened_have_a_column():
    """C14: a notice without losses has no column for them."""
    rows = tuple(
        msgspec.structs.replace(row, lost=0, delivered=row.delivered + row.lost) for row in a_variance_notice().rows
    )
    text = text_of(a_variance_notice(rows=rows))
    assert "PERDU" not in text
    assert "NON CHARGÉ" in text
