"""The verbs of people, their sessions and their tablets."""

from server.identity.service.attesting import attest
from server.identity.service.devices import (
    EnrolmentRefused,
    challenge_device,
    enrol_device,
    find_device_token,
    issue_device_token,
    make_enrolment_code,
    revoke_device,
)
from server.identity.service.gone import DeviceGone
from server.identity.service.handing import Handed, LogOfAnotherKey, LogOfUnknownTablet, known_by_log
from server.identity.service.invitations import (
    InvitationGone,
    accept_invitation,
    find_invitation,
    invite,
    revoke_invitation,
)
from server.identity.service.limits import TooManyTries, count_try
from server.identity.service.members import change_roles, grantable_roles, leave_organisation, remove_member
from server.identity.service.people import add_member, add_user, rename_organisation
from server.identity.service.sessions import (
    SignInRefused,
    close_session,
    find_session,
    open_session,
    renew_session,
    switch_language,
    switch_membership,
)

__all__ = [
    "DeviceGone",
    "EnrolmentRefused",
    "Handed",
    "InvitationGone",
    "LogOfAnotherKey",
    "LogOfUnknownTablet",
    "SignInRefused",
    "TooManyTries",
    "accept_invitation",
    "add_member",
    "add_user",
    "attest",
    "challenge_device",
    "change_roles",
    "close_session",
    "count_try",
    "enrol_device",
    "find_device_token",
    "find_invitation",
    "find_session",
    "grantable_roles",
    "invite",
    "issue_device_token",
    "known_by_log",
    "leave_organisation",
    "make_enrolment_code",
    "open_session",
    "remove_member",
    "rename_organisation",
    "renew_session",
    "revoke_device",
    "revoke_invitation",
    "switch_language",
    "switch_membership",
]
