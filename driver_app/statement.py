"""What the signer sees, as a value: line by line, in one language, with the totals that will be billed.

The screen shows it, its hash is sealed with the signature, so that what is signed is what was on screen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from driver_app.store.drafts import LineDraft, StopDraft, collect_at, containers_at
from shared.canonical import canonical_bytes
from shared.delivery import DeliveredLine, SettlementPreview, preview_settlement
from shared.money import cash_rounding
from shared.problems import Language
from shared.wire.bundle import BundleOrder, BundleRun, BundleStop


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One order line in words. Quantities are in its sales unit; ``reason`` explains what is missing."""

    line_id: str
    description: str
    unit: str
    ordered: int
    delivered: int
    extra: int
    reason: str


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """One order: its lines and what its settlement will show, None where this driver sees no price."""

    order_id: str
    order_number: str
    seller_name: str
    terms_hash: str
    lines: tuple[StatedLine, ...]
    preview: SettlementPreview
    currency: str

    @property
    def shown(self) -> str:
        """What kind of amount the signer sees."""
        return str(self.preview.shown)


@dataclass(frozen=True, slots=True)
class StatedContainers:
    """Empties of one class at the price of the day."""

    name: str
    returned: int
    unit_cents: int


@dataclass(frozen=True, slots=True)
class StatedCollection:
    """Money taken for one issuer; in cash, ``rounding_cents`` brings it to five cents."""

    issuer_name: str
    method: str
    amount_cents: int
    rounding_cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The whole of what one signature covers."""

    language: Language
    customer: str
    orders: tuple[StatedOrder, ...]
    containers: tuple[StatedContainers, ...]
    collections: tuple[StatedCollection, ...]
    failure: str
    consent: str

    @property
    def sha256(self) -> str:
        """The hash that the visit's event carries as ``screen_sha256``."""
        return hashlib.sha256(canonical_bytes(self.record())).hexdigest()

    @property
    def is_empty_handed(self) -> bool:
        """Whether nothing was delivered, for a reason: it may stand without a signature."""
        return bool(self.failure) and not any(
            line.delivered or line.extra for order in self.orders for line in order.lines
        )

    @property
    def consent_sha256(self) -> str:
        """The hash of the sentence under which the signature stands."""
        return hashlib.sha256(self.consent.encode()).hexdigest()

    def record(self) -> Mapping[str, Any]:
        """Return the statement as integers and strings."""
        return {
            "language": self.language,
            "customer": self.customer,
            "orders": [_order_record(order) for order in self.orders],
            "containers": [[item.name, item.returned, item.unit_cents] for item in self.containers],
            "collections": [
                [item.issuer_name, item.method, item.amount_cents, item.rounding_cents] for item in self.collections
            ],
            "failure": self.failure,
            "consent": self.consent,
        }


def state(run: BundleRun, stop: BundleStop, draft: StopDraft, language: Language) -> Statement:
    """Return what the signer of this stop sees."""
    return Statement(
        language=language,
        customer=stop.place.name,
        orders=tuple(_state_order(run, order, draft, language) for order in stop.orders),
        containers=tuple(_state_containers(stop, draft, language)),
        collections=tuple(_state_collections(stop, draft)),
        failure=next((_name(item, language) for item in run.failures if item.code == draft.failure), ""),
        consent=run.consent_en if language == "en" else run.consent_fr,
    )


def delivered_lines(order: BundleOrder, draft: StopDraft) -> tuple[DeliveredLine, ...]:
    """Return an order's lines as counted, in the order's own sequence."""
    return tuple(_delivered(draft.lines[line.line_id]) for line in order.goods.lines)


def preview(order: BundleOrder, draft: StopDraft) -> SettlementPreview:
    """Return what the office will make of this order, by the rules that both sides share."""
    return preview_settlement(order.goods, order.prices, delivered_lines(order, draft))


def rounding_of(method: str, amount_cents: int) -> int:
    """Return what cash adds or leaves so that five-cent coins can pay the amount; nothing for a cheque."""
    return cash_rounding(amount_cents) if method == "cash" else 0


def _delivered(line: LineDraft) -> DeliveredLine:
    return DeliveredLine(
        line_id=line.line_id,
        ordered=line.ordered,
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
    )


def _state_order(run: BundleRun, order: BundleOrder, draft: StopDraft, language: Language) -> StatedOrder:
    return StatedOrder(
        order_id=order.order_id,
        order_number=order.order_number,
        seller_name=order.seller_name,
        terms_hash=order.terms_hash,
        lines=tuple(_state_lines(run, order, draft, language)),
        preview=preview(order, draft),
        currency=order.prices.currency if order.prices else "CAD",
    )


def _state_lines(run: BundleRun, order: BundleOrder, draft: StopDraft, language: Language) -> Iterator[StatedLine]:
    reasons = {item.code: _name(item, language) for items in (run.reasons, run.failures) for item in items}
    for goods in order.goods.lines:
        counted = draft.lines[goods.line_id]
        yield StatedLine(
            line_id=goods.line_id,
            description=goods.description_en if language == "en" else goods.description_fr,
            unit=goods.unit,
            ordered=counted.ordered,
            delivered=counted.delivered,
            extra=counted.extra,
            reason=reasons.get(counted.reason, counted.reason),
        )


def _state_containers(stop: BundleStop, draft: StopDraft, language: Language) -> Iterator[StatedContainers]:
    classes = {(item.container_class, item.owner_id): item for item in containers_at(stop, draft)}
    for counted in draft.containers:
        offered = classes[counted.container_class, counted.owner_id]
        yield StatedContainers(_name(offered, language), counted.returned, offered.unit_cents)


def _state_collections(stop: BundleStop, draft: StopDraft) -> Iterator[StatedCollection]:
    names = {item.issuer_id: item.issuer_name for item in collect_at(stop, draft)}
    for taken in draft.collections:
        rounding_cents = rounding_of(taken.method, taken.amount_cents)
        yield StatedCollection(names[taken.issuer_id], taken.method, taken.amount_cents, rounding_cents)


def _name(item: Any, language: Language) -> str:
    return str(item.name_en if language == "en" else item.name_fr)


def _order_record(order: StatedOrder) -> Mapping[str, Any]:
    return {
        "order_id": order.order_id,
        "terms_hash": order.terms_hash,
        "lines": [
            [line.line_id, line.description, line.unit, line.ordered, line.delivered, line.extra, line.reason]
            for line in order.lines
        ],
        "shown": order.shown,
        "total_cents": order.preview.shown_total_cents,
        "credit_cents": order.preview.shown_credit_cents,
        "supplement_cents": order.preview.shown_supplement_cents,
    }
