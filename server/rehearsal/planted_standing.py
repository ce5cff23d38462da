"""Planted mistakes about what tablets are sent, whose rows are, where things stand, and what proofs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select

import server.delivery.service
import server.delivery.service.recording
import server.delivery.service.revising
import server.fulfilment.service.correcting
import server.fulfilment.service.settling
import server.planning.progress
import server.sync.jobs
import server.sync.service.applying
import server.sync.service.bundles
import server.sync.service.parking
from server.core import facts
from server.delivery.events import DELIVERY_RECORDED
from server.delivery.model import Terms
from server.rehearsal.office import Office
from server.rehearsal.patches import Patch
from server.rehearsal.planting import Plant, nothing
from server.sync.model import RunBundle
from server.sync.queries import read_run
from shared.sealing import GENESIS, chain_hash


def _rename_unsent(_: Office) -> Iterator[Patch]:
    """A run whose version is on the feed is sent no more, whatever changed in it."""
    build = server.sync.service.bundles.build_bundle

    def build_new(session: Any, run_id: UUID, **more: Any) -> RunBundle | None:
        versions = select(RunBundle).where(RunBundle.run_id == run_id).order_by(RunBundle.version.desc()).limit(1)
        latest = session.scalars(versions).first()
        is_there = latest is not None and latest.version == read_run(session, run_id).run.version
        return latest if is_there else build(session, run_id, **more)

    yield Patch(server.sync.jobs, "build_bundle", build_new)


def _first_terms_stand(_: Office) -> Iterator[Patch]:
    """An order that has terms keeps them, though its seller changed it."""
    freeze = server.delivery.service.freeze_terms

    def freeze_once(session: Any, *, goods: Any, **more: Any) -> Terms:
        known = session.scalars(select(Terms).where(Terms.order_id == UUID(goods.order_id))).first()
        return known or freeze(session, goods=goods, **more)

    yield Patch(server.delivery.service, "freeze_terms", freeze_once)


def _buyer_noticed(_: Office) -> Iterator[Patch]:
    """The notice of a difference names the customer where its seller belongs."""
    note = server.fulfilment.service.settling.note_variance

    def note_to_buyer(session: Any, delivery: Any, stamp: Any) -> Any:
        ours: Any = SimpleNamespace(kin=delivery.kin, id=delivery.id, order_id=delivery.order_id, lines=delivery.lines)
        ours.seller_id = delivery.buyer_id
        return note(session, ours, stamp)

    yield Patch(server.fulfilment.service.settling, "note_variance", note_to_buyer)
    yield Patch(server.fulfilment.service.correcting, "note_variance", note_to_buyer)


def _first_seller_has_all(_: Office) -> Iterator[Patch]:
    """Every delivery of a visit is written down as of the seller of its first order."""
    record, first = server.delivery.service.record_delivery, dict[UUID, UUID]()

    def record_for_first(session: Any, visit: Any, order: Any, terms: Any, parties: Any, **more: Any) -> Any:
        seller_id = first.setdefault(visit.id, parties.seller_id)
        return record(session, visit, order, terms, replace(parties, seller_id=seller_id), **more)

    yield Patch(server.fulfilment.service.settling, "record_delivery", record_for_first)


def _return_unheard(_: Office) -> Iterator[Patch]:
    """A run stays on the road, whatever its tablet tells of its return."""
    yield Patch(server.planning.progress, "come_back", nothing)


def _stop_left_open(_: Office) -> Iterator[Patch]:
    """A visit is in the books, and its stop still waits for one."""
    yield Patch(server.planning.progress, "end_stop", nothing)


def _closed_is_delivered(_: Office) -> Iterator[Patch]:
    """An order whose shop was closed counts as delivered."""
    advance = server.fulfilment.service.settling._advance

    def advance_unless_refused(session: Any, order: Any, said: Any, *more: Any) -> None:
        leaf = said.leaf
        outcome = "complete" if leaf.outcome == "failed" else leaf.outcome
        advance(session, order, replace(said, leaf=msgspec.structs.replace(leaf, outcome=outcome)), *more)

    yield Patch(server.fulfilment.service.settling, "_advance", advance_unless_refused)


def _photos_dropped(_: Office) -> Iterator[Patch]:
    """What is recorded of a line has no photos, though all of them are at the office."""
    line = server.delivery.service.recording._line

    def line_without(delivery: Any, position: int, order: Any) -> Any:
        bare = [msgspec.structs.replace(leaf, photos=()) for leaf in order.lines]
        return line(delivery, position, replace(order, lines=tuple(bare)))

    yield Patch(server.delivery.service.recording, "_line", line_without)


def _dated_at_arrival(_: Office) -> Iterator[Patch]:
    """A visit took place when the office got it."""
    record = server.delivery.service.VisitRecord

    def record_as_received(**columns: Any) -> Any:
        return record(**columns | {"delivered_at": columns["received_at"]})

    yield Patch(server.sync.service.applying, "VisitRecord", record_as_received)


def _correction_unproven(_: Office) -> Iterator[Patch]:
    """A corrected delivery is told of as corrected and not as recorded: nobody seals its proof."""

    def record(session: Any, name: str, *more: Any, **named: Any) -> None:
        if name != DELIVERY_RECORDED:
            facts.record(session, name, *more, **named)

    yield Patch(server.delivery.service.revising, "facts", SimpleNamespace(record=record))


def _parked_in_silence(_: Office) -> Iterator[Patch]:
    """An event is set aside, and the trail does not say so."""
    yield Patch(server.sync.service.parking, "facts", SimpleNamespace(record=nothing))


def _trail_torn(_: Office) -> Iterator[Patch]:
    """A fact's hash does not cover the one before: any of them can be taken out unseen."""
    chained = facts._chained

    def chained_to_nothing(happened: Any, position: int, prev_hash: bytes) -> Any:
        row = chained(happened, position, prev_hash)
        return row | {"hash": chain_hash(GENESIS, facts.fact_bytes(happened, position))}

    yield Patch(facts, "_chained", chained_to_nothing)


STANDING: Final[Mapping[str, Plant]] = {
    "rename-unsent": _rename_unsent,
    "first-terms-stand": _first_terms_stand,
    "buyer-noticed": _buyer_noticed,
    "first-seller-has-all": _first_seller_has_all,
    "return-unheard": _return_unheard,
    "stop-left-open": _stop_left_open,
    "closed-is-delivered": _closed_is_delivered,
    "photos-dropped": _photos_dropped,
    "dated-at-arrival": _dated_at_arrival,
    "correction-unproven": _correction_unproven,
    "parked-in-silence": _parked_in_silence,
    "trail-torn": _trail_torn,
}
