"""The page of the controlled lists: each value with its definition and source."""

from __future__ import annotations

from dataclasses import dataclass

import rdflib
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS

from treatkg import namespaces, resources
from treatkg.documentation.pages import render


@dataclass(frozen=True)
class Value:
    """One value of a list."""

    name: str
    label: str
    definition: str
    source: str


@dataclass(frozen=True)
class List:
    """A controlled list."""

    name: str
    label: str
    definition: str
    values: tuple[Value, ...]


def page(home: str = "") -> bytes:
    """Return the page of every list of `ontology/vocabulary.ttl`."""
    graph = rdflib.Graph().parse(resources.ONTOLOGY / "vocabulary.ttl")
    lists = [_list(graph, scheme) for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme)]
    return render("vocabulary.html", home, lists=sorted(lists, key=lambda each: each.label), root="")


def _list(graph: rdflib.Graph, scheme: rdflib.term.Node) -> List:
    values = [
        Value(_name(value), *(_text(graph, value, prop) for prop in (RDFS.label, SKOS.definition, DCTERMS.source)))
        for value in graph.subjects(SKOS.inScheme, scheme)
    ]
    label = _text(graph, scheme, RDFS.label).removesuffix(" (list)")
    ordered = tuple(sorted(values, key=lambda value: value.name))
    return List(_name(scheme), label, _text(graph, scheme, SKOS.definition), ordered)


def _name(node: rdflib.term.Node) -> str:
    return str(node).removeprefix(namespaces.TKG)


def _text(graph: rdflib.Graph, node: rdflib.term.Node, prop: rdflib.URIRef) -> str:
    return str(graph.value(node, prop) or "")
