"""Files and packed pushes that no tablet sends: each is refused with a clear answer, and nothing is kept of it."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask

from shared.wire.limits import MAX_ATTACHMENT_BYTES, MAX_LONE_EVENT_BYTES
from tests.conftest import Database
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.web import application
from tests.factories.world import make_order, make_world

PHOTO = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def app(module_database: Database) -> Flask:
    return application()


@pytest.fixture(scope="module")
def yard(app: Flask) -> Yard:
    """One shop, one supplier: nothing here changes what its tablet is."""
    world = make_world()
    make_order(world)
    return make_yard(app, world)


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload_Length": str(MAX_ATTACHMENT_BYTES + 1)},
        {"Upload_Length": "0"},
        {"Upload_Type": "text/html"},
        {"Upload_Type": "image/svg+xml"},
    ],
    ids=["too large", "empty", "a page", "a drawing with scripts"],
)
def test_what_no_tablet_sends_is_refused(headers: dict[str, str], yard: Yard) -> None:
    """R019: size and kind are bounded."""
    answer = yard.tablet.upload(PHOTO[:10], **headers)
    assert (answer.status_code, answer.json["slug"]) == (422, "attachment-refused")


@pytest.mark.parametrize("name", ["Upload_Length", "Upload_Offset"])
@pytest.mark.parametrize("value", ["", "-1", "1e3", "９", "9" * 30])
def test_numbers_that_are_none_are_refused(name: str, value: str, yard: Yard) -> None:
    """Bad input gets a clear answer: which header, and what belongs there."""
    answer = yard.tablet.upload(PHOTO[:10], **{name: value.encode().decode("latin-1")})
    assert (answer.status_code, answer.json["where"]) == (400, name.replace("_", "-"))


def test_a_push_that_unpacks_beyond_the_limit_is_refused(yard: Yard) -> None:
    """Limits on everything: a gzip bomb costs no more than the largest body."""
    bomb = gzip.compress(b"[" + b" " * (64 * 1024 * 1024), 9)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = yard.tablet.client.post("/api/v1/sync/push", data=bomb, headers=headers)
    assert (answer.status_code, answer.json["slug"], answer.json["limit_bytes"]) == (
        413, "body-too-large", MAX_LONE_EVENT_BYTES,
    )  # fmt: skip
