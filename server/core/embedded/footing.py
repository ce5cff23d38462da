"""As whom and from where PostgreSQL runs: it refuses root, and root's folders may be closed to everybody else."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STRANGER = "nobody"


@dataclass(frozen=True, slots=True)
class Footing:
    """Where a cluster stands, and how its programs are started.

    ``home`` holds ``cluster`` and ``socket``; ``owner`` owns their files; ``run_as`` is the user to become, if any;
    ``prefix`` stands before each command.
    """

    home: Path
    binaries: Path
    owner: int
    run_as: int | None = None
    prefix: tuple[str, ...] = ()

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line of one of PostgreSQL's programs."""
        return [*self.prefix, str(self.binaries / program), *arguments]

    def popen_options(self) -> dict[str, Any]:
        """Return what ``subprocess`` needs: a user that is not root, a folder that exists, a plain environment."""
        plain = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        options: dict[str, Any] = {"cwd": self.home, "env": plain, "stdin": subprocess.DEVNULL}
        if self.run_as is not None:
            options |= {"user": self.run_as, "group": self.run_as, "extra_groups": []}
        return options

    def give(self, path: Path) -> None:
        """Make ``path`` and all below it belong to the user that PostgreSQL runs as (only root can, or needs to)."""
        if os.geteuid() != 0 or path.stat().st_uid == self.owner:
            return
        for folder, _, names in os.walk(path):
            os.chown(folder, self.owner, self.owner)
            for name in names:
                os.chown(Path(folder) / name, self.owner, self.owner, follow_symlinks=False)


def find_footing(folder: Path, binaries: Path, *, elsewhere: Path) -> Footing:
    """Return how PostgreSQL can run for ``folder`` on this machine.

    An ordinary user runs it as is. Root becomes ``nobody`` where ``nobody`` can reach the folder and the programs; else
    it enters a user namespace where it has another name (a 0700 folder stays readable to it); else the programs are
    copied once, and the cluster placed, under ``elsewhere``. A cluster once made stays where it is.
    """
    if os.geteuid() != 0:
        return Footing(folder, binaries, os.geteuid())
    away = _away(folder, elsewhere)
    if not (away / "cluster").exists():
        if _strangers_reach(folder) and _strangers_run(binaries):
            return _as_stranger(folder, binaries)
        if prefix := _namespace_prefix(binaries):
            return Footing(folder, binaries, owner=0, prefix=prefix)
    _open_folder(away)
    if (folder / "cluster").exists():
        shutil.move(folder / "cluster", away / "cluster")
    return _as_stranger(away, copy_binaries(binaries, elsewhere))


def clusters_of(folder: Path, *, elsewhere: Path) -> list[Path]:
    """Return where a cluster of ``folder`` stands now: in it, or where root keeps it; nothing is touched."""
    homes = (folder, _away(folder, elsewhere)) if os.geteuid() == 0 else (folder,)
    return [home / "cluster" for home in homes if (home / "cluster").exists()]


def copy_binaries(binaries: Path, elsewhere: Path) -> Path:
    """Copy PostgreSQL's programs and their libraries to a folder that everybody may read; return the programs'."""
    install = binaries.parent
    libraries = install.parent.with_name(install.parent.name + ".libs")
    target = elsewhere / f"postgresql-{hashlib.sha256(os.fsencode(install)).hexdigest()[:16]}"
    if not target.exists():
        partial = _open_folder(target.with_name(f"{target.name}.{os.getpid()}"))
        shutil.copytree(install, partial / install.parent.name / install.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        partial.rename(target)
    return target / install.parent.name / install.name / binaries.name


def _away(folder: Path, elsewhere: Path) -> Path:
    return elsewhere / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _as_stranger(home: Path, binaries: Path) -> Footing:
    uid = pwd.getpwnam(_STRANGER).pw_uid
    return Footing(home, binaries, owner=uid, run_as=uid)


def _open_folder(path: Path) -> Path:
    """Make a folder that others may cross; what it holds guards itself."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
    return path


def _strangers_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _strangers_run(binaries: Path) -> bool:
    uid = pwd.getpwnam(_STRANGER).pw_uid
    return _runs([str(binaries / "initdb"), "--version"], user=uid, group=uid, extra_groups=[])


def _namespace_prefix(binaries: Path) -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    uid = str(pwd.getpwnam(_STRANGER).pw_uid)
    prefix = (unshare, "--user", f"--map-user={uid}", f"--map-group={uid}", "--")
    return prefix if _runs([*prefix, str(binaries / "initdb"), "--version"]) else ()


def _runs(command: list[str], **options: Any) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **options).returncode == 0
    except OSError:
        return False
