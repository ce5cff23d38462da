"""Facts about conversations."""

MESSAGE_SAID = "message.said"
