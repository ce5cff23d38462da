"""Pictures from outside: what people see is a copy, made where a hostile one harms nobody."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable

import psutil
import pytest
from PIL import Image

from server.core.blobs import blob_store
from server.core.pictures import PictureUnfit, copy_of
from server.identity.model import OrganisationKind, Role
from tests.factories.hand_tablet import Yard
from tests.factories.web import Client, Organisation, make_member, program_of


def drawn(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def located() -> bytes:
    """Return a photo taken lying on its side, with a place and a maker in its metadata."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Appareil secret"
    return drawn(exif=exif)


def png_of(width: int, height: int) -> bytes:
    """Return a PNG whose few bytes claim any size."""
    rows = zlib.compress(b"\x00" * 1_000_000, 9)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(one)) + name + one + struct.pack(">I", zlib.crc32(name + one)) for name, one in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/etc/passwd) (r) file showpage\n"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb of pixels": lambda: png_of(50_000, 50_000),
    "over the limit by one row": lambda: png_of(5_000, 5_001),
    "animated png": lambda: animated("PNG"),
    "animated webp": lambda: animated("WEBP"),
    "gif": lambda: drawn("GIF"),
    "tiff": lambda: drawn("TIFF"),
    "eps": lambda: EPS,
    "eps behind a jpeg's first bytes": lambda: b"\xff\xd8\xff\xe0" + EPS,
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "page": lambda: b"<!doctype html><script>alert(1)</script>",
    "nothing much": lambda: b"\x00",
    "cut jpeg": lambda: drawn()[:-20_000],
    "cut png": lambda: drawn("PNG")[:-1_000],
    "cut webp": lambda: drawn("WEBP")[:-1_000],
    "strokes": lambda: b"TSG1" + bytes(200),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_made_to_harm_is_refused_with_its_reason(name: str) -> None:
    """Hostile pictures: bombs, other formats in disguise, several frames, cut bytes; this process keeps its size."""
    payload, process = HOSTILE[name](), psutil.Process()
    before = process.memory_info().rss
    with pytest.raises(PictureUnfit) as refused:
        copy_of(payload)
    assert refused.value.where in {"several_frames", "too_many_pixels", "too_much_memory", "unreadable"}
    assert process.memory_info().rss - before < 50 * 1024**2


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/png")])
def test_a_copy_has_the_pixels_and_nothing_else(kind: str, media_type: str) -> None:
    """Platform, uploads: a polyglot's second half, metadata and place do not come along."""
    tail = b"PK\x03\x04<script>alert(1)</script>"
    copy = copy_of(drawn(kind) + tail)
    assert copy.media_type == media_type
    assert b"script" not in copy.payload
    with Image.open(io.BytesIO(copy.payload)) as picture:
        assert picture.size == (640, 480)


def test_a_photo_stands_upright_and_says_nothing_of_its_maker() -> None:
    """Québec’s privacy law: where and with what a photo was taken leaves with its metadata; which side is up stays."""
    copy = copy_of(located())
    with Image.open(io.BytesIO(copy.payload)) as picture:
        assert (picture.size, dict(picture.getexif())) == ((480, 640), {})
    assert b"secret" not in copy.payload


def dispatcher_of(yard: Yard) -> Client:
    org = Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id)
    return program_of(yard.app, make_member(org, Role.DISPATCHER))


def test_people_get_the_copy_as_a_file_and_the_original_stays(yard: Yard) -> None:
    """Platform, uploads: only the re-encoded copy is served, as attachment with nosniff; the second look makes none."""
    photo = located()
    sha256 = hashlib.sha256(photo).hexdigest()
    yard.tablet.upload(photo)
    dispatcher = dispatcher_of(yard)
    answers = [dispatcher.get(f"/api/v1/pictures/{sha256}") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].data == answers[1].data != photo
    assert b"secret" not in answers[0].data
    assert answers[0].headers["Content-Disposition"].startswith("attachment")
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    assert blob_store().get(yard.world.carrier_id, sha256) == photo


def test_a_hostile_upload_is_kept_as_evidence_and_never_shown(yard: Yard) -> None:
    """G6, platform: the bytes that a signed event names are kept whatever they are; no door gives them out."""
    page = HOSTILE["page"]()
    sha256 = hashlib.sha256(page).hexdigest()
    assert yard.tablet.upload(page).status_code == 200
    answer = dispatcher_of(yard).get(f"/api/v1/pictures/{sha256}")
    assert (answer.status_code, answer.json["slug"]) == (422, "picture-unfit")
    assert b"script" not in answer.data
    assert blob_store().get(yard.world.carrier_id, sha256) == page


def test_another_tenant_and_a_tablet_get_no_picture(yard: Yard) -> None:
    """G10: a supplier of the stop, another carrier and a tablet hear that there is none, or that it is not theirs."""
    photo = drawn()
    sha256 = hashlib.sha256(photo).hexdigest()
    yard.tablet.upload(photo)
    supplier = make_member(Organisation(OrganisationKind.SUPPLIER, yard.world.seller.id), Role.OWNER)
    other = make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DISPATCHER)
    statuses = [
        one.get(f"/api/v1/pictures/{sha256}").status_code
        for one in (program_of(yard.app, supplier), program_of(yard.app, other), yard.tablet.client)
    ]
    assert set(statuses) <= {403, 404}
    strange = [dispatcher_of(yard).get(f"/api/v1/pictures/{name}") for name in ("%00" * 64, "é" * 64, "G" * 64)]
    assert {answer.status_code for answer in strange} == {404}
