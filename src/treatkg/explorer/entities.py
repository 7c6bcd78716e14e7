"""What the pages about a target, a disease or a source have in common: a head, sections of facts, who says them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.asking import Behind, Row, text
from treatkg.explorer.facts import Named, evidence_of
from treatkg.knowledge import Knowledge

_ABOUT = "SELECT ?property ?value WHERE { VALUES ?thing { <%s> } ?thing ?property ?value } ORDER BY ?property ?value"
_NAMES = {namespaces.SKOS + name for name in ("altLabel", "notation")}
_MATCHES = {"exactMatch": "same", "closeMatch": "close", "narrowMatch": "narrower", "broadMatch": "broader"}


@dataclass(frozen=True)
class Head:
    """What a thing is: its classes (local names), names, definition, identifiers elsewhere by how they match."""

    iri: str
    label: str
    classes: frozenset[str]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    definition: str
    matches: Mapping[str, tuple[Named, ...]]
    values: Mapping[str, tuple[str, ...]]

    def named(self, knowledge: Knowledge, name: str) -> tuple[Named, ...]:
        """Return the things at a property (CURIE)."""
        found = self.values.get(namespaces.expand(name), ())
        return tuple(Named(iri, knowledge.terms.label(iri)) for iri in found)


@dataclass(frozen=True)
class Line:
    """One fact in a section: links that stand before it, the fact, and what limits it."""

    fact: str
    label: str
    things: tuple[Named, ...] = ()
    relation: str = ""
    marks: tuple[str, ...] = ()
    period: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and the facts under it, as a list or in groups; `empty` says what is meant by none."""

    title: str
    groups: Mapping[str, Sequence[Line]]
    note: str = ""

    @property
    def count(self) -> int:
        """How many facts the section shows."""
        return sum(map(len, self.groups.values()))


@dataclass(frozen=True)
class Cell:
    """The facts of one place in a table."""

    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Grid:
    """A table of things by columns."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Named, Sequence[Cell]]]
    note: str = ""


@dataclass(frozen=True)
class Page:
    """A page about a thing."""

    head: Head
    details: Mapping[str, Sequence[Named]]
    sections: Sequence[Section]
    evidence: Mapping[str, Sequence[EvidenceLine]]
    behind: Sequence[Behind]
    grid: Grid | None = None
    day: datetime.date | None = None
    places: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def head(knowledge: Knowledge, iri: str) -> Head | None:
    """Return what a thing is; None where the graph says nothing of it."""
    values: dict[str, list[str]] = defaultdict(list)
    for prop, value in knowledge.select(_ABOUT % iri).terms:
        values[graph.iri_of(prop)].append(graph.iri_of(value) or text(value))
    if not values:
        return None
    classes = {cls for cls in values[namespaces.RDF + "type"] if cls.startswith(namespaces.TKG)}
    names = {name for prop in _NAMES for name in values.get(prop, ())}
    matches = {
        words: tuple(Named(other, _registry(other)) for other in values.get(namespaces.SKOS + name, ()))
        for name, words in _MATCHES.items()
    }
    return Head(
        iri=iri,
        label=knowledge.terms.label(iri),
        classes=frozenset(cls.removeprefix(namespaces.TKG) for cls in classes),
        kinds=tuple(sorted(map(knowledge.terms.label, classes))),
        names=tuple(sorted(names - {knowledge.terms.label(iri)}, key=str.casefold)),
        definition=" ".join(values.get(namespaces.SKOS + "definition", ())),
        matches={words: found for words, found in matches.items() if found},
        values={prop: tuple(found) for prop, found in values.items()},
    )


def page(
    knowledge: Knowledge,
    found: Head,
    sections: Iterable[Section],
    behind: Sequence[Behind],
    *,
    details: Mapping[str, Sequence[Named]] | None = None,
    grid: Grid | None = None,
    day: datetime.date | None = None,
) -> Page:
    """Put a page together: sections that hold something, and the evidence of all their facts in one query."""
    shown = [section for section in sections if section.count]
    facts = {line.fact for section in shown for lines in section.groups.values() for line in lines}
    if grid:
        facts |= {line.fact for _, cells in grid.rows for cell in cells for line in cell.lines}
    held = {name: things for name, things in (details or {}).items() if things}
    return Page(found, held, shown, evidence_of(knowledge, facts), behind, grid, day)


def line(knowledge: Knowledge, row: Row, *things: str, relation: str = "", marks: Iterable[str] = ()) -> Line:
    """Return the line of a row that has `fact`; `things` are the columns whose things stand before it."""
    fact = graph.iri_of(row["fact"])
    named = tuple(Named(iri, knowledge.terms.label(iri)) for name in things if (iri := graph.iri_of(row[name])))
    return Line(fact, knowledge.terms.label(fact), named, relation, tuple(filter(None, marks)))


def said_of(knowledge: Knowledge, row: Row, stated: str = "statedFor", treatment: str = "treatment") -> str:
    """Return the mark of a fact that a source states of a group or substance; empty where it is of the treatment."""
    of = graph.iri_of(row[stated])
    return f"said of {knowledge.terms.label(of)}" if of and of != graph.iri_of(row[treatment]) else ""


def unique(lines: Iterable[Line]) -> list[Line]:
    """Drop lines that repeat a fact with the same things."""
    return list({(one.fact, one.things, one.relation): one for one in lines}.values())


def _registry(iri: str) -> str:
    return namespaces.shorten(iri).replace("https://bioregistry.io/", "")
