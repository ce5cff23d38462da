"""The permission matrix, line by line as requirements section 3 writes it."""

from __future__ import annotations

import itertools

import pytest

from server.identity.model import OrganisationKind, Role
from server.identity.permissions import (
    ACTIONS,
    MATRIX,
    REVOKED_TABLET_PERMISSIONS,
    TABLET_PERMISSIONS,
    Column,
    Grant,
    Permission,
    allows,
    column_of,
    grant_of,
    held_as,
    permissions_of,
)

P = Permission
# Détaillant, Fournisseur, Distributeur, Agent, Livreur, Répartiteur, Comptable, Admin
SECTION_3 = """
order.create           ● ● ● ● ○ ● – ●
order.edit             – ● ● ● – ○ – ●
order.edit_published   – – – – – – – –
order.accept           – ● ○ ● – – – ●
order.cancel           – ● ○ ● – – – ●
order.relieve          – ● ○ ● – – ○ ●
terms.set              – ● ○ ○ – – ○ ●
deliver_with.choose    – ○ ● – – ● – ●
run.plan               – ○ ● – – ● – ●
run.documents          – ○ ● – ○ ● – ●
delivery.record        – – ○ – ● ○ – –
stop.correct           – – ● – ○ ● – ○
run.close              – – ● – – ● ● ●
proof.read             ○ ○ ● ○ ○ ● ● ●
proof.upload           – ○ ● – ● ● – ●
dispute                ● ● ● ● – – ● ●
invoice.publish        – ● ○ ● – – ● ●
invoice.adjust         – ● ● ○ – ○ ● –
invoice.void           – ● ○ ○ – – ● ●
credit.create          – ● ● ● – – ● ●
credit.approve         – ● ○ ○ – – ● ●
payment.record         – ● ○ ○ ○ – ● ●
payment.online         ○ – – – – – – –
balance.read           ○ ● ○ ○ – – ● ●
order.chat             ● ● ● ● ○ ● ● ●
accounting.chat        ● ● ○ ○ – – ● ●
receivables.run        – ● ○ – – – ● ●
invoice.partial        – ● ○ ● – – ● ●
statistics.read        – ● ○ ○ ○ ○ ● ●
tablet.prices          – – – – ○ ● – –
stock.move             – ○ ● – ○ ● – ●
member.administer      – ○ ○ – – – – ●
device.administer      – ○ ○ – – ○ – ●
"""
LINES = {line.split()[0]: line.split()[1:] for line in SECTION_3.strip().splitlines()}
PEOPLE = {
    Column.RETAILER: (Role.OWNER, OrganisationKind.RETAILER),
    Column.SUPPLIER: (Role.OWNER, OrganisationKind.SUPPLIER),
    Column.DISTRIBUTOR: (Role.OWNER, OrganisationKind.DISTRIBUTOR),
    Column.AGENT: (Role.OWNER, OrganisationKind.AGENT),
    Column.DRIVER: (Role.DRIVER, OrganisationKind.DISTRIBUTOR),
    Column.DISPATCHER: (Role.DISPATCHER, OrganisationKind.DISTRIBUTOR),
    Column.ACCOUNTANT: (Role.ACCOUNTANT, OrganisationKind.SUPPLIER),
    Column.ADMIN: (Role.ADMIN, OrganisationKind.SUPPLIER),
}


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_line_of_the_matrix_is_the_line_of_the_requirements(name: str) -> None:
    """Requirements, section 3 (R035, R043, R045, R062, R089 …): every cell of the action's line."""
    cells = [grant_of(PEOPLE[column][:1], PEOPLE[column][1], Permission(name)).value for column in PEOPLE]
    assert cells == LINES[name]


def test_every_permission_has_one_line_with_a_cell_for_each_column() -> None:
    """Platform: no permission is decided anywhere else."""
    assert set(MATRIX) == set(Permission)
    assert len(ACTIONS) == len(Permission)
    assert {len(action.grants.split()) for action in ACTIONS} == {len(PEOPLE)}
    assert all(action.says.fr and action.says.en for action in ACTIONS)


@pytest.mark.parametrize("kind", list(OrganisationKind), ids=str)
def test_several_roles_hold_their_union_at_its_best(kind: OrganisationKind) -> None:
    """Section 3, roles ticked by page: each cell is the best of the roles', and says which of them open it."""
    order = [Grant.NONE, Grant.LIMITED, Grant.FULL]
    for count in range(1, len(Role) + 1):
        for roles in itertools.combinations(Role, count):
            doors = held_as(roles, kind)
            assert set(doors) == set().union(*(permissions_of((role,), kind) for role in roles))
            for one in Permission:
                cells = [grant_of((role,), kind, one) for role in roles]
                assert grant_of(roles, kind, one) is max(cells, key=order.index)
                openers = {role for role in roles if allows((role,), kind, one)}
                assert doors.get(one, frozenset()) == openers


@pytest.mark.parametrize("role", [Role.DRIVER, Role.DISPATCHER, Role.ACCOUNTANT, Role.ADMIN])
@pytest.mark.parametrize("kind", [OrganisationKind.RETAILER, OrganisationKind.AGENT])
def test_office_roles_exist_inside_companies_only(role: Role, kind: OrganisationKind) -> None:
    """Requirements, section 3: users inside a company (supplier or distributor)."""
    assert column_of(role, kind) is None
    assert permissions_of((role,), kind) == frozenset()


def test_nobody_edits_what_is_published() -> None:
    """R043: any line change by any role is refused after publication."""
    assert not any(allows((role,), kind, P.ORDER_EDIT_PUBLISHED) for role in Role for kind in OrganisationKind)


def test_retailers_and_drivers_never_create_credits() -> None:
    """R089: only suppliers and their agents or distributors."""
    assert not allows((Role.OWNER,), OrganisationKind.RETAILER, P.CREDIT_CREATE)
    assert not allows((Role.DRIVER,), OrganisationKind.DISTRIBUTOR, P.CREDIT_CREATE)


def test_a_tablet_syncs_and_does_nothing_else() -> None:
    """Platform: a stolen token opens the sync endpoints alone; people hold neither of a tablet's permissions."""
    assert frozenset({P.DEVICE_SYNC, P.DEVICE_SEND}) == TABLET_PERMISSIONS
    assert not any(
        allows((role,), kind, one) for one in TABLET_PERMISSIONS for role in Role for kind in OrganisationKind
    )
    assert all(MATRIX[one].grant(Column.TABLET) is Grant.FULL for one in TABLET_PERMISSIONS)


def test_a_revoked_tablet_hands_in_and_gets_nothing() -> None:
    """ADR 0019: of a tablet's permissions a revoked one keeps the one that only gives."""
    assert frozenset({P.DEVICE_SEND}) == REVOKED_TABLET_PERMISSIONS
