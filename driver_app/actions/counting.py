"""What a driver enters at a stop before anybody signs: each tap is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from driver_app.clock import Moment
from driver_app.store import attachments, bundles, drafts, states
from driver_app.store.database import Session
from driver_app.store.drafts import (
    CollectionDraft,
    ContainerDraft,
    LineDraft,
    PhotoDraft,
    StopDraft,
    collect_at,
    containers_at,
)
from driver_app.tablet import Tablet
from shared.problems import Problem, Text
from shared.wire.bundle import BundleRun

MAX_QUANTITY = 100_000
MAX_CENTS = 10**9


class StopNotOpen(Problem):
    """Nobody has arrived at this stop, or it is finished."""

    slug = "tablet-stop-not-open"
    status = 409
    title = Text("Arrêt non ouvert", "Stop not open")


class NotAtThisStop(Problem):
    """A line, container, issuer or reason that this stop does not have."""

    slug = "tablet-not-at-this-stop"
    title = Text("Absent de cet arrêt", "Not at this stop")


class QuantityOutOfRange(Problem):
    """A quantity or amount that cannot be meant."""

    slug = "tablet-quantity-out-of-range"
    title = Text("Quantité impossible", "Impossible quantity")


def set_delivered(tablet: Tablet, *, run_id: str, stop_id: str, line_id: str, delivered: int) -> StopDraft:
    """Set what the customer took of one line; beyond what was ordered it is an extra.

    What is missing goes where the line's reason says, and nowhere while it has none. Whoever counts a line delivers
    after all: a failure that was said is taken back, and the other lines are as they were counted before it.
    """

    def change(run: BundleRun, line: LineDraft) -> LineDraft:
        taken = _quantity(delivered, line_id)
        counted = msgspec.structs.replace(line, delivered=min(taken, line.ordered), extra=max(0, taken - line.ordered))
        return _explain(run, counted, line.reason if counted.missing else "")

    return _change_line(tablet, run_id, stop_id, line_id, change)


def set_reason(tablet: Tablet, *, run_id: str, stop_id: str, line_id: str, reason: str) -> StopDraft:
    """Say why one line is short; the reason's effect says where the goods are.

    Raises:
        NotAtThisStop: the run knows no such reason.
    """
    return _change_line(tablet, run_id, stop_id, line_id, lambda run, line: _explain(run, line, reason))


def set_line(tablet: Tablet, *, run_id: str, stop_id: str, counted: LineDraft) -> StopDraft:
    """Set a whole line as counted, when what is missing went to several places."""

    def change(_: BundleRun, line: LineDraft) -> LineDraft:
        for quantity in (counted.delivered, counted.not_shipped, counted.lost, counted.returned, counted.extra):
            _quantity(quantity, line.line_id)
        return msgspec.structs.replace(counted, ordered=line.ordered, photos=line.photos)

    return _change_line(tablet, run_id, stop_id, counted.line_id, change)


def set_containers(tablet: Tablet, *, run_id: str, stop_id: str, returned: Iterable[ContainerDraft]) -> StopDraft:
    """Set the empties taken back, in place of what was entered before; zeros are left out.

    Raises:
        NotAtThisStop: a class that this stop does not take back.
    """
    counted = tuple(item for item in returned if _quantity(item.returned, item.container_class))

    def work(session: Session) -> StopDraft:
        run, draft = open_draft(session, run_id, stop_id)
        offers = containers_at(bundles.stop_of(run, stop_id), draft)
        offered = {(item.container_class, item.owner_id): item for item in offers}
        for item in counted:
            _require((item.container_class, item.owner_id) in offered, item.container_class)
        kept = [msgspec.structs.replace(item, offer=offered[item.container_class, item.owner_id]) for item in counted]
        return _save(session, run_id, msgspec.structs.replace(draft, containers=tuple(kept)))

    return tablet.store.write("set_containers", work)


def collect_cash(tablet: Tablet, *, run_id: str, stop_id: str, taken: CollectionDraft) -> StopDraft:
    """Set the money taken for one issuer; zero takes the entry away.

    Raises:
        NotAtThisStop: nothing is collected here for this issuer.
    """
    if not 0 <= taken.amount_cents <= MAX_CENTS:
        raise _out_of_range(taken.issuer_id)

    def work(session: Session) -> StopDraft:
        run, draft = open_draft(session, run_id, stop_id)
        names = {item.issuer_id: item.issuer_name for item in collect_at(bundles.stop_of(run, stop_id), draft)}
        _require(taken.issuer_id in names, taken.issuer_id)
        others = tuple(item for item in draft.collections if item.issuer_id != taken.issuer_id)
        named = msgspec.structs.replace(taken, issuer_name=names[taken.issuer_id])
        kept = (*others, named) if taken.amount_cents else others
        return _save(session, run_id, msgspec.structs.replace(draft, collections=kept))

    return tablet.store.write("collect_cash", work)


def add_photo(
    tablet: Tablet, *, run_id: str, stop_id: str, jpeg: bytes, now: Moment, line_id: str = "", note: str = ""
) -> StopDraft:
    """Keep a photo of one line, or of the stop as a whole; the same photo twice is one.

    Raises:
        AttachmentTooLarge: more than the office accepts.
    """

    def work(session: Session) -> StopDraft:
        _, draft = open_draft(session, run_id, stop_id)
        sha256 = attachments.keep(session, jpeg, kind="photo", media_type="image/jpeg", taken_wall_ms=now.wall_ms)
        return _save(session, run_id, _with_photo(draft, sha256, line_id, note))

    return tablet.store.write("add_photo", work)


def _with_photo(draft: StopDraft, sha256: str, line_id: str, note: str) -> StopDraft:
    if not line_id:
        others = tuple(photo for photo in draft.photos if photo.sha256 != sha256)
        return msgspec.structs.replace(draft, photos=(*others, PhotoDraft(sha256=sha256, note=note)))
    line = _line(draft, line_id)
    photos = tuple(dict.fromkeys((*line.photos, sha256)))
    return _with_line(draft, msgspec.structs.replace(line, photos=photos))


def _change_line(
    tablet: Tablet, run_id: str, stop_id: str, line_id: str, change: Callable[[BundleRun, LineDraft], LineDraft]
) -> StopDraft:
    def work(session: Session) -> StopDraft:
        run, found = open_draft(session, run_id, stop_id)
        draft = drafts.delivered_after_all(found, bundles.stop_of(run, stop_id))
        return _save(session, run_id, _with_line(draft, change(run, _line(draft, line_id))))

    return tablet.store.write("set_line", work)


def open_draft(session: Session, run_id: str, stop_id: str) -> tuple[BundleRun, StopDraft]:
    """Return a run and the draft of one of its open stops, which is being counted from here on.

    Raises:
        StopNotOpen: nobody arrived, or it is finished.
    """
    progress = states.stop_progress(session, run_id=run_id, stop_id=stop_id)
    draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
    if progress is None or draft is None or progress.is_finished:
        raise StopNotOpen(
            Text(
                "Cet arrêt n’est pas ouvert. Ouvrez sa fiche, ou corrigez-le s’il est terminé.",
                "This stop is not open. Open its card, or correct it when it is finished.",
            ),
            where=stop_id,
        )
    states.mark_counting(session, progress)
    return bundles.load(session, run_id), draft


def _explain(run: BundleRun, line: LineDraft, code: str) -> LineDraft:
    """Put what is missing where the reason says; a line in full has no reason."""
    cleared = msgspec.structs.replace(line, not_shipped=0, lost=0, returned=0, reason="")
    if not code:
        return cleared
    effect = next((reason.effect for reason in run.reasons if reason.code == code), None)
    _require(effect is not None, code)
    return msgspec.structs.replace(cleared, reason=code, **{str(effect): line.missing}) if line.missing else cleared


def _line(draft: StopDraft, line_id: str) -> LineDraft:
    _require(line_id in draft.lines, line_id)
    return draft.lines[line_id]


def _with_line(draft: StopDraft, line: LineDraft) -> StopDraft:
    return msgspec.structs.replace(draft, lines=draft.lines | {line.line_id: line})


def _save(session: Session, run_id: str, draft: StopDraft) -> StopDraft:
    drafts.save(session, draft, run_id=run_id)
    return draft


def _quantity(value: int, where: str) -> int:
    if not 0 <= value <= MAX_QUANTITY:
        raise _out_of_range(where)
    return value


def _out_of_range(where: str) -> QuantityOutOfRange:
    return QuantityOutOfRange(
        Text(
            "Vérifiez ce nombre\u00a0: il est négatif ou trop grand.", "Check this number: it is negative or too large."
        ),
        where=where,
    )


def _require(condition: bool, where: str) -> None:  # noqa: FBT001 - an assertion takes its condition first
    if not condition:
        raise NotAtThisStop(
            Text("La tournée ne prévoit pas cela à cet arrêt.", "The run does not foresee this at this stop."),
            where=where,
        )
