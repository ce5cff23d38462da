"""The embedded S3 store: real S3 through boto3, and nothing else that a neighbour could reach."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from server.core.embedded.seaweed import EmbeddedS3, S3Address

LAUNCH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from server.core.embedded.seaweed import EmbeddedS3
address = EmbeddedS3(Path(sys.argv[1])).start()
address.client().put_object(Bucket=address.bucket, Key="kept", Body=b"before the kill")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s3") / "store with spaces à côté"


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[S3Address]:
    """Return one running store for the tests that only look at it."""
    with EmbeddedS3(folder) as address:
        yield address


def server_process(folder: Path) -> psutil.Process:
    option = f"-dir={folder.resolve() / 'objects'}"
    (found,) = [one for one in psutil.process_iter(["cmdline"]) if option in (one.info["cmdline"] or [])]
    return found


def listening(folder: Path) -> list[tuple[str, int]]:
    connections = server_process(folder).net_connections(kind="inet")
    return [(one.laddr.ip, one.laddr.port) for one in connections if one.status == psutil.CONN_LISTEN]


def test_what_is_put_comes_back(store: S3Address) -> None:
    """Platform: tests use a real S3 through boto3."""
    content = os.urandom(200_000)
    client = store.client()
    client.put_object(Bucket=store.bucket, Key="deliveries/preuve n° 1.pdf", Body=content)
    assert client.get_object(Bucket=store.bucket, Key="deliveries/preuve n° 1.pdf")["Body"].read() == content


def test_it_listens_on_the_loopback_address_only(store: S3Address, folder: Path) -> None:
    """Platform: SeaweedFS binds 0.0.0.0 unless told otherwise."""
    addresses = listening(folder)
    assert int(store.endpoint_url.rpartition(":")[2]) in {port for _, port in addresses}
    assert {ip for ip, _ in addresses} == {"127.0.0.1"}


def test_a_neighbour_without_keys_reads_and_writes_nothing(store: S3Address, folder: Path) -> None:
    """Platform: the filer is never reachable by others; no port of the store gives or takes a byte unsigned."""
    store.client().put_object(Bucket=store.bucket, Key="secret", Body=b"preuve")
    paths = (
        f"buckets/{store.bucket}/secret",
        f"{store.bucket}/secret",
        "dir/assign",
        "dir/lookup?volumeId=1",
    )
    asked = 0
    for ip, port in listening(folder):
        for path in paths:
            for verb in ("GET", "PUT"):
                answer = _ask(verb, f"http://{ip}:{port}/{path}")
                assert answer is None or answer.status_code >= 400, (verb, port, path)
                asked += answer is not None
    assert asked >= 10


def test_wrong_keys_are_refused(store: S3Address) -> None:
    """Platform: keys are generated, and needed."""
    stranger = S3Address(store.endpoint_url, store.access_key, "guess", store.bucket)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        stranger.client().list_objects_v2(Bucket=store.bucket)
    assert store.secret_key not in repr(store)


def test_secrets_are_for_their_owner_alone(store: S3Address, folder: Path) -> None:
    """Platform: secrets live in files that others cannot read, and on no command line."""
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.json")} == {0o600}
    assert store.secret_key not in " ".join(server_process(folder).cmdline())


def test_a_store_that_outlived_its_killed_launcher_is_adopted(tmp_path: Path) -> None:
    """Platform: kill -9 of the launcher leaves the store; the next launcher uses it and stops it."""
    folder = tmp_path / "s3"
    killed = subprocess.run([sys.executable, "-c", LAUNCH_AND_DIE, folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = server_process(folder)
    server = EmbeddedS3(folder)
    server.start()
    assert server_process(folder) == orphan
    server.stop()
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    with server as address:
        kept = address.client().get_object(Bucket=address.bucket, Key="kept")["Body"].read()
    assert kept == b"before the kill"


def _ask(verb: str, url: str) -> requests.Response | None:
    """Return the answer, or None where HTTP is not spoken (gRPC that asks for a certificate)."""
    try:
        return requests.request(verb, url, data=b"x" if verb == "PUT" else None, timeout=5)
    except requests.ConnectionError:
        return None
