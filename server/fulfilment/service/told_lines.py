"""What somebody tells of a delivery that no tablet saw, and its lines as they are read (R005, R019, R021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from server.core.problems import Problem, Text
from server.delivery.reasons import FAILURES, REASONS
from server.fulfilment.service.settling import NotThisOrder
from server.fulfilment.service.told_taken import CountedEmpties, ReceivedMoney
from server.orders.model import Order
from server.orders.service import BadOrder
from shared.delivered_line import DeliveredLine, Unmet

_EFFECTS: Final[Mapping[str, str]] = {one.code: one.effect for one in REASONS}
_FAILED: Final = {one.code: one for one in FAILURES}


class ReasonOfLine(Problem):
    """A line is short, and nothing says why; or a reason stands where nothing is missing."""

    slug = "line-reason-needed"
    status: ClassVar[int] = 422
    title = Text("Motif du manquant requis", "Reason of the shortage required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One line as somebody counts it: ``ordered`` as they read it, ``reason`` where fewer were accepted."""

    line_id: UUID
    ordered: int
    delivered: int
    extra: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody tells of a delivery. Without lines it arrived whole; with a ``failure`` nothing was accepted.

    ``containers`` came back and ``collections`` were paid at the door, whatever was accepted.
    ``key`` is the command's: told again, it is recorded once. ``delivered_on`` is today when None. ``words`` say what
    else the parties should know: why no tablet saw it.
    """

    key: UUID
    by_name: str
    lines: Sequence[Counted] = ()
    failure: str = ""
    delivered_on: date | None = None
    words: str = ""
    seen_revision: int | None = None
    containers: Sequence[CountedEmpties] = ()
    collections: Sequence[ReceivedMoney] = ()


def lines_told(order: Order, told: Told) -> tuple[tuple[DeliveredLine, ...], Unmet | None]:
    """Return every line of the order as it is told, and how nothing was accepted where a failure says so.

    Raises:
        ReasonOfLine: a short line without a reason of the tablet's list, or an unknown failure.
        NotThisOrder, UnbalancedLine: lines are missing, foreign, or count more than was ordered.
        BadOrder: both lines and a failure are told.
    """
    if told.failure and told.lines:
        raise BadOrder(
            Text(
                "Dire ce qui a été remis, ligne par ligne, ou pourquoi rien ne l’a été\u00a0: pas les deux.",
                "Say what was handed over, line by line, or why nothing was: not both.",
            ),
            where="failure",
        )
    if told.failure:
        _require_listed(told.failure, _FAILED, "failure")
        back = tuple(_came_back(str(line.id), line.quantity, told.failure) for line in order.lines)
        return back, _FAILED[told.failure].outcome
    counted = told.lines or [
        Counted(line_id=line.id, ordered=line.quantity, delivered=line.quantity) for line in order.lines
    ]
    require_every_line(
        {str(line.id): line.quantity for line in order.lines}, [(str(one.line_id), one.ordered) for one in counted]
    )
    by_id = {one.line_id: one for one in counted}
    return tuple(_line(by_id[line.id]) for line in order.lines), None


def _came_back(line_id: str, ordered: int, failure: str) -> DeliveredLine:
    return DeliveredLine(line_id, ordered, 0, returned=ordered, reason=failure if ordered else "")


def _line(one: Counted) -> DeliveredLine:
    """What is missing goes where its reason says."""
    short = one.ordered - one.delivered
    if short <= 0:
        return DeliveredLine(str(one.line_id), one.ordered, one.delivered, extra=one.extra)
    _require_listed(one.reason, _EFFECTS, str(one.line_id))
    return DeliveredLine(
        str(one.line_id),
        one.ordered,
        one.delivered,
        extra=one.extra,
        reason=one.reason,
        **{_EFFECTS[one.reason]: short},
    )


def _require_listed(code: str, codes: Mapping[str, object], where: str) -> None:
    if code not in codes:
        raise ReasonOfLine(
            Text(
                "Choisir dans la liste le motif de chaque ligne où il manque quelque chose.",
                "Choose from the list the reason of each line on which something is missing.",
            ),
            where=where,
        )


def require_every_line(known: Mapping[str, int], said: Sequence[tuple[str, int]]) -> None:
    """Accept every line once, by its id with the quantity ordered of it, and no other.

    Raises:
        NotThisOrder: one is missing, foreign, said twice, or of another quantity.
    """
    if dict(said) != known or len(said) != len(known):
        raise NotThisOrder(
            Text(
                "Donner toutes les lignes de la commande, et elles seules.", "Give every line of the order, no other."
            ),
            where="lines",
        )
