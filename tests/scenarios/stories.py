"""How a story goes: plan, load, a morning pull, a day without network, a push; what is told is read by programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.factories.corrections import counted_again, recount
from tests.scenarios.office import Office


def make_ready(office: Office) -> UUID:
    """Plan, prepare and load the day's only run, and let the driver's tablet pull it."""
    (run_id,) = office.plan()
    office.load(run_id)
    office.drive({"enrol": office.code(), "pull": True, "runs": [], "push": False})
    return run_id


def drive_alone(office: Office, *stops: dict[str, Any], push: bool = True, **drive: Any) -> list[dict[str, Any]]:
    """Drive the run without network, then push unless told otherwise; return what the tablet was told."""
    script = {"pull": False, "runs": [{"run_id": "*", "stops": list(stops)}], "push": push}
    said = office.drive(script, **drive)
    office.jobs()
    return said


def live_day(office: Office, *stops: dict[str, Any]) -> list[dict[str, Any]]:
    """Do everything from the plan to the proofs; ``stops`` are told by their position, the others go well."""
    make_ready(office)
    return drive_alone(office, *stops)


def told_documents(said: list[dict[str, Any]]) -> dict[str, int]:
    """Return the documents that the receipts brought to the tablet: total in cents by kind."""
    push = next(phase for phase in said if phase["phase"] == "push")
    return {one["kind"]: one["total_cents"] for one in push["documents"]}


def recounted(office: Office, order_id: UUID, delivered: int, reason: str) -> Any:
    """Let the dispatcher correct the first line of an order's delivery; return what the office answers."""
    listed = office.dispatcher.all("/deliveries", order_id=order_id)
    now = max(listed, key=lambda delivery: delivery.revision)
    line = next(line for line in now.lines if line.ordered > 1)
    lines = counted_again(now, {line.order_line_id: recount(line, delivered, extra=line.extra)})
    answer = office.dispatcher.post(f"/deliveries/{now.id}/corrections", key=str(new_id()), reason=reason, lines=lines)
    office.jobs()
    return answer
