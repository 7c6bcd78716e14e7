"""The licences of a treatment on a line of time: one lane for each jurisdiction and population."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from treatkg.explorer.facts import Fact
from treatkg.explorer.wording import Label, place_code, population, rank, without_place, words

WIDTH, GUTTER, LANE, TOP, RIGHT = 960, 350, 19, 26, 24
_LONGEST = 50
_At = Callable[[datetime.date], float]
_STEPS = (1, 2, 5, 10, 20)
_MOST_TICKS = 12
_MARGIN = datetime.timedelta(days=120)


@dataclass(frozen=True)
class Bar:
    """A licence in time; `open` if it has no end, `vague` if its first day is known only to the month or year."""

    x: float
    width: float
    title: str
    holds: bool
    open: bool
    vague: bool


@dataclass(frozen=True)
class Event:
    """A regulatory event at its day."""

    x: float
    title: str


@dataclass(frozen=True)
class Lane:
    """One line of the picture; a heading has no bars and no events."""

    y: float
    label: str
    full: str
    heading: bool = False
    bars: tuple[Bar, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """The picture: a viewBox of `width` x `height`, lanes, ticks of years, and the day."""

    width: int
    height: float
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, int], ...]
    day_x: float
    day: datetime.date


def timeline(
    licences: Sequence[Fact], events: Sequence[Fact], day: datetime.date, today: datetime.date, label: Label
) -> Timeline | None:
    """Lay out licences and events; None if there are none.

    Args:
        licences: indications.
        events: regulatory events.
        day: the day that the page speaks of.
        today: where open lanes end.
        label: IRI to label.
    """
    starts = [fact.start for fact in [*licences, *events] if fact.start]
    if not starts:
        return None
    last = max(today, *starts) + _MARGIN
    first = datetime.date(min(starts).year, 1, 1)
    scale = (WIDTH - GUTTER - RIGHT) / (last - first).days

    def at(when: datetime.date) -> float:
        return round(GUTTER + (min(max(when, first), last) - first).days * scale, 1)

    lanes: list[Lane] = []
    for place in sorted({place_code(fact) for fact in [*licences, *events]}, key=rank):
        lanes.append(Lane(_y(lanes), label(_iri(place, licences, events)), "", heading=True))
        here = [fact for fact in licences if place_code(fact) == place]
        for full, group in itertools.groupby(
            sorted(here, key=lambda one: _order(one, label)), lambda one: _lane(one, label)
        ):
            bars = tuple(_bar(fact, at, today) for fact in group)
            lanes.append(Lane(_y(lanes), _short(full), full, bars=bars))
        marks = tuple(
            Event(at(fact.start), f"{fact.start_text}: {without_place(fact.label)}")
            for fact in events
            if fact.start and place_code(fact) == place
        )
        if marks:
            lanes.append(Lane(_y(lanes), "regulatory events", "regulatory events", events=marks))
    return Timeline(WIDTH, _y(lanes) + 12, tuple(lanes), _ticks(first, last, at), at(day), day)


def _iri(place: str, *groups: Sequence[Fact]) -> str:
    return next(fact.iri_of("jurisdiction") for group in groups for fact in group if place_code(fact) == place)


def _y(lanes: Sequence[Lane]) -> float:
    return TOP + len(lanes) * LANE


def _order(fact: Fact, label: Label) -> tuple[str, datetime.date, str]:
    return _lane(fact, label), fact.start or datetime.date.min, fact.iri


def _lane(fact: Fact, label: Label) -> str:
    who = population(fact.parts.get("population", ()), label) or "everybody"
    disease = label(fact.iri_of("disease"))
    return ": ".join(filter(None, [disease if disease != "atopic dermatitis" else "", who])) + _limits(fact, label)


def _limits(fact: Fact, label: Label) -> str:
    limits = [fact.text("product"), *words(fact.all("route"), label), *words(fact.all("manifestation"), label)]
    return "".join(f" · {limit}" for limit in limits if limit)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip(" ,") + "…"


def _bar(fact: Fact, at: _At, now: datetime.date) -> Bar:
    start = fact.start or now
    x = at(start)
    end = at(fact.end or max(now, start))
    period = f"{fact.start_text} to {fact.end_text or 'now'}"
    return Bar(
        x,
        max(round(end - x, 1), 2),
        f"{period}: {without_place(fact.label)}",
        fact.status.holds,
        fact.end is None,
        len(fact.start_text) < len("2022-01-14"),
    )


def _ticks(first: datetime.date, last: datetime.date, at: _At) -> tuple[tuple[float, int], ...]:
    years = range(first.year + (first > datetime.date(first.year, 1, 1)), last.year + 1)
    step = next((step for step in _STEPS if len(years) / step <= _MOST_TICKS), _STEPS[-1])
    return tuple((at(datetime.date(year, 1, 1)), year) for year in years if year % step == 0)
