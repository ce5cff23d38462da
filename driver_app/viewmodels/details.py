"""The screens beside a stop: differences, empties, payment, and why nothing was delivered."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.actions.checking import unexplained, unphotographed
from driver_app.statement import rounding_of
from driver_app.store.drafts import StopDraft, collect_at, containers_at
from driver_app.viewmodels import texts, words
from shared.problems import Language
from shared.wire.bundle import BundleRun, BundleStop


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One of several answers."""

    code: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class GapView:
    """One short line, with the reasons to choose from."""

    line_id: str
    title: str
    missing: str
    reasons: tuple[ChoiceView, ...]
    photo: str


@dataclass(frozen=True, slots=True)
class GapsView:
    """Every difference of a stop."""

    gaps: tuple[GapView, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ContainerView:
    """Empties of one class for one owner."""

    container_class: str
    owner_id: str
    title: str
    note: str
    returned: int


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One issuer's amount at the door."""

    issuer_id: str
    title: str
    due: str
    due_cents: int
    taken_cents: int | None
    taken: str
    rounding: str
    is_taken: bool


def present_gaps(run: BundleRun, stop: BundleStop, draft: StopDraft, language: Language) -> GapsView:
    """Say which lines are short and what is still to be said of them."""
    lines = [line for order in stop.orders for line in order.goods.lines if draft.lines[line.line_id].missing]
    gaps = tuple(
        GapView(
            line_id=line.line_id,
            title=line.description_en if language == "en" else line.description_fr,
            missing=_missing(draft.lines[line.line_id].missing, line.unit, language),
            reasons=_reasons(run, draft.lines[line.line_id].reason, language),
            photo=_photo(run, draft, line.line_id, language),
        )
        for line in lines
    )
    return GapsView(gaps, not unexplained(draft) and not unphotographed(run, draft))


def present_failures(run: BundleRun, draft: StopDraft, language: Language) -> tuple[ChoiceView, ...]:
    """Return the reasons why nothing could be delivered."""
    return tuple(
        ChoiceView(item.code, item.name_en if language == "en" else item.name_fr, item.code == draft.failure)
        for item in run.failures
    )


def present_containers(stop: BundleStop, draft: StopDraft, language: Language) -> tuple[ContainerView, ...]:
    """Return the empties that may come back here, with what was counted."""
    counted = {(item.container_class, item.owner_id): item.returned for item in draft.containers}
    return tuple(
        ContainerView(
            container_class=item.container_class,
            owner_id=item.owner_id,
            title=item.name_en if language == "en" else item.name_fr,
            note=f"{item.owner_name} · {words.money(item.unit_cents, language)}",
            returned=counted.get((item.container_class, item.owner_id), 0),
        )
        for item in containers_at(stop, draft)
    )


def present_payment(stop: BundleStop, draft: StopDraft, language: Language) -> tuple[PaymentView, ...]:
    """Return what is to be collected for each issuer, and what was."""
    taken = {item.issuer_id: item for item in draft.collections}
    return tuple(
        PaymentView(
            issuer_id=item.issuer_id,
            title=item.issuer_name,
            due=words.labelled(texts.AMOUNT_DUE, words.money(item.amount_cents, language), language)
            if item.amount_cents
            else texts.NOTHING_DUE_ANY_MORE.say(language),
            due_cents=item.amount_cents,
            taken_cents=taken[item.issuer_id].amount_cents if item.issuer_id in taken else None,
            taken=_taken(taken[item.issuer_id].amount_cents, language)
            if item.issuer_id in taken
            else texts.NOT_COLLECTED.say(language),
            rounding=texts.ROUNDED.say(language) if rounding_of("cash", item.amount_cents) else "",
            is_taken=item.issuer_id in taken,
        )
        for item in collect_at(stop, draft)
    )


def _missing(quantity: int, unit: str, language: Language) -> str:
    return texts.missing(words.units(quantity, unit, language)).say(language)


def _taken(amount_cents: int, language: Language) -> str:
    cash_cents = amount_cents + rounding_of("cash", amount_cents)
    return words.labelled(texts.COLLECTED_CASH, words.money(cash_cents, language), language)


def _reasons(run: BundleRun, chosen: str, language: Language) -> tuple[ChoiceView, ...]:
    return tuple(
        ChoiceView(item.code, item.name_en if language == "en" else item.name_fr, item.code == chosen)
        for item in run.reasons
    )


def _photo(run: BundleRun, draft: StopDraft, line_id: str, language: Language) -> str:
    line = draft.lines[line_id]
    if line.photos:
        return texts.PHOTO_TAKEN.say(language)
    wanted = any(reason.code == line.reason and reason.photo_required for reason in run.reasons)
    return texts.TAKE_PHOTO.say(language) if wanted else ""
