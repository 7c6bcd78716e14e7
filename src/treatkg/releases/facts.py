"""The facts of a graph in a form that two releases can be compared by: readable values, and who says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.knowledge import Knowledge
from treatkg.results import to_text

_TKG = namespaces.TKG
_FACTS = """
SELECT ?subject ?class ?label WHERE {
  ?subject a tkg:Fact , ?type ; rdfs:label ?label .
  ?type rdfs:subClassOf+ tkg:Fact ; rdfs:label ?class .
  MINUS { ?subject a ?narrower . ?narrower rdfs:subClassOf+ ?type . FILTER(?narrower != ?type) }
} ORDER BY ?subject ?class
"""
_THINGS = """
SELECT ?subject ?class ?label WHERE {
  VALUES ?type { tkg:Substance tkg:Treatment tkg:TreatmentGroup tkg:Trial tkg:Dataset }
  ?subject a ?type ; rdfs:label ?label . ?type rdfs:label ?class
} ORDER BY ?subject ?class
"""
_SOURCES = "SELECT ?source ?title WHERE { ?source a tkg:Source ; dcterms:title ?title } ORDER BY ?source ?title"
_EVIDENCE = """
SELECT ?fact ?source ?finding WHERE {
  ?fact tkg:evidence ?evidence . ?evidence prov:wasDerivedFrom ?source ; tkg:finding ?finding
}
"""

# What a fact is by, not what it says; and what the rules add.
_NOT_COMPARED = {
    namespaces.RDF + "type",
    *(_TKG + name for name in ("evidence", "subjectTo", "profileCovers", "treatment")),
}
_ONLY_CURATED = {
    *(namespaces.SKOS + name for name in ("altLabel", "exactMatch", "closeMatch", "definition", "note")),
    *(_TKG + name for name in ("modality", "routeOfAdministration", "activeSubstance", "formerIdentifier")),
    *(_TKG + name for name in ("enrollment", "trialPhase", "sponsor", "design", "membersAre")),
    namespaces.RDFS + "label",
    namespaces.SCHEMA + "version",
}


@dataclass(frozen=True)
class Subject:
    """A fact, treatment, group, trial or header of one release.

    Attributes:
        is_fact: or else a thing that facts are about.
        cls: label of its class, such as "indication".
        about: label of the treatment of a fact; empty for a fact on the disease and for a thing.
        jurisdictions: where a fact holds, in short: "US".
        ages: months from (inclusive) and until (exclusive) of each population that is bounded by age.
        values: property label -> its values as people read them, nested nodes flattened to one text each.
        findings: of a fact: title of each source -> what it says.
    """

    iri: str
    is_fact: bool
    cls: str
    label: str
    about: str
    jurisdictions: tuple[str, ...]
    ages: tuple[tuple[int | None, int | None], ...]
    values: dict[str, frozenset[str]]
    findings: dict[str, frozenset[str]]


@dataclass(frozen=True)
class Facts:
    """One release, by IRI; sources by id with their titles."""

    version: str
    issued: str
    subjects: dict[str, Subject]
    sources: dict[str, str]


def read(knowledge: Knowledge) -> Facts:
    """Read a graph's facts, things and sources."""
    return _Reader(knowledge).facts()


class _Reader:
    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.terms = knowledge.terms
        self.properties: dict[str, list[tuple[str, ox.NamedNode | ox.Literal]]] = defaultdict(list)
        for subject, prop, value in knowledge.select("SELECT ?s ?p ?o WHERE { ?s ?p ?o }").terms:
            if isinstance(value, (ox.NamedNode, ox.Literal)):
                self.properties[graph.iri_of(subject)].append((graph.iri_of(prop), value))

    def facts(self) -> Facts:
        header = self.knowledge.header()
        titles = {to_text(source): to_text(title) for source, title in self.knowledge.select(_SOURCES).terms}
        said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for fact, source, finding in self.knowledge.select(_EVIDENCE).terms:
            said[graph.iri_of(fact)][titles.get(to_text(source), to_text(source))].add(to_text(finding))
        subjects = {}
        for query in (_THINGS, _FACTS):
            for subject, cls, label in self.knowledge.select(query).terms:
                iri = graph.iri_of(subject)
                is_fact = query is _FACTS
                subjects[iri] = Subject(
                    iri=iri,
                    is_fact=is_fact,
                    cls=to_text(cls),
                    label=to_text(label),
                    about=self._about(iri),
                    jurisdictions=tuple(sorted(place.removeprefix(_TKG) for place in self._iris(iri, "jurisdiction"))),
                    ages=self._ages(iri),
                    values=self._values(iri, only=None if is_fact else _ONLY_CURATED),
                    findings={title: frozenset(texts) for title, texts in said[iri].items()},
                )
        return Facts(str(header.get("version", "?")), str(header.get("issued", "?")), subjects, titles)

    def _iris(self, iri: str, name: str) -> list[str]:
        return [graph.iri_of(value) for prop, value in self.properties[iri] if prop == _TKG + name]

    def _ages(self, iri: str) -> tuple[tuple[int | None, int | None], ...]:
        found = []
        for population in self._iris(iri, "population"):
            bounds = {prop: value for prop, value in self.properties[population] if isinstance(value, ox.Literal)}
            low, high = bounds.get(_TKG + "minAgeMonths"), bounds.get(_TKG + "maxAgeMonths")
            if low or high:
                found.append((int(low.value) if low else None, int(high.value) if high else None))
        return tuple(sorted(set(found), key=str))

    def _about(self, iri: str) -> str:
        return ", ".join(sorted(map(self.terms.label, self._iris(iri, "treatment"))))

    def _values(self, iri: str, only: set[str] | None) -> dict[str, frozenset[str]]:
        values: dict[str, set[str]] = defaultdict(set)
        for prop, value in self.properties[iri]:
            if prop not in _NOT_COMPARED and (only is None or prop in only):
                values[self.terms.label(prop)].add(self._readable(value, iri))
        return {name: frozenset(texts) for name, texts in values.items()}

    def _readable(self, value: ox.NamedNode | ox.Literal, parent: str) -> str:
        if isinstance(value, ox.Literal):
            return to_text(value)
        if value.value.startswith(parent + "/"):
            return "; ".join(_sentences(self._values(value.value, only=None)))
        return self.terms.label(value.value)


def _sentences(values: dict[str, frozenset[str]]) -> Iterable[str]:
    for name, texts in sorted(values.items()):
        yield f"{name} {', '.join(sorted(texts))}"
