"""Facts of the notifications context."""

WEBHOOK_FAILED = "notifications.webhook_failed"
WEBHOOK_SUSPENDED = "notifications.webhook_suspended"
WEBHOOK_CHANGED = "notifications.webhook_changed"
EMAIL_FAILED = "notifications.email_failed"
