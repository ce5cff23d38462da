"""Calling an address that a customer named, without letting it reach where it must not, or take longer than it may."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import queue
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import certifi

from server.core.settings import settings
from server.notifications.outgoing.exchange import Deadline
from shared.problems import Problem, Text

TIMEOUT_S: Final = 5  # of one step: a name, a connection, a read
EXCHANGE_S: Final = 10  # of the whole, however the receiver drips
SIGNATURE_HEADER: Final = "Tournee-Signature"
_HTTPS, _HTTP = 443, 80


class WebhookRefused(Problem):
    """The address of a webhook is not one that may be called."""

    slug = "webhook-address-refused"
    title = Text("Adresse de webhook refusée", "Webhook address refused")


class WebhookUnanswered(Problem):
    """The call did not get an answer of success; ``members["answered"]`` holds the status of another one."""

    slug = "webhook-unanswered"
    status = 502
    title = Text("Webhook sans réponse", "Webhook unanswered")


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, resolved once: the connection goes to ``ip`` and nowhere else."""

    is_secure: bool
    host: str
    port: int
    ip: str
    path: str


def resolve(url: str) -> Target:
    """Return where a webhook's call goes.

    Raises:
        WebhookRefused: not an http(s) address, unknown, or not a public one (private, mapped, NAT64, CGNAT…).
        WebhookUnanswered: the name's servers do not answer now.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (_HTTPS if parts.scheme == "https" else _HTTP)
    except ValueError as error:
        raise _refused(url, "Cette adresse ne se lit pas.", "This address cannot be read.") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password:
        raise _refused(
            url, "Donnez une adresse https:// sans identifiants.", "Give an https:// address without credentials."
        )
    addresses = _addresses(url, parts.hostname, port)
    if not all(may_be_called(address) for address in addresses):
        raise _refused(url, "Cette adresse n’est pas publique.", "This address is not public.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", parts.hostname, port, addresses[0], path)


def may_be_called(address: str) -> bool:
    """Say whether an address is a public one; addresses that hide another are judged by it."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if settings().webhook_allow_loopback and ip.is_loopback:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("64:ff9b:1::/48"):
            return False
        if (inside := ip.ipv4_mapped or ip.sixtofour) is not None:
            return inside.is_global
    return ip.is_global and not ip.is_multicast


def signature(secrets: Sequence[str], *, at_unix: int, payload: bytes) -> str:
    """Return ``t=<unix>,v1=<hex>``, one ``v1`` for each good secret: HMAC-SHA256 over ``<unix>.<payload>``."""
    signed = f"{at_unix}.".encode() + payload
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at_unix}", *(f"v1={digest}" for digest in digests)])


def call(url: str, *, secrets: Sequence[str], key: str, body: Mapping[str, Any], at_unix: int) -> int:
    """Send the call and return the answer's status, 2xx; it ends within ``EXCHANGE_S`` of its connection.

    Raises:
        WebhookRefused: the address may not be called.
        WebhookUnanswered: no answer in time, a redirect, or another status.
    """
    target = resolve(url)
    payload = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        SIGNATURE_HEADER: signature(secrets, at_unix=at_unix, payload=payload),
        "User-Agent": "Tournee",
        "Host": target.host if target.port in {_HTTP, _HTTPS} else f"{target.host}:{target.port}",
    }
    status = _exchange(target, payload, headers)
    if not 200 <= status < 300:  # noqa: PLR2004  # success
        raise _unanswered(f"{status}", f"{status}", answered=status)
    return status


def _exchange(target: Target, payload: bytes, headers: Mapping[str, str]) -> int:
    connection = http.client.HTTPConnection(target.host, target.port)
    with Deadline(EXCHANGE_S) as deadline:
        try:
            connection.sock = _connected(target, deadline)
            connection.request("POST", target.path, body=payload, headers=dict(headers))
            status = connection.getresponse().status
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: TLS cut under a read
            if deadline.is_over:
                raise _too_slow() from error
            raise _unanswered(type(error).__name__, type(error).__name__) from error
        finally:
            connection.close()
    if deadline.is_over:  # a cut inside the headers reads like their end
        raise _too_slow()
    return status


def _connected(target: Target, deadline: Deadline) -> socket.socket:
    plain = socket.create_connection((target.ip, target.port), timeout=TIMEOUT_S)
    if not target.is_secure:
        deadline.guard(plain)
        return plain
    context = ssl.create_default_context(cafile=certifi.where())
    secured = context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)
    deadline.guard(secured)
    secured.do_handshake()
    return secured


def _addresses(url: str, host: str, port: int) -> list[str]:
    """Ask for the name's addresses, for ``TIMEOUT_S`` at most: the system's resolver knows no limit of ours."""
    found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put([str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = found.get(timeout=TIMEOUT_S)
    except queue.Empty as error:
        raise _unanswered("DNS", "DNS") from error
    if isinstance(answer, socket.gaierror) and answer.errno == socket.EAI_AGAIN:
        raise _unanswered("DNS", "DNS") from answer
    if isinstance(answer, Exception):
        raise _refused(url, "Ce nom d’hôte est inconnu.", "This host name is unknown.") from answer
    return answer


def _refused(url: str, fr: str, en: str) -> WebhookRefused:
    return WebhookRefused(Text(fr, en), where=url[:200])


def _too_slow() -> WebhookUnanswered:
    return _unanswered(f"plus de {EXCHANGE_S} s", f"over {EXCHANGE_S} s")


def _unanswered(fr: str, en: str, **members: Any) -> WebhookUnanswered:
    return WebhookUnanswered(
        Text(f"Le destinataire n’a pas accepté l’appel ({fr}).", f"The recipient did not accept the call ({en})."),
        **members,
    )
