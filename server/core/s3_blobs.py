"""Objects in an S3 bucket. Its client is large, so that only who uses such a store loads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from server.core.blobs import checked, missing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3BlobStore:
    """The same over an S3 bucket: keys are <tenant>/<sha256>."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Use ``bucket`` through ``client``."""
        self.client = client
        self.bucket = bucket

    def put(self, owner_id: UUID, payload: bytes, *, media_type: str) -> str:
        """Keep ``payload`` and return its sha256 in hex; without asking first, since most of what is put is new."""
        sha256 = hashlib.sha256(payload).hexdigest()
        self.client.put_object(Bucket=self.bucket, Key=f"{owner_id}/{sha256}", Body=payload, ContentType=media_type)
        return sha256

    def get(self, owner_id: UUID, sha256: str) -> bytes:
        """Return the bytes after checking their hash."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=f"{owner_id}/{sha256}")
        except ClientError as error:
            if _is_absence(error):
                raise missing(sha256) from error
            raise
        return checked(answer["Body"].read(), sha256)

    def has(self, owner_id: UUID, sha256: str) -> bool:
        """Say whether the object is there."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=f"{owner_id}/{sha256}")
        except ClientError as error:
            if _is_absence(error):
                return False
            raise
        return True

    def names(self, owner_id: UUID) -> Iterator[str]:
        """Yield the sha256 of every object of the tenant."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{owner_id}/")
        for page in pages:
            yield from (item["Key"].rpartition("/")[2] for item in page.get("Contents", []))

    def forget(self, owner_id: UUID, sha256: str) -> None:
        """Delete the object for good."""
        self.client.delete_object(Bucket=self.bucket, Key=f"{owner_id}/{sha256}")


@lru_cache(maxsize=4)
def s3_store(endpoint: str, bucket: str, access_key: str, secret_key: str, region: str) -> S3BlobStore:
    """Return the store behind these addresses and keys, made once."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=region,
        config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"}),
    )
    return S3BlobStore(client, bucket)


def _is_absence(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey", "NotFound"}
