"""Proofs since their signature: what the office corrected, what was purged, what was sealed anew, to the last byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.delivery.cli import verify
from server.delivery.proofs import Check, Doubt, ProofPurged, check_of, manifest_sha256, seal_anew, verify_proof
from server.delivery.proofs.archive import pack, unpack
from server.delivery.proofs.formers import MOST, SealedTooOften
from shared.keyring import read_list
from shared.problems import Problem
from shared.sealing import public_bytes
from tests.browser.changed_proofs import command_check
from tests.factories.aged_proofs import (
    AUTHOR,
    DAY_MS,
    LINE,
    REASON,
    SIGNED,
    corrected_office,
    correction,
    count,
    make_corrected,
    make_purged,
    make_resealed,
    under_next,
)
from tests.factories.changed import changes, every_byte
from tests.factories.keys import make_day, make_key_list
from tests.factories.proofs import CARRIER_ID, NAMES, NEXT, SEALED_MS, SERVER_KEY, replace_contents

NEXT_KEY = public_bytes(NEXT).hex()


def refusal(payload: bytes, **named: object) -> Check:
    with pytest.raises(Problem) as refused:
        verify_proof(payload, **named)
    return check_of(refused.value)


def said_of(payload: bytes, tmp_path: Path, *options: str) -> tuple[int, str]:
    path = tmp_path / "one.proof"
    path.write_bytes(payload)
    ended = CliRunner().invoke(verify, [str(path), *options])
    return ended.exit_code, ended.output


def test_a_corrected_proof_shows_both_counts_and_the_signed_one_stays(tmp_path: Path) -> None:
    """M1: who corrected, when and why, before and after, in the file and in the command's words; exit 0."""
    found = verify_proof(make_corrected(), server_key=SERVER_KEY)
    assert [(line.delivered, line.lost) for line in found.order.lines] == [(7, 3)]
    assert (found.counted[LINE].delivered, found.counted[LINE].lost) == (10, 0)
    assert Doubt.CORRECTED in found.doubts
    code, words = said_of(make_corrected(), tmp_path)
    assert code == 0
    for part in (
        "Révision 2",
        "Révision 3",
        AUTHOR,
        REASON,
        "7 (3 perdu · lost) → 8 (2 perdu · lost)",
        "→ 10",
        "signé : 7/10 · signed: 7/10",
    ):
        assert part in words
    told = json.loads(said_of(make_corrected(), tmp_path, "--json")[1])
    assert [one["revision"] for one in told["corrections"]] == [2, 3]
    assert told["counted"] == [
        {"line_id": LINE, "delivered": 10, "not_shipped": 0, "lost": 0, "returned": 0, "extra": 0, "reason": ""}
    ]


@pytest.mark.parametrize(
    "told",
    [
        (correction(2, count(6, 4), count(8, 2)),),
        (correction(2, count(7, 3), count(8, 2)), correction(3, count(7, 3), count(10, 0))),
        (correction(3, count(7, 3), count(8, 2)),),
        (correction(2, count(7, 3), count(7, 3)),),
        (correction(2, count(7, 3), count(8, 1)),),
        (correction(2, count(7, 3), count(8, 2), changes=()),),
    ],
    ids=["from other counts", "not from each other", "a revision left out", "no change", "no balance", "no line"],
)
def test_the_office_cannot_correct_what_was_not_signed(told: tuple) -> None:
    """M1, G9: even under the server's own key, corrections start from the signed counts and follow from each other."""
    assert refusal(SIGNED.file(office=corrected_office(*told))) is Check.CORRECTIONS


def test_a_signed_visit_that_corrects_stands_at_its_own_revision() -> None:
    """M1: where the tablet's event is the correction, the walk ends at its leaves; an office's goes on behind it."""
    event_id = verify_proof(SIGNED.file()).envelope.event_id
    by_tablet = correction(2, count(9, 1), count(7, 3), source="tablet", event_id=event_id)
    later = correction(3, count(7, 3), count(10, 0))
    assert Doubt.CORRECTED not in verify_proof(SIGNED.file(office=corrected_office(by_tablet, revision=2))).doubts
    found = verify_proof(SIGNED.file(office=corrected_office(by_tablet, later, revision=2)))
    assert found.counted[LINE].delivered == 10
    assert refusal(SIGNED.file(office=corrected_office(by_tablet, revision=1))) is Check.CORRECTIONS


def test_a_purged_piece_is_named_with_its_day_and_rule(tmp_path: Path) -> None:
    """Retention: « pièce purgée le … selon la règle … », its hash kept, and no longer said to be missing."""
    found = verify_proof(make_purged(), server_key=NEXT_KEY)
    assert (Doubt.ATTACHMENT_PURGED in found.doubts, Doubt.ATTACHMENT_MISSING in found.doubts) == (True, False)
    code, words = said_of(make_purged(), tmp_path)
    assert code == 0
    assert words.count("Pièce purgée le 2023-11-22 selon la règle de conservation : 6 ans") == 3
    told = json.loads(said_of(make_purged(), tmp_path, "--json")[1])
    assert {one["sha256"] for one in told["purged_attachments"]} == set(NAMES)
    assert told["missing_attachments"] == []


def test_a_piece_that_nothing_named_cannot_be_purged() -> None:
    """G7, G9: the office cannot invent a purge, nor purge what is inside."""
    for names in (("0" * 64,), NAMES[:1]):
        gone = tuple(ProofPurged(sha256=name, purged_ms=SEALED_MS, kept_years=6) for name in names)
        office = replace_contents(SIGNED.contents.office, purged=gone)
        assert refusal(SIGNED.file(office=office)) is Check.ATTACHMENTS


def test_a_proof_sealed_anew_keeps_its_former_seal_and_the_endorsement(tmp_path: Path) -> None:
    """M1: under the new key alone, the old seal still verifies, the chain is shown, and the old paper and day fit."""
    file, before = make_resealed(), SIGNED.file()
    found = verify_proof(file, server_key=NEXT_KEY)
    assert [one.server_key for one in found.formers] == [SERVER_KEY]
    assert found.formers[0].manifest_sha256 == manifest_sha256(before)
    day = verify_proof(file, server_key=NEXT_KEY, day=make_day(before)).day
    assert day is not None
    assert day.proof_sha256 == hashlib.sha256(before).hexdigest()
    keys = read_list(
        make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 30 * DAY_MS, rotated_ms=SEALED_MS + 5 * DAY_MS)
    )
    assert verify_proof(file, keys=keys).doubts == ()
    words = said_of(file, tmp_path)[1]
    assert "scellée à neuf · sealed anew" in words
    assert found.formers[0].manifest_sha256[:16] in words


def test_who_holds_only_the_former_key_or_list_still_verifies() -> None:
    """M1: the former seal under the key at hand, the endorsement behind it; a newer list without the key refuses."""
    file = make_resealed()
    assert verify_proof(file, server_key=SERVER_KEY).is_key_known
    old = read_list(make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + DAY_MS))
    assert Doubt.REVOCATIONS_UNKNOWN in verify_proof(file, keys=old).doubts
    newer = read_list(make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 30 * DAY_MS))
    assert refusal(file, keys=newer) is Check.KEYS
    assert refusal(file, server_key="0b" * 32) is Check.SEAL


def test_it_can_be_sealed_anew_again_and_purged_after() -> None:
    """M1: each earlier seal holds through purge and further seals, up to a bound that is said."""
    file = make_resealed()
    purged = verify_proof(make_purged()).contents
    file = seal_anew(file, replace_contents(purged, former={}, sealed_ms=SEALED_MS + 8 * DAY_MS), key=NEXT)
    for number in range(2, MOST):
        found = verify_proof(file, server_key=NEXT_KEY)
        assert len(found.formers) == number
        file = seal_anew(file, replace_contents(found.contents, former={}), key=NEXT)
    assert len(verify_proof(file).formers) == MOST
    with pytest.raises(SealedTooOften):
        seal_anew(file, verify_proof(file).contents, key=NEXT)


def test_a_thief_of_the_former_key_cannot_put_a_seal_in_front() -> None:
    """M1: a former seal of a key that nothing endorsed, of another proof, or moved out of its place is refused."""
    contents = under_next(SIGNED.contents)
    orphan = replace_contents(contents, keys=replace_contents(contents.keys, succession=()))
    assert refusal(seal_anew(SIGNED.file(), orphan, key=NEXT)) is Check.RECEIPT
    subject = replace_contents(SIGNED.contents.subject, order_number="C-0002")
    other = seal_anew(SIGNED.file(subject=subject), contents, key=NEXT)
    assert refusal(other) is Check.FORMER
    early = replace_contents(contents, sealed_ms=SEALED_MS - 1)
    assert refusal(seal_anew(SIGNED.file(), early, key=NEXT)) is Check.FORMER


@pytest.mark.parametrize(
    ("make", "key", "names"),
    [(make_corrected, SERVER_KEY, ["office.json"]), (make_purged, NEXT_KEY, ["office.json"])],
    ids=["corrected", "purged"],
)
def test_every_single_byte_of_what_the_office_says_counts(make, key: str, names: list[str]) -> None:
    """G9: each byte of the statements, the archive and the list of hashes made good around it."""
    found = [command_check(one.payload, server_key=key) for one in every_byte(make(), names)]
    assert len(found) > 700
    assert found.count(None) == 0


@pytest.mark.parametrize("make", [make_resealed, make_purged], ids=["sealed anew", "purged"])
def test_changed_bytes_of_former_seals_are_found(make) -> None:
    """G9: by a vandal, by forgers without keys, and with the office's newest key, which cannot forge an older seal."""
    some = list(changes(make(), 250, seed=11, key=NEXT, inside=("former/",)))
    found = [command_check(one.payload, server_key=NEXT_KEY) for one in some]
    assert found.count(None) == 0
    assert Check.FORMER in found


def test_a_statement_that_is_taken_out_is_found() -> None:
    """G9: dropping a file of the statements or of a former seal is found as any other change."""
    for file, key in ((make_corrected(), SERVER_KEY), (make_resealed(), NEXT_KEY)):
        files = unpack(file)
        for name in files:
            if name == "office.json" or name.startswith("former/"):
                less = {other: payload for other, payload in files.items() if other != name}
                assert command_check(pack(less), server_key=key) is not None
