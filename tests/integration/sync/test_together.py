"""A batch's events gathered and written together leave what events applied one by one leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, select, text
from sqlalchemy.orm import Session

from server.core.settings import reload_settings
from server.core.transaction import engine, forget_engine, transaction
from server.parties.model import SettlementPolicy
from server.receivables.audit import book_faults
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.service import pushing, together
from shared.delivery import DeliveredLine
from shared.visit import VisitCollection, VisitContainers
from tests.factories.hand_tablet import HandTablet, Yard, short
from tests.factories.state import Digest, differences, state_digest
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL

type Send = Callable[[HandTablet], None]


@pytest.fixture
def elsewhere(database, monkeypatch) -> Iterator[Callable[[Send, HandTablet], Digest]]:
    """Return a sender that works on a copy of the database as it is, and says what it leaves."""
    copies = []

    def send(how: Send, tablet: HandTablet) -> Digest:
        name = f"{database.name}_{len(copies)}"
        copies.append(name)
        engine().dispose()
        _on_server(database, f'CREATE DATABASE "{name}" TEMPLATE "{database.name}" OWNER tournee_owner')
        with monkeypatch.context() as patch:
            patch.setenv("TOURNEE_DATABASE_URL", database.url.replace(database.name, name))
            reload_settings()
            how(tablet)
            forget_engine()
        reload_settings()
        return state_digest(database.superuser_url.replace(database.name, name))

    yield send
    for name in copies:
        _on_server(database, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(database, statement: str) -> None:
    server = create_engine(make_url(database.superuser_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(statement))
    server.dispose()


@pytest.fixture
def busy(make_day: Callable[..., Yard]) -> Yard:
    """Every kind of billing, three shops: short, extra, empties, cash, a refusal; all sealed, nothing sent."""
    yard = make_day(ADJUST, CREDIT, EXTERNAL, AGENT, shops=3)
    tablet = yard.tablet
    first, second, third = (tablet.stop(position) for position in range(3))
    tablet.depart()
    counted: dict[str, DeliveredLine] = {}
    for order in first.orders:
        line = order.goods.lines[0]
        counted |= short(line.line_id, line.quantity, 2)
    tablet.arrive(first)
    tablet.visit(first, counted=counted, containers=[_cans(first, 48)], collections=[_cash(first, 5000)])
    line = second.orders[0].goods.lines[0]
    tablet.arrive(second)
    tablet.visit(second, counted={line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=1)})
    tablet.arrive(third)
    tablet.visit(third, unmet="refused")
    return yard


def _cans(stop, count: int) -> VisitContainers:
    offer = next(one for one in stop.containers if one.container_class == "can_public")
    return VisitContainers(
        owner_id=offer.owner_id, creditor_id=offer.creditor_id, container_class=offer.container_class,
        returned=count, unit_cents=offer.unit_cents,
    )  # fmt: skip


def _cash(stop, cents: int) -> VisitCollection:
    return VisitCollection(issuer_id=stop.orders[0].goods.issuer_id, method="cash", amount_cents=cents)


def _all_at_once(tablet: HandTablet) -> None:
    tablet.push()


def _one_by_one(tablet: HandTablet) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "gathered", lambda _session: nullcontext())
        tablet.push()


def test_a_gathered_batch_leaves_what_single_steps_leave(busy: Yard, elsewhere, monkeypatch) -> None:
    """G3, laws 1-12: the same rows, amounts, facts and jobs, and no event of the gathered batch was done anew."""
    busy.tablet.come_back()
    tries = _count_tries(monkeypatch)
    gathered = elsewhere(_all_at_once, busy.tablet)
    assert tries == [True]
    assert differences(gathered, elsewhere(_one_by_one, busy.tablet)) == {}
    assert len(gathered["deliveries"]) == 12
    assert len(gathered["credits"]) >= 3


def test_a_batch_with_an_event_that_fails_is_done_anew_one_by_one(busy: Yard, elsewhere, monkeypatch) -> None:
    """G6: what cannot be applied is parked alone; what stands around it is applied as if sent by itself."""
    tablet, stop = busy.tablet, busy.tablet.stop(2)
    tablet.events.pop()
    tablet.visit(stop, terms={stop.orders[0].order_id: "ab" * 32})
    tablet.come_back()
    tries = _count_tries(monkeypatch)
    gathered = elsewhere(_all_at_once, tablet)
    assert tries == [True, False]
    assert [row[3] for row in gathered["events"]].count("parked") == 1
    assert differences(gathered, elsewhere(_one_by_one, tablet)) == {}


def test_what_depends_on_an_earlier_event_of_its_batch_sees_it(busy: Yard, elsewhere, monkeypatch) -> None:
    """C16: a second visit of a stop in the same batch, other in its quantities, is a dispute as ever."""
    tablet = busy.tablet
    tablet.visit(tablet.stop(1))
    tries = _count_tries(monkeypatch)
    gathered = elsewhere(_all_at_once, tablet)
    assert tries == [True]
    assert [row[0] for row in gathered["discrepancies"]].count("two_deliveries") == 1
    assert differences(gathered, elsewhere(_one_by_one, tablet)) == {}


def test_what_a_void_took_is_not_given_to_another_bill_of_its_batch(make_day, elsewhere, monkeypatch) -> None:
    """C6, C11, laws 6 and 12: an order refused whole beside one delivered, both billed to one shop by one issuer."""
    yard = make_day(replace(AGENT, settlement_policy=SettlementPolicy.CREDIT), AGENT)
    tablet, stop = yard.tablet, yard.tablet.stop()
    refused = next(order for order in stop.orders if order.goods.settlement_policy == "credit")
    counted: dict[str, DeliveredLine] = {}
    for line in refused.goods.lines:
        counted |= short(line.line_id, line.quantity, line.quantity)
    tablet.depart()
    tablet.arrive(stop)
    tablet.visit(stop, counted=counted)
    tries = _count_tries(monkeypatch)
    gathered = elsewhere(_all_at_once, tablet)
    assert tries == [True]
    assert differences(gathered, elsewhere(_one_by_one, tablet)) == {}
    assert [(credit[1], credit[2]) for credit in gathered["credits"]] == [("DMR", "issued")]


def test_the_books_of_a_gathered_batch_hold(busy: Yard) -> None:
    """Laws 1, 2, 17: every series without gap, chained, every entry balanced; each event written once (ADR 0012)."""
    busy.tablet.come_back()
    with _statements() as sent:
        busy.tablet.push()
    assert [one for one in sent if 'INSERT INTO "device_event"' in one]
    assert not [one for one in sent if 'UPDATE "device_event"' in one]
    with transaction(busy.world.carrier_id) as session:
        outcomes = set(session.scalars(select(DeviceEvent.outcome)))
    assert outcomes == {EventOutcome.APPLIED}
    for issuer_id in (busy.world.carrier_id, *(seller.id for seller in busy.world.sellers)):
        with transaction(issuer_id) as session:
            assert list(book_faults(session, issuer_id=issuer_id)) == []


@contextmanager
def _statements() -> Iterator[list[str]]:
    """Note every statement that is sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        """Note one."""
        sent.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine(), "before_cursor_execute", note)


def _count_tries(monkeypatch) -> list[bool]:
    """Note for each try at the batch whether its rows were gathered."""
    tries: list[bool] = []
    look_ahead: Any = pushing.look_ahead

    def noting(session: Session, *arguments: Any) -> None:
        """Note, then do as ever."""
        tries.append(pushing.is_gathering(session))
        look_ahead(session, *arguments)

    monkeypatch.setattr(pushing, "look_ahead", noting)
    return tries
