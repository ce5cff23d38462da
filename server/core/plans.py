"""How the database plans what a transaction asks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_FOR_VALUES: Final = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")


def plan_for_values(session: Session) -> None:
    """Let the database plan each statement of this transaction for the values it is sent with, until it ends.

    A statement that was sent a few times gets one plan for all values, made without looking at them. For a list whose
    filters let through ten rows or all of them, that plan is wrong half of the time, and planning costs less than it.
    """
    session.execute(_FOR_VALUES)
