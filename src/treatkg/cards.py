"""One screen about one thing: what it is, what the graph says of it, and who says so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.knowledge import Knowledge
from treatkg.results import Term, to_text

_PROPERTIES = """
SELECT ?property ?value WHERE { VALUES ?thing { <%s> } ?thing ?property ?value } ORDER BY ?property ?value
"""
_KINDS = """
SELECT DISTINCT ?class WHERE {
  VALUES ?thing { <%s> }
  ?thing a ?class .
  MINUS { ?thing a ?narrower . ?narrower rdfs:subClassOf+ ?class . FILTER(?narrower != ?class) }
  FILTER(?class != tkg:TreatmentSubject && !STRSTARTS(STR(?class), STR(owl:)))
}
"""
_NESTED = """
SELECT ?node ?property ?value WHERE {
  VALUES ?thing { <%s> }
  ?thing tkg:population|tkg:condition|tkg:phase|tkg:hasArm ?node . ?node ?property ?value
} ORDER BY ?node ?property ?value
"""
_FACTS = """
SELECT DISTINCT ?fact ?role ?class ?label ?from ?fromPrecision ?until ?untilPrecision ?polarity ?treatment WHERE {
  VALUES ?thing { <%s> }
  { ?fact ?role ?thing } UNION { ?thing tkg:subjectTo ?fact . BIND(tkg:subjectTo AS ?role) }
  ?fact a tkg:Fact ; rdfs:label ?label ; a ?class .
  ?class rdfs:subClassOf+ tkg:Fact .
  MINUS { ?fact a ?narrower . ?narrower rdfs:subClassOf ?class . FILTER(?narrower != ?class) }
  OPTIONAL { ?fact tkg:validFrom ?from }
  OPTIONAL { ?fact tkg:validFromPrecision ?fromPrecision }
  OPTIONAL { ?fact tkg:validUntil ?until }
  OPTIONAL { ?fact tkg:validUntilPrecision ?untilPrecision }
  OPTIONAL { ?fact tkg:polarity ?polarity }
  OPTIONAL { ?fact tkg:treatment ?treatment }
} ORDER BY ?class ?from ?label
"""
_EVIDENCE = """
SELECT ?source ?title ?date ?precision ?locator ?finding ?anchor ?direction ?url WHERE {
  VALUES ?thing { <%s> }
  ?thing tkg:evidence ?evidence .
  ?evidence prov:wasDerivedFrom ?source ; tkg:locator ?locator ; tkg:finding ?finding .
  ?evidence tkg:evidenceDirection ?direction .
  ?source dcterms:title ?title .
  OPTIONAL { ?source dcterms:date ?date }
  OPTIONAL { ?source tkg:datePrecision ?precision }
  OPTIONAL { ?evidence tkg:anchorText ?anchor }
  OPTIONAL { ?source schema:url ?web }
  OPTIONAL { ?source tkg:doi ?doi }
  BIND(COALESCE(?doi, ?web) AS ?url)
} ORDER BY ?date ?source ?locator
"""
_HIDDEN = {
    namespaces.RDF + "type",
    namespaces.RDFS + "label",
    namespaces.SKOS + "prefLabel",
    namespaces.SKOS + "definition",
    namespaces.TKG + "evidence",
    namespaces.TKG + "subjectTo",
    namespaces.TKG + "profileCovers",
}
_NESTED_PROPERTIES = {namespaces.TKG + name for name in ("population", "condition", "phase", "hasArm")}
_SAME_AS = namespaces.SKOS + "exactMatch"


@dataclass(frozen=True)
class Value:
    """A value as people read it; `iri` is empty for a literal."""

    text: str
    iri: str = ""


@dataclass(frozen=True)
class FactLine:
    """One fact in a list; `about` is its treatment where that is not the thing of the card."""

    iri: str
    label: str
    about: str
    period: str
    negative: bool
    from_group: bool


@dataclass(frozen=True)
class EvidenceLine:
    """One piece of evidence: who says it, where, and what."""

    source: str
    title: str
    date: str
    locator: str
    finding: str
    anchor: str
    direction: str
    url: str


@dataclass
class Card:
    """What the graph says of a thing; `about` is the treatment of a fact."""

    iri: str
    label: str
    kinds: list[str]
    about: Value | None = None
    definition: str = ""
    identifiers: list[Value] = field(default_factory=list)
    properties: dict[str, list[Value]] = field(default_factory=dict)
    facts: dict[str, list[FactLine]] = field(default_factory=dict)
    evidence: list[EvidenceLine] = field(default_factory=list)


def card(knowledge: Knowledge, iri: str) -> Card | None:
    """Collect what the graph says of an IRI; None if it says nothing."""
    rows = knowledge.select(_PROPERTIES % iri).terms
    if not rows:
        return None
    result = Card(iri, knowledge.terms.label(iri), _kinds(knowledge, iri))
    for property_term, value in rows:
        prop = graph.iri_of(property_term)
        if prop == namespaces.SKOS + "definition":
            result.definition = to_text(value)
        elif prop == _SAME_AS:
            result.identifiers.append(
                Value(
                    namespaces.shorten(graph.iri_of(value)).replace("https://bioregistry.io/", ""), graph.iri_of(value)
                )
            )
        elif prop == namespaces.TKG + "treatment":
            result.about = _value(knowledge, value)
        elif prop not in _HIDDEN and prop not in _NESTED_PROPERTIES:
            result.properties.setdefault(knowledge.terms.label(prop), []).append(_value(knowledge, value))
    result.properties.update(_nested(knowledge, iri))
    result.facts = _facts(knowledge, iri)
    result.evidence = evidence_of(knowledge, iri)
    return result


def _kinds(knowledge: Knowledge, iri: str) -> list[str]:
    return sorted({knowledge.terms.label(graph.iri_of(cls)) for (cls,) in knowledge.select(_KINDS % iri).terms})


def _nested(knowledge: Knowledge, iri: str) -> dict[str, list[Value]]:
    nodes: dict[str, list[str]] = defaultdict(list)
    for node, prop, value in knowledge.select(_NESTED % iri).terms:
        if graph.iri_of(prop) not in _HIDDEN:
            nodes[graph.iri_of(node)].append(
                f"{knowledge.terms.label(graph.iri_of(prop))}: {_value(knowledge, value).text}"
            )
    grouped: dict[str, list[Value]] = defaultdict(list)
    for part, parts in nodes.items():
        kind = part.rsplit("/", 2)[-2]
        grouped[kind].append(Value("; ".join(parts)))
    return dict(grouped)


def evidence_of(knowledge: Knowledge, iri: str) -> list[EvidenceLine]:
    """Return who says a fact, and where."""
    lines = []
    for source, title, date, precision, *rest in knowledge.select(_EVIDENCE % iri).terms:
        lines.append(EvidenceLine(to_text(source), to_text(title), _date(date, precision), *map(to_text, rest)))
    return lines


def _facts(knowledge: Knowledge, iri: str) -> dict[str, list[FactLine]]:
    groups: dict[str, dict[str, FactLine]] = defaultdict(dict)
    for fact, role, cls, label, *dates, polarity, treatment in knowledge.select(_FACTS % iri).terms:
        start, end = _date(*dates[:2]), _date(*dates[2:])
        period = " to ".join(filter(None, [f"from {start}" if start else "", end]))
        by_group = graph.iri_of(role) == namespaces.TKG + "subjectTo"
        elsewhere = treatment is not None and graph.iri_of(treatment) != iri and not by_group
        about = knowledge.terms.label(graph.iri_of(treatment)) if elsewhere else ""
        line = FactLine(graph.iri_of(fact), to_text(label), about, period, polarity is not None, by_group)
        groups[knowledge.terms.label(graph.iri_of(cls))].setdefault(line.iri, line)
    return {cls: list(lines.values()) for cls, lines in sorted(groups.items())}


def _date(date: Term, precision: Term) -> str:
    """Return a date no more exactly than its source gives it: 2022, 2022-11 or 2022-11-29."""
    length = {"tkg:Year": 4, "tkg:Month": 7}.get(to_text(precision), 10)
    return to_text(date)[:length]


def _value(knowledge: Knowledge, term: Term) -> Value:
    if isinstance(term, ox.NamedNode):
        return Value(knowledge.terms.label(term.value), term.value)
    return Value(to_text(term))
