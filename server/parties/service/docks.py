"""Places kept by their owner, or by its seller while it has no account (C26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.stamp import Stamp
from server.parties.model import Equipment, Site
from server.parties.service.cards import require_kept
from server.parties.service.deals import share_site
from server.parties.service.places import create_site, revise_site


def add_place(session: Session, *, org_id: UUID, told: Mapping[str, Any], stamp: Stamp) -> Site:
    """Return a new place of an organisation whose card the acting one keeps; both read it.

    Raises:
        NotFound, NotKept: as ``require_kept``.
        BadPlace: as ``create_site``.
    """
    keeper_id = acting_org(session)
    require_kept(session, org_id=org_id)
    with acting_for(session, org_id):
        equipment = [Equipment(one) for one in told["equipment"]]
        site = create_site(session, stamp=stamp, **{**told, "equipment": equipment})
    share_site(session, site_id=site.id, buyer_id=org_id, reader_ids=[keeper_id])
    return site


def change_place(session: Session, *, site: Site, told: Mapping[str, Any], stamp: Stamp) -> Site:
    """Return a place that was read, changed as told; runs that are frozen keep what they had.

    Raises:
        NotKept: its owner has an account and keeps it itself.
        BadPlace: as ``create_site``.
    """
    require_kept(session, org_id=site.owner_id)
    with acting_for(session, site.owner_id):
        return revise_site(session, site_id=site.id, changes=told, stamp=stamp)
