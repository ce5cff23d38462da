"""What the office's books ask a dispatcher, in the model's words."""

from __future__ import annotations

from server.rehearsal.ground import Rows
from server.rehearsal.oracle_asked import Question
from server.rehearsal.verdict import Verdict


def questions(rows: Rows) -> list[Question]:
    """Return every question about a second visit, a clock, what came late, or a changed order, decided or not."""
    found = rows.all(
        "SELECT kind, subject_id, NULL FROM discrepancy WHERE kind IN ('clock_skew', 'after_closing')"
        " UNION ALL SELECT q.kind, d.order_id, v.event_id FROM discrepancy q"
        " JOIN delivery d ON d.id = q.subject_id JOIN visit v ON v.id = q.against_id WHERE q.kind = 'two_deliveries'"
        " UNION ALL SELECT q.kind, q.stop_id, v.event_id FROM discrepancy q"
        " JOIN visit v ON v.id = q.against_id WHERE q.kind = 'two_visits'"
        " UNION ALL SELECT q.kind, d.order_id, NULL FROM discrepancy q"
        " JOIN delivery d ON d.id = q.subject_id WHERE q.kind = 'order_changed'"
    )
    return [(kind, str(about), str(event or "")) for kind, about, event in found]


def judge_questions(verdict: Verdict, rows: Rows, wanted: set[Question]) -> None:
    """Hold what is asked to what the model would ask, once each."""
    found = questions(rows)
    verdict.lost += [f"nobody is asked about {one}" for one in sorted(wanted - set(found))]
    verdict.out_of_order += [f"somebody is asked about {one}, without need" for one in sorted(set(found) - wanted)]
    verdict.doubled += [f"somebody is asked twice about {one}" for one in sorted(set(found)) if found.count(one) > 1]
