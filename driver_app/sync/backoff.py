"""How long to wait before trying again."""

from __future__ import annotations

from random import Random

BASE_S = 2.0
CAP_S = 300.0


class Backoff:
    """Full jitter: anything up to a bound that doubles with each failure, so that tablets do not come in step.

    An office that says when to come back is there and counts who waits: the bound is then as long as its wish, since
    a longer one would only leave the office idle while the last tablets sleep.

    Source: M. Brooker, "Exponential Backoff and Jitter" (2015).
    """

    def __init__(self, random: Random, *, base_s: float = BASE_S, cap_s: float = CAP_S) -> None:
        """Start without any failure."""
        self._random = random
        self._base_s, self._cap_s = base_s, cap_s
        self._failures = 0

    def next_delay_s(self, retry_after_s: float = 0.0) -> float:
        """Return the wait: the office's own wish and a random time on top; without a wish, one more failure counts."""
        if retry_after_s > 0:
            wish_s = min(retry_after_s, self._cap_s)
            return wish_s + self._random.uniform(0.0, max(self._base_s, wish_s))
        bound_s = min(self._cap_s, self._base_s * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        return self._random.uniform(0.0, bound_s)

    def reset(self) -> None:
        """Forget the failures: something worked."""
        self._failures = 0
