"""Carte: the run as a drawing of its own, from the bundle alone."""

from __future__ import annotations

from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Ellipse, Line, Rectangle, SmoothLine
from kivy.metrics import dp, sp
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from driver_app.ui.screen import TabletScreen
from driver_app.ui.theme import theme
from shared.wire.bundle import BundleRun

_E5_OF_E7 = 100
_LON_SHRINK = 0.70  # a degree of longitude against one of latitude near 45.5° N

type Spot = tuple[float, float]


class RunMap(Widget):
    """The depot, the stops by number, and the way between them."""

    run = ObjectProperty(None, allownone=True)
    done = ObjectProperty(frozenset())
    inset = NumericProperty(48)

    def __init__(self, **properties: Any) -> None:
        """Draw again when the run, the size or the theme change."""
        super().__init__(**properties)
        self.bind(run=self._draw, done=self._draw, pos=self._draw, size=self._draw)
        theme.bind(name=self._draw)

    def _draw(self, *_: Any) -> None:
        self.canvas.clear()
        if self.run is None:
            return
        spots = self._placed(self.run)
        with self.canvas:
            Color(*theme.notice)
            way = spots[: len(self._way(self.run))]
            Line(points=[value for spot in way for value in spot], width=dp(2), joint="round", cap="round")
            for at, spot in enumerate(spots[len(way) :]):
                self._mark(at, spot)

    def _mark(self, at: int, spot: Spot) -> None:
        radius = dp(20)
        done = at > 0 and self.run.stops[at - 1].stop_id in self.done
        Color(*(theme.ink if at == 0 else theme.primary if done else theme.surface))
        Ellipse(pos=(spot[0] - radius, spot[1] - radius), size=(2 * radius, 2 * radius))
        Color(*theme.ink)
        SmoothLine(circle=(*spot, radius), width=dp(1.4))
        label = CoreLabel(text="D" if at == 0 else "✓" if done else str(at), font_size=sp(18), bold=True, **_font(done))
        label.refresh()
        Color(*(theme.surface if at == 0 else theme.primary_ink if done else theme.ink))
        width, height = label.texture.size
        Rectangle(texture=label.texture, pos=(spot[0] - width / 2, spot[1] - height / 2), size=label.texture.size)

    def _way(self, run: BundleRun) -> list[Spot]:
        if run.route_e5:
            return [(float(lat), float(lon)) for lat, lon in run.route_e5]
        stops = [_e5(stop.place.lat_e7, stop.place.lon_e7) for stop in run.stops]
        depot = _e5(run.depot.lat_e7, run.depot.lon_e7)
        return [depot, *stops, depot]

    def _placed(self, run: BundleRun) -> list[Spot]:
        marks = [_e5(run.depot.lat_e7, run.depot.lon_e7)]
        marks += [_e5(stop.place.lat_e7, stop.place.lon_e7) for stop in run.stops]
        points = [(lon * _LON_SHRINK, lat) for lat, lon in (*self._way(run), *marks)]
        left, bottom = min(x for x, _ in points), min(y for _, y in points)
        wide = max(1.0, max(x for x, _ in points) - left)
        high = max(1.0, max(y for _, y in points) - bottom)
        inset = dp(self.inset)
        scale = min((self.width - 2 * inset) / wide, (self.height - 2 * inset) / high)
        shift_x = self.center_x - (left + wide / 2) * scale
        shift_y = self.center_y - (bottom + high / 2) * scale
        return [(x * scale + shift_x, y * scale + shift_y) for x, y in points]


class MapScreen(TabletScreen):
    """The run on one page."""

    def refresh(self) -> None:
        """Draw the run and what is done of it."""
        tour = self.flow.show_tour()
        self.ids.map.run = self.flow.run
        self.ids.map.done = frozenset(card.stop_id for card in tour.cards if card.status in ("done", "failed"))


def _e5(lat_e7: int, lon_e7: int) -> Spot:
    return lat_e7 / _E5_OF_E7, lon_e7 / _E5_OF_E7


def _font(is_mark: bool) -> dict[str, str]:  # noqa: FBT001 - its only argument
    return {"font_name": "DejaVuSans"} if is_mark else {}
