"""What the reasoner sees: the axioms of the ontology, and the part of the graph that the defined classes use.

The slice leaves out dates (HermiT fails on `xsd:date`), negative facts and everything about sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.namespace import OWL, RDF, RDFS

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError
from treatkg.reasoning.axioms import TYPE, Edge, to_edge

_TKG = rdflib.Namespace(namespaces.TKG)
_Uri = rdflib.URIRef

SUBJECT_CLASSES = frozenset(namespaces.TKG + name for name in ("Treatment", "Substance"))
POLARITY = namespaces.TKG + "polarity"
_FEATURE = namespaces.TKG + "feature"
_EFFECT = namespaces.TKG + "TreatmentEffect"
FACT_CLASSES = frozenset(namespaces.TKG + name for name in ("MechanismOfAction", "ClassStatement", "TreatmentEffect"))
KEPT_CLASSES = SUBJECT_CLASSES | FACT_CLASSES | {namespaces.TKG + name for name in ("ProteinFamily", "ProteinComplex")}
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
    said = statements(map(to_edge, triples), named)
    for subject, prop, value in said:
        sliced.add((_Uri(subject), _Uri(prop), _Uri(value)))
    facts = {_Uri(subject) for subject, _, value in said if value in FACT_CLASSES}
    individuals = {_Uri(s) for s, _, _ in said} | {_Uri(value) for _, prop, value in said if prop != TYPE}
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


def statements(edges: Iterable[Edge], named: AbstractSet[str]) -> list[Edge]:
    """Return the statements about individuals that the reasoner sees: types, and properties that definitions use.

    Negative facts are left out, and treatment effects on features that no definition names (they only slow HermiT).

    Args:
        edges: statements of the graph.
        named: the individuals that definitions name.
    """
    types: dict[str, set[str]] = {}
    kept_edges: list[Edge] = []
    left_out: set[str] = set()
    for subject, prop, value in edges:
        if prop == POLARITY:
            left_out.add(subject)
        elif prop == TYPE and value.startswith(namespaces.TKG):
            types.setdefault(subject, set()).add(value)
        elif prop in KEPT_PROPERTIES and not value.startswith('"'):
            kept_edges.append((subject, prop, value))
    wanted = {subject for subject, prop, value in kept_edges if prop == _FEATURE and value in named}
    left_out |= {subject for subject, classes in types.items() if _EFFECT in classes} - wanted
    kept = {subject for subject, classes in types.items() if classes & KEPT_CLASSES} - left_out
    kept_edges = [edge for edge in kept_edges if edge[0] in kept]
    kept |= {value for _, _, value in kept_edges}
    return [(thing, TYPE, cls) for thing in sorted(kept) for cls in sorted(types.get(thing, ()))] + kept_edges


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
