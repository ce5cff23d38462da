"""Bounds of every message; both sides check them."""

from typing import Annotated

from msgspec import Meta

MAX_EVENTS = 200
MAX_BATCH_BYTES = 256 * 1024
MAX_LONE_EVENT_BYTES = 12 * 1024 * 1024  # a stop of many lines must not be stuck: one event alone may be this large
MAX_EVENT_BYTES = 64 * 1024
MAX_LEAF_BYTES = 4 * 1024
MAX_ATTACHMENT_BYTES = 12 * 1024 * 1024
MIN_CHUNK_BYTES, MAX_CHUNK_BYTES = 64 * 1024, 256 * 1024
MAX_ORDERS_A_STOP = 60
MAX_LINES_AN_ORDER = 400
MAX_STOPS = 400
MAX_MISSING_FILES = 100
PROTOCOL = 1

type Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
type Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$(?!\n)")]
type PublicKey = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
type Sequence = Annotated[int, Meta(ge=0, le=2**53 - 1)]
type Quantity = Annotated[int, Meta(ge=0, le=100_000)]
type Cents = Annotated[int, Meta(ge=-(10**12), le=10**12)]
type Short = Annotated[str, Meta(max_length=200)]
type Kept = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*\Z")]  # what a database keeps has no NUL
type Long = Annotated[str, Meta(max_length=4000)]
type Code = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$(?!\n)")]
type ExactDecimal = Annotated[str, Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$(?!\n)")]
type Identifier = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)")]

# Where a field may be empty, the pattern says so: msgspec checks a pattern against every string of a union.
type OptionalSha256 = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]
type OptionalSignature = Annotated[str, Meta(pattern=r"^([0-9a-f]{128})?$(?!\n)")]
type OptionalCode = Annotated[str, Meta(pattern=r"^[a-z0-9_]{0,40}$(?!\n)")]
type OptionalIdentifier = Annotated[
    str, Meta(pattern=r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?$(?!\n)")
]
