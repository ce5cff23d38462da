"""The day's verdict: tablets, office and model told apart, each difference under one of four heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from driver_app.store import bundles, outbox, settings
from server.rehearsal.books import (
    Kept,
    deliveries,
    documents,
    given,
    kept_events,
    left,
    misposted,
    notices,
    numbered_at_dawn,
    numbering_gaps,
    read_world,
    received_files,
    stray_hashes,
    unbalanced,
    uncaused_credits,
    unwithdrawn,
)
from server.rehearsal.books_asked import judge_questions, unasked
from server.rehearsal.books_feed import behind
from server.rehearsal.books_holdings import holding_faults
from server.rehearsal.books_journal import journal_faults, missplit
from server.rehearsal.books_left import overcredited
from server.rehearsal.cab import Cab
from server.rehearsal.checking_standing import judge_standing
from server.rehearsal.decisions import (
    Corrected,
    Credited,
    Decided,
    Decision,
    Published,
    Replanned,
    Revised,
    Settled,
    Voided,
)
from server.rehearsal.ground import Rows
from server.rehearsal.oracle import Model
from server.rehearsal.oracle_ordered import Change
from server.rehearsal.oracle_said import Expected, Taken, files_of
from server.rehearsal.verdict import Verdict
from shared.sealing import GENESIS, chain_hash
from shared.wire.bundle import BundleRun
from shared.wire.event import SealedEvent

_IN_A_ROW: Final = frozenset({"returned", "deposits", "money"})
"""What a corrected visit says once more, one row behind the other."""


@dataclass(frozen=True, slots=True)
class Besides:
    """What a day had beside its events. What arrives from a tablet once it is ``revoked`` waits for a person.

    Tablets of ``split`` have two logs: the office follows one and keeps the other beside it. Files of ``gone`` went
    with what an old copy has written over, unless an event that still stands names them too. Where nobody
    ``asks_for_proofs``, facts wake no jobs.
    """

    revoked: Mapping[str, datetime] = field(default_factory=dict)
    decisions: Sequence[Decision] = ()
    split: AbstractSet[str] = frozenset()
    gone: AbstractSet[str] = frozenset()
    asks_for_proofs: bool = True


def judge(rows: Rows, cabs: Sequence[Cab], carrier_id: UUID, besides: Besides) -> Verdict:
    """Compare everything at the end of a day."""
    verdict, kept, split = Verdict(), kept_events(rows), besides.split
    strays = stray_hashes(rows) if split else {}
    sealed = {
        (cab.device_id, seq, event.hash): event
        for cab in cabs
        for seq, event in [*cab.journal.events.items(), *cab.journal.overwritten]
    }
    for cab in cabs:
        is_revoked, aside = cab.device_id in besides.revoked, strays.get(cab.device_id, set())
        verdict.lost += [*cab.journal.broken, *_missing(cab, kept, aside, is_revoked=is_revoked), *_let_go(cab)]
        if not is_revoked and not (cab.device_id in split and _is_forked(cab)):
            verdict.lost += [*_unsent(cab), *_outdated(rows, cab)]
        if cab.device_id in split:
            verdict.out_of_order += _unseen_fork(rows, cab, kept)
    verdict.lost += behind(rows)
    _judge_log(verdict, kept, sealed)
    world = read_world(rows)
    model = _told(Model(world), kept, sealed, besides)
    _judge_books(verdict, rows, model.expected, kept)
    judge_questions(verdict, rows, model.asked.questions)
    judge_standing(verdict, rows, world, model.expected, asks_for_proofs=besides.asks_for_proofs)
    standing = {sha256 for cab in cabs for event in cab.journal.events.values() for sha256 in files_of(event)}
    beside = {
        sha256
        for (device, _seq, digest), event in sealed.items()
        if digest in strays.get(device, set())
        for sha256 in files_of(event)
    }
    lacking = (model.expected.files | beside) - received_files(rows, carrier_id) - (besides.gone - standing)
    verdict.lost += [f"file {sha256[:12]} is not at the office" for sha256 in sorted(lacking)]
    verdict.out_of_order += [f"numbers of {row} have a gap" for row in numbering_gaps(rows)]
    verdict.cents_wrong += [f"entry {row[0]} does not balance" for row in unbalanced(rows)]
    verdict.cents_wrong += [f"{row[0]} {row[1]} is posted as {row[2:]}" for row in misposted(rows)]
    verdict.cents_wrong += [*journal_faults(rows), *missplit(rows, model.expected)]
    verdict.cents_wrong += [*_unapproved(given(rows), model.expected), *overcredited(rows)]
    verdict.lost += holding_faults(rows, model.expected)
    verdict.doubled += [f"credit {row} has no cause" for row in uncaused_credits(rows)]
    verdict.cents_wrong += [f"invoice {row} of a withdrawn overage still stands" for row in unwithdrawn(rows)]
    verdict.cents_wrong += [*model.expected.shown_wrong, *unasked(rows)]
    return verdict


def _told(
    model: Model,
    kept: Sequence[Kept],
    sealed: Mapping[tuple[str, int, str], SealedEvent],
    besides: Besides,
) -> Model:
    """Let the model hear the day as the office lived it: what came, and between it what people decided."""
    left, revoked = list(besides.decisions), besides.revoked
    for one in kept:
        while left and left[0].at < one.received_at:
            _tell(model, left.pop(0))
        event = sealed.get((one.device, one.seq, one.hash))
        if event is not None:
            is_trusted = one.device not in revoked or one.received_at < revoked[one.device]
            received_ms = round(one.received_at.timestamp() * 1000)
            model.hear(Taken(one.device, one.seq, event, received_ms, is_trusted))
    for decision in left:
        _tell(model, decision)
    return model


def _tell(model: Model, decision: Decision) -> None:
    match decision:
        case Decided():
            model.decide(decision.device, decision.seq, decision.choice)
        case Corrected():
            model.correct(decision.order, [dict(line) for line in decision.lines])
        case Settled():
            model.asked.settled.add(str(decision.run))  # a late visit counts as any other, and is told
        case Revised():  # the terms that each event cites say what was agreed
            model.change(
                decision.order,
                Change(
                    units={str(line): units for line, units in decision.units.items()},
                    prices={str(line): price for line, price in decision.prices.items()},
                    discounts={str(line): cents for line, cents in decision.discounts.items()},
                    struck=frozenset(map(str, decision.struck)),
                    off_cents=decision.off_cents,
                ),
            )
        case Credited():
            model.decide_credit(decision.order, approves=decision.approves)
        case Replanned():
            model.expected.reopened.add(decision.order)
        case Voided():
            model.void(decision.order)
        case Published():
            model.bill_by_hand(decision.order)


def _missing(cab: Cab, kept: Sequence[Kept], beside: AbstractSet[str], *, is_revoked: bool) -> Iterator[str]:
    """Yield the events of a tablet that the office has neither in its log nor ``beside`` it.

    A revoked tablet may still keep them.
    """
    held = {one.seq: one.hash for one in kept if one.device == cab.device_id}
    on_tablet = {entry.seq: entry.hash for entry in cab.tablet.store.read(outbox.entries)}
    for seq, event in cab.journal.events.items():
        still_there = is_revoked and on_tablet.get(seq) == event.hash
        if held.get(seq) != event.hash and event.hash not in beside and not still_there:
            yield f"{cab.name}: event {seq} is not at the office"


def _let_go(cab: Cab) -> Iterator[str]:
    """Yield what a tablet deleted, though a day is shorter than a fortnight."""
    held = {entry.seq: entry.hash for entry in cab.tablet.store.read(outbox.entries)}
    for seq, event in cab.journal.events.items():
        if held.get(seq) != event.hash:
            yield f"{cab.name}: event {seq} is no more on the tablet"


def _is_forked(cab: Cab) -> bool:
    return cab.tablet.store.read(settings.position).standing == "fork"


def _unseen_fork(rows: Rows, cab: Cab, kept: Sequence[Kept]) -> Iterator[str]:
    """Yield where a tablet's log says otherwise than the office's, and no person hears of it."""
    held = {one.seq: one.hash for one in kept if one.device == cab.device_id}
    states = [state for (state,) in rows.all("SELECT state FROM device_stream WHERE device_id = %s", cab.device_id)]
    for seq, event in cab.journal.events.items():
        if held.get(seq, event.hash) != event.hash and states == ["open"]:
            yield f"{cab.name}: event {seq} stands otherwise at the office, and nobody is told"


def _unsent(cab: Cab) -> Iterator[str]:
    if not cab.has_sent_all():
        yield f"{cab.name}: the tablet still waits to send"
    position = cab.tablet.store.read(settings.position)
    if position.acked != max(cab.journal.events, default=0):
        yield f"{cab.name}: the tablet ticks {position.acked} events as received"


def _outdated(rows: Rows, cab: Cab) -> Iterator[str]:
    """Yield the runs still to be driven of which the tablet holds something else than the office's feed ends with."""
    newest = rows.all(
        "SELECT DISTINCT ON (b.run_id) b.run_id, b.body FROM run_bundle b JOIN run r ON r.id = b.run_id"
        " WHERE b.driver_id = %s AND r.state NOT IN ('synced', 'settled', 'closed', 'cancelled')"
        " ORDER BY b.run_id, b.version DESC",
        cab.tablet.enrolment.driver_id,
    )
    for run_id, body in newest:
        run = msgspec.json.decode(body, type=BundleRun)
        held = cab.tablet.store.read(lambda session, run=str(run_id): bundles.load(session, run))  # type: ignore[misc]  # the loop's value is bound on purpose
        if held != run:
            stands, wanted = (f"version {one.version} “{one.name}”" for one in (held, run))
            yield f"{cab.name}: run {run_id} stands at {stands}, not {wanted}"


def _judge_log(verdict: Verdict, kept: Sequence[Kept], sealed: Mapping[tuple[str, int, str], SealedEvent]) -> None:
    for device in sorted({one.device for one in kept}):
        of_device = [one for one in kept if one.device == device]
        if [one.seq for one in of_device] != list(range(1, len(of_device) + 1)):
            verdict.out_of_order.append(f"tablet {device} was taken as {[one.seq for one in of_device]}")
        verdict.out_of_order += _unchained(of_device, sealed)
    for one in kept:
        if (one.device, one.seq, one.hash) not in sealed:
            verdict.doubled.append(f"event {one.seq} of {one.device} was never sealed")


def _unchained(of_device: Sequence[Kept], sealed: Mapping[tuple[str, int, str], SealedEvent]) -> Iterator[str]:
    """Yield the events that do not follow upon the one before: two branches of a log in one."""
    before = GENESIS
    for one in of_device:
        event = sealed.get((one.device, one.seq, one.hash))
        if event is not None and chain_hash(before, event.body.encode()).hex() != one.hash:
            yield f"event {one.seq} of {one.device} does not follow the one before"
        before = bytes.fromhex(one.hash)


def _judge_books(verdict: Verdict, rows: Rows, expected: Expected, kept: Sequence[Kept]) -> None:
    parked, decided = ({(one.device, one.seq) for one in kept if one.outcome == word} for word in ("parked", "decided"))
    aside, waiting, otherwise = (
        sorted(events) for events in (parked - expected.parked, expected.parked - parked, decided ^ expected.decided)
    )
    verdict.lost += [f"event {one} was set aside, though nothing is wrong with it" for one in aside]
    verdict.out_of_order += [f"event {one} was applied, though it had to wait" for one in waiting]
    verdict.out_of_order += [f"event {one} is decided or not, otherwise" for one in otherwise]
    made = deliveries(rows)
    _judge_each(verdict, "delivered", made, expected.delivered, verdict.lost)
    _judge_each(verdict, "noticed", notices(rows), expected.noticed, verdict.cents_wrong)
    papers = documents(rows)
    come_to = {
        order: _tightened(
            cents, expected, order, is_loose=order not in expected.bearing or len(papers["invoiced"].get(order, ())) > 1
        )
        for order, cents in left(rows).items()
        if order in expected.left
    }
    _judge_kind(
        verdict,
        "left",
        come_to,
        {order: cents for order, cents in expected.left.items() if cents or order in come_to},
        verdict.cents_wrong,
    )
    for kind, found in papers.items():
        wanted = dict(getattr(expected, kind))
        if kind == "voided":  # nothing is left of each
            wanted = {order: (0, cents) for order, cents in wanted.items()}
        if kind == "invoiced":
            untouched = numbered_at_dawn(rows).items() - expected.voided.items()
            wanted = {order: cents for order, cents in untouched if order not in made} | wanted
        if kind in {"invoiced", "credited"}:  # a corrected order's documents are looked at together
            found = {order: amounts for order, amounts in found.items() if order not in expected.left}  # noqa: PLW2901  # as above
        if kind in _IN_A_ROW:
            _judge_each(verdict, kind, found, wanted, verdict.cents_wrong)
        else:
            _judge_kind(verdict, kind, found, wanted, verdict.cents_wrong)


def _unapproved(credited: Mapping[str, int], expected: Expected) -> Iterator[str]:
    """Yield the orders of which more was given back than goes without a person (C12), where none approved anything."""
    for order, threshold in sorted(expected.threshold.items()):
        if threshold is not None and order not in expected.approved and credited.get(order, 0) > threshold:
            yield f"order {order} got {credited[order]} back unapproved, above {threshold}"


def _tightened(found: list[int], expected: Expected, order: str, *, is_loose: bool) -> list[int]:
    """Take for the model's own what may be: what was signed.

    Shares round as they do, where it ``is_loose``: no line of the last correction may bear a cent (ADR 0061), several
    invoices stand, or people or other terms came between.
    """
    wanted, signed = expected.left[order], expected.signed.get(order)
    if signed is not None and not is_loose:
        return [wanted if cents == signed else cents + (cents == wanted) for cents in found]
    loose = expected.loose.get(order, 0)
    return [wanted if cents == signed or abs(cents - wanted) <= loose else cents for cents in found]


def _judge_each(
    verdict: Verdict,
    kind: str,
    found: Mapping[Any, Sequence[Any]],
    wanted: Mapping[Any, Sequence[Any]],
    differs: list[str],
) -> None:
    """Compare what is there several times for one subject, one after the other."""
    for order in sorted({*found, *wanted}):
        have, want = found.get(order, ()), wanted.get(order, ())
        for at in range(max(len(have), len(want))):
            one = {f"{order} {at + 1}": [row] for row in have[at : at + 1]}
            _judge_kind(verdict, kind, one, {f"{order} {at + 1}": row for row in want[at : at + 1]}, differs)


def _judge_kind(
    verdict: Verdict, kind: str, found: Mapping[Any, list[Any]], wanted: Mapping[Any, Any], differs: list[str]
) -> None:
    for key in sorted({*found, *wanted}, key=repr):
        have = found.get(key, [])
        if key not in wanted or len(have) > 1:
            verdict.doubled.append(f"{kind} {key}: {have}, wanted {wanted.get(key)}")
        elif not have:
            verdict.lost.append(f"{kind} {key}: nothing, wanted {wanted[key]}")
        elif have[0] != wanted[key]:
            differs.append(f"{kind} {key}: {have[0]}, wanted {wanted[key]}")
