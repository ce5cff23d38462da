"""Proofs that the office corrected: each supplier sees its own corrections alone; then purged and sealed anew."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from click.testing import CliRunner

from server.core.keys import rotate
from server.core.settings import reload_settings
from server.delivery.proofs import verify_proof
from server.sync.cli import reseal, retention
from tests.factories.corrections import correct, delivery_of, office, recount
from tests.factories.given import deliver, seal, supplied_yard, supplier
from tests.factories.hand_tablet import Yard
from tests.factories.web import application
from tests.factories.world import ADJUST, CREDIT

SECRET = "Recompté chez le client, trois caisses au fond du camion"


@pytest.fixture
def yard(database) -> Yard:
    """Two suppliers at one shop, delivered with a signature; the first one's delivery was corrected at the office."""
    yard = supplied_yard(application(), [ADJUST, CREDIT])
    yard.tablet.upload_signature()
    visit_id = deliver(yard)
    seal(yard, visit_id)
    first = delivery_of(yard, _order_of(yard, 0))
    line = first.lines[0]
    told = correct(office(yard), first, {line.order_line_id: recount(line, line.ordered - 1)}, reason=SECRET)
    assert told.status_code == 200, told.json
    seal(yard, visit_id)
    return yard


def _order_of(yard: Yard, number: int) -> UUID:
    seller = str(yard.world.sellers[number].id)
    return next(UUID(one.order_id) for one in yard.tablet.stop().orders if one.goods.seller_id == seller)


def _files(yard: Yard, number: int) -> list[bytes]:
    client = supplier(yard, number)
    found = client.get("/api/v1/proofs?limit=200").json["proofs"]
    return [client.get(one["file"]["href"]).data for one in found]


def test_a_correction_is_in_its_own_suppliers_proof_alone(yard: Yard) -> None:
    """M1, M2, G10: author, reason and both counts for the one; for the other not a byte in file, page or feed."""
    mine, theirs = _files(yard, 0), _files(yard, 1)
    assert (len(mine), len(theirs)) == (2, 1)
    found = verify_proof(mine[-1])
    (told,) = found.contents.office.corrections
    assert (told.source, told.reason, bool(told.by_name)) == ("office", SECRET, True)
    assert [line.line_id for line in found.order.lines if found.counted[line.line_id].lost] == [told.changes[0].line_id]
    secrets = [SECRET, told.changes[0].line_id, str(_order_of(yard, 0))]
    other, browser = supplier(yard, 1), supplier(yard, 1, browser=True)
    shown = [other.get(f"/api/v1/{name}").text for name in ("proofs", "inbox", "deliveries", "orders")]
    (proof,) = other.get("/api/v1/proofs").json["proofs"]
    shown += [browser.get(f"/preuves/{proof['id']}").text, browser.get("/preuves").text]
    for word in secrets:
        assert all(word not in text for text in shown)
        assert word.encode() not in theirs[0]
        assert any(word.encode() in file for file in mine)


def test_the_first_proof_leads_to_the_one_that_counts(yard: Yard) -> None:
    """Giving out: the supplier's feed and pages say which of two proofs counts, and why there are two."""
    client, browser = supplier(yard), supplier(yard, browser=True)
    found = client.get("/api/v1/proofs").json["proofs"]
    first, second = sorted(found, key=lambda one: one["revision"])
    assert (first["superseded_by"], second["superseded_by"]) == (second["id"], None)
    assert f"/preuves/{second['id']}" in browser.get(f"/preuves/{first['id']}").text
    page = browser.get(f"/preuves/{second['id']}").text
    assert SECRET in page
    assert " → " in page
    assert "corrigée depuis" in browser.get("/preuves").text


def test_corrections_outlive_a_new_key_and_the_purge(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """M1, retention: sealed anew, then purged: statements, former seals and the signed counts still verify."""
    rotate(at=datetime.now(UTC))
    assert CliRunner().invoke(reseal, []).exit_code == 0
    monkeypatch.setenv("TOURNEE_RETENTION_PROOF_YEARS", "-1")
    reload_settings()
    assert CliRunner().invoke(retention, ["run"]).exit_code == 0
    for file in (_files(yard, 0)[-1], _files(yard, 1)[0]):
        found = verify_proof(file)
        assert len(found.formers) == 2
        assert found.contents.purged == set(found.contents.missing) != set()
    assert [one.reason for one in verify_proof(_files(yard, 0)[-1]).contents.office.corrections] == [SECRET]
