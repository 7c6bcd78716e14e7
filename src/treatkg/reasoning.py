"""Classification and consistency with owlready2 and HermiT, over the slice of the graph that the defined classes use.

The slice leaves out dates (HermiT fails on `xsd:date`), negative facts and everything about sources. The reasoner runs
in a process of its own, with a limit on time and memory: owlready2 keeps global state and starts Java.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib
from rdflib.namespace import OWL, RDF, RDFS

from treatkg import graph, namespaces, resources
from treatkg.errors import ReasonerError
from treatkg.java import find_java

_TKG = rdflib.Namespace(namespaces.TKG)
_CLASSIFIED = {namespaces.TKG + "Treatment", namespaces.TKG + "Substance"}
_FACT_CLASSES = {_TKG.MechanismOfAction, _TKG.ClassStatement}
_GROUPED_TARGETS = {_TKG.ProteinFamily, _TKG.ProteinComplex}
_KEPT_CLASSES = {_TKG.Substance, _TKG.Treatment} | _FACT_CLASSES | _GROUPED_TARGETS
_KEPT_PROPERTIES = {
    _TKG[name]
    for name in (
        "treatment",
        "activeSubstance",
        "modality",
        "routeOfAdministration",
        "actionType",
        "target",
        "blocksSignallingOf",
        "statedClass",
        "hasComponent",
    )
}
_AXIOMS_KEPT_OUT = {OWL.DatatypeProperty, OWL.AnnotationProperty}
TIMEOUT_SECONDS = 300
MEMORY_MB = 2000


def classify(triples: Iterable[ox.Triple], timeout: float = TIMEOUT_SECONDS) -> frozenset[ox.Triple]:
    """Return the `rdf:type` triples that follow for treatments and substances.

    Args:
        triples: the asserted graph.
        timeout: seconds after which the reasoner is stopped.

    Raises:
        ReasonerError: Java is missing, the reasoner failed or ran too long, or the graph contradicts the ontology.
    """
    java = find_java()
    triples = list(triples)
    classified = {
        graph.iri_of(triple.subject)
        for triple in triples
        if triple.predicate == graph.RDF_TYPE and graph.iri_of(triple.object) in _CLASSIFIED
    }
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "slice.rdf"
        sliced = ontology_slice(triples)
        sliced.serialize(request, format="xml", encoding="utf-8")
        answer = _run_worker(request, java, timeout)
    if answer.get("inconsistent"):
        reasons = answer["explanation"] or _contradictions(sliced)
        raise ReasonerError("the graph contradicts the ontology: " + "; ".join(reasons))
    return frozenset(
        ox.Triple(ox.NamedNode(individual), graph.RDF_TYPE, ox.NamedNode(cls))
        for individual, cls in answer["types"]
        if individual in classified
    )


def _run_worker(request: Path, java: str, timeout: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "treatkg._reasoner", str(request), java, str(MEMORY_MB)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ReasonerError(f"the reasoner did not finish within {timeout:.0f} seconds") from error
    if done.returncode != 0:
        raise ReasonerError(f"the reasoner failed:\n{done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _contradictions(sliced: rdflib.Graph) -> list[str]:
    """Say in words what contradicts: a property that may have one value and has several, the usual reason."""
    found = []
    for prop in sorted(sliced.subjects(RDF.type, OWL.FunctionalProperty), key=str):
        for subject in sorted(set(sliced.subjects(prop, None)), key=str):
            values = sorted(namespaces.shorten(str(value)) for value in sliced.objects(subject, prop))
            if len(values) > 1:
                name = namespaces.shorten(str(prop)).removeprefix("tkg:")
                found.append(
                    f"{namespaces.shorten(str(subject))} has {len(values)} values of {name} and may have one: "
                    + ", ".join(values)
                )
    return found or ["the reasoner does not say where; look at the facts changed last"]


def ontology_slice(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """Return the axioms and individuals that the reasoner sees, as one RDF graph."""
    sliced = _terminology()
    types, properties = _by_use(triples)
    kept = {subject for subject, cls in types if cls in _KEPT_CLASSES}
    sliced_triples = [(s, RDF.type, o) for s, o in types if o in _KEPT_CLASSES]
    sliced_triples += [(s, p, o) for s, p, o in properties if s in kept]
    for triple in sliced_triples:
        sliced.add(triple)
    facts = {subject for subject, cls in types if cls in _FACT_CLASSES}
    individuals = {subject for subject, _, _ in sliced_triples} | {o for _, p, o in sliced_triples if p != RDF.type}
    _declare(sliced, individuals, distinct=individuals - facts)
    return sliced


_Uri = rdflib.URIRef


def _by_use(triples: Iterable[ox.Triple]) -> tuple[set[tuple[_Uri, _Uri]], set[tuple[_Uri, _Uri, _Uri]]]:
    """Return types and the properties that the defined classes use, without negative facts."""
    triples = list(triples)
    negative = {graph.iri_of(t.subject) for t in triples if t.predicate.value == namespaces.TKG + "polarity"}
    types: set[tuple[_Uri, _Uri]] = set()
    properties: set[tuple[_Uri, _Uri, _Uri]] = set()
    for triple in triples:
        subject, value = _Uri(graph.iri_of(triple.subject)), _Uri(graph.iri_of(triple.object))
        if str(subject) in negative or not value:
            continue
        if triple.predicate == graph.RDF_TYPE:
            types.add((subject, value))
        elif _Uri(triple.predicate.value) in _KEPT_PROPERTIES:
            properties.add((subject, _Uri(triple.predicate.value), value))
    return types, properties


def _terminology() -> rdflib.Graph:
    source = rdflib.Graph().parse(resources.ONTOLOGY / "treatkg.ttl", format="turtle")
    left_out = {s for kind in _AXIOMS_KEPT_OUT for s in source.subjects(RDF.type, kind)}
    structural = {str(OWL), str(RDF), str(RDFS)}
    result = rdflib.Graph()
    for s, p, o in source:
        is_axiom = any(str(p).startswith(namespace) for namespace in structural) and p not in (RDFS.label, RDFS.comment)
        if is_axiom and s not in left_out and p not in left_out and o not in left_out:
            result.add((s, p, o))
    return result


def _declare(sliced: rdflib.Graph, individuals: set[_Uri], distinct: set[_Uri]) -> None:
    """Name every individual, and say that different things are different (OWL does not assume it of names)."""
    values = {value for value in sliced.objects(None, OWL.hasValue) if isinstance(value, _Uri)}
    for individual in sorted(individuals | values):
        sliced.add((individual, RDF.type, OWL.NamedIndividual))
    axiom, items = rdflib.BNode(), rdflib.BNode()
    sliced.add((axiom, RDF.type, OWL.AllDifferent))
    sliced.add((axiom, OWL.distinctMembers, items))
    rdflib.collection.Collection(sliced, items, [*sorted(distinct | values)])
