"""Whatever is changed in a proof file is found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from server.delivery.cli import verify
from server.delivery.proofs import verify_proof, write_proof
from server.delivery.proofs.archive import pack, unpack
from shared.problems import Problem
from shared.sealing import public_bytes
from tests.factories.proofs import NAMES, SERVER_KEY, make_signed, replace_contents
from tests.factories.terms import named_id

SIGNED = make_signed()
FILE = SIGNED.file()


def is_found(payload: bytes, *, server_key: str | None = SERVER_KEY) -> bool:
    try:
        verify_proof(payload, server_key=server_key)
    except Problem:
        return True
    return False


def test_an_untouched_proof_says_what_was_signed() -> None:
    """R018: lines, reasons and the signer, from the file and the published key alone."""
    found = verify_proof(FILE, server_key=SERVER_KEY)
    assert [(line.delivered, line.lost, line.reason) for line in found.order.lines] == [(7, 3, "breakage")]
    assert (found.finished.signer_name, found.is_key_known) == ("Luce Tremblay", True)
    assert not verify_proof(FILE).is_key_known


@given(at=st.integers(0, len(FILE) - 1), flip=st.integers(1, 255))
@settings(max_examples=700, deadline=None)
def test_any_changed_byte_is_found(at: int, flip: int) -> None:
    """G9: one byte anywhere, archive headers included."""
    changed = bytearray(FILE)
    changed[at] ^= flip
    assert is_found(bytes(changed))


@given(at=st.integers(0, len(FILE)), inserted=st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_inserted_bytes_are_found(at: int, inserted: bytes) -> None:
    """G9: nothing fits between, before or behind."""
    assert is_found(FILE[:at] + inserted + FILE[at:])


@given(length=st.integers(0, len(FILE) - 1))
@settings(max_examples=100, deadline=None)
def test_any_cut_is_found(length: int) -> None:
    """G9: half a proof is none."""
    assert is_found(FILE[:length])


@pytest.mark.parametrize("name", [re.sub(r"[0-9a-f]{64}", "photo", name) for name in sorted(unpack(FILE))])
def test_a_repacked_file_with_one_more_space_is_found(name: str) -> None:
    """G9: the same archive form around other bytes, or without one file."""
    files = unpack(FILE)
    name = next(one for one in files if re.sub(r"[0-9a-f]{64}", "photo", one) == name)
    assert is_found(pack(files | {name: files[name] + b" "}))
    assert is_found(pack({other: payload for other, payload in files.items() if other != name}))


def test_a_forger_with_a_key_of_his_own_is_found_by_the_published_key() -> None:
    """G9: everything sealed anew by another key holds in itself, and is not the carrier's."""
    forger = Ed25519PrivateKey.generate()
    keys = replace_contents(SIGNED.contents.keys, server_key=public_bytes(forger).hex())
    assert is_found(write_proof(replace_contents(SIGNED.contents, keys=keys), key=forger))


@pytest.mark.parametrize(
    "changes",
    [
        {"attachments": {}},
        {"missing": (NAMES[0],)},
        {"leaves": ()},
        {"goods": SIGNED.contents.goods.replace(b'"quantity":10', b'"quantity":11')},
        {"prices": SIGNED.contents.prices.replace(b"10.00", b"11.00")},
        {"event": replace_contents(SIGNED.contents.event, signature="00" * 64)},
    ],
    ids=["attachments dropped", "missing a lie", "no lines", "other goods", "other prices", "no signature"],
)
def test_even_the_server_cannot_seal_what_was_not_signed(changes: dict) -> None:
    """G7, G9: with the server's own key, the tablet's signature and the terms' hash still hold the truth."""
    assert is_found(SIGNED.file(**changes))


def test_a_photo_that_never_came_is_said_to_be_missing() -> None:
    """G7: a proof that misses a photo says so."""
    attachments = {sha256: payload for sha256, payload in SIGNED.contents.attachments.items() if sha256 != NAMES[0]}
    found = verify_proof(SIGNED.file(attachments=attachments, missing=(NAMES[0],)), server_key=SERVER_KEY)
    assert found.contents.missing == (NAMES[0],)


def test_no_byte_of_the_other_supplier_is_inside() -> None:
    """R018, G10: neither the other order's leaves nor their salts, hashes or padding."""
    other = next(group for group in SIGNED.tree.groups if named_id("second") in group.key)
    salts = [json.loads(leaf)["salt"] for leaf in other.leaves]
    secret = [named_id("second"), named_id("line of second"), *salts, *(node.hex() for node in other.padding)]
    assert [word for word in secret if word.encode() in FILE] == []


def test_the_same_contents_always_give_the_same_file() -> None:
    """A proof has one form: it can be made again and compared."""
    assert SIGNED.file() == FILE


@pytest.mark.parametrize(("changed", "code"), [(False, 0), (True, 1)])
def test_the_command_ends_with_0_only_for_an_untouched_proof(changed: bool, code: int, tmp_path: Path) -> None:
    """G9, `tournee verify`: exit 0 only for an untouched proof; the reason is said in both languages."""
    path = tmp_path / "one.proof"
    path.write_bytes(FILE[:-1] + bytes([FILE[-1] ^ changed]))
    said = [CliRunner().invoke(verify, [str(path), *more]) for more in ([], ["--json"], ["--key", SERVER_KEY])]
    assert [ended.exit_code for ended in said] == [code] * 3
    assert ("Demandez" in said[0].output and "Ask the carrier" in said[0].output) is changed


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_the_guide_verifies_with_openssl_alone(tmp_path: Path) -> None:
    """G9: the commands of docs/proofs.md, as they stand there."""
    guide = (Path(__file__).parents[3] / "docs" / "proofs.md").read_text()
    script = re.search(r"```sh\n(.*?)```", guide, re.DOTALL)
    assert script is not None
    (tmp_path / "one.proof").write_bytes(FILE)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "KEY": SERVER_KEY, "PROOF": "one.proof"}
    ended = subprocess.run(
        ["bash", "-euc", script[1]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Signature Verified Successfully") == 4
