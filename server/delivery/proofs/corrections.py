"""Do the office's corrections start from the quantities that were signed, and follow from each other?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from server.delivery.proofs.broken import Check, require
from server.delivery.proofs.office import FATES, ProofCorrection, ProofCount, ProofOffice
from shared.visit import OrderFacts
from shared.wire.event import LineLeaf
from shared.wire.terms import Goods

type Counts = dict[str, ProofCount]
_WHERE: Final = "office.json"


def check_corrections(office: ProofOffice, order: OrderFacts, goods: Goods) -> Counts:
    """Return each line as it counts at the proof's own revision, by line id, once every correction leads there.

    Those after the signed event's revision go on from the signed quantities; those up to it, walked backwards, lead to
    them. Lines must be the order's, add up to what was ordered, and really change.

    Raises:
        ProofBroken: naming what does not hold, as step ``corrections``.
    """
    told = office.corrections
    numbered = [one.revision for one in told] == list(range(2, len(told) + 2))
    _require(numbered and 1 <= office.revision <= len(told) + 1, "révisions dans le désordre", "revisions in disorder")
    ordered = {line.line_id: line.quantity for line in goods.lines}
    for one in told:
        _check_one(one, ordered)
    signed = {line.line_id: _counted(line) for line in order.lines}
    at_event = office.revision - 1
    _walk(signed, (_back(one) for one in reversed(told[:at_event])))
    return _walk(signed, (_on(one) for one in told[at_event:]))


def _check_one(said: ProofCorrection, ordered: Mapping[str, int]) -> None:
    names = [change.line_id for change in said.changes]
    mine = bool(names) and len(set(names)) == len(names) and all(name in ordered for name in names)
    _require(mine, "une ligne d’une autre commande", "a line of another order")
    for change in said.changes:
        for count in (change.before, change.after):
            whole = sum(getattr(count, fate) for fate in FATES)
            _require(whole == ordered[change.line_id], "une ligne ne balance pas", "a line does not add up")
        _require(
            change.before != change.after, "une correction qui ne change rien", "a correction that changes nothing"
        )


def _back(said: ProofCorrection) -> Iterator[tuple[str, ProofCount, ProofCount]]:
    return ((change.line_id, change.after, change.before) for change in said.changes)


def _on(said: ProofCorrection) -> Iterator[tuple[str, ProofCount, ProofCount]]:
    return ((change.line_id, change.before, change.after) for change in said.changes)


def _walk(signed: Counts, steps: Iterable[Iterable[tuple[str, ProofCount, ProofCount]]]) -> Counts:
    """Walk from the signed counts; each step says what it finds of a line, and what it leaves."""
    now = dict(signed)
    for step in steps:
        for line_id, found, left in step:
            same = now.get(line_id) == found
            _require(same, "ne part pas de ce qui a été signé", "does not start from what was signed")
            now[line_id] = left
    return now


def _counted(line: LineLeaf) -> ProofCount:
    return ProofCount(
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
    )


def _require(holds: bool, reason_fr: str, reason_en: str) -> None:  # noqa: FBT001  # reads as a sentence
    require(holds, _WHERE, reason_fr, reason_en, Check.CORRECTIONS)
