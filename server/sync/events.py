"""Facts of the sync context."""

EVENT_PARKED = "sync.event_parked"
STREAM_FORKED = "sync.stream_forked"
ATTACHMENT_RECEIVED = "sync.attachment_received"
BUNDLE_BUILT = "sync.bundle_built"
STREAM_RETIRED = "sync.stream_retired"
RUN_WAIVED = "sync.run_waived"
