"""Settings, read once from the environment; every one is documented in docs/settings.md."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from shared.durable import make_folder
from shared.problems import Problem, Text

PREFIX = "TOURNEE_"


class BadSetting(Problem):
    """An environment variable is missing or cannot be read."""

    slug = "bad-setting"
    status = 500
    title = Text("Réglage invalide", "Invalid setting")


@dataclass(frozen=True, slots=True)
class Settings:
    """The product's settings. Each field is read from ``TOURNEE_<FIELD>``; ``doc`` is its line in the manual."""

    database_url: str = field(default="", metadata={"doc": "SQLAlchemy URL of PostgreSQL for the app role"})
    owner_database_url: str = field(default="", metadata={"doc": "URL of the role that owns the schema (migrations)"})
    backup_database_url: str = field(
        default="", metadata={"doc": "URL of a superuser that may replicate (backups of a PostgreSQL that is named)"}
    )
    backups_path: str = field(default="var/backups", metadata={"doc": "folder of backups"})
    wal_archive_path: str = field(
        default="", metadata={"doc": "folder of the embedded PostgreSQL's archived log; empty archives nothing"}
    )
    store: Literal["local", "s3"] = field(default="local", metadata={"doc": "where objects live"})
    store_path: str = field(default="var/store", metadata={"doc": "folder of the local object store"})
    s3_endpoint: str = field(default="", metadata={"doc": "address of the S3 store; empty for the provider's own"})
    s3_bucket: str = field(default="tournee", metadata={"doc": "bucket"})
    s3_access_key: str = field(default="", repr=False, metadata={"doc": "access key", "secret": "yes"})
    s3_secret_key: str = field(default="", repr=False, metadata={"doc": "secret key", "secret": "yes"})
    s3_region: str = field(default="us-east-1", metadata={"doc": "region"})
    secrets_path: str = field(default="var/secrets", metadata={"doc": "folder (0700) of the server's keys"})
    smtp_host: str = field(default="", metadata={"doc": "mail server; empty keeps mail in the outbox"})
    smtp_port: int = field(default=25, metadata={"doc": "mail server's port"})
    smtp_security: Literal["none", "starttls", "tls"] = field(
        default="none", metadata={"doc": "`starttls` (often port 587), `tls` (often 465), or `none` within one's house"}
    )
    smtp_user: str = field(default="", metadata={"doc": "who logs in at the mail server; empty for nobody"})
    smtp_password: str = field(default="", repr=False, metadata={"doc": "password there", "secret": "yes"})
    smtp_from: str = field(default="tournee@localhost", metadata={"doc": "sender of mail"})
    public_url: str = field(default="http://localhost:8000", metadata={"doc": "address that people and tablets use"})
    secure_cookies: bool = field(
        default=True, metadata={"doc": "send cookies over HTTPS only (off for plain localhost)"}
    )
    roads_path: str = field(default="var/roads", metadata={"doc": "folder of road networks and map tiles"})
    webhook_allow_loopback: bool = field(
        default=False, metadata={"doc": "let webhooks reach this machine (trials only)"}
    )
    webhook_rotation_hours: int = field(
        default=24, metadata={"doc": "how long a webhook’s former secret stays good after it was replaced"}
    )
    pending_days: int = field(
        default=21, metadata={"doc": "days after which an order that nobody answered expires; 0 for never"}
    )
    stripe_api_base: str = field(
        default="", metadata={"doc": "address of Stripe’s interface (trials only); empty for Stripe’s own"}
    )
    export_days: int = field(default=7, metadata={"doc": "how many days an archive of proofs may be fetched"})
    tsa_url: str = field(
        default="", metadata={"doc": "time-stamping authority (RFC 3161) of the days' roots; empty for none"}
    )
    retention_proof_years: int = field(
        default=6, metadata={"doc": "full years after the year of a delivery for which its pictures are kept"}
    )
    retention_access_days: int = field(
        default=730, metadata={"doc": "days for which the log of who had a proof is kept; never under 365"}
    )
    proxies: int = field(default=0, metadata={"doc": "reverse proxies in front, whose X-Forwarded-* are believed"})
    log_level: str = field(default="INFO", metadata={"doc": "DEBUG, INFO, WARNING or ERROR"})
    pushes_at_once: int = field(default=2, metadata={"doc": "tablets' pushes that one web process applies at once"})
    pushes_overall: int = field(
        default=8, metadata={"doc": "tablets' pushes that all web processes together apply at once, 0 for any number"}
    )
    pushes_per_minute: int = field(
        default=600, metadata={"doc": "pushes and greetings of one tablet a minute and web process; 0 for no limit"}
    )
    file_calls_per_minute: int = field(
        default=3000,
        metadata={"doc": "calls about files of one tablet a minute, over all web processes; 0 for no limit"},
    )
    max_body_bytes: int = field(default=16 * 1024 * 1024, metadata={"doc": "largest request body"})


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        BadSetting: a value cannot be read as its type, or is none of its choices; or two do not go together.
    """
    kinds = get_type_hints(Settings)
    values = {
        one.name: _read(one.name, kinds[one.name])
        for one in fields(Settings)
        if PREFIX + one.name.upper() in os.environ
    }
    return _coherent(Settings(**values))


def reload_settings() -> Settings:
    """Read the environment again (for launchers that have just set it)."""
    settings.cache_clear()
    return settings()


def secret_file(name: str) -> Path:
    """Return the path of a secret file inside the secrets folder, made private on first use."""
    folder = Path(settings().secrets_path)
    if not folder.is_dir():
        make_folder(folder, above=0o755)
    return folder / name


def _coherent(read: Settings) -> Settings:
    if bool(read.smtp_user) != bool(read.smtp_password):
        raise BadSetting(
            Text(
                "Donnez l’utilisateur et son mot de passe, ou aucun des deux.",
                "Give the user and its password, or neither.",
            ),
            where="TOURNEE_SMTP_USER, TOURNEE_SMTP_PASSWORD",
        )
    if not (read.smtp_user + read.smtp_password).isascii():
        raise BadSetting(
            Text("Le courriel n’accepte ici que des caractères ASCII.", "Mail takes ASCII characters alone here."),
            where="TOURNEE_SMTP_USER, TOURNEE_SMTP_PASSWORD",
        )
    if read.smtp_user and read.smtp_security == "none":
        raise BadSetting(
            Text(
                "Un mot de passe ne part pas en clair\u00a0: choisissez «\u00a0starttls\u00a0» ou «\u00a0tls\u00a0».",
                "A password is not sent in the clear: choose “starttls” or “tls”.",
            ),
            where="TOURNEE_SMTP_SECURITY",
        )
    return read


def _read(name: str, kind: Any) -> Any:
    raw = os.environ[PREFIX + name.upper()]
    try:
        if get_origin(kind) is Literal:
            return {choice: choice for choice in get_args(kind)}[raw]
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[raw.lower()]
        return int(raw) if kind is int else raw
    except (KeyError, ValueError) as error:
        raise BadSetting(
            Text(f"La valeur «\u00a0{raw}\u00a0» ne convient pas.", f"The value “{raw}” does not fit."),
            where=PREFIX + name.upper(),
        ) from error
