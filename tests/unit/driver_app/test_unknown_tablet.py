"""The office lost this tablet with a restore: it comes back by the office's word, or says so and keeps all."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from driver_app.actions.enrol import EnrolledElsewhere, enrol
from driver_app.actions.export_log import export_log
from driver_app.actions.lay_aside import (
    LogOnlyHere,
    LogStillLives,
    begin_anew,
    log_standing,
    require_still_there,
)
from driver_app.actions.run import start_run
from driver_app.platform.desktop import FileSecrets
from driver_app.store import settings
from driver_app.store.settings import Enrolment
from driver_app.sync.office import Refused
from driver_app.sync.transport import Answer
from driver_app.viewmodels.aside import present_aside
from shared.wire.enrol import Attestation
from tests.factories.protocol_peer import CODE
from tests.factories.rounds import deliver, pill, waiting
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab

WORD = Attestation(body="{}", signature="ab" * 64)
NOT_KNOWN = {
    "fr": "Le bureau ne connaît plus cette tablette. Rien n’est perdu\u00a0: appelez le répartiteur.",
    "en": "The office does not know this tablet any more. Nothing is lost: call the dispatcher.",
}


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet that the office had whole, and lost."""
    cab = make_cab(tmp_path / "home", make_run(stops=3))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    deliver(cab, 0)
    assert cab.engine.sync().ending == "done"
    assert waiting(cab) == (0, 0)
    return cab


def forget(cab: Cab) -> None:
    cab.office.tokens.clear()
    cab.office.refuse = lambda method, path: Answer(401) if path.endswith("/devices/token") else None


def attested(cab: Cab) -> None:
    known = msgspec.structs.replace(cab.tablet.enrolment, attestation=WORD)
    cab.tablet.store.write("enrol", lambda session: settings.save(session, known))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_unknown_tablet_says_so(cab: Cab, language: str) -> None:
    """G5: a driver reads that nothing is lost and whom to call, until the office knows the tablet again."""
    forget(cab)
    deliver(cab, 1)
    assert cab.engine.sync().ending == "unauthorized"
    assert pill(cab, language)[1] == NOT_KNOWN[language]
    cab.office.refuse = lambda method, path: None
    assert cab.engine.sync().ending == "done"
    assert pill(cab, language)[1] == ""


def test_another_401_is_no_word_about_the_tablet(cab: Cab) -> None:
    """Logged out by a flaky network: nothing is offered but the next try."""
    cab.office.refuse = lambda method, path: Answer(401) if "/sync/" in path else None
    assert cab.engine.sync().ending == "unauthorized"
    assert (pill(cab)[1], log_standing(cab.tablet).is_over) == ("", False)


def test_the_log_of_an_unknown_tablet_is_exported_whole_before_it_goes_aside(cab: Cab) -> None:
    """G5: the office may have lost what it had signed for, so that all of it counts as only here."""
    forget(cab)
    cab.engine.sync()
    standing = log_standing(cab.tablet)
    assert (standing.is_over, standing.events, standing.files > 0, standing.is_safe) == (True, 3, True, False)
    keys = FileSecrets(cab.home / "keys")
    with pytest.raises(LogOnlyHere):
        begin_anew(cab.tablet, keys)
    assert "ne connaît plus cette tablette" in present_aside(cab.tablet, "fr").why
    with zipfile.ZipFile(export_log(cab.tablet, cab.home, cab.now)) as archive:
        assert json.loads(archive.read("log.json"))["last_seq"] == 3
    begin_anew(cab.tablet, keys).store.close()


@pytest.fixture
def empty(tmp_path: Path) -> Cab:
    """A tablet that the office lost before anything was sealed on it."""
    cab = make_cab(tmp_path / "empty", make_run(stops=1))
    forget(cab)
    assert cab.engine.sync().ending == "unauthorized"
    return cab


def test_an_unknown_tablet_without_a_log_begins_anew(empty: Cab) -> None:
    """G5: the same refusal again is all that such an office can say; any other one proves nothing."""
    view = present_aside(empty.tablet, "fr")
    assert (view.can_begin, view.notice) == (True, "Il ne reste rien sur cette tablette à remettre au bureau.")
    require_still_there(empty.tablet, empty.office, empty.clock)
    empty.office.refuse = lambda method, path: Answer(401) if "/sync/" in path else None
    with pytest.raises(Refused):
        require_still_there(empty.tablet, empty.office, empty.clock)
    empty.office.refuse = lambda method, path: Answer(503)
    with pytest.raises(Refused):
        require_still_there(empty.tablet, empty.office, empty.clock)


def test_an_office_that_takes_its_own_word_goes_on_with_the_tablet(empty: Cab) -> None:
    """G5: before a log goes aside the office is shown what the tablet shows it at each round."""
    attested(empty)
    answer = empty.office._token
    empty.office.refuse = lambda method, path: None
    empty.office._token = lambda body: answer(body) if "attestation" in json.loads(body) else Answer(401)
    with pytest.raises(LogStillLives):
        require_still_there(empty.tablet, empty.office, empty.clock)


def test_a_code_on_an_enrolled_tablet_wipes_nothing(cab: Cab) -> None:
    """G5: the only copy may be here; no sentence of ours asks for an empty app."""
    with pytest.raises(EnrolledElsewhere) as refused:
        enrol(cab.tablet, cab.office, code=CODE, name="Tablette 7", now=cab.now)
    assert "N’effacez rien" in refused.value.detail.fr
    assert "nstall" not in refused.value.detail.fr + refused.value.detail.en


def test_the_word_is_shown_only_to_an_office_that_refused_without(cab: Cab) -> None:
    """M1: an office of before that field would refuse it; one that knows the tablet needs none."""
    asked: list[dict[str, object]] = []
    attested(cab)
    answer = cab.office._token

    def token(body: bytes) -> Answer:
        asked.append(json.loads(body))
        return answer(body) if len(asked) > 1 else Answer(401)

    cab.office._token = token
    cab.office.tokens.clear()
    assert cab.engine.sync().ending == "done"
    assert ["attestation" in one for one in asked] == [False, True]
    assert asked[0]["nonce"] != asked[1]["nonce"]


def test_an_enrolment_of_before_still_opens(cab: Cab) -> None:
    """Upgrades: what was kept before there was an attestation is read as it was."""
    kept = msgspec.to_builtins(cab.tablet.enrolment)
    del kept["attestation"]
    assert msgspec.convert(kept, Enrolment) == cab.tablet.enrolment
