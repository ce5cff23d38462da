"""What was told to be kept survives a power cut, whoever was killed on the way: its folders are on the disk as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.core.blobs import LocalBlobStore
from server.core.keys import derived_secret, server_key
from server.core.settings import reload_settings
from shared.ids import new_id
from tests.factories.syncs import note_syncs


def test_an_object_and_each_new_folder_above_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Platform: a row may name the object once it was put; a power cut takes neither its name nor its folders'."""
    owner, store = new_id(), LocalBlobStore(tmp_path / "var" / "store")
    synced = note_syncs(monkeypatch)
    sha256 = store.put(owner, b"preuve", media_type="text/plain")
    folder = store.root / str(owner) / sha256[:2]
    assert {folder, folder.parent, store.root, store.root.parent, tmp_path} <= set(synced)


def test_an_object_that_a_killed_process_left_is_on_the_disk_once_it_is_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Platform: a process killed after its rename had not synced the folder; whoever finds the object does."""
    owner, store = new_id(), LocalBlobStore(tmp_path)
    sha256 = store.put(owner, b"preuve", media_type="text/plain")
    synced = note_syncs(monkeypatch)
    store.put(owner, b"preuve", media_type="text/plain")
    folder = tmp_path / str(owner) / sha256[:2]
    assert {folder, folder.parent} <= set(synced)


@pytest.mark.parametrize("is_found", [False, True], ids=["made here", "made by another"])
def test_a_key_is_on_the_disk_before_it_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_found: bool
) -> None:
    """Platform: a receipt under a key that a power cut took could never be checked again."""
    folder = tmp_path / "var" / "secrets"
    monkeypatch.setenv("TOURNEE_SECRETS_PATH", str(folder))
    reload_settings()
    try:
        for ask in (server_key, lambda: derived_secret("any")):
            if is_found:
                ask()
                _forget()
            with monkeypatch.context() as patch:
                synced = note_syncs(patch)
                ask()
            assert {folder, folder.parent} <= set(synced)
            assert is_found or ask is not server_key or tmp_path in synced
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    finally:
        monkeypatch.undo()
        reload_settings()


def _forget() -> None:
    """Know of the keys what a new process knows."""
    from server.core import keys

    keys._read.cache_clear()  # another process is meant
    keys._root.cache_clear()  # another process is meant
