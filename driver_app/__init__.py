"""The driver's tablet: a whole day of deliveries without a network, signed, kept and sent exactly once."""

APP_VERSION = "0.1.0"
