"""An e-mail as it leaves: its heads, its body with the secret link, its papers."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage as MimeMessage

from server.core.settings import settings
from server.notifications.model import EmailMessage
from server.notifications.outgoing.links import body_to_send, unsubscribe_link


def composed(message: EmailMessage, attached: Sequence[tuple[str, bytes]]) -> MimeMessage:
    """Return the e-mail with its PDFs, each a name and its bytes."""
    mime = MimeMessage()
    mime["From"] = settings().smtp_from
    mime["To"] = message.recipient
    mime["Subject"] = message.subject
    mime["Message-ID"] = message.message_id
    mime["Content-Language"] = message.language
    if link := unsubscribe_link(message):
        mime["List-Unsubscribe"] = f"<{link}>"
    mime.set_content(body_to_send(message))
    for name, payload in attached:
        mime.add_attachment(payload, maintype="application", subtype="pdf", filename=name)
    return mime
