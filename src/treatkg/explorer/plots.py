"""The dot plots of a treatment: its adverse reactions and the results of its trials, in full and in brief for print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from treatkg import namespaces
from treatkg.explorer.dots import Dots, Pair, on_line, on_logarithm
from treatkg.explorer.facts import Fact
from treatkg.explorer.wording import Label

_BRIEF = 8
# The endpoints of a brief plot, with the week nearest to this one first.
_HEADLINES = ("EASI75", "IGA01", "IGASuccess", "PPNRS4", "PruritusNRS4")
_WEEK = 16


@dataclass(frozen=True)
class Plot:
    """A plot with all its rows, and one with the most telling of them; `cited` are the facts of the latter."""

    unit: str
    full: Dots
    brief: Dots
    cited: tuple[Fact, ...]


def reactions(facts: Iterable[Fact], label: Label) -> Plot | None:
    """Draw the reactions with a comparator, the most frequent first; where there are none, all with a percentage."""
    counted = [fact for fact in facts if fact.number("percent") is not None and not fact.negative]
    compared = [fact for fact in counted if fact.number("comparatorPercent") is not None] or counted
    if not compared:
        return None
    most: dict[str, float] = defaultdict(float)
    for fact in compared:
        most[fact.iri_of("effect")] = max(most[fact.iri_of("effect")], fact.number("percent") or 0)

    def order(fact: Fact) -> tuple[float, str, float, str]:
        effect = fact.iri_of("effect")
        return -most[effect], label(effect), -(fact.number("percent") or 0), fact.iri

    def pair(fact: Fact) -> Pair:
        return Pair(
            label(fact.iri_of("effect")),
            fact.text("exposure"),
            fact.label,
            fact.number("percent") or 0,
            fact.number("comparatorPercent"),
        )

    chosen = sorted(compared, key=order)
    return _plot("percent of people, logarithmic", chosen, chosen, pair, on_logarithm)


def results(facts: Iterable[Fact], label: Label) -> tuple[Plot, ...]:
    """Draw the results in percent, of patients and of change; those in other units stand in the table alone."""

    def order(fact: Fact) -> tuple[str, float, str, str]:
        return label(fact.iri_of("endpoint")), fact.number("week") or 0, arm(fact, label), fact.iri

    def telling(fact: Fact) -> tuple[int, float]:
        name = fact.iri_of("endpoint").removeprefix(namespaces.TKG)
        rank = _HEADLINES.index(name) if name in _HEADLINES else len(_HEADLINES)
        return rank, abs((fact.number("week") or 0) - _WEEK)

    def pair(fact: Fact) -> Pair:
        return Pair(
            f"{label(fact.iri_of('endpoint'))}, week {fact.text('week')}",
            arm(fact, label),
            fact.label,
            fact.number("value") or 0,
            fact.number("comparatorValue"),
        )

    counted = [fact for fact in facts if fact.text("unit") == "%" and fact.number("value") is not None]
    found = []
    for unit, change in (("percent of patients", False), ("percent of change", True)):
        chosen = sorted((fact for fact in counted if fact.iri_of("endpoint").endswith("Change") == change), key=order)
        if chosen:
            found.append(_plot(unit, chosen, sorted(chosen, key=telling), pair, on_line))
    return tuple(found)


def arm(fact: Fact, label: Label) -> str:
    """Return the trial and the arm of a result."""
    trial, text = label(fact.iri_of("trial")), label(fact.iri_of("arm"))
    prefix, colon, rest = text.partition(": ")
    return f"{trial}: {rest}" if colon and prefix in trial else f"{trial}: {text}"


def _plot(
    unit: str,
    facts: Sequence[Fact],
    telling: Sequence[Fact],
    pair: Callable[[Fact], Pair],
    draw: Callable[[Sequence[Pair]], Dots],
) -> Plot:
    cited = telling[:_BRIEF]
    return Plot(unit, draw([*map(pair, facts)]), draw([*map(pair, cited)]), tuple(cited))
