"""The verbs of people, their sessions and their tablets."""

from server.identity.service.devices import (
    DeviceGone,
    EnrolmentRefused,
    challenge_device,
    enrol_device,
    find_device_token,
    issue_device_token,
    make_enrolment_code,
    revoke_device,
)
from server.identity.service.limits import TooManyTries, count_try
from server.identity.service.people import add_member, add_user
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
    "SignInRefused",
    "TooManyTries",
    "add_member",
    "add_user",
    "challenge_device",
    "close_session",
    "count_try",
    "enrol_device",
    "find_device_token",
    "find_session",
    "issue_device_token",
    "make_enrolment_code",
    "open_session",
    "renew_session",
    "revoke_device",
    "switch_language",
    "switch_membership",
]
