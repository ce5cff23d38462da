"""What the app survives in a driver's hands fails here: an error that it only logged is a defect of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_was_swallowed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test whose app logged an exception and went on; who provokes one clears the log once it has looked."""
    yield
    swallowed = [record.getMessage() for record in caplog.get_records("call") if record.exc_info]
    assert swallowed == []
