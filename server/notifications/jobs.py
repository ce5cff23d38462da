"""The invitation by e-mail: its address is nobody's inbox yet, so that it is no news of the table."""

from __future__ import annotations

from uuid import UUID

from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.model import Invitation
from server.notifications.outgoing.links import INVITATION, LINK
from server.notifications.service.mailing import mail
from shared.problems import Text


@queue.task(name="notifications.tell_invitation", retry=AGAIN)
def tell_invitation(*, owner_id: str, subject_id: str) -> None:
    """Send an invitation to the address that it is for; its link is put in while it is sent."""
    with transaction(UUID(owner_id)) as session:
        one = session.get_one(Invitation, UUID(subject_id))
        subject, body = invitation_words(one)
        mail(
            session,
            key=f"invitation:{one.id}",
            kind=INVITATION,
            subject_id=one.id,
            recipient=one.email,
            language="en" if one.language == "en" else "fr",
            subject=subject,
            body=body,
            stamp=Stamp(None, clock.now()),
        )


def invitation_words(one: Invitation) -> tuple[Text, Text]:
    """Return subject and body of an invitation; its link is put in while it is sent."""
    days = (one.expires_at - one.made_at).days
    subject = Text(f"Invitation\u00a0: {one.organisation_name}", f"Invitation: {one.organisation_name}")
    body = Text(
        f"{one.inviter_name} vous invite à rejoindre {one.organisation_name} sur Tournée.\n\n{LINK}\n\n"
        f"Ce lien sert une fois, pendant {days} jours. Si vous n’attendiez rien, ignorez ce courriel.\n",
        f"{one.inviter_name} invites you to join {one.organisation_name} on Tournée.\n\n{LINK}\n\n"
        f"This link works once, for {days} days. If you expected nothing, ignore this e-mail.\n",
    )
    return subject, body
