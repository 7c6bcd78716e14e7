"""Dot plots of a value beside that of a comparator: adverse reactions and results of trials."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, GUTTER, RIGHT, ROW, TOP = 960, 440, 16, 16, 28
_LONGEST = 66
_ZERO = 26
_LEAST = 0.1


@dataclass(frozen=True)
class Pair:
    """A value and that of the comparator (None if there is none), under a group of rows."""

    group: str
    label: str
    title: str
    value: float
    comparator: float | None


@dataclass(frozen=True)
class Row:
    """One row: a heading, or a value at `x` and a comparator at `other_x`."""

    y: float
    label: str
    title: str = ""
    x: float | None = None
    other_x: float | None = None
    heading: bool = False


@dataclass(frozen=True)
class Dots:
    """The picture: a viewBox of `width` x `height`, its rows and the ticks of its axis."""

    width: int
    height: float
    left: int
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]


def on_logarithm(pairs: Sequence[Pair]) -> Dots:
    """Lay out percentages on a logarithmic axis from 0.1 (and below) to 100, with 0 at its left end."""
    room = WIDTH - GUTTER - RIGHT

    def at(value: float) -> float:
        if value < _LEAST:
            return float(GUTTER)
        return round(GUTTER + _ZERO + (math.log10(value) + 1) / 3 * (room - _ZERO), 1)

    return _dots(pairs, at, (0, 0.1, 0.3, 1, 3, 10, 30, 100))


def on_line(pairs: Sequence[Pair]) -> Dots:
    """Lay out values on a linear axis that holds 0 and all of them."""
    values = [value for pair in pairs for value in (pair.value, pair.comparator) if value is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    step = next(size for size in (1, 2, 5, 10, 20, 25, 50, 100, 10**9) if (high - low) / size <= 6)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    scale = (WIDTH - GUTTER - RIGHT) / ((high - low) or 1)
    ticks = [low + step * index for index in range(int((high - low) / step) + 1)]
    return _dots(pairs, lambda value: round(GUTTER + (value - low) * scale, 1), ticks)


def _dots(pairs: Sequence[Pair], at: Callable[[float], float], ticks: Sequence[float]) -> Dots:
    rows: list[Row] = []
    for group, members in itertools.groupby(pairs, lambda pair: pair.group):
        rows.append(Row(_y(rows), group, heading=True))
        for pair in members:
            other = None if pair.comparator is None else at(pair.comparator)
            rows.append(Row(_y(rows), _short(pair.label), pair.title, at(pair.value), other))
    return Dots(WIDTH, _y(rows), GUTTER, tuple(rows), tuple((at(tick), f"{tick:g}") for tick in ticks))


def _y(rows: Sequence[Row]) -> float:
    return TOP + len(rows) * ROW


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip(" ,;") + "…"
