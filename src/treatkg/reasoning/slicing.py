"""What the reasoner sees: the axioms of the ontology, and the part of the graph that the defined classes use.

The slice leaves out dates (HermiT fails on `xsd:date`), negative facts and everything about sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.namespace import OWL, RDF, RDFS

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError

_TKG = rdflib.Namespace(namespaces.TKG)
_Uri = rdflib.URIRef
_Edge = tuple[_Uri, _Uri, _Uri]

SUBJECT_CLASSES = frozenset(namespaces.TKG + name for name in ("Treatment", "Substance"))
_TYPE = namespaces.RDF + "type"
_TREATMENT = namespaces.TKG + "treatment"
_FEATURE = namespaces.TKG + "feature"
_EFFECT = namespaces.TKG + "TreatmentEffect"
FACT_CLASSES = frozenset(namespaces.TKG + name for name in ("MechanismOfAction", "ClassStatement", "TreatmentEffect"))
KEPT_CLASSES = (
    SUBJECT_CLASSES | FACT_CLASSES | {namespaces.TKG + name for name in ("ProteinFamily", "ProteinComplex")}
)
KEPT_PROPERTIES = frozenset(
    namespaces.TKG + name
    for name in (
        "treatment",
        "activeSubstance",
        "modality",
        "routeOfAdministration",
        "actionType",
        "target",
        "selectiveOver",
        "blocksSignallingOf",
        "statedClass",
        "feature",
        "effectDirection",
        "hasComponent",
    )
)
_AXIOMS_KEPT_OUT = {OWL.DatatypeProperty, OWL.AnnotationProperty}
_REFUSED = {
    str(OWL.imports): "owl:imports makes a reasoner fetch what it names",
    "http://www.lesfleursdunormal.fr/static/_downloads/owlready_ontology.owl#python_module": "python_module makes "
    "owlready2 run the Python module that it names",
}


def ontology_slice(triples: Iterable[ox.Triple], ontology: Path | None = None) -> rdflib.Graph:
    """Return the axioms and individuals that the reasoner sees, as one RDF graph.

    Args:
        triples: the asserted graph.
        ontology: the ontology file; that of the project if not given.

    Raises:
        BadInputError: an ontology file would make the reasoner fetch or run something.
    """
    sliced = _terminology(ontology or resources.ONTOLOGY / "treatkg.ttl")
    named = {str(value) for value in _named_values(sliced)}
    types, properties = _by_use(triples, named)
    for triple in [*types, *properties]:
        sliced.add(triple)
    facts = {subject for subject, _, cls in types if str(cls) in FACT_CLASSES}
    individuals = {subject for subject, _, _ in types} | {value for _, _, value in properties}
    _declare(sliced, individuals, distinct=individuals - facts)
    return sliced


def refuse_active_content(folder: Path) -> None:
    """Refuse ontology files that would make owlready2 fetch or run something.

    Raises:
        BadInputError: with file and line.
    """
    for file in sorted(folder.rglob("*.ttl")):
        for triple in graph.parse_file(file):
            reason = _REFUSED.get(triple.predicate.value)
            if reason:
                line = _line_of(file, triple.predicate.value)
                name = re.split("[#/]", triple.predicate.value)[-1]
                raise BadInputError(f"{file}:{line}: {name} is refused: {reason}. Delete the statement")


def _line_of(file: Path, iri: str) -> int:
    name = re.compile(r":" + re.split("[#/]", iri)[-1] + r"\b|" + re.escape(f"<{iri}>"))
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if name.search(line.split(" #")[0])), 1)


def _by_use(triples: Iterable[ox.Triple], named: set[str]) -> tuple[list[_Edge], list[_Edge]]:
    """Return the types and the properties that the defined classes use, without negative facts."""
    types: dict[str, set[str]] = {}
    edges: list[tuple[str, str, str]] = []
    left_out: set[str] = set()
    for triple in triples:
        subject, prop, value = graph.iri_of(triple.subject), triple.predicate.value, graph.iri_of(triple.object)
        if prop == namespaces.TKG + "polarity":
            left_out.add(subject)
        elif prop == _TYPE and value.startswith(namespaces.TKG):
            types.setdefault(subject, set()).add(value)
        elif prop in KEPT_PROPERTIES and value:
            edges.append((subject, prop, value))
    left_out |= _effects_on_other_features(types, edges, named)
    kept = {subject for subject, classes in types.items() if classes & KEPT_CLASSES} - left_out
    edges = [edge for edge in edges if edge[0] in kept]
    kept |= {value for _, _, value in edges}
    return (
        [(_Uri(thing), RDF.type, _Uri(cls)) for thing in kept for cls in types.get(thing, ())],
        [(_Uri(s), _Uri(p), _Uri(o)) for s, p, o in edges],
    )


def _effects_on_other_features(
    types: dict[str, set[str]], edges: Iterable[tuple[str, str, str]], named: set[str]
) -> set[str]:
    """Return the treatment effects on features that no definition names: each would only slow HermiT down."""
    wanted = {subject for subject, prop, value in edges if prop == _FEATURE and value in named}
    return {subject for subject, classes in types.items() if _EFFECT in classes} - wanted


def _terminology(ontology: Path) -> rdflib.Graph:
    refuse_active_content(ontology.parent)
    source = rdflib.Graph().parse(ontology, format="turtle")
    left_out = {s for kind in _AXIOMS_KEPT_OUT for s in source.subjects(RDF.type, kind)}
    structural = {str(OWL), str(RDF), str(RDFS)}
    result = rdflib.Graph()
    for s, p, o in source:
        is_axiom = any(str(p).startswith(namespace) for namespace in structural) and p not in (RDFS.label, RDFS.comment)
        if is_axiom and s not in left_out and p not in left_out and o not in left_out:
            result.add((s, p, o))
    return result


def _named_values(terminology: rdflib.Graph) -> set[_Uri]:
    """Return the individuals that definitions name."""
    single = set(terminology.objects(None, OWL.hasValue))
    lists = terminology.objects(None, OWL.oneOf)
    several = {item for items in lists for item in rdflib.collection.Collection(terminology, items)}
    return {value for value in single | several if isinstance(value, _Uri)}


def _declare(sliced: rdflib.Graph, individuals: set[_Uri], distinct: set[_Uri]) -> None:
    """Name every individual, and say that different things are different (OWL does not assume it of names)."""
    values = _named_values(sliced)
    for individual in sorted(individuals | values):
        sliced.add((individual, RDF.type, OWL.NamedIndividual))
    axiom, items = rdflib.BNode(), rdflib.BNode()
    sliced.add((axiom, RDF.type, OWL.AllDifferent))
    sliced.add((axiom, OWL.distinctMembers, items))
    rdflib.collection.Collection(sliced, items, [*sorted(distinct | values)])
