"""Keys that rotate or are revoked, the day's root, and 500 changed bytes: what the verifier says of each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from server.delivery.cli import verify
from server.delivery.proofs import Check, Doubt, check_of, read_inclusion, verify_proof
from server.delivery.verifier.refusals import REFUSALS
from shared.keyring import read_list
from shared.problems import Problem
from shared.sealing import public_bytes
from tests.browser.changed_proofs import command_check
from tests.factories.changed import changed, changes
from tests.factories.keys import OTHER_TABLET, make_day, make_key_list
from tests.factories.proofs import CARRIER_ID, NEXT, SEALED_MS, SERVER_KEY, make_rotated, make_signed

SIGNED = make_signed()
FILE = SIGNED.file()
LATER = SEALED_MS + 1
HOUR_MS = 3_600_000


def listed(**changes: object):
    return read_list(make_key_list(**{"carrier_id": CARRIER_ID, "issued_ms": LATER} | changes))


def refusal(payload: bytes = FILE, **named: object) -> Check:
    with pytest.raises(Problem) as refused:
        verify_proof(payload, **named)
    return check_of(refused.value)


def test_500_changed_proofs_are_all_found() -> None:
    """G9, reduced: by a vandal, by forgers without keys, and by one with the office's own key."""
    found = [command_check(change.payload) for change in changes(FILE, 500, seed=500)]
    assert (len(found), found.count(None)) == (500, 0)
    assert set(found) >= {Check.ARCHIVE, Check.SEAL, Check.EVENT, Check.TREE, Check.TERMS, Check.ATTACHMENTS}


def test_a_proof_sealed_before_a_rotation_still_verifies() -> None:
    """M1: by the list, not by the newest key alone; a seal after the former key's end is refused."""
    found = verify_proof(FILE, keys=listed(rotated_ms=LATER))
    assert found.doubts == ()
    assert refusal(keys=listed(rotated_ms=SEALED_MS - 1)) is Check.KEYS
    assert refusal(server_key=public_bytes(NEXT).hex()) is Check.SEAL


def test_a_proof_whose_receipt_is_of_the_former_key_verifies() -> None:
    """M1: received before the rotation, sealed after it: the endorsement inside leads from one key to the other."""
    file, without = make_rotated()
    found = verify_proof(file, keys=listed(rotated_ms=SEALED_MS - HOUR_MS))
    assert found.contents.keys.receipt_key == SERVER_KEY
    assert found.server_key == public_bytes(NEXT).hex()
    assert refusal(without) is Check.RECEIPT


@pytest.mark.parametrize(
    ("revoked_ms", "doubts"),
    [(SEALED_MS, ()), (SEALED_MS - HOUR_MS, (Doubt.DEVICE_REVOKED,))],
    ids=["received before", "received after"],
)
def test_a_revoked_tablet_is_judged_by_the_receipts_time(revoked_ms: int, doubts: tuple[Doubt, ...]) -> None:
    """M1: what was received before the revocation stays good; what came after is said, and is not trusted."""
    found = verify_proof(FILE, keys=listed(revoked_ms=revoked_ms))
    assert (found.doubts, found.is_trusted) == (doubts, not doubts)
    assert verify_proof(FILE, keys=listed(revoked_ms=revoked_ms, device_key=OTHER_TABLET)).doubts == ()


def test_a_stolen_server_key_is_said() -> None:
    """M1: its seals hold as bytes and prove nothing by themselves."""
    found = verify_proof(FILE, keys=listed(stolen_ms=LATER))
    assert (found.doubts, found.is_trusted) == ((Doubt.SERVER_KEY_REVOKED,), False)


def test_what_cannot_be_known_offline_is_said() -> None:
    """M1: without a list, or with one older than the seal, revocations are unknown; a server-wide list names none."""
    assert verify_proof(FILE).doubts == (Doubt.KEY_UNKNOWN, Doubt.REVOCATIONS_UNKNOWN)
    assert verify_proof(FILE, server_key=SERVER_KEY).doubts == (Doubt.REVOCATIONS_UNKNOWN,)
    for keys in (listed(issued_ms=SEALED_MS - 1), listed(carrier_id="")):
        assert verify_proof(FILE, keys=keys).doubts == (Doubt.REVOCATIONS_UNKNOWN,)


def test_another_offices_keys_and_another_carriers_list_are_refused() -> None:
    """G9: a list is of one office, and its revoked tablets of one carrier."""
    foreign = "0" * 8 + CARRIER_ID[8:]
    assert refusal(keys=listed(carrier_id=foreign)) is Check.KEYS
    with pytest.raises(Problem):
        read_list(make_key_list(rotated_ms=LATER), anchor="ab" * 32)
    assert read_list(make_key_list(rotated_ms=LATER), anchor=SERVER_KEY).server_keys[-1].link.endorsement


@given(seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_of_a_list_or_a_day_is_found(seed: int) -> None:
    """G9: the files beside a proof hold as tightly as the proof."""
    (keys,) = changed(make_key_list(carrier_id=CARRIER_ID, rotated_ms=LATER, revoked_ms=LATER), 1, seed=seed)
    (day,) = changed(DAY_FILE, 1, seed=seed)
    with pytest.raises(Problem):
        read_list(keys)
    assert refusal(day=day) is Check.DAY


DAY_FILE = make_day(FILE, b"another proof", b"a third")


def test_a_proof_is_tied_to_its_day() -> None:
    """M1: the path leads to the signed root; not another proof's, another carrier's key, or a place beside the tree."""
    found = verify_proof(FILE, server_key=SERVER_KEY, day=DAY_FILE)
    assert found.day is not None
    assert found.day.root.day == "2023-11-14"
    assert len(found.day.path) == 10
    other = SIGNED.file(sealed_ms=LATER)
    assert refusal(other, day=DAY_FILE) is Check.DAY
    assert refusal(day=make_day(FILE, key=NEXT)) is Check.DAY
    assert refusal(day=make_day(FILE, position=read_inclusion(DAY_FILE, proof=FILE).position + 1024)) is Check.DAY
    rotated = verify_proof(FILE, keys=listed(rotated_ms=LATER), day=make_day(FILE, key=NEXT))
    assert rotated.day is not None


def test_a_path_tells_nothing_of_the_other_proofs() -> None:
    """G10: as long for one proof as for three hundred, and not a byte of another's hash."""
    many = [number.to_bytes(2) for number in range(300)]
    alone, crowded = (json.loads(make_day(FILE, *others)) for others in ((), many))
    assert len(alone["path"]) == len(crowded["path"])
    assert set(alone) == set(crowded)


@pytest.mark.parametrize(
    ("keys", "code", "trusted"),
    [
        (make_key_list(carrier_id=CARRIER_ID, issued_ms=LATER), 0, True),
        (make_key_list(carrier_id=CARRIER_ID, issued_ms=LATER, revoked_ms=1), 3, False),
        (make_key_list(carrier_id=CARRIER_ID, issued_ms=LATER)[:-9], 1, None),
    ],
    ids=["good", "revoked", "cut list"],
)
def test_the_command_tells_apart(keys: bytes, code: int, trusted: bool | None, tmp_path: Path) -> None:
    """M1: 0 untouched and trusted, 3 untouched and revoked, 1 altered; JSON keys are stable."""
    for name, payload in (("a.proof", FILE), ("keys.json", keys), ("a.day.json", DAY_FILE)):
        (tmp_path / name).write_bytes(payload)
    arguments = [
        str(tmp_path / "a.proof"),
        "--keys",
        str(tmp_path / "keys.json"),
        "--day",
        str(tmp_path / "a.day.json"),
    ]
    plain = CliRunner().invoke(verify, arguments)
    ended = CliRunner().invoke(verify, [*arguments, "--json"])
    said = json.loads(ended.output)
    assert (plain.exit_code, ended.exit_code) == (code, code)
    assert said["untouched"] is (code != 1)
    assert said.get("trusted") is trusted
    if code == 1:
        assert said["check"] == "keys"
    else:
        assert set(said) == DOCUMENTED
        assert said["day"]["day"] == "2023-11-14"


GUIDE = (Path(__file__).parents[3] / "docs" / "proofs.md").read_text(encoding="utf-8")
DOCUMENTED = {
    "untouched", "trusted", "checks", "doubts", "key_known", "server_key", "manifest_sha256", "sealed_ms",
    "order_number", "seller", "buyer", "outcome", "signer", "signer_role", "driver", "app_version", "delivered_ms",
    "uncertainty_s", "received_ms", "place", "corrects", "event", "lines", "missing_attachments", "day",
    "revision", "corrections", "counted", "purged_attachments", "former_seals", "office_word",
}  # fmt: skip


@pytest.mark.parametrize(
    "word", sorted(DOCUMENTED | {check.value for check in Check} | {doubt.value for doubt in Doubt})
)
def test_every_word_of_the_json_is_documented(word: str) -> None:
    """House style: keys, steps and doubts that programs read stand in docs/proofs.md."""
    assert f"`{word}`" in GUIDE


def test_every_refusal_of_the_page_has_its_french() -> None:
    """House style: the scripts' reasons and the table of translations hold the same sentences."""
    pages = Path(__file__).parents[3] / "server" / "delivery" / "verifier" / "page"
    scripts = "".join(path.read_text(encoding="utf-8") for path in pages.glob("*.js"))
    said = set(re.findall(r'(?:require|holds)\(.*, "([^"]+)"\);', scripts)) | {"unreadable"}
    assert said == set(REFUSALS)
