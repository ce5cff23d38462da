"""What organisations do: join, add places, make deals and keep clients."""

from server.core.imports import ImportReport
from server.parties.service.adding import add_client
from server.parties.service.cards import require_kept, revise_card
from server.parties.service.clients import (
    GroupTerms,
    change_group,
    create_group,
    drop_group,
    keep_client,
    name_client,
    rename_group,
)
from server.parties.service.company import enter_registration, registrations_of, revise_company
from server.parties.service.deals import (
    NoAgreement,
    NoRelation,
    agree,
    introduce,
    relate,
    require_agreement,
    require_relation,
    revise_agreement,
    share_site,
)
from server.parties.service.docks import add_place, change_place
from server.parties.service.importing import import_clients, preview_clients
from server.parties.service.moving import accept_bond, end_bond, propose_bond
from server.parties.service.organisations import (
    choose_correction_policy,
    create_organisation,
    register_tax,
)
from server.parties.service.places import BadPlace, create_site, revise_site
from server.parties.service.proposing import own_code, propose_to, renew_code

__all__ = [
    "BadPlace",
    "GroupTerms",
    "ImportReport",
    "NoAgreement",
    "NoRelation",
    "accept_bond",
    "add_client",
    "add_place",
    "agree",
    "change_group",
    "change_place",
    "choose_correction_policy",
    "create_group",
    "create_organisation",
    "create_site",
    "drop_group",
    "end_bond",
    "enter_registration",
    "import_clients",
    "introduce",
    "keep_client",
    "name_client",
    "own_code",
    "preview_clients",
    "propose_bond",
    "propose_to",
    "register_tax",
    "registrations_of",
    "relate",
    "rename_group",
    "renew_code",
    "require_agreement",
    "require_kept",
    "require_relation",
    "revise_agreement",
    "revise_card",
    "revise_company",
    "revise_site",
    "share_site",
]
