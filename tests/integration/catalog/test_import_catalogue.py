"""A catalogue from a spreadsheet: tried first, all or nothing, and the same file again changes nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from server.catalog.importing import import_catalogue, preview_catalogue, read_catalogue
from server.catalog.model import Product, ProductFormat
from server.cli.main import tournee
from server.core.imports import FaultyRows, ImportReport
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from tests.factories.web import Organisation, application, browser_of, make_member
from tests.factories.world import World, make_world, stamp

SHEET = """Référence;Produit;Produit en anglais;Style;Format;Unité de vente;Emballages;Contenants par emballage;\
Contenant consigné;Poids (kg);Prix;Taxes;Code-barres;Illimité
IPA-24;India pale ale;India pale ale;IPA;caisse;caisse;6;4;can_public;12,4;58,8050;TPS et TVQ;10628504100018;non
IPA-1;India pale ale;India pale ale;IPA;canette;unité;1;1;can_public;0,5;2,95;TPS et TVQ;;oui
PAIN;Pain de drêche;;;miche;unité;;;;0,7;6;aucune;;
"""


@pytest.fixture(scope="module")
def world(module_database: object) -> World:
    return make_world()


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


def took(world: World, text: str, *, dry: bool = False) -> ImportReport:
    sheet = read_catalogue(text.encode())
    with transaction(world.seller.id) as session:
        return preview_catalogue(session, sheet=sheet) if dry else import_catalogue(session, sheet=sheet, stamp=stamp())


def verdicts(report: ImportReport) -> list[str]:
    return [change.verdict.value for change in report.changes]


def shelf(world: World) -> Sequence[ProductFormat]:
    with transaction(world.seller.id) as session:
        named = select(ProductFormat).where(ProductFormat.reference != "").order_by(ProductFormat.reference)
        return session.scalars(named).all()


def test_a_file_is_tried_taken_and_taken_again(world: World) -> None:
    """Imports: a dry run writes nothing, the same file again changes nothing, a change is told cell by cell."""
    assert verdicts(took(world, SHEET, dry=True)) == ["new", "new", "new"]
    assert shelf(world) == []
    took(world, SHEET)
    single, case, bread = shelf(world)
    assert (case.packs_a_unit, case.units_a_pack, case.containers_a_unit, case.weight_g) == (6, 4, 24, 12400)
    assert (f"{case.unit_price}", case.unlimited, case.barcode) == ("58.8050", False, "10628504100018")
    assert single.product_id == case.product_id
    assert (bread.tax_codes, bread.own_taxes, bread.name_en) == ([], True, "miche")
    assert verdicts(took(world, SHEET)) == ["unchanged"] * 3
    report = took(world, SHEET.replace("58,8050", "60").replace("can_public;0,5", ";0,5"))
    assert verdicts(report) == ["changed", "changed", "unchanged"]
    told = [(one.field.en, one.before, one.after) for change in report.changes for one in change.differences]
    assert told == [("Price", "58.8050", "60"), ("Deposit container", "can_public", "")]
    with transaction(world.seller.id) as session:
        names = session.scalars(select(Product.name_fr).order_by(Product.name_fr)).all()
    assert names.count("India pale ale") == 1
    part = took(world, "Référence;Produit;Format;Prix\nPAIN;Pain de drêche;miche;7,25\n")
    assert [one.after for one in part.changes[0].differences] == ["7.25"]


def test_every_fault_is_named_and_nothing_is_written(world: World) -> None:
    """Imports: row errors by line and column, in both languages; one wrong row keeps all others out."""
    bad = """reference,product_fr,name_fr,weight_g,unit_price,container,barcode
NEW-1,Bière,caisse,12,40,can_public,
NEW-2,Bière,fût,60,,can_public,
NEW-3,Bière,fût,60,100,keg_unknown,
"""
    before = [one.id for one in shelf(world)]
    with pytest.raises(FaultyRows) as refused:
        took(world, bad)
    found = [(one.line, one.column.fr if one.column else "") for one in refused.value.faults]
    assert found == [(3, "Prix"), (4, "Contenant consigné")]
    assert "can_public, keg_50l" in refused.value.faults[1].text.en
    for wrong in (
        "NEW-4,Bière,caisse,12,40,,123",
        "NEW-5,Bière,caisse,12,1.00001,,",
        "NEW-6,Bière,caisse,12,40,,4006381333932",
    ):
        with pytest.raises(FaultyRows):
            took(world, f"{bad.splitlines()[0]}\n{wrong}\n")
    assert [one.id for one in shelf(world)] == before


def test_the_command_tries_and_takes(world: World, tmp_path: Path) -> None:
    """Imports: `tournee import catalogue FILE --dry-run`."""
    file = tmp_path / "catalogue.csv"
    file.write_text(SHEET.replace("IPA-24", "CLI-24"), encoding="utf-8")
    tried = CliRunner().invoke(tournee, ["import", "catalogue", str(file), "--seller", "BR1", "--dry-run"])
    assert (tried.exit_code, "Essai" in tried.output) == (0, True), tried.output
    assert "CLI-24" not in {one.reference for one in shelf(world)}
    done = CliRunner().invoke(tournee, ["import", "catalogue", str(file), "--seller", "BR1"])
    assert (done.exit_code, "CLI-24" in done.output) == (0, True)
    assert "CLI-24" in {one.reference for one in shelf(world)}


def test_the_page_shows_what_a_file_would_do_then_takes_it(world: World, app: Flask) -> None:
    """Imports: the same on pages, with a preview; a faulty file is shown fault by fault."""
    browser = browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.OWNER))
    assert "Code-barres" in browser.get("/catalogue/importer").text
    text = SHEET.replace("IPA-24", "PAGE-24")

    def sent(content: str, **more: str) -> str:
        file = {"file": (io.BytesIO(content.encode()), "catalogue.csv")} if content else {}
        return browser.post("/catalogue/importer", data={**file, **more}, content_type="multipart/form-data").text

    tried = sent(text, do="preview")
    assert "Essai" in tried
    assert "PAGE-24" not in {one.reference for one in shelf(world)}
    kept = re.search(r'<textarea name="kept" hidden>\n(.*?)</textarea>', tried, re.DOTALL)
    assert kept
    sent("", do="import", kept=kept[1].replace("&#34;", '"'))
    assert "PAGE-24" in {one.reference for one in shelf(world)}
    faulty = sent("Référence;Produit;Format;Prix\nZ;Bière;caisse;beaucoup\n", do="preview")
    assert "n’est pas un nombre" in faulty
