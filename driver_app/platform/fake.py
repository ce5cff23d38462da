"""A machine for training and tests: it draws its photos and notes what it was asked to hand over."""

from __future__ import annotations

from driver_app.headless.photos import draw_photo


class DrawnCamera:
    """A camera that draws a numbered picture."""

    def __init__(self) -> None:
        """Start with picture 1."""
        self._taken = 0

    def take(self) -> bytes | None:
        """Return the next picture."""
        self._taken += 1
        return draw_photo(f"Photo {self._taken}")


class NotedHandover:
    """Takes directions and calls, and keeps them in ``asked``."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self.asked: list[str] = []

    def navigate(self, lat_e7: int, lon_e7: int, name: str) -> bool:
        """Note the directions."""
        self.asked.append(f"geo:{lat_e7 / 1e7},{lon_e7 / 1e7} {name}")
        return True

    def call(self, phone: str) -> bool:
        """Note the call."""
        self.asked.append(f"tel:{phone}")
        return True
