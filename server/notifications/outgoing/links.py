"""Links whose token lies in no table: they are written into an e-mail only while it is sent (ADR 0018)."""

from __future__ import annotations

from typing import Final

from server.core.settings import settings
from server.documents.service.linking import link_token
from server.identity.service.invitations import token_of
from server.notifications.choosing import event_of
from server.notifications.model import EmailMessage
from server.notifications.service.choices import unsubscribe_token
from shared.problems import Text

INVITATION: Final = "invitation"
LINK: Final = "{link}"


def body_to_send(message: EmailMessage) -> str:
    """Return the body with its secret link in place."""
    if message.kind == INVITATION and message.subject_id is not None:
        return message.body.replace(LINK, f"{settings().public_url}/invitations/{token_of(message.subject_id)}")
    body = message.body
    if message.link_id is not None:
        body = body.replace(LINK, f"{settings().public_url}/papiers/{link_token(message.link_id)}")
    return f"{body}{_way_out(message)}"


def unsubscribe_link(message: EmailMessage) -> str:
    """Return the address at which the reader of this e-mail switches such e-mails off; empty where there is none."""
    event = event_of(message.kind)
    if event is None or message.reader_id is None:
        return ""
    token = unsubscribe_token(owner_id=message.owner_id, reader_id=message.reader_id, event=event.prefix)
    return (
        f"{settings().public_url}/avis/desabonner/{message.owner_id}/{message.reader_id}/{event.prefix}?jeton={token}"
    )


def _way_out(message: EmailMessage) -> str:
    link = unsubscribe_link(message)
    if not link:
        return ""
    says = Text("Pour ne plus recevoir ces courriels\u00a0:", "To stop these e-mails:")
    return f"\n-- \n{says.say('en' if message.language == 'en' else 'fr')}\n{link}\n"
