"""The tablets' protocol, one module a message."""
