"""Calling an address that a customer named, without letting it reach where it must not."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import certifi

from server.core.settings import settings
from shared.problems import Problem, Text

TIMEOUT_S = 5
SIGNATURE_HEADER = "Tournee-Signature"
_HTTPS, _HTTP = 443, 80


class WebhookRefused(Problem):
    """The address of a webhook is not one that may be called."""

    slug = "webhook-address-refused"
    title = Text("Adresse de webhook refusée", "Webhook address refused")


class WebhookUnanswered(Problem):
    """The call did not get an answer of success."""

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
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise _unanswered("DNS") from error
        raise _refused(url, "Ce nom d’hôte est inconnu.", "This host name is unknown.") from error
    except (OSError, UnicodeError) as error:
        raise _refused(url, "Ce nom d’hôte est inconnu.", "This host name is unknown.") from error
    addresses = [str(entry[4][0]) for entry in found]
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


def signature(secret: str, *, at_unix: int, payload: bytes) -> str:
    """Return ``t=<unix>,v1=<hex>``: HMAC-SHA256 over ``<unix>.<payload>``."""
    digest = hmac.new(secret.encode(), f"{at_unix}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at_unix},v1={digest}"


def call(url: str, *, secret: str, key: str, body: Mapping[str, Any], at_unix: int) -> int:
    """Send the call and return the answer's status, 2xx.

    Raises:
        WebhookRefused: the address may not be called.
        WebhookUnanswered: no answer in time, a redirect, or another status.
    """
    target = resolve(url)
    payload = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        SIGNATURE_HEADER: signature(secret, at_unix=at_unix, payload=payload),
        "User-Agent": "Tournee",
        "Host": target.host if target.port in {_HTTP, _HTTPS} else f"{target.host}:{target.port}",
    }
    connection = _connect(target)
    try:
        connection.request("POST", target.path, body=payload, headers=headers)
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise _unanswered(type(error).__name__) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:  # noqa: PLR2004  # success
        raise _unanswered(str(answer.status))
    return answer.status


def _connect(target: Target) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_S)
    try:
        raw = socket.create_connection((target.ip, target.port), timeout=TIMEOUT_S)
        if target.is_secure:
            context = ssl.create_default_context(cafile=certifi.where())
            connection.sock = context.wrap_socket(raw, server_hostname=target.host)
        else:
            connection.sock = raw
    except OSError as error:
        raise _unanswered(type(error).__name__) from error
    return connection


def _refused(url: str, fr: str, en: str) -> WebhookRefused:
    return WebhookRefused(Text(fr, en), where=url[:200])


def _unanswered(what: str) -> WebhookUnanswered:
    return WebhookUnanswered(
        Text(f"Le destinataire n’a pas accepté l’appel ({what}).", f"The recipient did not accept the call ({what}).")
    )
