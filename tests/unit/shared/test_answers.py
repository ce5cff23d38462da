"""What an office of tomorrow adds to its answers is passed over by a tablet of today."""

from __future__ import annotations

import json

import msgspec
import pytest

from shared.wire.enrol import Attestation, ChallengeAnswer, EnrolAnswer, TokenAnswer
from shared.wire.hello import HelloAnswer
from shared.wire.push import Push

ID = "01900000-0000-7000-8000-000000000001"
ANSWERS = [
    ChallengeAnswer(nonce="ab" * 32),
    TokenAnswer(token="tablet.x", expires_in_s=900),
    EnrolAnswer(
        device_id=ID, carrier_id=ID, carrier_name="Boréale", driver_id=ID, driver_name="Luce", server_key="ab" * 32,
        epoch="1", attestation=Attestation(body="{}", signature="ab" * 64),
    ),
    HelloAnswer(
        protocol=1, epoch="1", last_seq=0, hash_at_last="00" * 32, safe_seq=0, server_ms=0, min_app="0.1.0",
        standing="ok",
    ),
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: type(one).__name__)
def test_a_field_that_the_tablet_does_not_know_is_passed_over(answer: msgspec.Struct) -> None:
    """Protocol, versions: an office that is newer than its tablets is understood, from the way in on."""
    said = json.loads(msgspec.json.encode(answer)) | {"of_tomorrow": {"more": [1]}}
    if said.get("attestation"):
        said["attestation"]["of_tomorrow"] = 1
    assert msgspec.json.decode(json.dumps(said), type=type(answer)) == answer


def test_a_field_that_the_office_does_not_know_is_refused() -> None:
    """G6: what a tablet says is taken whole or not at all."""
    with pytest.raises(msgspec.ValidationError, match="of_tomorrow"):
        msgspec.json.decode(b'{"of_tomorrow": 1}', type=Push)
