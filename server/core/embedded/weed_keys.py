"""The secrets of an embedded S3 store: made once, kept in files that only their owner reads."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Both ends of every connection are this one store, so a certificate needs no turnover: it lives as long as its folder.
_VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_UNTIL: Final = datetime(2099, 1, 1, tzinfo=UTC)
_COMPONENTS: Final = ("MASTER", "VOLUME", "FILER", "S3", "CLIENT", "ADMIN", "WORKER")


@dataclass(frozen=True, slots=True)
class WeedKeys:
    """What opens the store (access and secret key), and what its parts show one another."""

    access_key: str
    secret_key: str = field(repr=False)
    signing_key: str = field(repr=False)
    admin_password: str = field(repr=False)

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the settings that shut every door of SeaweedFS but S3: signed HTTP, and gRPC with certificates."""
        certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
        shown = {"WEED_ADMIN_PASSWORD": self.admin_password, "WEED_GRPC_CA": certificate}
        for purpose in ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ"):
            shown[f"WEED_JWT_{purpose}_KEY"] = self.signing_key
        for component in _COMPONENTS:
            shown[f"WEED_GRPC_{component}_CERT"] = certificate
            shown[f"WEED_GRPC_{component}_KEY"] = key
        return shown


def weed_keys(folder: Path) -> WeedKeys:
    """Return the secrets kept in ``folder``, made on first use together with the certificate and S3's own file."""
    kept = folder / "keys.json"
    if not kept.exists():
        keys = WeedKeys(
            secrets.token_hex(10).upper(), secrets.token_urlsafe(30), secrets.token_hex(32), secrets.token_hex(16)
        )
        _write_certificate(folder)
        write_secret(folder / "s3.json", msgspec.json.encode(_identities(keys)))
        write_secret(kept, msgspec.json.encode(keys))
    return msgspec.json.decode(kept.read_bytes(), type=WeedKeys)


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; it is on the disk, whole, or not there."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    partial.rename(path)


def _identities(keys: WeedKeys) -> dict[str, object]:
    credentials = [{"accessKey": keys.access_key, "secretKey": keys.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return {"identities": [{"name": "tournee", "credentials": credentials, "actions": actions}]}


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tournee")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(_VALID_FROM).not_valid_after(_VALID_UNTIL)
    builder = builder.add_extension(usage, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    write_secret(folder / "certificate.pem", certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    write_secret(
        folder / "key.pem",
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )
