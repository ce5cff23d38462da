"""Orders, their lines, acceptance and timeline."""
