"""The permission matrix as the API's document tells it: from the same lines as ``docs/permissions.md``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.core.web.openapi import Door
from server.identity.permissions import ACTIONS, TABLET_PERMISSIONS, Action, Column, Grant


def doors_of_the_matrix() -> Mapping[StrEnum, Door]:
    """Return every permission with what it lets do and who holds it."""
    return {action.permission: _door(action) for action in ACTIONS}


def _door(action: Action) -> Door:
    return Door(
        action.says,
        full=_columns(action, Grant.FULL),
        limited=_columns(action, Grant.LIMITED),
        by_tablet=action.permission in TABLET_PERMISSIONS,
    )


def _columns(action: Action, grant: Grant) -> tuple[str, ...]:
    return tuple(one.value for one in Column if one is not Column.TABLET and action.grant(one) is grant)
