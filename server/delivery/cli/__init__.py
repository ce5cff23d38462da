"""Commands about proofs and the keys that seal them."""

from server.delivery.cli.keys import keys
from server.delivery.cli.page import verify_page
from server.delivery.cli.verify import verify

__all__ = ["keys", "verify", "verify_page"]
