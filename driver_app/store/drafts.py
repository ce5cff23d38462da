"""What a driver has entered at a stop and not sealed yet: every tap of it is durable."""

from __future__ import annotations

from typing import Literal

import msgspec

from driver_app.store.database import Session
from shared.wire.bundle import BundleStop, Collectable, ContainerClass
from shared.wire.terms import GoodsLine


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen and keyword-only; a tap replaces the entry."""


class LineDraft(_Entry, frozen=True, kw_only=True):
    """One order line as counted. Quantities are in the line's sales unit."""

    line_id: str
    ordered: int
    delivered: int
    not_shipped: int = 0
    lost: int = 0
    returned: int = 0
    extra: int = 0
    reason: str = ""
    photos: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """What the customer ordered and did not get."""
        return self.ordered - self.delivered

    @property
    def is_explained(self) -> bool:
        """Whether what is missing has gone somewhere, for a reason."""
        gone = self.not_shipped + self.lost + self.returned
        return gone == self.missing and (gone == 0 or bool(self.reason))


class ContainerDraft(_Entry, frozen=True, kw_only=True):
    """Empties of one class taken back for one owner; ``offer`` is the class as the stop offered it then."""

    container_class: str
    owner_id: str
    returned: int
    offer: ContainerClass | None = None


class CollectionDraft(_Entry, frozen=True, kw_only=True):
    """Money taken for one issuer; a cheque has its number as reference."""

    issuer_id: str
    method: Literal["cash", "cheque"]
    amount_cents: int
    reference: str = ""
    issuer_name: str = ""


class PhotoDraft(_Entry, frozen=True, kw_only=True):
    """A photo of the stop as a whole."""

    sha256: str
    note: str = ""


class SealedStop(_Entry, frozen=True, kw_only=True):
    """What a finished stop was when it was opened to correct it: it stands until the correction is signed."""

    event_id: str
    outcome: str
    finished_ms: int
    draft: StopDraft


class StopDraft(_Entry, frozen=True, kw_only=True):
    """Everything entered at one stop. ``failure`` says why nothing could be delivered.

    ``counted`` are the lines as they were before the failure was said: they come back when it is taken back.
    ``corrects`` names the event that this one will correct, ``sealed`` what was signed under it.
    ``has_changed``: the office changed what the stop is about since the driver opened it. ``off_run`` is the stop as
    the office had it last, once its run has it no more.
    """

    stop_id: str
    arrived_ms: int
    lines: dict[str, LineDraft]
    containers: tuple[ContainerDraft, ...] = ()
    collections: tuple[CollectionDraft, ...] = ()
    photos: tuple[PhotoDraft, ...] = ()
    failure: str = ""
    counted: dict[str, LineDraft] = {}
    corrects: str = ""
    sealed: SealedStop | None = None
    has_changed: bool = False
    off_run: BundleStop | None = None

    @property
    def standing(self) -> SealedStop | None:
        """Return what was signed and stands while it is being corrected, None where nothing is."""
        return self.sealed if self.sealed and self.sealed.event_id == self.corrects else None

    @property
    def may_go_unsigned(self) -> bool:
        """Whether nothing was handed over, for a reason: nobody need be there to sign."""
        return bool(self.failure) and not any(line.delivered or line.extra for line in self.lines.values())


def new_draft(stop: BundleStop, *, arrived_ms: int) -> StopDraft:
    """Return the draft of a stop at which everything is delivered: exceptions are what a driver types."""
    return StopDraft(
        stop_id=stop.stop_id,
        arrived_ms=arrived_ms,
        lines={
            line.line_id: LineDraft(line_id=line.line_id, ordered=line.quantity, delivered=line.quantity)
            for order in stop.orders
            for line in order.goods.lines
        },
    )


def delivered_after_all(draft: StopDraft, stop: BundleStop) -> StopDraft:
    """Return a draft without its failure: what was counted before comes back, else everything is delivered."""
    if not draft.failure:
        return draft
    lines = draft.counted or new_draft(stop, arrived_ms=draft.arrived_ms).lines
    return msgspec.structs.replace(draft, failure="", lines=lines, counted={})


def load(session: Session, *, run_id: str, stop_id: str) -> StopDraft | None:
    """Return the draft of a stop, or None before the driver opened it."""
    row = session.db.execute("SELECT body FROM draft WHERE run_id = ? AND stop_id = ?", (run_id, stop_id)).fetchone()
    if row is None:
        return None
    return msgspec.json.decode(session.vault.open(row[0], f"draft:{run_id}:{stop_id}"), type=StopDraft)


def save(session: Session, draft: StopDraft, *, run_id: str) -> None:
    """Write the draft in place of the former one."""
    body = session.vault.close(msgspec.json.encode(draft), f"draft:{run_id}:{draft.stop_id}")
    session.db.execute(
        "INSERT INTO draft (run_id, stop_id, body) VALUES (?, ?, ?) "
        "ON CONFLICT (run_id, stop_id) DO UPDATE SET body = excluded.body",
        (run_id, draft.stop_id, body),
    )


def keep_stop(session: Session, stop: BundleStop, *, run_id: str) -> None:
    """Keep a stop beside its draft: its run has it no more, and it is finished from here."""
    draft = load(session, run_id=run_id, stop_id=stop.stop_id)
    if draft is not None and draft.off_run != stop:
        save(session, msgspec.structs.replace(draft, off_run=stop), run_id=run_id)


def name_entries(session: Session, stop: BundleStop, *, run_id: str) -> None:
    """Name the empties and money of a draft as its stop still does; a former version of this app kept no names."""
    draft = load(session, run_id=run_id, stop_id=stop.stop_id)
    if draft is not None and (named := _named(draft, stop)) != draft:
        save(session, named, run_id=run_id)


def opened(session: Session, run_id: str) -> set[str]:
    """Return the ids of the stops that were opened on a run; no draft is read for it."""
    return {row[0] for row in session.db.execute("SELECT stop_id FROM draft WHERE run_id = ?", (run_id,))}


def kept_stop(session: Session, *, run_id: str, stop_id: str) -> BundleStop | None:
    """Return the stop that was kept beside its draft, or None when its run never lost it."""
    draft = load(session, run_id=run_id, stop_id=stop_id)
    return draft.off_run if draft else None


def fitted(draft: StopDraft, stop: BundleStop) -> StopDraft:
    """Return a draft that speaks of a stop as the office has it now; what was handed over stays what it was.

    Above the new quantity it is extra, below it the rest is missing and asks for a reason anew. Of a line that is new
    nothing was handed over. Empties and money stay, whether the stop asks for them still or not: they are on the truck
    and in the cash box; only what nobody can name any more goes. What was counted before a failure is fitted like the
    count itself.
    """
    lines = [line for order in stop.orders for line in order.goods.lines]
    named = _named(draft, stop)
    fits = msgspec.structs.replace(
        draft,
        lines={line.line_id: _fitted(draft.lines.get(line.line_id), line, draft.failure) for line in lines},
        counted={line.line_id: _fitted(draft.counted.get(line.line_id), line, "") for line in lines if draft.counted},
        containers=tuple(one for one in named.containers if one.offer),
        collections=tuple(one for one in named.collections if one.issuer_name),
    )
    is_asked_still = containers_at(stop, draft) == stop.containers and collect_at(stop, draft) == stop.collect
    return draft if fits == draft and is_asked_still else msgspec.structs.replace(fits, has_changed=True)


def _named(draft: StopDraft, stop: BundleStop) -> StopDraft:
    offers = {(one.container_class, one.owner_id): one for one in stop.containers}
    names = {one.issuer_id: one.issuer_name for one in stop.collect}
    sealed = draft.sealed
    return msgspec.structs.replace(
        draft,
        containers=tuple(
            one if one.offer else msgspec.structs.replace(one, offer=offers.get((one.container_class, one.owner_id)))
            for one in draft.containers
        ),
        collections=tuple(
            one if one.issuer_name else msgspec.structs.replace(one, issuer_name=names.get(one.issuer_id, ""))
            for one in draft.collections
        ),
        sealed=msgspec.structs.replace(sealed, draft=_named(sealed.draft, stop)) if sealed else None,
    )


def containers_at(stop: BundleStop, draft: StopDraft) -> tuple[ContainerClass, ...]:
    """Return what may come back at a stop: what it offers, then what was taken back before the office struck it off."""
    offered = {(one.container_class, one.owner_id) for one in stop.containers}
    left = [one for one in draft.containers if (one.container_class, one.owner_id) not in offered]
    return (*stop.containers, *(one.offer for one in left if one.offer))


def collect_at(stop: BundleStop, draft: StopDraft) -> tuple[Collectable, ...]:
    """Return what is to be collected at a stop, then whom money was taken for that nothing is asked for any more."""
    asked = {one.issuer_id for one in stop.collect}
    left = [one for one in draft.collections if one.issuer_id not in asked]
    return (
        *stop.collect,
        *(Collectable(issuer_id=one.issuer_id, issuer_name=one.issuer_name, amount_cents=0) for one in left),
    )


def _fitted(counted: LineDraft | None, line: GoodsLine, failure: str) -> LineDraft:
    before = counted or LineDraft(line_id=line.line_id, ordered=0, delivered=0)
    if before.ordered == line.quantity:
        return before
    if failure:
        return msgspec.structs.replace(before, ordered=line.quantity, returned=line.quantity, reason=failure)
    handed = before.delivered + before.extra
    delivered = min(handed, line.quantity)
    fits = msgspec.structs.replace(before, ordered=line.quantity, delivered=delivered, extra=handed - delivered)
    return fits if fits.is_explained else msgspec.structs.replace(fits, not_shipped=0, lost=0, returned=0, reason="")
