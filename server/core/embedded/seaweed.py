"""A real S3 store inside the checkout, for trials and tests: SeaweedFS on loopback, with every side door shut."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from server.core.embedded.locks import Users, exclusive
from server.core.embedded.ports import LOOPBACK, free_port_with_twin, free_ports
from server.core.embedded.running import stop, was_started_with
from server.core.embedded.weed_keys import WeedKeys, weed_keys, write_secret
from server.core.problems import Problem, Text

_REGION: Final = "us-east-1"
_START_PATIENCE_S: Final = 60.0
_STOP_PATIENCE_S: Final = 30.0
_POLL_S: Final = 0.05
_LONGEST_SOCKET_PATH: Final = 107
_WORKER_PORT_DISTANCE: Final = 10_000  # SeaweedFS finds its admin's second port by adding this
_OPTIONS: Final = (
    f"-ip={LOOPBACK}",
    f"-ip.bind={LOOPBACK}",
    "-disableHttp",
    "-master.telemetry=false",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
)


class S3Broken(Problem):
    """The embedded S3 store cannot start or stop; its log says why."""

    slug = "s3-broken"
    status = 500
    title = Text("Le magasin S3 ne répond pas", "The S3 store does not answer")


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where the store answers, what opens it, and the bucket that waits there."""

    endpoint_url: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str = "tournee"
    region: str = _REGION

    def client(self) -> Any:
        """Return a boto3 client of this store; it retries nothing and asks no proxy."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 0}, proxies={}),
        )


class _Running(msgspec.Struct, frozen=True):
    """What is kept of a started store, for whoever finds it later."""

    pid: int
    s3_port: int
    sockets: str


class EmbeddedS3:
    """A store in ``folder`` with one bucket and keys of its own.

    Several processes may use one folder: the first starts the store, the last to stop ends it. A store that outlived
    its launcher is adopted.
    """

    def __init__(self, folder: Path, *, bucket: str = "tournee") -> None:
        """Name the folder and the bucket; nothing is touched yet."""
        self._folder = folder.resolve()
        self._bucket = bucket
        self._users = Users(self._folder / "users.lock")
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> S3Address:
        """Start the store."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the store."""
        self.stop()

    def start(self) -> S3Address:
        """Start the store, or adopt the one that runs, and return its address once the bucket is there.

        Raises:
            S3Broken: SeaweedFS is not installed, or gave up.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        with exclusive(self._folder / "launcher.lock"):
            keys = weed_keys(self._folder)
            self._users.join()
            running = self._found() or self._launch(keys)
            endpoint = f"http://{LOOPBACK}:{running.s3_port}"
            address = S3Address(endpoint, keys.access_key, keys.secret_key, self._bucket)
            self._await_bucket(address, running)
            return address

    def stop(self) -> None:
        """Stop the store when no other process uses it; without a started store, do nothing.

        Raises:
            S3Broken: the store ignores the request.
        """
        if not self._folder.exists():
            return
        with exclusive(self._folder / "launcher.lock"):
            if self._users.leave() and (running := self._found()):
                self._shut_down(running)

    def _found(self) -> _Running | None:
        try:
            kept = msgspec.json.decode((self._folder / "running.json").read_bytes(), type=_Running)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return kept if self._is_alive(kept) else None

    def _is_alive(self, running: _Running) -> bool:
        if self._child is not None and self._child.pid == running.pid:
            return self._child.poll() is None
        return was_started_with(running.pid, os.fsencode(self._objects_option()))

    def _objects_option(self) -> str:
        return f"-dir={self._folder / 'objects'}"

    def _launch(self, keys: WeedKeys) -> _Running:
        (self._folder / "objects").mkdir(exist_ok=True)
        sockets = self._socket_folder()
        ports = _chosen_ports()
        command = [_weed(), "mini", self._objects_option(), *_OPTIONS, f"-s3.config={self._folder / 's3.json'}"]
        command += [f"-{name}={port}" for name, port in ports.items()]
        command += [f"-{name}={sockets / socket}.sock" for name, socket in _SOCKETS.items()]
        plain = {"PATH": os.defpath, "HOME": str(self._folder)}
        with (self._folder / "weed.log").open("wb") as log:
            self._child = subprocess.Popen(  # its own session: Ctrl-C is for us, who then stop it in order
                command,
                cwd=self._folder,
                env=plain | keys.environment(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        running = _Running(self._child.pid, ports["s3.port"], str(sockets))
        write_secret(self._folder / "running.json", msgspec.json.encode(running))
        return running

    def _socket_folder(self) -> Path:
        folder = self._folder / "sockets"
        if len(os.fsencode(folder / "filer.sock")) > _LONGEST_SOCKET_PATH:
            return Path(tempfile.mkdtemp(prefix="tournee-"))
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    def _await_bucket(self, address: S3Address, running: _Running) -> None:
        client = address.client()
        patience_ends = time.monotonic() + _START_PATIENCE_S
        while not _has_bucket(client, address.bucket):
            if not self._is_alive(running) or time.monotonic() > patience_ends:
                raise self._broken(
                    "SeaweedFS ne démarre pas; lire weed.log.", "SeaweedFS does not start; read weed.log."
                )
            time.sleep(_POLL_S)

    def _shut_down(self, running: _Running) -> None:
        if not stop(running.pid, signal.SIGTERM, _STOP_PATIENCE_S):
            raise self._broken("SeaweedFS ne s’arrête pas.", "SeaweedFS does not stop.")
        if self._child is not None:
            self._child.poll()  # one that ended is laid to rest
        shutil.rmtree(running.sockets, ignore_errors=True)
        (self._folder / "running.json").unlink()

    def _broken(self, french: str, english: str) -> S3Broken:
        return S3Broken(Text(french, english), where=str(self._folder))


_SOCKETS: Final = {"filer.localSocket": "filer", "s3.localSocket": "s3", "s3.localFilerSocket": "filer"}


def _chosen_ports() -> dict[str, int]:
    admin = free_port_with_twin(_WORKER_PORT_DISTANCE)
    names = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
    return dict(zip(names, free_ports(len(names)), strict=True)) | {"admin.port": admin}


def _weed() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise S3Broken(
            Text(
                "SeaweedFS n’est pas installé; lancer «\u00a0make setup\u00a0».",
                "SeaweedFS is missing; run “make setup”.",
            ),
            where="weed",
        )
    return found


def _has_bucket(client: Any, bucket: str) -> bool:
    """Tell whether the bucket is there, made now if the store already answers."""
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        return error.response["Error"]["Code"] in {"BucketAlreadyExists", "BucketAlreadyOwnedByYou"}
    except BotoCoreError:
        return False  # nothing listens yet
    return True
