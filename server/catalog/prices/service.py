"""Setting price lists, discounts, promotions and allocations; none is deleted, since lines name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.catalog import events
from server.catalog.model import ProductFormat
from server.catalog.prices.model import ListPrice, PriceRule, RuleKind, StockAllocation
from server.catalog.service.bounds import MAX_REFERENCE, require_unit_price, require_whole, require_words
from server.catalog.service.formats import EVERYBODY, MAX_AN_ORDER, MAX_AUDIENCE, Audience, name_of, own_format
from server.catalog.service.naming import add_named
from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.parties.model import Client, CustomerGroup

MAX_LISTED: Final = 2000
_PERCENT_STEP: Final = Decimal("0.0001")
_ALL_OF_IT: Final = 100


class BadRule(Problem):
    """A price list, discount, promotion or allocation cannot be."""

    slug = "bad-price-rule"
    title = Text("Règle de prix invalide", "Invalid price rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """All that a rule says. A list has prices by format; the others take a percentage or an amount, or fix a price."""

    kind: RuleKind
    name_fr: str
    name_en: str
    valid_from: date
    valid_until: date | None = None
    reference: str = ""
    audience: Audience = EVERYBODY
    format_ids: Sequence[UUID] = ()
    percent_off: Decimal | None = None
    amount_off: Decimal | None = None
    fixed_price: Decimal | None = None
    min_quantity: int = 1
    prices: Mapping[UUID, Decimal] = field(default_factory=dict)


def set_rule(session: Session, *, terms: RuleTerms, stamp: Stamp, rule_id: UUID | None = None) -> PriceRule:
    """Return a new rule of the acting supplier, or one of its rules with exactly these terms; orders keep their prices.

    Raises:
        BadRule, BadFormat: terms that cannot be; groups, clients or formats that are not the supplier's.
        NotFound: there is no such rule.
        ProductTaken: another rule has the same reference.
    """
    _require_terms(session, terms)
    rule = PriceRule(owner_id=acting_org(session)) if rule_id is None else own_rule(session, rule_id=rule_id)
    if rule_id is not None and rule.kind is not terms.kind:
        raise _bad("kind", "Une règle garde sa sorte. En faire une autre.", "A rule keeps its kind. Make another one.")
    for name, value in _columns(terms).items():
        setattr(rule, name, value)
    rule.set_by, rule.set_at = name_of(session, stamp), stamp.at
    add_named(session, rule, reference=terms.reference)
    _write_prices(session, rule, terms.prices)
    facts.record(session, events.PRICE_RULE_SET, rule.id, stamp)
    return rule


def archive_rule(session: Session, *, rule_id: UUID, archived: bool, stamp: Stamp) -> PriceRule:
    """Put a rule away, or bring it back; lines that it priced keep its step."""
    rule = own_rule(session, rule_id=rule_id)
    rule.archived_at = (rule.archived_at or stamp.at) if archived else None
    session.flush()
    facts.record(session, events.PRICE_RULE_ARCHIVED if archived else events.PRICE_RULE_SET, rule.id, stamp)
    return rule


def own_rule(session: Session, *, rule_id: UUID) -> PriceRule:
    """Return a rule of the acting supplier, locked.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    rule = session.scalars(
        select(PriceRule).where(PriceRule.id == rule_id, PriceRule.owner_id == acting_org(session)).with_for_update()
    ).one_or_none()
    if rule is None:
        raise NotFound(Text("Cette règle de prix n’existe pas.", "There is no such price rule."), where=str(rule_id))
    return rule


def allocate(
    session: Session,
    *,
    format_id: UUID,
    audience: Audience,
    quantity: int,
    valid_from: date,
    valid_until: date,
    stamp: Stamp,
) -> StockAllocation:
    """Return how much of a scarce format each client of an audience may order over some days, all orders together.

    Raises:
        BadRule, BadFormat: a figure that cannot be, or somebody else's group or client.
        NotFound: it is no format of the acting supplier.
    """
    own_format(session, format_id=format_id)
    require_whole("quantity", quantity, most=MAX_AN_ORDER)
    _require_days(valid_from, valid_until)
    _require_audience(session, audience)
    made = StockAllocation(
        owner_id=acting_org(session),
        format_id=format_id,
        **audience.columns(),
        quantity=quantity,
        valid_from=valid_from,
        valid_until=valid_until,
        set_by=name_of(session, stamp),
        set_at=stamp.at,
    )
    session.add(made)
    session.flush()
    facts.record(session, events.ALLOCATION_SET, made.id, stamp)
    return made


def end_allocation(session: Session, *, allocation_id: UUID, stamp: Stamp) -> None:
    """Take an allocation away; no order names it.

    Raises:
        NotFound: it is none of the acting supplier's.
    """
    made = session.scalars(
        select(StockAllocation).where(
            StockAllocation.id == allocation_id, StockAllocation.owner_id == acting_org(session)
        )
    ).one_or_none()
    if made is None:
        raise NotFound(Text("Cette allocation n’existe pas.", "There is no such allocation."), where=str(allocation_id))
    session.delete(made)
    session.flush()
    facts.record(session, events.ALLOCATION_ENDED, allocation_id, stamp)


def _columns(terms: RuleTerms) -> dict[str, object]:
    return {
        "kind": terms.kind,
        "name_fr": terms.name_fr.strip(),
        "name_en": terms.name_en.strip(),
        "reference": terms.reference,
        **terms.audience.columns(),
        "format_ids": sorted(set(terms.format_ids)),
        "percent_off": terms.percent_off,
        "amount_off": terms.amount_off,
        "fixed_price": terms.fixed_price,
        "min_quantity": terms.min_quantity,
        "valid_from": terms.valid_from,
        "valid_until": terms.valid_until,
    }


def _require_terms(session: Session, terms: RuleTerms) -> None:
    require_words(name_fr=terms.name_fr, name_en=terms.name_en)
    require_words(longest=MAX_REFERENCE, optional=True, reference=terms.reference)
    require_whole("min_quantity", terms.min_quantity, least=1, most=MAX_AN_ORDER)
    _require_days(terms.valid_from, terms.valid_until)
    _require_one_way(terms)
    _require_audience(session, terms.audience)
    _require_formats(session, {*terms.format_ids, *terms.prices})


def _require_one_way(terms: RuleTerms) -> None:
    ways = [value for value in (terms.percent_off, terms.amount_off, terms.fixed_price) if value is not None]
    if terms.kind is RuleKind.LIST:
        if ways or terms.format_ids or not 1 <= len(terms.prices) <= MAX_LISTED:
            raise _bad(
                "prices", f"Une liste a de 1 à {MAX_LISTED} prix, et rien d’autre.",
                f"A list has 1 to {MAX_LISTED} prices and nothing else.",
            )  # fmt: skip
        for price in terms.prices.values():
            require_unit_price(price, where="prices")
        return
    if len(ways) != 1 or terms.prices or (terms.kind is RuleKind.DISCOUNT and terms.fixed_price is not None):
        raise _bad(
            "percent_off",
            "Dire un pourcentage ou un montant, l’un des deux; une promotion peut aussi fixer le prix.",
            "Say a percentage or an amount, one of the two; a promotion may fix the price instead.",
        )
    _require_figures(terms)


def _require_figures(terms: RuleTerms) -> None:
    if terms.percent_off is not None:
        exact = terms.percent_off.is_finite() and terms.percent_off == terms.percent_off.quantize(_PERCENT_STEP)
        if not exact or not 0 < terms.percent_off <= _ALL_OF_IT:
            raise _bad("percent_off", "Un pourcentage va de 0,0001 à 100.", "A percentage is 0.0001 to 100.")
    for where in ("amount_off", "fixed_price"):
        if (value := getattr(terms, where)) is not None:
            require_unit_price(value, where=where)
    if terms.kind is RuleKind.PROMOTION and terms.valid_until is None:
        raise _bad("valid_until", "Une promotion a un dernier jour.", "A promotion has a last day.")


def _require_days(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise _bad("valid_until", "Le dernier jour suit le premier.", "The last day is not before the first.")


def _require_audience(session: Session, audience: Audience) -> None:
    require_whole("group_ids", len(audience.group_ids) + len(audience.buyer_ids), most=MAX_AUDIENCE)
    me = acting_org(session)
    groups = select(CustomerGroup.id).where(CustomerGroup.owner_id == me, CustomerGroup.id.in_(audience.group_ids))
    buyers = select(Client.buyer_id).where(Client.owner_id == me, Client.buyer_id.in_(audience.buyer_ids))
    known = {*session.scalars(groups), *session.scalars(buyers)}
    if strange := {*audience.group_ids, *audience.buyer_ids} - known:
        raise _bad(
            "buyer_ids", f"Groupe ou client inconnu\u00a0: {min(strange)}.", f"Unknown group or client: {min(strange)}."
        )


def _require_formats(session: Session, wanted: set[UUID]) -> None:
    mine = select(func.count()).where(ProductFormat.owner_id == acting_org(session), ProductFormat.id.in_(wanted))
    if len(wanted) > MAX_LISTED or session.scalar(mine) != len(wanted):
        raise _bad("format_ids", "Un de ces formats n’existe pas.", "One of these formats does not exist.")


def _write_prices(session: Session, rule: PriceRule, prices: Mapping[UUID, Decimal]) -> None:
    session.execute(delete(ListPrice).where(ListPrice.rule_id == rule.id))
    session.add_all(
        ListPrice(owner_id=rule.owner_id, rule_id=rule.id, format_id=format_id, unit_price=price)
        for format_id, price in prices.items()
    )
    session.flush()


def _bad(where: str, fr: str, en: str) -> BadRule:
    return BadRule(Text(fr, en), where=where)
