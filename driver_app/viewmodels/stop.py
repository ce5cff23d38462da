"""One stop: what was ordered, what is delivered, and where the main button leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from driver_app.actions.checking import unexplained, unphotographed
from driver_app.statement import preview
from driver_app.store.drafts import LineDraft, StopDraft, collect_at, containers_at
from driver_app.viewmodels import texts, words
from driver_app.viewmodels.tour import load_of
from shared.problems import Language
from shared.wire.bundle import BundleOrder, BundleRun, BundleStop
from shared.wire.terms import GoodsLine

type Next = Literal["gaps", "payment", "proof"]


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the list: an order's heading, or a line with its count."""

    line_id: str
    title: str
    note: str
    icon: str
    quantity: int
    is_exception: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class StopView:
    """The stop screen."""

    title: str
    address: str
    note: str
    has_changed: bool
    is_failed: bool
    is_correction: bool
    rows: tuple[RowView, ...]
    total: str
    primary: str
    leads_to: Next
    offers_empties: bool
    offers_payment: bool
    has_phone: bool


def present_stop(run: BundleRun, stop: BundleStop, draft: StopDraft, language: Language) -> StopView:
    """Say what the stop screen shows for a draft."""
    leads_to = _leads_to(run, stop, draft)
    return StopView(
        title=f"{stop.position}. {stop.place.name}",
        address=f"{stop.place.street}, {stop.place.city}",
        note=_told(run, draft, language) or stop.place.access_note or "–",
        has_changed=draft.has_changed,
        is_failed=bool(draft.failure),
        is_correction=draft.standing is not None,
        rows=tuple(_rows(run, stop, draft, language)),
        total=total_of(stop, draft, language),
        primary=_primary(leads_to, draft, language),
        leads_to=leads_to,
        offers_empties=bool(containers_at(stop, draft)),
        offers_payment=bool(collect_at(stop, draft)),
        has_phone=bool(stop.place.phone),
    )


def total_of(stop: BundleStop, draft: StopDraft, language: Language) -> str:
    """Return the invoices' total and the credits, or the load while a difference is not explained."""
    if unexplained(draft):
        return load_of(stop, language)
    previews = [preview(order, draft) for order in stop.orders if order.prices is not None]
    invoiced = sum(item.shown_total_cents + item.shown_supplement_cents for item in previews)
    credited = sum(item.shown_credit_cents for item in previews)
    parts = [words.labelled(texts.TOTAL, words.money(invoiced, language), language)] if previews else []
    parts += [words.labelled(texts.CREDIT, words.money(credited, language), language)] if credited else []
    return " · ".join(parts or [load_of(stop, language)])


def _told(run: BundleRun, draft: StopDraft, language: Language) -> str:
    """Return what the driver must know before counting on, or nothing."""
    parts = [texts.STOP_CHANGED.say(language)] if draft.has_changed else []
    if draft.standing:
        parts.append(texts.CORRECTING.say(language))
    if draft.failure:
        parts.append(texts.nothing_delivered(reason_name(run, draft.failure, language)).say(language))
    return " ".join(parts)


def _rows(run: BundleRun, stop: BundleStop, draft: StopDraft, language: Language) -> Iterator[RowView]:
    for order in stop.orders:
        yield _heading(order)
        for goods in order.goods.lines:
            yield _line(run, goods, draft.lines[goods.line_id], language)


def _heading(order: BundleOrder) -> RowView:
    return RowView("", order.seller_name, order.order_number, "", 0, is_exception=False, is_open=False)


def _line(run: BundleRun, goods: GoodsLine, counted: LineDraft, language: Language) -> RowView:
    return RowView(
        line_id=goods.line_id,
        title=goods.description_en if language == "en" else goods.description_fr,
        note=_note(run, goods, counted, language),
        icon="keg" if goods.unit == "keg" else "case",
        quantity=counted.delivered + counted.extra,
        is_exception=bool(counted.missing or counted.extra),
        is_open=not counted.is_explained,
    )


def _note(run: BundleRun, goods: GoodsLine, counted: LineDraft, language: Language) -> str:
    parts = [words.labelled(texts.ORDERED, words.units(counted.ordered, goods.unit, language), language)]
    if counted.missing:
        parts.append(texts.missing(str(counted.missing)).say(language))
    if counted.extra:
        parts.append(f"{counted.extra} {texts.EXTRA.say(language)}")
    if counted.reason:
        parts.append(reason_name(run, counted.reason, language))
    return " · ".join(parts)


def reason_name(run: BundleRun, code: str, language: Language) -> str:
    """Return a reason's or failure's words."""
    for items in (run.reasons, run.failures):
        for item in items:
            if item.code == code:
                return item.name_en if language == "en" else item.name_fr
    return code


def _leads_to(run: BundleRun, stop: BundleStop, draft: StopDraft) -> Next:
    if unexplained(draft) or unphotographed(run, draft):
        return "gaps"
    return "payment" if stop.collect and not draft.collections and not draft.failure else "proof"


def _primary(leads_to: Next, draft: StopDraft, language: Language) -> str:
    if leads_to == "gaps":
        return texts.EXPLAIN.say(language)
    if leads_to == "payment":
        return texts.TAKE_PAYMENT.say(language)
    if draft.failure:
        return texts.CONTINUE.say(language)
    untouched = all(not line.missing and not line.extra for line in draft.lines.values())
    return (texts.ALL_DELIVERED if untouched else texts.GET_SIGNATURE).say(language)
