"""What organisations do: join, add places, make deals and keep clients."""

from server.core.imports import ImportReport
from server.parties.service.adding import add_client
from server.parties.service.clients import (
    GroupTerms,
    change_group,
    create_group,
    drop_group,
    keep_client,
    name_client,
    rename_group,
)
from server.parties.service.deals import (
    NoAgreement,
    NoRelation,
    agree,
    introduce,
    relate,
    require_agreement,
    require_relation,
    share_site,
)
from server.parties.service.importing import import_clients, preview_clients
from server.parties.service.organisations import (
    choose_correction_policy,
    create_organisation,
    register_tax,
)
from server.parties.service.places import BadPlace, create_site, revise_site

__all__ = [
    "BadPlace",
    "GroupTerms",
    "ImportReport",
    "NoAgreement",
    "NoRelation",
    "add_client",
    "agree",
    "change_group",
    "choose_correction_policy",
    "create_group",
    "create_organisation",
    "create_site",
    "drop_group",
    "import_clients",
    "introduce",
    "keep_client",
    "name_client",
    "preview_clients",
    "register_tax",
    "relate",
    "rename_group",
    "require_agreement",
    "require_relation",
    "revise_site",
    "share_site",
]
