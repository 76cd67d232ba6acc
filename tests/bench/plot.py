"""A plot of how plans grow, as SVG: both axes logarithmic, a line for each way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final

__all__ = ["plot"]

_WIDTH: Final = 760
_HEIGHT: Final = 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 200, 40, 50
_COLOURS: Final = ("#1b6ca8", "#c8553d", "#3c8d4f", "#8a5fb0", "#b58900", "#586e75")

Point = tuple[float, float]


def plot(title: str, lines: Mapping[str, Sequence[Point]], *, across: str, up: str) -> str:
    """Draw lines.

    Args:
        lines: for each name its points, all of them positive.
        across: what the horizontal axis says.
        up: what the vertical axis says.
    """
    points = [point for line in lines.values() for point in line]
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([y for _, y in points])

    def place(point: Point) -> Point:
        x = _LEFT + (log10(point[0]) - x_low) / (x_high - x_low) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (log10(point[1]) - y_low) / (y_high - y_low) * (_HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 22, title, size=15),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, across, anchor="middle"),
        _text(_LEFT - 55, _TOP - 8, up),
    ]
    for power in range(x_low, x_high + 1):
        x, bottom = place((10.0**power, 10.0**y_low))
        drawn.append(_path([(x, bottom), (x, _TOP)], "#ddd"))
        drawn.append(_text(x, bottom + 18, f"{10**power:,}", anchor="middle"))
    for power in range(y_low, y_high + 1):
        left, y = place((10.0**x_low, 10.0**power))
        drawn.append(_path([(left, y), (_WIDTH - _RIGHT, y)], "#ddd"))
        drawn.append(_text(left - 6, y + 4, f"{10.0**power:g}", anchor="end"))
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(_path([place(point) for point in line], colour, width=2))
        drawn += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in map(place, line)]
        y = _TOP + 20 * number
        drawn.append(_path([(_WIDTH - _RIGHT + 15, y), (_WIDTH - _RIGHT + 40, y)], colour, width=2))
        drawn.append(_text(_WIDTH - _RIGHT + 46, y + 4, name))
    return "\n".join([*drawn, "</svg>", ""])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around values."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _path(points: Sequence[Point], colour: str, *, width: int = 1) -> str:
    ways = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{ways}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
