"""What the labels say against or before a treatment: one row for each thing, one column for each jurisdiction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from treatkg.explorer.facts import Fact
from treatkg.explorer.wording import Label, conditions, joined, place_code, population, rank, without_place, words

ANYWHERE = ""


@dataclass(frozen=True)
class Entry:
    """One fact in a cell, with what is to be said beside the mark."""

    fact: Fact
    text: str


@dataclass(frozen=True)
class Line:
    """One row: `terms` must hold together; `cells` by short name of the jurisdiction."""

    terms: tuple[str, ...]
    note: str
    cells: dict[str, tuple[Entry, ...]]


@dataclass(frozen=True)
class Matrix:
    """Rows by jurisdiction; `checks` are label checks that found nothing or only hypersensitivity.

    A place of `unknown` has neither a fact nor a check: nothing is known, which is not the same as nothing listed.
    """

    places: tuple[str, ...]
    lines: tuple[Line, ...]
    checks: dict[str, tuple[Fact, ...]]
    unknown: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines or self.checks)


_Reader = Callable[[Fact, Label], tuple[tuple[str, ...], str]]


def matrix(facts: Iterable[Fact], checks: Iterable[Fact], licensed: Iterable[str], label: Label) -> Matrix:
    """Arrange facts of one or several classes.

    Args:
        facts: the facts.
        checks: the label checks of the section that would list such facts.
        licensed: short names of the jurisdictions that are shown even if nothing is known there.
        label: IRI to label.
    """
    grouped: dict[tuple[tuple[str, ...], str], dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        terms, text = _ROWS[fact.cls](fact, label)
        grouped[terms, _note(fact, label)][place_code(fact)].append(Entry(fact, text))
    read: dict[str, list[Fact]] = defaultdict(list)
    for check in checks:
        read[place_code(check)].append(check)
    told = {place for cells in grouped.values() for place in cells} | set(read)
    places = sorted(told | set(licensed), key=rank)
    lines = [
        Line(terms, note, {place: tuple(cells[place]) for place in sorted(cells, key=rank)})
        for (terms, note), cells in grouped.items()
    ]
    lines.sort(key=lambda line: (-len(line.cells), line.terms, line.note))
    return Matrix(
        tuple(places),
        tuple(lines),
        {place: tuple(found) for place, found in read.items()},
        tuple(place for place in places if place not in told),
    )


def _note(fact: Fact, label: Label) -> str:
    who = population(fact.parts.get("population", ()), label) if fact.cls != "UseRestriction" else ""
    return "; ".join(filter(None, [fact.text("product"), *words(fact.all("route"), label), who]))


def _barred(fact: Fact, label: Label) -> tuple[tuple[str, ...], str]:
    terms = tuple(conditions(fact.parts.get("condition", ()), label))
    strength = label(fact.iri_of("strength"))
    return terms or (without_place(fact.label),), "" if strength == "absolute" else strength


def _restricted(fact: Fact, label: Label) -> tuple[tuple[str, ...], str]:
    people = population(fact.parts.get("population", ()), label)
    terms = [*conditions(fact.parts.get("condition", ()), label), *([people] if people else [])]
    return tuple(terms) or (without_place(fact.label),), label(fact.iri_of("restrictionLevel"))


def _risk(fact: Fact, label: Label) -> tuple[tuple[str, ...], str]:
    return (joined(words(fact.all("risk"), label), "and"),), ""


def _test(fact: Fact, label: Label) -> tuple[tuple[str, ...], str]:
    pieces = [fact.text(name) for name in ("test", "threshold", "action")]
    return (joined(words(fact.all("looksFor"), label), "and"),), "; ".join(filter(None, pieces))


_ROWS: dict[str, _Reader] = {
    "Contraindication": _barred,
    "UseRestriction": _restricted,
    "BoxedWarning": _risk,
    "Warning": _risk,
    "Precaution": _risk,
    "Screening": _test,
    "Monitoring": _test,
}
