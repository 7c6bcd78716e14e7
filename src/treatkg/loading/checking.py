"""The SHACL check of loaded facts: the shapes of the curated graph, with the profile of `shapes/loaded/`.

The profile switches off what only curated facts can meet (`sh:deactivated`), and adds the shapes of loaded documents.
A check costs more than the load itself. So, unless all are wanted, a few blocks of some batches of some files are
checked: those that together have most kinds of nodes (a class with its properties). The choice depends on the place of
file and batch, so that a load gives the same on one core and on ten.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection
from rdflib.namespace import SH, Namespace

from treatkg import graph, namespaces, resources, validation
from treatkg.loading import vocabulary
from treatkg.loading.writing import Block

SHAPE = Namespace("https://w3id.org/treatkg/shapes#")
PROFILE = resources.SHAPES / "loaded"
_A_BATCH = 8  # blocks of a batch that are checked in a sample, in the first batches and in each so many
_FIRST = 2
_EACH = 40
_FILES = 8  # the first files of a load, of which some is checked; then of the 9th, 17th, 33rd, 65th ...
_SUBCLASS = ox.NamedNode(namespaces.RDFS + "subClassOf")


class Check(StrEnum):
    """How many documents are checked."""

    SAMPLE = "sample"
    ALL = "all"
    NONE = "none"


def of_file(check: Check, number: int) -> Check:
    """Return how many documents of a file are checked, by its number among the files of a load."""
    few = number < _FILES or number & (number - 1) == 0
    return Check.NONE if check is Check.SAMPLE and not few else check


@functools.cache
def shapes() -> rdflib.Graph:
    """Return the shapes of the curated graph under the profile of loaded facts.

    A shape that the profile switches off is no longer targeted, which costs less than evaluating and dropping it.
    """
    merged = validation.load_shapes() + validation.load_shapes(PROFILE)
    keys = Collection(merged, SHAPE.factKeys)
    for key in Collection(merged, SHAPE.loadedFactKeys):
        keys.append(key)
    for shape in set(merged.subjects(SH.deactivated, rdflib.Literal(True))):
        for target in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode):
            merged.remove((shape, target, None))
    return merged


class Checker:
    """Checks blocks of one load.

    Args:
        check: how many.
        types: IRI -> classes, of the terms of the curated graph.
    """

    def __init__(self, check: Check, types: dict[str, frozenset[str]]) -> None:
        self._check, self._types = check, types

    def findings(self, number: int, blocks: Sequence[Block]) -> tuple[int, dict[str, list[str]]]:
        """Return how many blocks of a batch were checked, and the messages of violations by the block's IRI."""
        chosen = self._chosen(number, blocks)
        if not chosen:
            return 0, {}
        of_subject: dict[str, set[str]] = defaultdict(set)
        for block in chosen:
            for triple in block.triples:
                of_subject[graph.iri_of(triple.subject)].add(block.iri)
        own = frozenset(triple for block in chosen for triple in block.triples)
        report = validation.validate(own | self._background(own), shapes(), quality=False)
        found: dict[str, list[str]] = defaultdict(list)
        for finding in report.violations:
            for iri in of_subject.get(finding.focus, ()):
                found[iri].append(finding.message)
        return len(chosen), dict(found)

    def _chosen(self, number: int, blocks: Sequence[Block]) -> Sequence[Block]:
        if self._check is Check.ALL:
            return blocks
        wanted = self._check is Check.SAMPLE and (number < _FIRST or number % _EACH == 0)
        return _sample(blocks) if wanted else ()

    def _background(self, own: Iterable[ox.Triple]) -> set[ox.Triple]:
        named = {graph.iri_of(triple.object) for triple in own}
        types = {
            ox.Triple(ox.NamedNode(iri), graph.RDF_TYPE, ox.NamedNode(cls))
            for iri in named & self._types.keys()
            for cls in self._types[iri]
        }
        labels = {
            ox.Triple(ox.NamedNode(iri), ox.NamedNode(namespaces.RDFS + "label"), ox.Literal(iri))
            for iri in named & self._types.keys()
        }
        return types | labels | _classes()


@functools.cache
def _classes() -> frozenset[ox.Triple]:
    """Return the classes and controlled lists that the shapes look up."""
    everything = graph.background() | vocabulary.terms()
    return frozenset(t for t in everything if t.predicate in (_SUBCLASS, graph.RDF_TYPE) and _is_own(t))


def _is_own(triple: ox.Triple) -> bool:
    return graph.iri_of(triple.subject).startswith(namespaces.TKG)


def _sample(blocks: Sequence[Block]) -> list[Block]:
    chosen: list[Block] = []
    seen: set[tuple[frozenset[str], frozenset[str]]] = set()
    for block in blocks:
        nodes = _nodes(block.triples)
        if nodes - seen and len(chosen) < _A_BATCH:
            chosen.append(block)
            seen |= nodes
    return chosen


def _nodes(triples: Iterable[ox.Triple]) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Return the kinds of nodes: the classes of each with its properties."""
    classes: dict[str, set[str]] = defaultdict(set)
    properties: dict[str, set[str]] = defaultdict(set)
    for triple in triples:
        subject = graph.iri_of(triple.subject)
        properties[subject].add(triple.predicate.value)
        if triple.predicate == graph.RDF_TYPE:
            classes[subject].add(graph.iri_of(triple.object))
    return {(frozenset(classes[subject]), frozenset(names)) for subject, names in properties.items()}
