"""Statements and axioms in words, for people who mend them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import rdflib
from rdflib.namespace import RDF

from treatkg import namespaces
from treatkg.reasoning.axioms import TYPE, Edge, Source, edges_of, in_words

_OWL, _RDFS = namespaces.OWL, namespaces.RDFS
_Unit = frozenset[tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node]]


class Words:
    """Says units of a slice: ids for nodes of the graph, labels for terms of the ontology."""

    def __init__(self, edges: Iterable[Edge], labels: Mapping[str, str]) -> None:
        self._source = Source(edges)
        self._labels = labels

    def label(self, iri: str) -> str:
        """Return the label of a term, or the id of a node."""
        return self._labels.get(iri) or namespaces.shorten(iri)

    def conflict(self, statements: Sequence[_Unit], axioms: Sequence[_Unit]) -> str:
        """Say which statements cannot all hold, and by which axioms."""
        said = [self.statement(edge) for edge in sorted(_edges(statements))]
        names = {value for _, _, value in _edges(statements)}
        lines = [f"- {line}" for line in said] or ["- (the axioms contradict each other)"]
        head = "These statements cannot all hold:" if len(said) > 1 else "This statement cannot hold:"
        return "\n".join([head, *lines, *self._because(axioms, names)])

    def empty_class(self, cls: str, axioms: Sequence[_Unit]) -> str:
        """Say why a class can have no member."""
        return "\n".join(
            [f"{namespaces.shorten(cls)} ({self.label(cls)}) can have no member", *self._because(axioms, {cls})]
        )

    def _because(self, axioms: Sequence[_Unit], names: set[str]) -> list[str]:
        everything = names | {node for edge in _edges(axioms) for node in edge}
        words = sorted(filter(None, (self.axiom(unit, everything, names) for unit in axioms)))
        return ["because", *(f"- {line}" for line in words)] if words else []

    def statement(self, edge: Edge) -> str:
        """Say a statement about an individual."""
        subject, prop, value = edge
        name = namespaces.shorten(subject)
        if prop == TYPE:
            return f"{name} is a {self.label(value)}"
        shown = namespaces.shorten(value)
        known = self._labels.get(value)
        return f"{name}: {self.label(prop)} is {shown}" + (f" ({known})" if known else "")

    def axiom(self, unit: _Unit, names: set[str], individuals: set[str]) -> str:
        """Say an axiom; of those on many classes or individuals only the part that matters here."""
        edges = edges_of(_graph(unit))
        objects = {o for _, _, o in edges}
        roots = [edge for edge in edges if edge[0] not in objects]
        by_kind = {p.removeprefix(_OWL).removeprefix(_RDFS): (s, o) for s, p, o in roots}
        for kind, sentence in _SENTENCES.items():
            if kind in by_kind:
                subject, value = by_kind[kind]
                return sentence.format(self.label(subject), self._value(value), id=namespaces.shorten(subject))
        if "propertyChainAxiom" in by_kind:
            subject, value = by_kind["propertyChainAxiom"]
            steps = ", then ".join(map(self.label, self._source.items(value)))
            return f"{self.label(subject)} is also what is reached by {steps}"
        if "members" in by_kind:
            return f"nothing is two of these: {self._list(by_kind['members'][1], names)}"
        if "distinctMembers" in by_kind:
            return f"these are different: {self._list(by_kind['distinctMembers'][1], individuals)}"
        subject, kind_iri = next(((s, o) for s, p, o in roots if p == str(RDF.type)), ("", ""))
        if kind_iri == _OWL + "FunctionalProperty":
            return f"a thing has one {self.label(subject)} at most ({namespaces.shorten(subject)} is functional)"
        return " ".join(namespaces.shorten(part) for part in roots[0]) if roots else ""

    def _value(self, node: str) -> str:
        return in_words(self._source.expression(node), self.label)

    def _list(self, head: str, names: set[str]) -> str:
        items = self._source.items(head)
        return ", ".join(self.label(item) for item in items if item in names) or "(many)"


_SENTENCES = {
    "equivalentClass": "{0} ({id}) is defined as {1}",
    "subClassOf": "every {0} is a {1}",
    "disjointWith": "nothing is both {0} and {1}",
    "domain": "only a {1} has {0}",
    "range": "the value of {0} is a {1}",
    "subPropertyOf": "what is at {0} is also at {1}",
    "inverseOf": "{0} is the inverse of {1}",
}


def _edges(units: Iterable[_Unit]) -> list[Edge]:
    return [edge for unit in units for edge in edges_of(_graph(unit))]


def _graph(unit: _Unit) -> rdflib.Graph:
    result = rdflib.Graph()
    for triple in unit:
        result.add(triple)
    return result
