"""The page of the ontology, laid out by pyLODE.

pyLODE cannot show nested class expressions, so definitions go to it in words; and it takes one ontology, so the
vocabulary comes as more individuals of it.
"""

from __future__ import annotations

import logging

import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from treatkg import namespaces, resources
from treatkg.errors import UsageError
from treatkg.reasoning import axioms


def page() -> bytes:
    """Return the page: every class, property and value with its definition, source and example.

    Raises:
        UsageError: pyLODE is missing.
    """
    try:
        logging.getLogger("rdflib.term").setLevel(logging.ERROR)
        from pylode import OntPub
    except ImportError as error:
        raise UsageError("the page of the ontology needs pyLODE: pip install 'treatkg[docs]'") from error
    html: str = OntPub(_source()).make_html()
    return html.encode()


def _source() -> rdflib.Graph:
    source = rdflib.Graph().parse(resources.ONTOLOGY / "treatkg.ttl")
    vocabulary = rdflib.Graph().parse(resources.ONTOLOGY / "vocabulary.ttl")
    labels = {str(term): str(label) for term, label in (source + vocabulary).subject_objects(RDFS.label)}
    _say_definitions(source, labels)
    for triple in vocabulary:
        if OWL.Ontology not in triple and (triple[0], RDF.type, OWL.Ontology) not in vocabulary:
            source.add(triple)
    return source


def _say_definitions(source: rdflib.Graph, labels: dict[str, str]) -> None:
    """Put each defined class's axiom in words among its notes, and drop what pyLODE cannot lay out."""

    def label(iri: str) -> str:
        return labels.get(iri) or namespaces.shorten(iri)

    for cls, expressions in axioms.load().definitions.items():
        for expression in expressions:
            words = f"Members are found by reasoning: {axioms.in_words(expression, label)}."
            source.add((rdflib.URIRef(cls), SKOS.scopeNote, rdflib.Literal(words, lang="en")))
    for triple in list(source):
        if any(isinstance(node, rdflib.BNode) for node in triple):
            source.remove(triple)
