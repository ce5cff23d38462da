"""Proofs that were given out: a yard of suppliers whose visits are sealed, shared and told, as the worker does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof, Visit
from server.identity.model import OrganisationKind, Role
from server.notifications.following.jobs import tell_fact
from server.notifications.service.endpoints import add_endpoint
from server.sync import jobs as sync
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import ADJUST, CREDIT, EXTERNAL, Deal, make_order, make_world, stamp


def supplied_yard(app: Flask, deals: Sequence[Deal] = (ADJUST, CREDIT, EXTERNAL), *, buyers: int = 1) -> Yard:
    """Return a documented run on which each supplier has an order at each shop, and a webhook that nobody answers."""
    world = make_world(list(deals), buyers=buyers)
    for seller in world.sellers:
        for buyer in world.buyers:
            make_order(world, seller=seller, buyer=buyer)
        with transaction(seller.id) as session:
            add_endpoint(session, url="http://127.0.0.1:9/", stamp=stamp())
    return make_yard(app, world)


def deliver(yard: Yard, position: int = 0, **said: Any) -> UUID:
    """Let the tablet finish its next visit and push it; return the visit."""
    tablet = yard.tablet
    event = tablet.visit(tablet.stop(position), **said)
    assert tablet.push(len(tablet.events))["results"][-1]["status"] == "applied"
    with transaction(yard.world.carrier_id) as session:
        event_id = UUID(json.loads(event.body)["event_id"])
        return session.scalars(select(Visit.id).where(Visit.event_id == event_id)).one()


def seal(yard: Yard, visit_id: UUID, *, only_complete: int = 1) -> list[Proof]:
    """Seal what is ready of a visit and tell its parties; return the visit's proofs."""
    owner_id = str(yard.world.carrier_id)
    sync.seal_visit(owner_id=owner_id, subject_id=str(visit_id), only_complete=only_complete)
    with transaction(yard.world.carrier_id) as session:
        delivery_ids = list(session.scalars(select(Delivery.id).where(Delivery.visit_id == visit_id)))
        found = list(session.scalars(select(Proof).where(Proof.delivery_id.in_(delivery_ids))))
    for proof in found:
        tell_fact(owner_id=owner_id, subject_id=str(proof.id))
    for delivery_id in delivery_ids:
        tell_fact(owner_id=owner_id, subject_id=str(delivery_id))
    return found


def proof_bytes(proof: Proof) -> bytes:
    """Return a proof's file as the store keeps it."""
    return blob_store().get(proof.owner_id, proof.file_sha256)


def supplier(yard: Yard, number: int = 0, *, browser: bool = False) -> Client:
    """Return a program, or a browser, of a supplier's owner."""
    member = make_member(Organisation(OrganisationKind.SUPPLIER, yard.world.sellers[number].id), Role.OWNER)
    return browser_of(yard.app, member) if browser else program_of(yard.app, member)


def shop(yard: Yard, number: int = 0) -> Client:
    """Return a program of a shop's owner."""
    return program_of(yard.app, make_member(Organisation(OrganisationKind.RETAILER, yard.world.buyers[number].id)))


def carrier(yard: Yard, role: Role = Role.DISPATCHER, *, browser: bool = False) -> Client:
    """Return a program, or a browser, of somebody at the carrier."""
    member = make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), role)
    return browser_of(yard.app, member) if browser else program_of(yard.app, member)
