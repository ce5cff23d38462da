"""Known mistakes, planted one at a time: each is a patch of the product's functions that the rehearsal must catch.

The product holds no switch for any of them. A plant that nobody catches says that the model or the faults are too weak.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import msgspec
from sqlalchemy import func, select

import driver_app.sync.engine
import driver_app.sync.greeting
import driver_app.sync.office
import driver_app.sync.pushing
import server.sync.service.bundles
import server.sync.service.closing
import server.sync.service.pulling
import server.sync.service.pushing
import server.sync.service.wholeness
import shared.sealing
from driver_app.store import outbox, receipts, settings
from server.core.transaction import transaction
from server.rehearsal.office import TABLETS_DOORS, Office, OfficeKilled
from server.rehearsal.patches import Patch
from server.rehearsal.planted_asked import ASKED
from server.rehearsal.planted_books import BOOKS
from server.rehearsal.planted_changed import CHANGED
from server.rehearsal.planted_standing import STANDING
from server.rehearsal.planted_twice import two_transactions
from server.rehearsal.planting import Plant, nothing
from server.sync.model import RunBundle
from server.sync.queries import attachment_of
from server.sync.service.attachments import AttachmentRefused
from server.sync.service.closing import Wholeness
from shared.problems import Problem, Text


class UnknownPlant(Problem):
    """No mistake of this name can be planted."""

    slug = "unknown-plant"
    title = Text("Erreur plantée inconnue", "Unknown plant")


def plant(name: str, office: Office) -> list[Patch]:
    """Return the patches of one mistake; none for an empty name.

    Raises:
        UnknownPlant: there is no such mistake.
    """
    if not name:
        return []
    if name not in PLANTS:
        known = ", ".join(sorted(PLANTS))
        raise UnknownPlant(Text(f"Au choix\u00a0: {known}.", f"Choose one of: {known}."), where=name)
    return list(PLANTS[name](office))


def _trim_on_ack(_: Office) -> Iterator[Patch]:
    """The tablet deletes what the office has, whether or not a backup has it."""
    prune = outbox.prune

    def prune_acked(session: Any, *, safe_seq: int, received_seq: int) -> int:
        acked = settings.position(session).acked
        return prune(session, safe_seq=max(safe_seq, acked), received_seq=max(received_seq, acked))

    yield Patch(outbox, "prune", prune_acked)


def _no_rewind(_: Office) -> Iterator[Patch]:
    """The tablet never believes an office that holds less than it once confirmed."""
    agree, receive = driver_app.sync.greeting._agree, driver_app.sync.pushing._receive

    def agree_forward(session: Any, answer: Any) -> None:
        agree(session, msgspec.structs.replace(answer, last_seq=max(answer.last_seq, settings.position(session).acked)))

    def receive_forward(session: Any, answer: Any, body: Any, now: Any) -> int:
        known = settings.position(session)
        return known.acked if body.last_seq < known.acked else receive(session, answer, body, now)

    yield Patch(driver_app.sync.greeting, "_agree", agree_forward)
    yield Patch(driver_app.sync.pushing, "_receive", receive_forward)


def _epoch_ignored(_: Office) -> Iterator[Patch]:
    """Nobody looks at the epoch: a restored office is taken for the one that it was."""
    agree, pull = driver_app.sync.greeting._agree, server.sync.service.pulling.pull

    def agree_blindly(session: Any, answer: Any) -> None:
        known = settings.position(session).epoch or answer.epoch
        agree(session, msgspec.structs.replace(answer, epoch=known))

    def pull_blindly(session: Any, puller: Any, **asked: Any) -> Any:
        answer = pull(session, replace(puller, epoch=""), **asked)
        return msgspec.structs.replace(answer, epoch=puller.epoch or answer.epoch)

    yield Patch(driver_app.sync.greeting, "_agree", agree_blindly)
    yield Patch(import_module(TABLETS_DOORS), "pull", pull_blindly)


_OWED_PLACES = 10  # how many times the office may die while a commit is owed


def _ack_before_commit(office: Office) -> Iterator[Patch]:
    """The answer leaves before its transaction is on disk, which takes a while in which the office may die."""
    owed: list[Any] = []

    @contextmanager
    def late(acting: Any, **options: Any) -> Iterator[Any]:
        begun = transaction(acting, **options)
        session = begun.__enter__()
        try:
            yield session
        except BaseException as error:
            begun.__exit__(type(error), error, error.__traceback__)
            raise
        owed.append(begun)

    def pay() -> None:
        while owed:
            try:
                office.linger(_OWED_PLACES)
                owed.pop().__exit__(None, None, None)
            except OfficeKilled:
                owed.clear()

    yield Patch(import_module(TABLETS_DOORS), "transaction", late)
    yield Patch(office, "after_answer", pay)


def _gap_check_off(_: Office) -> Iterator[Patch]:
    """The office takes whatever comes as if nothing were missing before it."""
    take = server.sync.service.pushing._take

    def take_any(batch: Any, push: Any) -> Any:
        if push.from_seq <= batch.stream.last_seq + 1:
            return take(batch, push)
        for seq, sealed in enumerate(push.events, start=push.from_seq):
            batch.done.append(server.sync.service.pushing._store(batch, seq, sealed))
        return "ok"

    yield Patch(server.sync.service.pushing, "_take", take_any)


def _trust_200(_: Office) -> Iterator[Patch]:
    """Any answer counts as a receipt for all that was sent."""

    def receive_all(session: Any, answer: Any, body: Any, now: Any) -> int:
        receipts.keep(session, answer.receipt, body, now)
        waiting = [entry.seq for entry in outbox.waiting(session) if entry.state == "sent"]
        last = max(waiting, default=body.last_seq)
        outbox.mark_received(session, last_seq=last, results=answer.results)
        known = settings.position(session)
        digest = outbox.hash_at(session, last) or known.hash_at_acked
        settings.save(session, msgspec.structs.replace(known, acked=last, hash_at_acked=digest))
        return last

    yield Patch(driver_app.sync.pushing, "_receive", receive_all)


def _reserialised(_: Office) -> Iterator[Patch]:
    """The office hashes what it would have written instead of what came."""
    chain_hash = shared.sealing.chain_hash

    def of_ours(prev: bytes, body: bytes) -> bytes:
        try:
            return chain_hash(prev, json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True).encode())
        except ValueError:
            return chain_hash(prev, body)

    yield Patch(server.sync.service.pushing, "chain_hash", of_ours)


def _identical_refused(_: Office) -> Iterator[Patch]:
    """A file that is here already is refused, as if nobody ever sent one twice."""

    def only_new(session: Any, sha256: str) -> None:
        if attachment_of(session, sha256) is not None:
            raise AttachmentRefused(Text("Déjà reçue.", "Received already."), where=sha256)

    yield Patch(import_module(TABLETS_DOORS), "attachment_of", only_new)


def _poison_blocks(_: Office) -> Iterator[Patch]:
    """An event that cannot be applied takes its whole batch down with it."""

    def refuse(_session: Any, _event: Any, problem: Problem, **_: Any) -> None:
        raise problem

    yield Patch(server.sync.service.pushing, "park", refuse)


def _permanent_401(_: Office) -> Iterator[Patch]:
    """A token that is over is taken for the end of the tablet."""
    call = driver_app.sync.office.Office._call

    def call_once(self: Any, device_id: str, method: str, path: str, message: Any = b"", **more: Any) -> Any:
        had_token = self._token
        if not had_token:
            return call(self, device_id, method, path, message, **more)
        headers = {"Authorization": f"Bearer {had_token}", **(more.get("headers") or {})}
        return self._send(method, path, message, headers)

    yield Patch(driver_app.sync.office.Office, "_call", call_once)


def _skipping_cursor(_: Office) -> Iterator[Patch]:
    """Places in the feed are given without waiting for whoever was given one before and has not committed.

    The tablet believes its cursor alone: told by the runs' versions, it would notice what it was not given.
    """

    def next_position(session: Any, owner_id: Any) -> int:
        return (session.scalar(select(func.max(RunBundle.position)).where(RunBundle.owner_id == owner_id)) or 0) + 1

    yield Patch(server.sync.service.bundles, "_next_position", next_position)
    yield Patch(driver_app.sync.office.PulledRuns, "lost", lambda _pulled, _tags: False)


def _closes_early(_: Office) -> Iterator[Patch]:
    """A run counts as whole whatever its tablets still hold and whatever waits for a person."""
    yield Patch(server.sync.service.closing, "wholeness", lambda _session, _run: Wholeness((), 0, None))


def _branch_forgotten(_: Office) -> Iterator[Patch]:
    """The office says that it keeps the branch that it does not follow, and does not."""
    yield Patch(server.sync.service.pushing, "keep_stray", lambda *_, **__: True)


def _damage_believed(_: Office) -> Iterator[Patch]:
    """What came damaged beside the chain is taken at once for what the tablet holds."""
    yield Patch(server.sync.service.wholeness, "SAME_BYTES_BELIEVED", 1)


def _ticks_kept(_: Office) -> Iterator[Patch]:
    """The tablet goes back to what a restored office holds, and goes on showing the rest as received."""
    yield Patch(outbox, "forget_receipts_after", nothing)


def _fork_keeps_photos(_: Office) -> Iterator[Patch]:
    """A tablet whose log the office does not follow hands its events in, and not their photos."""
    yield Patch(driver_app.sync.engine, "_THERE", frozenset({"done", "revoked"}))


def _run_left_out(_: Office) -> Iterator[Patch]:
    """A driver with two runs is given one."""
    live = server.sync.service.pulling._live_runs
    yield Patch(server.sync.service.pulling, "_live_runs", lambda *asked: dict(sorted(live(*asked).items())[:1]))


PLANTS: Final[Mapping[str, Plant]] = {
    **BOOKS,
    "trim-on-ack": _trim_on_ack,
    "no-rewind": _no_rewind,
    "epoch-ignored": _epoch_ignored,
    "ack-before-commit": _ack_before_commit,
    "gap-check-off": _gap_check_off,
    "two-transactions": two_transactions,
    "trust-200": _trust_200,
    "reserialised-hash": _reserialised,
    "identical-refused": _identical_refused,
    "poison-blocks": _poison_blocks,
    "permanent-401": _permanent_401,
    "skipping-cursor": _skipping_cursor,
    "closes-early": _closes_early,
    "branch-forgotten": _branch_forgotten,
    "damage-believed": _damage_believed,
    "ticks-kept": _ticks_kept,
    "fork-keeps-photos": _fork_keeps_photos,
    "run-left-out": _run_left_out,
    **ASKED,
    **STANDING,
    **CHANGED,
}
