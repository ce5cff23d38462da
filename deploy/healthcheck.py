"""Exit code 0 when the given address answers with success: a health check without curl in the image."""

import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=4) as answer:  # noqa: S310  # the address stands in the compose file
    sys.exit(answer.status != 200)  # noqa: PLR2004  # success
