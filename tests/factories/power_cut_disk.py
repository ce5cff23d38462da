"""A tablet's flash that loses its power: a file system in memory that forgets what was never synchronised.

It speaks the kernel's FUSE protocol (version 7.31) itself, over /dev/fuse: no library stands between, so that a file
deleted while open, a rename and a synchronised folder are what the kernel says they are.

The model, harsher than ext4 and f2fs: the bytes and length of a file are durable by ``fsync`` of the file, its name by
``fsync`` of the folder. At a cut each page and length written since may have reached the flash or not, a page may be
torn at a sector, and of the changes to a folder since its last ``fsync`` any first part survives. A cut keeps the drawn
remains and answers nothing more: whoever still writes gets an error.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.factories.waiting import end_of

PAGE: Final = 4096
SECTOR: Final = 512
_ROOT: Final = 1
_MOST_BYTES: Final = 256 * 1024
_IN: Final = struct.Struct("<IIQQIIIHH")
_ATTR: Final = struct.Struct("<6Q10I")
_DETACH: Final = 2
_LOOK_UP_MS: Final = 200
_libc = ctypes.CDLL(None, use_errno=True)


class PowerCut(Exception):
    """The flash has no power."""


def can_mount() -> bool:
    """Whether this machine lets us mount a file system of our own."""
    return os.geteuid() == 0 and os.access("/dev/fuse", os.R_OK | os.W_OK)


@dataclass
class Node:
    """A file or folder: what is there now, and what a cut cannot take."""

    mode: int
    content: bytearray = field(default_factory=bytearray)
    names: dict[str, int] = field(default_factory=dict)
    durable: bytes = b""
    durable_names: dict[str, int] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    changes: list[tuple[str, int | None]] = field(default_factory=list)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def write(self, at: int, data: bytes) -> None:
        self.resize(max(len(self.content), at + len(data)))
        self.content[at : at + len(data)] = data
        self.dirty |= set(range(at // PAGE, (at + len(data) - 1) // PAGE + 1))

    def resize(self, size: int) -> None:
        if size != len(self.content):
            self.dirty.add(min(size, len(self.content)) // PAGE)
            self.content[size:] = bytes(max(0, size - len(self.content)))

    def rename(self, name: str, number: int | None) -> None:
        """Point a name at a node, or at none."""
        self.changes.append((name, number))
        _apply(self.names, name, number)

    def synchronise(self) -> None:
        self.durable, self.dirty = bytes(self.content), set()
        self.durable_names, self.changes = dict(self.names), []

    def remains(self, dice: Random, *, torn: bool) -> Node:
        """Return what stands on the flash after a cut."""
        names, content = dict(self.durable_names), bytearray(self.durable)
        if torn:
            for name, number in self.changes[: dice.randint(0, len(self.changes))]:
                _apply(names, name, number)
            self._tear(content, dice)
        left = Node(self.mode, content, names)
        left.synchronise()
        return left

    def _tear(self, content: bytearray, dice: Random) -> None:
        if self.dirty and dice.random() < 0.5:  # the new length reached the flash, before its pages or after them
            content[len(self.content) :] = bytes(max(0, len(self.content) - len(content)))
        for page in sorted(self.dirty):
            piece = self.content[page * PAGE : (page + 1) * PAGE]
            if dice.random() < 0.2:
                piece = piece[: SECTOR * dice.randint(1, PAGE // SECTOR - 1)]
            if dice.random() < 0.5 and page * PAGE < len(content):
                fits = piece[: len(content) - page * PAGE]
                content[page * PAGE : page * PAGE + len(fits)] = fits


def _apply(names: dict[str, int], name: str, number: int | None) -> None:
    if number is None:
        names.pop(name, None)
    else:
        names[name] = number


class PowerCutDisk:
    """One flash. ``mounted`` gives it power; ``cut_after`` names the change at which it loses it."""

    def __init__(self) -> None:
        self._nodes = {_ROOT: Node(stat.S_IFDIR | 0o777)}
        self._lock = threading.Lock()
        self.changes = 0  # writes, lengths, names and fsyncs since power came
        self.fsyncs = 0
        self._cut_at, self._seed, self.is_cut = 0, 0, False
        self._device = -1

    @contextmanager
    def mounted(self, place: Path, *, cut_after: int = 0, seed: int = 0) -> Iterator[None]:
        """Stand at ``place`` until the block ends; lose power at change ``cut_after``, tearing by ``seed``.

        Power that lasts to the end of the block is lost there, so that nothing survives by luck.
        """
        place.mkdir(parents=True, exist_ok=True)
        self.changes, self.fsyncs, self._cut_at, self._seed, self.is_cut = 0, 0, cut_after, seed, False
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
        options = (
            f"fd={self._device},rootmode=40000,user_id={os.geteuid()},group_id={os.getegid()},max_read={_MOST_BYTES}"
        )
        _require(_libc.mount(b"tournee", os.fsencode(place), b"fuse", 0, options.encode()))
        answering = threading.Thread(target=self._answer, daemon=True)
        answering.start()
        try:
            yield
        finally:
            with self._lock:
                if not self.is_cut:
                    self._cut()
            _libc.umount2(os.fsencode(place), _DETACH)
            end_of(answering, f"the disk at {place}")

    def copy_to(self, folder: Path, number: int = _ROOT) -> None:
        """Write what stands on the flash to a folder of this machine."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, one in self._nodes[number].names.items():
            if self._nodes[one].is_folder:
                self.copy_to(folder / name, one)
            else:
                (folder / name).write_bytes(self._nodes[one].content)

    def _cut(self) -> None:
        """Keep the remains, and no power: the connection ends, and every call on it with an error."""
        dice = Random(self._seed)
        torn = self._seed % 4 != 0  # every fourth flash forgets all that it may
        left = {number: node.remains(dice, torn=torn) for number, node in sorted(self._nodes.items())}
        self._nodes = {}
        self._keep(left, _ROOT)
        self.is_cut = True

    def _keep(self, left: dict[int, Node], number: int) -> None:
        """Take over what can still be reached by a name."""
        self._nodes[number] = left[number]
        for one in left[number].names.values():
            if one not in self._nodes:
                self._keep(left, one)

    def _changed(self) -> None:
        self.changes += 1
        if self.changes == self._cut_at:
            self._cut()
            raise PowerCut

    # -- the kernel's side

    def _answer(self) -> None:
        """Serve until the power goes; whoever still holds the disk then gets errors."""
        try:
            self._serve()
        finally:
            os.close(self._device)

    def _serve(self) -> None:
        asked = select.poll()
        asked.register(self._device, select.POLLIN)
        while not self.is_cut:
            asked.poll(_LOOK_UP_MS)  # not for ever: a disk that somebody holds open is not taken away by unmounting
            try:
                request = os.read(self._device, _MOST_BYTES + 8192)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                    continue
                return  # unmounted
            length, opcode, unique, node, *_ = _IN.unpack_from(request)
            try:
                with self._lock:
                    reply = self._do(opcode, node, request[_IN.size : length])
            except PowerCut:
                return
            if reply is not None:
                self._reply(unique, reply)

    def _reply(self, unique: int, reply: bytes | int) -> None:
        error, body = (reply, b"") if isinstance(reply, int) else (0, reply)
        with suppress(OSError):  # the caller was killed meanwhile
            os.write(self._device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)

    def _do(self, opcode: int, node: int, body: bytes) -> bytes | int | None:
        if opcode in _SILENT:
            return None
        work = _WORK.get(opcode)
        if work is None:
            return errno.ENOSYS
        try:
            return work(self, node, body)
        except KeyError:
            return errno.ENOENT

    def _init(self, _: int, body: bytes) -> bytes:
        _major, _minor, readahead, flags = struct.unpack_from("<4I", body)
        return struct.pack("<4I2H2I2H7I", 7, 31, readahead, flags & _BIG_WRITES, 12, 9, _MOST_BYTES, 1, 64, 0, *[0] * 7)

    def _attributes(self, number: int) -> bytes:
        node = self._nodes[number]
        size = len(node.content)
        return _ATTR.pack(
            number, size, -(-size // SECTOR), 0, 0, 0, 0, 0, 0, node.mode, 1 + node.is_folder, os.geteuid(),
            os.getegid(), 0, PAGE, 0,
        )  # fmt: skip

    def _entry(self, number: int) -> bytes:
        return struct.pack("<4Q2I", number, 0, 0, 0, 0, 0) + self._attributes(number)

    def _lookup(self, node: int, body: bytes) -> bytes:
        return self._entry(self._nodes[node].names[_names(body)[0]])

    def _getattr(self, node: int, _: bytes) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._attributes(node)

    def _setattr(self, node: int, body: bytes) -> bytes:
        valid, _, _, size = struct.unpack_from("<IIQQ", body)
        if valid & 8:
            self._nodes[node].resize(size)
            self._changed()
        if valid & 1:
            mode = struct.unpack_from("<I", body, 68)[0]
            self._nodes[node].mode = stat.S_IFMT(self._nodes[node].mode) | stat.S_IMODE(mode)
        return self._getattr(node, b"")

    def _make(self, node: int, name: str, mode: int) -> int:
        number = max(self._nodes) + 1 + self.changes
        self._nodes[number] = Node(mode)
        self._nodes[node].rename(name, number)
        self._changed()
        return number

    def _create(self, node: int, body: bytes) -> bytes:
        mode = struct.unpack_from("<II", body)[1]
        number = self._make(node, _names(body[16:])[0], stat.S_IFREG | stat.S_IMODE(mode))
        return self._entry(number) + struct.pack("<QII", number, 0, 0)

    def _mkdir(self, node: int, body: bytes) -> bytes:
        mode = struct.unpack_from("<I", body)[0]
        return self._entry(self._make(node, _names(body[8:])[0], stat.S_IFDIR | stat.S_IMODE(mode)))

    def _open(self, node: int, _: bytes) -> bytes:
        return struct.pack("<QII", node, 0, 0)

    def _read(self, node: int, body: bytes) -> bytes:
        _, at, size = struct.unpack_from("<QQI", body)
        return bytes(self._nodes[node].content[at : at + size])

    def _write(self, node: int, body: bytes) -> bytes:
        _, at, size = struct.unpack_from("<QQI", body)
        self._nodes[node].write(at, body[40 : 40 + size])
        self._changed()
        return struct.pack("<II", size, 0)

    def _fsync(self, node: int, _: bytes) -> bytes:
        self._changed()
        self._nodes[node].synchronise()
        self.fsyncs += 1
        return b""

    def _unlink(self, node: int, body: bytes) -> bytes:
        name = _names(body)[0]
        self._nodes[node].names[name]  # ENOENT when it is not there
        self._nodes[node].rename(name, None)
        self._changed()
        return b""

    def _rename(self, node: int, body: bytes, offset: int = 8) -> bytes:
        target = struct.unpack_from("<Q", body)[0]
        old, new = _names(body[offset:])[:2]
        number = self._nodes[node].names[old]
        self._nodes[target].rename(new, number)
        self._nodes[node].rename(old, None)
        self._changed()
        return b""

    def _rename2(self, node: int, body: bytes) -> bytes:
        return self._rename(node, body, 16)

    def _readdir(self, node: int, body: bytes) -> bytes:
        _, skip, room = struct.unpack_from("<QQI", body)
        told = b""
        for place, (name, number) in enumerate([(".", node), ("..", _ROOT), *self._nodes[node].names.items()]):
            if place >= skip:
                raw = name.encode()
                kind = stat.S_IFMT(self._nodes[number].mode) >> 12
                entry = struct.pack("<QQII", number, place + 1, len(raw), kind) + raw
                entry += bytes(-len(entry) % 8)
                if len(told) + len(entry) > room:
                    break
                told += entry
        return told

    def _statfs(self, *_: object) -> bytes:
        return struct.pack("<5Q4I6I", 1 << 20, 1 << 19, 1 << 19, 1 << 20, 1 << 19, PAGE, 255, PAGE, 0, *[0] * 6)

    def _nothing(self, *_: object) -> bytes:
        return b""


_BIG_WRITES: Final = 1 << 5
_SILENT: Final = frozenset({2, 36, 42})  # forget, interrupt, batch forget
_WORK: Final[dict[int, Callable[[PowerCutDisk, int, bytes], bytes | int]]] = {
    1: PowerCutDisk._lookup, 3: PowerCutDisk._getattr, 4: PowerCutDisk._setattr, 9: PowerCutDisk._mkdir,
    10: PowerCutDisk._unlink, 11: PowerCutDisk._unlink, 12: PowerCutDisk._rename, 14: PowerCutDisk._open,
    15: PowerCutDisk._read, 16: PowerCutDisk._write, 17: PowerCutDisk._statfs, 18: PowerCutDisk._nothing,
    20: PowerCutDisk._fsync, 25: PowerCutDisk._nothing, 26: PowerCutDisk._init, 27: PowerCutDisk._open,
    28: PowerCutDisk._readdir, 29: PowerCutDisk._nothing, 30: PowerCutDisk._fsync, 35: PowerCutDisk._create,
    45: PowerCutDisk._rename2,
}  # fmt: skip


def _names(body: bytes) -> list[str]:
    return [name.decode() for name in body.split(b"\0")]


def _require(returned: int) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
