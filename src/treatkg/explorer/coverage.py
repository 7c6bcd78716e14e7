"""How much the graph holds, what its facts rest on, and what is missing; counted once for each graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.asking import Behind, ask, behind, once, rows, text
from treatkg.explorer.facts import Named
from treatkg.knowledge import Knowledge

_BY_TYPE = """
SELECT ?type (COUNT(DISTINCT ?source) AS ?sources) (COUNT(DISTINCT ?evidence) AS ?pieces)
  (COUNT(DISTINCT ?fact) AS ?facts)
WHERE { ?fact tkg:evidence ?evidence . ?evidence prov:wasDerivedFrom ?source . ?source tkg:sourceType ?type }
GROUP BY ?type ORDER BY DESC(?facts) ?type
"""
_ONE_SOURCE = """
SELECT ?class (COUNT(?fact) AS ?facts) WHERE {
  {
    SELECT ?fact WHERE { ?fact tkg:evidence/prov:wasDerivedFrom ?source }
    GROUP BY ?fact HAVING (COUNT(DISTINCT ?source) = 1)
  }
  ?fact a ?class .
} GROUP BY ?class
"""
_DEMANDED = "SELECT DISTINCT ?treatment ?part WHERE { ?treatment a ?class . ?part tkg:demandedOf ?class }"
_AGAINST = """
SELECT (COUNT(DISTINCT ?fact) AS ?facts) WHERE { ?fact tkg:evidence/tkg:evidenceDirection tkg:Contradicts }
"""
_ASKED = ("graph-in-numbers", "primary-sources", "facts-by-type", "missing-facts", "facts-with-one-source")
_HIDDEN = {"tkg:Fact", "tkg:TreatmentFact"}
# Of the pictures, in units of their view boxes.
_WIDTH, _NAMES, _FIGURES, _ROW = 480, 150, 132, 22


@dataclass(frozen=True)
class Bar:
    """One bar: its parts in counts, and where they stand in the picture."""

    name: Named
    total: int
    part: int
    y: float
    length: float
    part_length: float

    @property
    def percent(self) -> int:
        """The share of the part, rounded down."""
        return 100 * self.part // self.total if self.total else 0


@dataclass(frozen=True)
class Bars:
    """Bars below each other; `height` is that of the view box, whose width is `width`."""

    bars: Sequence[Bar]
    width: int
    names: int
    height: int


@dataclass(frozen=True)
class SourceType:
    """A type of source with its counts."""

    name: Named
    sources: int
    pieces: int
    facts: int


@dataclass(frozen=True)
class Coverage:
    """What the graph holds and lacks."""

    totals: Mapping[str, int]
    by_class: Bars
    one_source: Bars
    by_type: Sequence[SourceType]
    parts: Sequence[Named]
    profile: Sequence[tuple[Named, Sequence[str]]]  # treatment, and "held", "missing" or "" (not asked for) by part
    missing: int
    demanded: int
    all_primary: Bar
    all_alone: Bar
    contradicted: int
    behind: Sequence[Behind]


@once
def coverage(knowledge: Knowledge) -> Coverage:
    """Count what a graph holds, which does not change while it is open."""
    primary = {
        graph.iri_of(row["class"]): (int(text(row["facts"])), int(text(row["onPrimary"])))
        for row in ask(knowledge, "primary-sources", {})
    }
    alone = {graph.iri_of(row["class"]): int(text(row["facts"])) for row in rows(knowledge, _ONE_SOURCE)}
    everything = namespaces.TKG + "Fact"
    classes = [cls for cls in primary if namespaces.shorten(cls) not in _HIDDEN]
    parts, profile = _profile(knowledge)
    (against,) = rows(knowledge, _AGAINST)
    counted = {text(row["what"]): int(text(row["count"])) for row in ask(knowledge, "graph-in-numbers", {})}
    facts, on_primary = primary.get(everything, (0, 0))
    return Coverage(
        totals=counted,
        by_class=_bars(knowledge, [(cls, *primary[cls]) for cls in classes]),
        one_source=_bars(knowledge, [(cls, primary[cls][0], alone.get(cls, 0)) for cls in classes]),
        by_type=_types(knowledge),
        parts=parts,
        profile=profile,
        missing=sum(held.count("missing") for _, held in profile),
        demanded=sum(len(held) - held.count("") for _, held in profile),
        all_primary=Bar(_named(knowledge, everything), facts, on_primary, 0, 0, 0),
        all_alone=Bar(_named(knowledge, everything), facts, alone.get(everything, 0), 0, 0, 0),
        contradicted=int(text(against["facts"])),
        behind=[behind(name, {}) for name in _ASKED],
    )


def _types(knowledge: Knowledge) -> list[SourceType]:
    found = []
    for row in rows(knowledge, _BY_TYPE):
        sources, pieces, facts = (int(text(row[name])) for name in ("sources", "pieces", "facts"))
        found.append(SourceType(_named(knowledge, graph.iri_of(row["type"])), sources, pieces, facts))
    return found


def _bars(knowledge: Knowledge, counts: Iterable[tuple[str, int, int]]) -> Bars:
    """Lay bars out, the longest first."""
    ordered = sorted(counts, key=lambda one: (-one[1], one[0]))
    most = max((total for _, total, _ in ordered), default=1)
    room = _WIDTH - _NAMES - _FIGURES
    bars = [
        Bar(_named(knowledge, cls), total, part, place * _ROW, room * total / most, room * part / most)
        for place, (cls, total, part) in enumerate(ordered)
    ]
    return Bars(bars, _WIDTH, _NAMES, len(bars) * _ROW)


def _profile(knowledge: Knowledge) -> tuple[list[Named], list[tuple[Named, list[str]]]]:
    """Return the parts of the completeness profile, and for each treatment whether it has them."""
    demanded = {(graph.iri_of(row["treatment"]), graph.iri_of(row["part"])) for row in rows(knowledge, _DEMANDED)}
    missing = {
        (graph.iri_of(row["treatment"]), graph.iri_of(row["missing"])) for row in ask(knowledge, "missing-facts", {})
    }
    parts = sorted({part for _, part in demanded}, key=lambda iri: knowledge.terms.label(iri).casefold())
    treatments = sorted({one for one, _ in demanded}, key=lambda iri: knowledge.terms.label(iri).casefold())

    def state(treatment: str, part: str) -> str:
        if (treatment, part) not in demanded:
            return ""
        return "missing" if (treatment, part) in missing else "held"

    table = [(_named(knowledge, one), [state(one, part) for part in parts]) for one in treatments]
    return [_named(knowledge, part) for part in parts], table


def _named(knowledge: Knowledge, iri: str) -> Named:
    return Named(iri, knowledge.terms.label(iri))
