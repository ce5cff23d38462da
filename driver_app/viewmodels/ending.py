"""The end of a run, what waits to be sent, and the diagnostic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from driver_app.store.drafts import StopDraft, containers_at
from driver_app.store.outbox import Entry
from driver_app.sync.engine import Backlog
from driver_app.viewmodels import texts, words
from shared.problems import Language
from shared.wire.bundle import BundleRun


@dataclass(frozen=True, slots=True)
class PairView:
    """Words on the left, a value on the right."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class EndingView:
    """What comes back to the depot, and the cash to count."""

    returns: tuple[PairView, ...]
    expected: str
    is_returned: bool


def present_ending(
    run: BundleRun, drafts: Mapping[str, StopDraft], *, cash_cents: int, is_returned: bool, language: Language
) -> EndingView:
    """Say what the driver brings back."""
    goods: Counter[tuple[str, str]] = Counter()
    empties: Counter[str] = Counter()
    for stop in run.stops:
        draft = drafts.get(stop.stop_id)
        if draft is None:
            continue
        for order in stop.orders:
            for line in order.goods.lines:
                name = line.description_en if language == "en" else line.description_fr
                if line.line_id in draft.lines:  # the office may have added it after the stop was finished
                    goods[name, line.unit] += draft.lines[line.line_id].returned
        taken_back = containers_at(stop, draft)
        names = {item.container_class: (item.name_en if language == "en" else item.name_fr) for item in taken_back}
        for counted in draft.containers:
            empties[names.get(counted.container_class, counted.container_class)] += counted.returned
    rows = [PairView(name, words.units(total, unit, language)) for (name, unit), total in goods.items() if total]
    rows += [PairView(name, str(total)) for name, total in empties.items() if total]
    return EndingView(tuple(rows), words.money(cash_cents, language), is_returned)


def present_outbox(
    entries: tuple[Entry, ...], names: Mapping[str, str], timezone: str, language: Language
) -> tuple[PairView, ...]:
    """Return the log's newest events first, each with where it is."""
    return tuple(
        PairView(
            " · ".join(
                filter(
                    None,
                    (
                        words.hour(entry.sealed_wall_ms, timezone, language),
                        texts.EVENT_NAMES[entry.type].say(language),
                        names.get(entry.stop_id, ""),
                    ),
                )
            ),
            texts.EVENT_STATES[entry.state].say(language),
        )
        for entry in reversed(entries)
    )


def present_contact(backlog: Backlog, timezone: str, language: Language) -> str:
    """Return when the office was last heard."""
    if not backlog.position.contact_wall_ms:
        return texts.NEVER_SENT.say(language)
    heard = words.hour(backlog.position.contact_wall_ms, timezone, language)
    return words.labelled(texts.LAST_CONTACT, heard, language)
