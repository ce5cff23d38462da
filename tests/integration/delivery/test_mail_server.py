"""The mail server: its certificate is verified, the password goes to nobody else, and a mute one holds nobody up."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage as MimeMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from server.core.settings import BadSetting, reload_settings
from server.core.transaction import transaction
from server.notifications.model import EmailMessage, SendingState
from server.notifications.outgoing import mail_server as doors
from server.notifications.outgoing.jobs import MailUndelivered, send_email
from server.notifications.outgoing.mail_server import mail_server
from server.notifications.service.telling import News, tell
from shared.ids import new_id
from shared.problems import Text
from tests.factories.world import World, make_world, stamp

USER, PASSWORD = "tournee@exemple.test", "orge & houblon"


@dataclass
class Office:
    """A mail server: what it took, who logged in, and whether the line was encrypted then."""

    kept: list[Any] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.kept.append(message_from_bytes(envelope.content, policy=default))
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def let_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        self.logins.append(given)
        holds = given == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=holds, handled=False, message=None if holds else f"535 no: {given.password.decode()}")


@dataclass(frozen=True)
class Papers:
    """A certificate that is its own authority, and the context of a server that shows it."""

    certificate: Path
    context: ssl.SSLContext


type Opened = Callable[..., Office]


def papers(folder: Path, *, name: x509.GeneralName) -> Papers:
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown, secret)
    return Papers(shown, context)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("ours"), name=x509.IPAddress(ip_address("127.0.0.1")))


@pytest.fixture(scope="module")
def anothers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("anothers"), name=x509.DNSName("courriel.exemple.test"))


@pytest.fixture(autouse=True)
def _settings_given_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    reload_settings()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, ours: Papers) -> Iterator[Opened]:
    """Open a mail server and let the settings name it; ``trusted`` is the authority that the system knows."""
    open_ones = []

    def opened(security: str, shown: Papers | None = ours, *, trusted: Papers | None = ours, **told: str) -> Office:
        office, context = Office(), shown.context if shown else None
        secured = {"ssl_context": context} if security == "tls" else {"tls_context": context}
        port = _free_port()
        controller = Controller(
            office, hostname="127.0.0.1", port=port, authenticator=office.let_in, auth_require_tls=False, **secured
        )
        controller.start()
        open_ones.append(controller)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
        names_it(monkeypatch, port, security, **({"user": USER, "password": PASSWORD} | told))
        return office

    yield opened
    for controller in open_ones:
        controller.stop()


def names_it(monkeypatch: pytest.MonkeyPatch, port: int, security: str, **told: str) -> None:
    for name, value in ({"host": "127.0.0.1", "port": str(port), "security": security} | told).items():
        monkeypatch.setenv(f"TOURNEE_SMTP_{name.upper()}", value)
    reload_settings()


def send() -> None:
    mime = MimeMessage()
    mime["From"], mime["To"], mime["Subject"] = "a@exemple.test", "b@exemple.test", "Facture"
    mime.set_content("Bonjour")
    with mail_server() as server:
        server.send_message(mime)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_encrypted_by_a_user_who_logged_in(security: str, opened: Opened) -> None:
    """R026: providers ask for TLS and a login; the certificate is verified for the server's name."""
    office = opened(security)
    send()
    assert [one["Subject"] for one in office.kept] == ["Facture"]
    assert office.encrypted == [True]
    assert office.logins == [LoginPassword(USER.encode(), PASSWORD.encode())]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_of_an_unknown_authority_gets_nothing(security: str, opened: Opened) -> None:
    """Security: whoever sits between cannot pose as the mail server; neither password nor message reaches it."""
    office = opened(security, trusted=None)
    with pytest.raises(ssl.SSLCertVerificationError):
        send()
    assert (office.kept, office.logins) == ([], [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_true_certificate_of_another_name_gets_nothing(security: str, opened: Opened, anothers: Papers) -> None:
    """Security: a certificate that is good for another host is not good here."""
    office = opened(security, anothers, trusted=anothers)
    with pytest.raises(ssl.SSLCertVerificationError):
        send()
    assert (office.kept, office.logins) == ([], [])


def test_a_server_without_starttls_gets_nothing(opened: Opened) -> None:
    """Security: encryption that was asked for and is not offered is a refusal, never clear text."""
    office = opened("starttls", None)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        send()
    assert (office.kept, office.logins) == ([], [])


def test_a_mute_server_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input, everywhere: who accepts a connection and says nothing is left, so that other jobs get their turn."""
    monkeypatch.setattr(doors, "CONNECT_S", 0.3)
    for security in ("none", "starttls", "tls"):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            names_it(monkeypatch, mute.getsockname()[1], security)
            began_s = time.monotonic()
            with pytest.raises(OSError, match="timed out"):
                send()
            assert time.monotonic() - began_s < 5


def test_a_refused_login_waits_with_its_reason_and_without_the_password(database: Any, opened: Opened) -> None:
    """R026, R064: the message waits for its next try; what people read of it never holds the password."""
    office, world = opened("starttls", password="houblon d'hier"), make_world()
    message = told(world)
    with pytest.raises(MailUndelivered) as refused:
        send_email(owner_id=str(world.seller.id), subject_id=str(message.id))
    with transaction(world.seller.id) as session:
        row = session.scalars(select(EmailMessage)).one()
        assert (row.state, row.tries) == (SendingState.WAITING, 1)
        assert "535" in row.last_error
        assert "hier" not in row.last_error + str(refused.value)
    assert office.kept == []
    assert office.logins  # each way to log in that the server offers is tried


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"security": "ssl"}, "TOURNEE_SMTP_SECURITY"),
        ({"user": USER, "password": PASSWORD}, "TOURNEE_SMTP_SECURITY"),
        ({"security": "tls", "user": USER}, "TOURNEE_SMTP_PASSWORD"),
        ({"security": "tls", "password": PASSWORD}, "TOURNEE_SMTP_USER"),
        ({"security": "tls", "user": USER, "password": "été"}, "TOURNEE_SMTP_PASSWORD"),
    ],
)
def test_settings_that_do_not_go_together_are_said_at_the_start(
    told: dict[str, str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input, everywhere: a password in the clear, half a login, an unknown word: what, where, what to do."""
    for name, value in told.items():
        monkeypatch.setenv(f"TOURNEE_SMTP_{name.upper()}", value)
    with pytest.raises(BadSetting) as refused:
        reload_settings()
    assert where in refused.value.where
    assert PASSWORD not in str(refused.value)


def test_settings_are_printed_without_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Security: secrets never stand in logs."""
    for name, value in {"SMTP_SECURITY": "tls", "SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"TOURNEE_{name}", value)
    monkeypatch.setenv("TOURNEE_S3_SECRET_KEY", "clé secrète")
    shown = repr(reload_settings())
    assert USER in shown
    assert PASSWORD not in shown
    assert "clé secrète" not in shown


def told(world: World) -> EmailMessage:
    """Tell the first supplier something, and return its e-mail."""
    news = News(
        key="proof:1", kind="proof.sealed", subject_id=new_id(), title=Text("Preuve", "Proof"),
        text=Text("La preuve est prête.", "The proof is ready."), link="/preuves/1", members={"order_number": "C-1"},
    )  # fmt: skip
    with transaction(world.seller.id) as session:
        tell(session, recipient_id=world.seller.id, news=news, stamp=stamp())
    with transaction(world.seller.id) as session:
        return session.scalars(select(EmailMessage)).one()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
