"""Groups and clients as the API shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.parties.inheritance import Setting, settings_of
from server.parties.model import CustomerGroup
from server.parties.queries import ClientRow


def present_group(session: Session, group: CustomerGroup) -> dict[str, Any]:
    """Return a group with every setting and where it comes from (R071)."""
    return {
        "id": group.id,
        "name": group.name,
        "is_everyone": group.is_everyone,
        "settings": [_setting(one) for one in settings_of(session, group)],
    }


def present_row(row: ClientRow) -> dict[str, Any]:
    """Return a client as a list shows it."""
    return {
        "buyer_id": row.client.buyer_id,
        "external_id": row.client.external_id,
        "name": row.card.name,
        "city": row.card.city,
        "group_id": row.client.group_id,
        "relation": row.state.value,
        "has_account": row.card.kept_by_id is None,
    }


def present_client(session: Session, row: ClientRow) -> dict[str, Any]:
    """Return a client with every setting and where it comes from."""
    return present_row(row) | {
        "credit_limit_cents": row.client.credit_limit_cents,
        "since": row.client.since,
        "settings": [_setting(one) for one in settings_of(session, row.client)],
    }


def _setting(one: Setting) -> dict[str, Any]:
    return {
        "name": one.name,
        "own": one.own,
        "inherited": one.inherited,
        "source": one.source.value,
        "value": one.own if one.is_own else one.inherited,
    }
