"""The graph as a dataset of named graphs: what is stated, how it is known, from which documents, and what follows.

Every statement of the graph is in exactly one named graph, so that together they are the Turtle export. The default
graph describes the named graphs and says nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.errors import BadInputError
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output

GRAPHS = "https://w3id.org/treatkg/graph/"
LICENCE = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")
_TKG, _DCTERMS, _PROV = namespaces.TKG, namespaces.DCTERMS, namespaces.PROV
_VOID = "http://rdfs.org/ns/void#"
_EVIDENCE, _SOURCE = _TKG + "evidence", _TKG + "Source"


@dataclass(frozen=True)
class Part:
    """A named graph: the end of its IRI, its label, what it holds, and the parts that it follows from."""

    name: str
    label: str
    description: str
    follows_from: tuple[str, ...] = ()

    @property
    def iri(self) -> ox.NamedNode:
        """The name of the graph."""
        return ox.NamedNode(GRAPHS + self.name)


PARTS = {
    part.name: part
    for part in (
        Part(
            "assertions",
            "TreatKG: assertions",
            "What is curated: treatments, their facts with populations and conditions, trials.",
        ),
        Part(
            "provenance",
            "TreatKG: provenance",
            "How each fact is known: its evidence, with source, place in it and finding; and the dataset itself.",
        ),
        Part("sources", "TreatKG: sources", "The documents that the evidence cites."),
        Part(
            "terms",
            "TreatKG: terms",
            "The ontology, the controlled lists, and labels and parents of the terms of others.",
        ),
        Part(
            "entailments",
            "TreatKG: entailments",
            "What the reasoner and the stored rules derive from the assertions and the terms.",
            ("assertions", "terms"),
        ),
    )
}


def quads(content: Content) -> list[ox.Quad]:
    """Return the dataset: the graph in its parts, and in the default graph the description of the parts.

    Raises:
        BadInputError: the graph has no date of issue.
    """
    members = _partition(content)
    parted = [in_graph(triple, PARTS[name].iri) for name in PARTS for triple in sorted(members[name], key=graph.order)]
    described = [
        in_graph(triple) for name, part in PARTS.items() for triple in _describe(part, len(members[name]), content)
    ]
    return [*described, *parted]


def in_graph(triple: ox.Triple, name: ox.NamedNode | None = None) -> ox.Quad:
    """Return the triple as a statement of a named graph, or of the default graph."""
    return ox.Quad(triple.subject, triple.predicate, triple.object, name)


def nquads(content: Content) -> Iterator[Output]:
    """Write sorted N-Quads."""
    statements = quads(content)
    yield Output("treatkg.nq", serialise(sorted(statements, key=str), ox.RdfFormat.N_QUADS, {}))


def trig(content: Content) -> Iterator[Output]:
    """Write TriG, one block a graph."""
    prefixes = {**namespaces.prefixes(), "void": _VOID}
    text = serialise(quads(content), ox.RdfFormat.TRIG, prefixes, namespaces.BASE, graph.with_sorted_head)
    yield Output("treatkg.trig", text)


def issued(content: Content) -> ox.Literal:
    """Return the date of the release from the dataset's header, an `xsd:date`.

    Raises:
        BadInputError: the graph has none.
    """
    for triple in content.complete:
        if triple.predicate.value == _DCTERMS + "issued" and graph.iri_of(triple.subject) == namespaces.DATASET:
            return triple.object if isinstance(triple.object, ox.Literal) else ox.Literal("")
    raise BadInputError(f"{content.path}: the graph does not say when it was issued (<dataset> dcterms:issued)")


def _partition(content: Content) -> dict[str, list[ox.Triple]]:
    background = graph.background()
    types = {
        graph.iri_of(triple.subject): graph.iri_of(triple.object)
        for triple in content.curated
        if triple.predicate == graph.RDF_TYPE and graph.iri_of(triple.object) in (_TKG + "Evidence", _SOURCE)
    }
    parts: dict[str, list[ox.Triple]] = {name: [] for name in PARTS}
    for triple in content.complete:
        if triple in content.curated:
            name = _part_of_curated(triple, types)
        else:
            name = "terms" if triple in background else "entailments"
        parts[name].append(triple)
    return parts


def _part_of_curated(triple: ox.Triple, types: dict[str, str]) -> str:
    subject = graph.iri_of(triple.subject)
    if types.get(subject) == _SOURCE:
        return "sources"
    is_evidence = subject in types or triple.predicate.value == _EVIDENCE
    return "provenance" if is_evidence or subject == namespaces.DATASET else "assertions"


def _describe(part: Part, size: int, content: Content) -> Iterator[ox.Triple]:
    values: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (namespaces.RDF + "type", ox.NamedNode(_VOID + "Dataset")),
        (namespaces.RDFS + "label", ox.Literal(part.label, language="en")),
        (_DCTERMS + "description", ox.Literal(part.description, language="en")),
        (_DCTERMS + "isPartOf", ox.NamedNode(namespaces.DATASET)),
        (_DCTERMS + "issued", issued(content)),
        (_DCTERMS + "license", LICENCE),
        (_VOID + "triples", ox.Literal(size)),
        *((_PROV + "wasDerivedFrom", PARTS[name].iri) for name in part.follows_from),
    ]
    for prop, value in values:
        yield ox.Triple(part.iri, ox.NamedNode(prop), value)
