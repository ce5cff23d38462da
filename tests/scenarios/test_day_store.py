"""The same day with its files in a bucket: papers, pictures and proofs over S3, and nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core.embedded.seaweed import EmbeddedS3, S3Address
from server.core.settings import reload_settings, settings
from server.example.check import Scope, check_day, read_books
from tests.factories.world import ADJUST, CREDIT, EXTERNAL, RUN_DAY
from tests.scenarios.office import Office
from tests.scenarios.stories import live_day

SHORT = {
    "position": 1,
    "outcome": "short",
    "lines": {f"#{at}": {"lost": 1, "reason": "breakage"} for at in (0, 2, 4)},
    "photo": True,
}


@pytest.fixture
def bucket(module_database, tmp_path: Path) -> Iterator[S3Address]:
    """The S3 store that the product starts, named to the office."""
    with EmbeddedS3(tmp_path / "s3") as address, pytest.MonkeyPatch.context() as patch:
        named = {
            "STORE": "s3", "S3_ENDPOINT": address.endpoint_url, "S3_BUCKET": address.bucket,
            "S3_ACCESS_KEY": address.access_key, "S3_SECRET_KEY": address.secret_key, "S3_REGION": address.region,
        }  # fmt: skip
        for name, value in named.items():
            patch.setenv(f"TOURNEE_{name}", value)
        reload_settings()
        yield address
    reload_settings()


def faults(office: Office) -> dict[str, tuple[str, ...]]:
    """Prove the day from database and store alone; return what does not hold."""
    tablets = next(iter(office.tablets.values())).parent
    scope = Scope(carrier_id=office.world.carrier_id, runs_on=RUN_DAY, tablets=tablets, drills=None)
    return {one.slug: one.faults for one in check_day(read_books(scope)) if not one.holds}


def test_a_day_whose_files_live_in_a_bucket_is_proven_from_there(bucket: S3Address, open_office) -> None:
    """R018, R026, G7: each paper and proof is an object under its hash; one whose bytes changed is found."""
    office = open_office([ADJUST, CREDIT, EXTERNAL])
    for seller in office.world.sellers:
        office.order(seller=seller)
    live_day(office, SHORT)
    assert faults(office) == {}
    client, named = bucket.client(), set()
    for seller in office.world.sellers:
        supplier = office.program_of(seller)
        (proof,) = supplier.proofs()
        verified = supplier.verified(proof)
        assert verified.order.lines[0].lost == 1
        named |= {
            verified.finished.signature_sha256,
            proof.file.sha256,
            proof.pdf.sha256,
            *verified.order.lines[0].photos,
        }
        named |= {paper.sha256 for paper in supplier.all("/documents")}
    listed = client.list_objects_v2(Bucket=bucket.bucket)
    assert not listed["IsTruncated"]
    assert named <= {item["Key"].rpartition("/")[2] for item in listed["Contents"]}
    beside = [path for path in Path(settings().store_path).rglob("*") if path.is_file() and "uploads" not in path.parts]
    assert beside == []  # only what is still on its way from a tablet rests on the office's own disk
    client.put_object(Bucket=bucket.bucket, Key=f"{office.world.carrier_id}/{proof.file.sha256}", Body=b"another's")
    assert "proofs" in faults(office)
