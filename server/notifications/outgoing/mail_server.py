"""The mail server that the settings name: in the clear, by STARTTLS, or by TLS from the first byte."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.core.settings import settings

CONNECT_S: Final = 10.0
ANSWER_S: Final = 60.0
"""A server may look at a message for long before it takes it; whom we leave too early gets the message twice."""


@contextmanager
def mail_server() -> Iterator[smtplib.SMTP]:
    """Connect, secure the connection as the settings say, and log in when they name a user.

    The server's certificate is verified for its name against the authorities of the system (``SSL_CERT_FILE`` names
    others). A server without the STARTTLS that was asked for gets neither password nor message.

    Raises:
        OSError: it cannot be reached in time, or its certificate does not hold.
        smtplib.SMTPException: it refused.
    """
    now = settings()
    with _connected() as server:
        if server.sock:
            server.sock.settimeout(ANSWER_S)
        if now.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if now.smtp_user:
            server.login(now.smtp_user, now.smtp_password)
        yield server


def without_password(words: str) -> str:
    """Return what a server said, should it repeat our password."""
    password = settings().smtp_password
    return words.replace(password, "…") if password else words


def _connected() -> smtplib.SMTP:
    now = settings()
    if now.smtp_security == "tls":
        verified = ssl.create_default_context()
        return smtplib.SMTP_SSL(now.smtp_host, now.smtp_port, timeout=CONNECT_S, context=verified)
    return smtplib.SMTP(now.smtp_host, now.smtp_port, timeout=CONNECT_S)
