"""What organisations do: join, add places, make deals and keep clients."""

from server.parties.service.clients import GroupTerms, change_group, create_group, keep_client
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
from server.parties.service.organisations import (
    BadPlace,
    choose_correction_policy,
    create_organisation,
    create_site,
    register_tax,
)

__all__ = [
    "BadPlace",
    "GroupTerms",
    "NoAgreement",
    "NoRelation",
    "agree",
    "change_group",
    "choose_correction_policy",
    "create_group",
    "create_organisation",
    "create_site",
    "introduce",
    "keep_client",
    "register_tax",
    "relate",
    "require_agreement",
    "require_relation",
    "share_site",
]
