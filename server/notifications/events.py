"""Facts of the notifications context."""

WEBHOOK_FAILED = "notifications.webhook_failed"
EMAIL_FAILED = "notifications.email_failed"
