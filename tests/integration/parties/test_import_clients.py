"""Clients from a file: tried first, all or nothing, the same again changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from server.core.imports import FaultyRows
from server.core.transaction import transaction
from server.parties import queries
from server.parties import service as parties
from server.parties.model import Client, Organisation, Site
from server.parties.service.client_rows import read_clients
from tests.factories.world import World, make_world, stamp

TOURNEE = [sys.executable, "-c", "from server.cli import main; main()", "import", "clients"]
HEADER = (
    "No client;Nom;Courriel;Rue;Ville;Code postal;Latitude;Longitude;Heures de livraison;Équipement;Groupe;"
    "Limite de crédit"
)
ZOE = (
    "C-1;Dépanneur Zoé;zoe@exemple.ca;12, rue X;Montréal;h2x1y6;45,5123456;-73,61;8:00-12:00, 13h-17h30;hayon;"
    "Fidèles;2 500,00"
)
LEO = "C-2;Bar Léo;;;;;;;;;;"


@pytest.fixture
def world(database: object) -> World:
    made = make_world()
    with transaction(acting=made.seller.id) as session:
        parties.create_group(session, name="Fidèles", terms=parties.GroupTerms(net_days=45), stamp=stamp())
    return made


def tournee(folder: Path, *lines: str, dry: bool = False) -> subprocess.CompletedProcess[str]:
    file = folder / "clients.csv"
    file.write_text("\r\n".join(lines), encoding="utf-8-sig")
    options = ["--seller", "br1"] + (["--dry-run"] if dry else [])
    return subprocess.run([*TOURNEE, str(file), *options], capture_output=True, text=True, check=False)


def kept(world: World) -> list[tuple[Client, Organisation]]:
    with transaction(acting=world.seller.id) as session:
        return [pair for pair in queries.clients(session) if pair[0].external_id]


def test_a_dry_run_shows_and_writes_nothing_then_the_import_writes_once(world: World, tmp_path: Path) -> None:
    """Imports: `tournee import clients FILE --dry-run`; idempotent by the seller's own number."""
    tried = tournee(tmp_path, HEADER, ZOE, LEO, dry=True)
    assert (tried.returncode, kept(world)) == (0, []), tried.stderr
    assert "2 ajoutés · added" in tried.stdout
    assert "Dry run: nothing was written" in tried.stdout
    done = tournee(tmp_path, HEADER, ZOE, LEO)
    assert done.returncode == 0, done.stderr
    (leo, _), (zoe, card) = kept(world)
    assert (zoe.external_id, card.name, card.email, card.postal_code) == (
        "C-1", "Dépanneur Zoé", "zoe@exemple.ca", "H2X 1Y6",
    )  # fmt: skip
    assert (zoe.credit_limit_cents, zoe.group_id is not None, leo.group_id) == (250_000, True, None)
    with transaction(acting=world.seller.id) as session:
        site = queries.sites_of(session, org_id=card.id)[0]
        assert (site.lat_e7, site.lon_e7, site.windows) == (455123456, -736100000, [[480, 720], [780, 1050]])
        assert site.equipment == ["tail_lift"]
    again = tournee(tmp_path, HEADER, ZOE, LEO)
    assert "0 ajouté · added, 0 modifié · changed, 2 inchangés · unchanged" in again.stdout


def test_a_faulty_file_names_each_line_and_column_and_changes_nothing(world: World, tmp_path: Path) -> None:
    """Imports: row errors in French and English; nothing half-written."""
    done = tournee(tmp_path, HEADER, ZOE, "C-1;Double;pas-un-courriel;;;;45;;;;Inconnu;")
    assert (done.returncode, kept(world)) == (2, [])
    assert "ligne 3, Courriel\u00a0: «\u00a0pas-un-courriel\u00a0» n’est pas une adresse de courriel." in done.stderr
    assert "line 3, E-mail:" in done.stderr
    with pytest.raises(FaultyRows) as refused:
        read_clients(f"{HEADER}\n{ZOE}\nC-1;Double;;;;;45;;;;Inconnu;".encode())
    assert [(one.line, one.column and one.column.fr) for one in refused.value.faults] == [
        (3, "No client"),
        (3, "Longitude"),
    ]
    with pytest.raises(FaultyRows) as strange:
        _take(world, f"{HEADER}\n{ZOE}\nC-3;Troisième;;;;;;;;;Inconnu;")
    assert strange.value.faults[0].text.en.startswith("There is no group “Inconnu”.")
    assert kept(world) == []


def test_a_change_is_reported_value_by_value_and_a_missing_column_leaves_its_values(world: World) -> None:
    """R071: a dry run reports what would change; the group's settings stay the group's."""
    _take(world, f"{HEADER}\n{ZOE}\n")
    shorter = "No client;Nom;Limite de crédit;Groupe\nC-1;Dépanneur Zoé;3000;\n"
    with transaction(acting=world.seller.id) as session:
        told = parties.preview_clients(session, sheet=read_clients(shorter.encode()))
    assert [(one.field.fr, one.before, one.after) for one in told.changes[0].differences] == [
        ("Limite de crédit", "2500.00", "3000.00"),
        ("Groupe", "Fidèles", ""),
    ]
    _take(world, shorter)
    ((client, card),) = kept(world)
    assert (client.credit_limit_cents, client.group_id, card.email) == (300_000, None, "zoe@exemple.ca")
    with transaction(acting=world.seller.id) as session:
        assert session.get_one(Site, queries.sites_of(session, org_id=card.id)[0].id).street == "12, rue X"


def test_a_client_with_an_account_keeps_its_own_card(world: World) -> None:
    """C26: a seller keeps the card of clients without an account alone; its own settings it always keeps."""
    with transaction(acting=world.seller.id) as session:
        parties.name_client(session, buyer_id=world.buyer.id, external_id="D-1", stamp=stamp())
    told = _take(world, "No client;Nom;Ville;Limite de crédit\nD-1;Autre nom;Laval;100\n")
    assert told.changes[0].note is not None
    ((client, card),) = kept(world)
    assert (card.name, card.city, client.credit_limit_cents) == ("Dépanneur 1", "Montréal", 10_000)


def test_many_clients_cost_each_the_same(world: World) -> None:
    """Imports of thousands: a few statements for each client, the seller's own card written once."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    costs = []
    event.listen(Engine, "before_cursor_execute", hear)
    try:
        for count in (10, 40):
            said.clear()
            rows = "\n".join(f"M-{count}-{one};Café {one};1, rue X;Montréal;H2X 1Y6;45,5;-73,6" for one in range(count))
            sheet = read_clients(f"No client;Nom;Rue;Ville;Code postal;Latitude;Longitude\n{rows}".encode())
            with transaction(acting=world.seller.id) as session:
                parties.import_clients(session, sheet=sheet, stamp=stamp())
            costs.append(len(said))
            assert sum(one.startswith("UPDATE organisation") for one in said) == 1
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert (costs[1] - costs[0]) / 30 < 4, costs


def _take(world: World, content: str) -> parties.ImportReport:
    with transaction(acting=world.seller.id) as session:
        return parties.import_clients(session, sheet=read_clients(content.encode()), stamp=stamp())
