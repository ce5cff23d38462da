"""A client without an account: an organisation whose card its seller keeps until it has one (C26)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.parties.model import Client, OrganisationKind
from server.parties.service.clients import name_client
from server.parties.service.deals import relate
from server.parties.service.organisations import create_organisation


def add_client(session: Session, *, name: str, stamp: Stamp, email: str = "", external_id: str | None = None) -> Client:
    """Return a new client of the acting seller, in « Tous », with an active relation.

    Raises:
        NumberTaken: another client has this number.

    Source: C26 (relation created by the supplier).
    """
    buyer = create_organisation(
        session,
        kind=OrganisationKind.RETAILER,
        name=name,
        legal_name=name,
        code="",
        email=email,
        kept_by_id=acting_org(session),
        stamp=stamp,
    )
    relate(session, buyer_id=buyer.id, stamp=stamp)
    return name_client(session, buyer_id=buyer.id, external_id=external_id, stamp=stamp)
