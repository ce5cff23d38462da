"""The day's root stamped by somebody else's clock (RFC 3161), tried against openssl's own authority."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.delivery.cli import verify
from server.delivery.proofs import BrokenDay, read_inclusion
from server.delivery.proofs.stamping import StampUnavailable, check_token, request_stamp
from tests.factories.keys import make_day
from tests.factories.proofs import SERVER_KEY, make_signed
from tests.factories.stamping import Authority, authority

FILE = make_signed().file()
BODY = read_inclusion(make_day(FILE), proof=FILE).body.encode()
GUIDE = Path(__file__).parents[3] / "docs" / "proofs.md"


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """Somebody's authority."""
    with authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


def test_a_stamp_is_asked_for_kept_and_checked(clock: Authority, tmp_path: Path) -> None:
    """M1: the command says when somebody else's clock saw the root; openssl alone agrees, as the guide writes it."""
    day = make_day(FILE, token=request_stamp(BODY, url=clock.url).hex())
    (tmp_path / "C-0001.proof").write_bytes(FILE)
    (tmp_path / "C-0001.day.json").write_bytes(day)
    arguments = ["C-0001.proof", "--key", SERVER_KEY, "--day", "C-0001.day.json", "--tsa-ca", str(clock.root), "--json"]
    paths = [str(tmp_path / one) if one.startswith("C-") else one for one in arguments]
    said = json.loads(CliRunner().invoke(verify, paths).output)
    assert abs(said["day"]["stamped_ms"] - 1000 * time.time()) < 600_000
    script = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "DAY": "C-0001.day.json", "CA": str(clock.root)}
    ended = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "Verification: OK" in ended.stdout + ended.stderr


def test_a_stamp_over_another_root_or_under_another_certificate_is_refused(
    clock: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """M1: a stamp counts for its own root, under a certificate that the reader chose."""
    other = make_day(FILE, token=request_stamp(b"another root", url=clock.url).hex())
    good = make_day(FILE, token=request_stamp(BODY, url=clock.url).hex())
    with authority(tmp_path_factory.mktemp("stranger")) as stranger:
        foreign = stranger.root.read_bytes()
    for day, root in ((other, clock.root.read_bytes()), (good, foreign)):
        with pytest.raises(BrokenDay):
            check_token(read_inclusion(day, proof=FILE), root)
    assert check_token(read_inclusion(good, proof=FILE), None) is None


@pytest.mark.parametrize("answer", [b"", b"no", b"x" * 30_000], ids=["nothing", "noise", "too much"])
def test_a_clock_that_answers_something_else_is_asked_again_later(clock: Authority, answer: bytes) -> None:
    """Limits: noise, silence and floods are refused; nothing is kept of them."""
    clock.answers.append(answer)
    with pytest.raises(StampUnavailable):
        request_stamp(BODY, url=clock.url)


def test_an_answer_to_an_earlier_question_is_refused(clock: Authority) -> None:
    """RFC 3161, 2.4.2: the nonce ties the answer to the question; a recorded one does not pass."""
    clock.answers.append(request_stamp(BODY, url=clock.url))
    with pytest.raises(StampUnavailable):
        request_stamp(BODY, url=clock.url)


def test_nobody_there_and_no_address_are_said() -> None:
    """Operations: what is wrong and that it is tried again."""
    for url in ("http://127.0.0.1:9/", "ftp://127.0.0.1/"):
        with pytest.raises(StampUnavailable) as refused:
            request_stamp(BODY, url=url)
        assert "Ce sera redemandé" in refused.value.detail.fr
