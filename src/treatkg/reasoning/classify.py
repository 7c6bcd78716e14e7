"""From the asserted graph to the classes of its treatments and substances, or to a contradiction in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.namespace import OWL, RDF

from treatkg import graph
from treatkg.errors import ReasonerError
from treatkg.reasoning import contradictions, process
from treatkg.reasoning.slicing import SUBJECT_CLASSES, ontology_slice


class ContradictionError(ReasonerError):
    """The graph says what the ontology rules out; the message says which statements cannot all hold."""


def classify(
    triples: Iterable[ox.Triple],
    timeout: float = process.TIMEOUT_SECONDS,
    java_mb: int = process.JAVA_MEMORY_MB,
    python_mb: int = process.PYTHON_MEMORY_MB,
    ontology: Path | None = None,
) -> frozenset[ox.Triple]:
    """Return the `rdf:type` triples that follow for treatments and substances.

    Args:
        triples: the asserted graph.
        timeout: seconds after which the reasoner is stopped.
        java_mb: memory of HermiT, in megabytes.
        python_mb: memory of owlready2, in megabytes.
        ontology: the ontology file; that of the project if not given.

    Raises:
        BadInputError: an ontology file would make the reasoner fetch or run something.
        ContradictionError: the graph contradicts the ontology.
        LimitError: the time or the memory did not suffice.
        ReasonerError: Java is missing, or the reasoner failed.
    """
    triples = list(triples)
    sliced = ontology_slice(triples, ontology)
    answer = process.classification(sliced, timeout, java_mb, python_mb)
    _check_loaded(sliced, answer["classes"])
    if answer.get("inconsistent"):
        raise ContradictionError(contradictions.of_statements(sliced, timeout))
    if answer["unsatisfiable"]:
        raise ContradictionError(contradictions.of_classes(sliced, answer["unsatisfiable"], timeout))
    classified = {
        graph.iri_of(triple.subject)
        for triple in triples
        if triple.predicate == graph.RDF_TYPE and graph.iri_of(triple.object) in SUBJECT_CLASSES
    }
    return frozenset(
        ox.Triple(ox.NamedNode(individual), graph.RDF_TYPE, ox.NamedNode(cls))
        for individual, cls in answer["types"]
        if individual in classified
    )


def _check_loaded(sliced: rdflib.Graph, loaded: int) -> None:
    """Compare the classes that owlready2 loaded with those of the slice: what it cannot read it takes as nothing."""
    named = {cls for cls in sliced.subjects(RDF.type, OWL.Class) if isinstance(cls, rdflib.URIRef)}
    if not named or loaded != len(named):
        raise ReasonerError(
            f"owlready2 loaded {loaded} of {len(named)} classes: the ontology is not read as it is written"
        )
