"""The run's stops as cards, the next one first in sight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from driver_app.store.states import RunProgress, StopProgress
from driver_app.viewmodels import texts, words
from shared.lifecycles import StopState
from shared.problems import Language
from shared.wire.bundle import BundleRun, BundleStop

type CardStatus = Literal["todo", "next", "open", "done", "failed"]


@dataclass(frozen=True, slots=True)
class StopCardView:
    """One stop of the list."""

    stop_id: str
    number: str
    name: str
    address: str
    load: str
    window: str
    cash: str
    status: CardStatus
    state: str


@dataclass(frozen=True, slots=True)
class TourView:
    """The whole list, and what the main button does."""

    title: str
    subtitle: str
    cards: tuple[StopCardView, ...]
    can_end: bool
    next_at: int


def present_tour(
    run: BundleRun,
    progress: RunProgress,
    stops: Mapping[str, StopProgress],
    waiting: frozenset[str],
    language: Language,
    *,
    notice: str = "",
) -> TourView:
    """Say what the list shows; ``waiting`` are the stops that the office has not confirmed.

    A ``notice`` stands in the place of the subtitle: it is more important than how many stops are done.
    """
    done = sum(1 for stop in stops.values() if stop.is_finished)
    following = next((stop.stop_id for stop in run.stops if not _is_finished(stops, stop.stop_id)), "")
    statuses = {stop.stop_id: _status(stop.stop_id, stops.get(stop.stop_id), following) for stop in run.stops}
    states = {
        stop.stop_id: _state(statuses[stop.stop_id], stops.get(stop.stop_id), waiting, language) for stop in run.stops
    }
    cards = tuple(_card(run, stop, statuses[stop.stop_id], language, state=states[stop.stop_id]) for stop in run.stops)
    subtitle = f"{done}/{len(run.stops)} {texts.STOPS_DONE.say(language)} · {run.vehicle_name} · {run.driver_name}"
    return TourView(
        title=f"{texts.RUN.say(language)} {run.name} · {words.day(run.runs_on, language)}",
        subtitle=notice or (subtitle if progress.returned_ms is None else texts.RUN_RETURNED.say(language)),
        cards=cards,
        can_end=done == len(run.stops) and progress.is_under_way,
        next_at=next((at for at, card in enumerate(cards) if card.status in ("next", "open")), 0),
    )


def load_of(stop: BundleStop, language: Language) -> str:
    """Return « 42 caisses · 3 fûts »."""
    totals: Counter[str] = Counter()
    for order in stop.orders:
        for line in order.goods.lines:
            totals[line.unit] += line.quantity
    return " · ".join(words.units(quantity, unit, language) for unit, quantity in totals.items())


def _card(run: BundleRun, stop: BundleStop, status: CardStatus, language: Language, *, state: str) -> StopCardView:
    return StopCardView(
        stop_id=stop.stop_id,
        number=str(stop.position),
        name=stop.place.name,
        address=f"{stop.place.street}, {stop.place.city}",
        load=load_of(stop, language),
        window=_window(run, stop, language),
        cash=words.money(sum(item.amount_cents for item in stop.collect), language) if stop.collect else "",
        status=status,
        state=state,
    )


def _status(stop_id: str, progress: StopProgress | None, following: str) -> CardStatus:
    if progress is not None and progress.is_finished:
        return "failed" if progress.state is StopState.FAILED or progress.outcome == "refused" else "done"
    if progress is not None:
        return "open"
    return "next" if stop_id == following else "todo"


def _state(status: CardStatus, progress: StopProgress | None, waiting: frozenset[str], language: Language) -> str:
    if progress is None or status not in ("done", "failed"):
        return ""
    if progress.elsewhere:
        return texts.ELSEWHERE.say(language)
    return (texts.ON_TABLET if progress.stop_id in waiting else texts.AT_OFFICE).say(language)


def _window(run: BundleRun, stop: BundleStop, language: Language) -> str:
    if not stop.place.windows:
        return words.hour(stop.planned_at_ms, run.timezone, language)
    window = stop.place.windows[0]
    return f"{words.minutes(window.opens_min, language)} – {words.minutes(window.closes_min, language)}"


def _is_finished(stops: Mapping[str, StopProgress], stop_id: str) -> bool:
    return stop_id in stops and stops[stop_id].is_finished
