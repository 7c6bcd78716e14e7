"""Which few statements and axioms cannot all hold, in words.

HermiT says only that a contradiction is there. A minimal set is found with HermiT as the judge, by QuickXplain (halves
are left out as long as the contradiction stays): first among the statements, then among the axioms that speak of them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from treatkg import namespaces, resources
from treatkg.errors import LimitError
from treatkg.reasoning import process
from treatkg.reasoning.axiom_words import Words
from treatkg.reasoning.axioms import edges_of

Unit = frozenset[tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node]]
_MAX_REPORTED = 3
_CHECK_SECONDS = 60
_DECLARED = {OWL.Class, OWL.ObjectProperty, OWL.NamedIndividual, OWL.Ontology}
_FIRST_TELLING = "the contradiction was found, but not in time which statements make it: look at what was changed last"


class _Judge:
    """Tells whether units contradict each other; the answers of HermiT are counted against a deadline."""

    def __init__(self, declarations: Unit, seconds: float) -> None:
        self._declarations = declarations
        self._deadline = time.monotonic() + seconds

    def contradicts(self, units: Iterable[Unit]) -> bool:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LimitError(_FIRST_TELLING)
        tried = rdflib.Graph()
        for triple in self._declarations.union(*units):
            tried.add(triple)
        return not process.is_consistent(tried, min(left, _CHECK_SECONDS))


def of_statements(sliced: rdflib.Graph, timeout: float) -> str:
    """Say which statements of an inconsistent slice contradict each other, up to three sets.

    Args:
        sliced: the slice, known to be inconsistent.
        timeout: seconds for the search; what it has found by then is told.
    """
    declarations, axioms, statements = _units(sliced)
    judge = _Judge(declarations, timeout)
    words = Words(edges_of(sliced), _labels())
    found: list[str] = []
    try:
        while True:
            core = _among_neighbours(judge, axioms, statements)
            found.append(words.conflict(core, _axioms_in_time(judge, axioms, core)))
            statements = [unit for unit in statements if unit not in core]
            if not core or len(found) == _MAX_REPORTED or not judge.contradicts([*axioms, *statements]):
                break
    except LimitError:
        found = found or [_FIRST_TELLING]
    return _report(found)


def of_classes(sliced: rdflib.Graph, classes: Sequence[str], timeout: float) -> str:
    """Say why classes can have no member."""
    declarations, axioms, _ = _units(sliced)
    judge = _Judge(declarations, timeout)
    words = Words(edges_of(sliced), _labels())
    found = []
    for cls in classes[:_MAX_REPORTED]:
        member = frozenset({(rdflib.URIRef(namespaces.BASE + "a-member"), RDF.type, rdflib.URIRef(cls))})
        found.append(words.empty_class(cls, _axioms_in_time(judge, axioms, [member])))
    return _report(found)


def _report(found: list[str]) -> str:
    return "the graph contradicts the ontology\n" + "\n".join(found)


def _units(sliced: rdflib.Graph) -> tuple[Unit, list[Unit], list[Unit]]:
    """Split a slice into declarations, axioms (with the blank nodes that they need) and statements of individuals."""
    individuals = set(sliced.subjects(RDF.type, OWL.NamedIndividual))
    declared = frozenset(t for t in sliced if t[1] == RDF.type and t[2] in _DECLARED and not _blank(t[0]))
    used = {o for _, _, o in sliced if _blank(o)}
    axioms, statements = [], []
    by_root: dict[rdflib.term.Node, set[Unit]] = defaultdict(set)
    for triple in sorted(set(sliced) - declared, key=str):
        if triple[0] in individuals:
            statements.append(frozenset({triple}))
        elif not _blank(triple[0]):
            axioms.append(_closure(sliced, triple))
        elif triple[0] not in used:
            by_root[triple[0]].add(_closure(sliced, triple))
    return declared, axioms + [frozenset().union(*parts) for parts in by_root.values()], statements


def _closure(sliced: rdflib.Graph, triple: tuple[rdflib.term.Node, ...]) -> Unit:
    found, open_nodes = {(triple[0], triple[1], triple[2])}, [triple[2]]
    while open_nodes:
        node = open_nodes.pop()
        if _blank(node):
            inside = set(sliced.triples((node, None, None)))
            found |= inside
            open_nodes += [o for _, _, o in inside]
    return frozenset(found)


def _blank(node: rdflib.term.Node) -> bool:
    return isinstance(node, rdflib.BNode)


def _names(units: Iterable[Unit]) -> set[rdflib.term.Node]:
    return {node for unit in units for triple in unit for node in triple if isinstance(node, rdflib.URIRef)}


def _among_neighbours(judge: _Judge, axioms: list[Unit], statements: list[Unit]) -> list[Unit]:
    """Return a minimal contradicting set of statements, sought in one thing and what is said of it if it is there."""
    about: dict[rdflib.term.Node, list[Unit]] = defaultdict(list)
    for unit in statements:
        ((subject, prop, value),) = unit
        owner = value if str(prop) == namespaces.TKG + "treatment" else subject
        about[owner].append(unit)
        about[subject] += [] if owner == subject else [unit]

    def near(owners: list[rdflib.term.Node]) -> list[Unit]:
        return list(dict.fromkeys(unit for owner in owners for unit in about[owner]))

    owners = sorted(about, key=str)
    while len(owners) > 1:
        half, rest = owners[: len(owners) // 2], owners[len(owners) // 2 :]
        owners = half if judge.contradicts([*axioms, *near(half)]) else rest
    candidates = near(owners)
    if not judge.contradicts([*axioms, *candidates]):  # it lies between two things
        candidates = statements
    return quickxplain(lambda units: judge.contradicts([*axioms, *units]), candidates)


def _axioms_in_time(judge: _Judge, axioms: list[Unit], core: list[Unit]) -> list[Unit]:
    """Return the axioms that contradict the statements, or none if they are not found in time."""
    try:
        return _core_axioms(judge, axioms, core)
    except LimitError:
        return []


def _core_axioms(judge: _Judge, axioms: list[Unit], core: list[Unit]) -> list[Unit]:
    """Return a minimal set of axioms that contradicts the statements; those that share their names are tried first."""
    names, near = _names(core), list[Unit]()
    while True:
        wider = [unit for unit in axioms if _names([unit]) & names]
        if judge.contradicts([*core, *wider]):
            return quickxplain(lambda units: judge.contradicts([*core, *units]), wider)
        if len(wider) == len(near):
            return []
        near, names = wider, names | {name for name in _names(wider) if str(name).startswith(namespaces.TKG)}


def quickxplain(contradicts: Callable[[list[Unit]], bool], units: list[Unit]) -> list[Unit]:
    """Return a minimal subset that still contradicts; nothing where it needs none of them."""
    return [] if contradicts([]) else _explain(contradicts, [], [], units)


def _explain(
    contradicts: Callable[[list[Unit]], bool], background: list[Unit], added: list[Unit], units: list[Unit]
) -> list[Unit]:
    if added and contradicts(background):
        return []
    if len(units) == 1:
        return units
    left, right = units[: len(units) // 2], units[len(units) // 2 :]
    found_right = _explain(contradicts, background + left, left, right)
    return _explain(contradicts, background + found_right, found_right, left) + found_right


def _labels() -> dict[str, str]:
    """Return labels of the terms of the ontology and its lists; individuals go by their ids."""
    labels: dict[str, str] = {}
    for file in ("treatkg.ttl", "vocabulary.ttl"):
        source = rdflib.Graph().parse(resources.ONTOLOGY / file)
        for prop in (RDFS.label, SKOS.prefLabel):
            labels |= {str(s): str(o) for s, o in source.subject_objects(prop)}
    return labels
