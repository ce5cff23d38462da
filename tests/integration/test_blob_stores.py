"""What both object stores promise: local files, and S3 on the SeaweedFS that the project starts."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from botocore.exceptions import ClientError

from server.core.blobs import BlobMissing, BlobStore, LocalBlobStore, blob_store
from server.core.embedded.seaweed import EmbeddedS3, S3Address
from server.core.s3_blobs import S3BlobStore, s3_store
from server.core.settings import reload_settings
from shared.ids import new_id

MIB = 2**20


@dataclass(frozen=True)
class Place:
    """A store as the settings name it, and the door behind which its bytes can be changed."""

    store: BlobStore
    overwrite: Callable[[UUID, str, bytes], object]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Address]:
    with EmbeddedS3(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="module", params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOURNEE_STORE", request.param)
        made = _s3(request.getfixturevalue("address"), patch) if request.param == "s3" else None
        place = made or _local(tmp_path_factory.mktemp("store"), patch)
    reload_settings()
    return place


def _local(root: Path, patch: pytest.MonkeyPatch) -> Place:
    patch.setenv("TOURNEE_STORE_PATH", str(root))
    reload_settings()
    store = blob_store()
    assert isinstance(store, LocalBlobStore)
    return Place(store, lambda owner, sha, payload: (root / str(owner) / sha[:2] / sha).write_bytes(payload))


def _s3(address: S3Address, patch: pytest.MonkeyPatch) -> Place:
    patch.setenv("TOURNEE_S3_ENDPOINT", address.endpoint_url)
    patch.setenv("TOURNEE_S3_BUCKET", address.bucket)
    patch.setenv("TOURNEE_S3_ACCESS_KEY", address.access_key)
    patch.setenv("TOURNEE_S3_SECRET_KEY", address.secret_key)
    reload_settings()
    store, client = blob_store(), address.client()
    assert isinstance(store, S3BlobStore)
    return Place(
        store,
        lambda owner, sha, payload: client.put_object(Bucket=address.bucket, Key=f"{owner}/{sha}", Body=payload),
    )


@pytest.mark.parametrize("payload", [b"", b"preuve", os.urandom(300_000)], ids=["nothing", "a word", "a photo"])
def test_what_is_put_comes_back_under_its_hash(place: Place, payload: bytes) -> None:
    """Platform: an object is named by what it holds, byte for byte, whatever its size."""
    owner = new_id()
    sha256 = place.store.put(owner, payload, media_type="image/jpeg")
    assert sha256 == hashlib.sha256(payload).hexdigest()
    assert place.store.has(owner, sha256)
    assert place.store.get(owner, sha256) == payload
    assert place.store.put(owner, payload, media_type="image/jpeg") == sha256
    assert list(place.store.names(owner)) == [sha256]


def test_one_tenants_objects_are_not_anothers(place: Place) -> None:
    """Platform: tenants are kept apart in the store too, even when both hold the same bytes."""
    one, other = new_id(), new_id()
    sha256 = place.store.put(one, b"same bytes", media_type="text/plain")
    assert not place.store.has(other, sha256)
    assert list(place.store.names(other)) == []
    with pytest.raises(BlobMissing):
        place.store.get(other, sha256)
    place.store.put(other, b"same bytes", media_type="text/plain")
    place.store.forget(other, sha256)
    assert place.store.get(one, sha256) == b"same bytes"


def test_an_object_that_is_not_there_is_said_by_its_name(place: Place) -> None:
    """Bad input, everywhere: what, where, what to do."""
    sha256 = hashlib.sha256(b"never put").hexdigest()
    assert not place.store.has(new_id(), sha256)
    with pytest.raises(BlobMissing) as refused:
        place.store.get(new_id(), sha256)
    assert refused.value.where == sha256
    assert "sauvegarde" in refused.value.detail.fr


@pytest.mark.parametrize("changed", [b"preuvf", b"preu", b""], ids=["a changed letter", "cut short", "emptied"])
def test_changed_bytes_are_never_given_out_and_are_mended_by_the_right_ones(place: Place, changed: bytes) -> None:
    """Platform: nobody gets other bytes than the hash names; a tablet that sends the file again makes it whole."""
    owner = new_id()
    sha256 = place.store.put(owner, b"preuve", media_type="text/plain")
    place.overwrite(owner, sha256, changed)
    with pytest.raises(BlobMissing):
        place.store.get(owner, sha256)
    assert place.store.put(owner, b"preuve", media_type="text/plain") == sha256
    assert place.store.get(owner, sha256) == b"preuve"


def test_forgetting_is_for_good_and_may_be_said_twice(place: Place) -> None:
    """Platform: retention deletes an object, and an interrupted purge may be run again."""
    owner = new_id()
    sha256 = place.store.put(owner, b"old photo", media_type="image/jpeg")
    for _ in range(2):
        place.store.forget(owner, sha256)
        assert not place.store.has(owner, sha256)
    assert list(place.store.names(owner)) == []


def test_many_who_put_the_same_bytes_at_once_make_one_object(place: Place) -> None:
    """Platform: a file that two tablets send at the same time is there once, whole."""
    owner, payload = new_id(), os.urandom(200_000)
    with ThreadPoolExecutor(8) as threads:
        put = [threads.submit(place.store.put, owner, payload, media_type="image/jpeg") for _ in range(16)]
    (sha256,) = {one.result() for one in put}
    assert list(place.store.names(owner)) == [sha256]
    assert place.store.get(owner, sha256) == payload


def test_more_names_than_one_page_holds(place: Place) -> None:
    """Platform: S3 lists 1,000 names at a time; a check of the store sees all of them."""
    if isinstance(place.store, S3BlobStore):
        place.store.client.meta.events.register("before-parameter-build.s3.ListObjectsV2", _three_a_page)
    owner = new_id()
    put = {place.store.put(owner, str(number).encode(), media_type="text/plain") for number in range(10)}
    assert sorted(place.store.names(owner)) == sorted(put)


def test_a_large_object_is_held_a_bounded_number_of_times(place: Place) -> None:
    """Platform: keeping or giving out an object costs at most one more copy of it."""
    owner, size = new_id(), 24 * MIB
    payload = os.urandom(size)
    place.store.put(owner, b"warm", media_type="text/plain")
    put, sha256 = _peak(lambda: place.store.put(owner, payload, media_type="application/zip"))
    got, back = _peak(lambda: place.store.get(owner, sha256))
    assert back == payload
    assert put < 1.25 * size
    assert got < 2.25 * size


def test_a_store_that_refuses_is_not_an_empty_one(address: S3Address) -> None:
    """Platform: with wrong keys nothing is « missing »: a purge or a check must not believe that objects are gone."""
    sha256 = hashlib.sha256(b"x").hexdigest()
    store = s3_store(address.endpoint_url, address.bucket, address.access_key, "guess", address.region)
    for asked in (store.has, store.get):
        with pytest.raises(ClientError):
            asked(new_id(), sha256)
    with pytest.raises(ClientError):
        list(store.names(new_id()))


def _three_a_page(params: dict[str, object], **_rest: object) -> None:
    params["MaxKeys"] = 3


def _peak[Answer](made: Callable[[], Answer]) -> tuple[int, Answer]:
    """Return how many bytes Python held at most beyond what it held before, and the answer."""
    tracemalloc.start()
    try:
        answer = made()
        return tracemalloc.get_traced_memory()[1], answer
    finally:
        tracemalloc.stop()
