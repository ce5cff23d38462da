"""Up: sealed events and attachments; down: runs and files. Any step may be cut, repeated or answered twice."""
