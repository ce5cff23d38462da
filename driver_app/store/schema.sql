CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The run exactly as it was pulled: an event cites the version that its driver saw.
CREATE TABLE bundle_run (
    run_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    PRIMARY KEY (run_id, version)
) WITHOUT ROWID;

CREATE TABLE run_state (
    run_id TEXT PRIMARY KEY,
    departed_ms INTEGER,
    returned_ms INTEGER
) WITHOUT ROWID;

CREATE TABLE stop_state (
    run_id TEXT NOT NULL,
    stop_id TEXT NOT NULL,
    state TEXT NOT NULL,
    arrived_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    outcome TEXT NOT NULL DEFAULT '',
    event_id TEXT NOT NULL DEFAULT '',
    elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1)),
    PRIMARY KEY (run_id, stop_id)
) WITHOUT ROWID;

CREATE TABLE draft (
    run_id TEXT NOT NULL,
    stop_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (run_id, stop_id)
) WITHOUT ROWID;

-- The log. ``sealed`` may still be taken back, ``sent`` has left the tablet, ``received`` has a receipt.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    stop_id TEXT NOT NULL,
    type TEXT NOT NULL,
    sealed BLOB NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sealed', 'sent', 'received')),
    boot_id TEXT NOT NULL,
    sealed_monotonic_ms INTEGER NOT NULL,
    sealed_wall_ms INTEGER NOT NULL,
    held_ms INTEGER NOT NULL,
    result BLOB
);

CREATE TABLE attachment (
    sha256 TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('signature', 'picture', 'photo')),
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    body BLOB NOT NULL,
    taken_wall_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'waiting', 'received')),
    refusals INTEGER NOT NULL DEFAULT 0,
    received_ms INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE attachment_use (
    sha256 TEXT NOT NULL REFERENCES attachment (sha256),
    run_id TEXT NOT NULL,
    stop_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (sha256, run_id, stop_id, event_id)
) WITHOUT ROWID;

CREATE TABLE receipt (
    last_seq INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    head TEXT NOT NULL,
    body TEXT NOT NULL,
    signature TEXT NOT NULL,
    received_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (epoch, last_seq)
) WITHOUT ROWID;

-- Files that a run names (invoices, slips), fetched by their hash for the day without network.
CREATE TABLE bundle_file (
    sha256 TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- Rows of an earlier version that no longer open, as they were: nothing is dropped in an update.
CREATE TABLE unreadable (
    place TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX event_by_stop ON event (run_id, stop_id, seq);
CREATE INDEX attachment_by_state ON attachment (state);
CREATE INDEX use_by_event ON attachment_use (event_id)
