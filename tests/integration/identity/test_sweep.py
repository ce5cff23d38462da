"""What identity keeps for a while only goes when its time is over, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.identity import jobs
from server.identity.model import OrganisationKind, RateWindow, Role, UserSession
from server.identity.service.limits import ENROL_ADDRESS, count_try
from server.subscriptions import plan_hours
from server.worker import run_until_empty
from tests.factories.web import Organisation, browser_of, make_member

CARRIER = Organisation(OrganisationKind.DISTRIBUTOR, name="Distribution Boréale")


def rows() -> tuple[int, int]:
    with transaction(IDENTITY_ORG) as session:
        return tuple(session.scalar(select(func.count()).select_from(kind)) or 0 for kind in (UserSession, RateWindow))


def test_what_is_over_goes_and_what_lives_stays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Platform: sessions idle too long and windows that passed go; a live session and a window that counts stay."""
    browser_of(app, make_member(CARRIER, Role.OWNER))
    with transaction(IDENTITY_ORG) as session:
        count_try(session, ENROL_ADDRESS, "192.0.2.1", at=clock.now())
    before = rows()
    jobs.sweep(timestamp=0)
    assert rows() == before
    assert min(before) > 0
    later = datetime.now(UTC) + timedelta(hours=13)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr("server.identity.service.sweeping.AT_ONCE", 1)
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    jobs.sweep(timestamp=0)
    assert rows() == (0, 0)


def test_a_worker_that_stays_asks_for_it_every_hour(app: Flask) -> None:
    """Platform: planned once, by the queue itself; a worker that only empties the queue asks for nothing."""
    assert run_until_empty().total == 0
    before = dict(jobs.queue.periodic_registry.periodic_tasks)
    try:
        for _ in range(2):
            plan_hours(jobs.queue)
        planned = [one.task.name for one in jobs.queue.periodic_registry.periodic_tasks.values()]
        assert planned.count("identity.sweep") == 1
    finally:
        jobs.queue.periodic_registry.periodic_tasks = before
