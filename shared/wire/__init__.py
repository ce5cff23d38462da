"""The messages between tablet and server, one module a message; both sides read and write them with msgspec."""
