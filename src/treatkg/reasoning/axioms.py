"""The axioms of the ontology as Python values, and in words. Covers what this ontology uses of OWL 2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import rdflib

from treatkg import graph, namespaces, resources

Edge = tuple[str, str, str]
Label = Callable[[str], str]

TYPE = namespaces.RDF + "type"
_OWL, _RDFS = namespaces.OWL, namespaces.RDFS


@dataclass(frozen=True)
class Named:
    """A class by its name."""

    iri: str


@dataclass(frozen=True)
class Every:
    """What is in each of several classes."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """What is in one of several classes."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class OneOf:
    """One of the listed individuals."""

    individuals: tuple[str, ...]


@dataclass(frozen=True)
class Having:
    """What has a value of a class at a property."""

    property: str
    value: Expression


Expression = Named | Every | Either | OneOf | Having


@dataclass
class Axioms:
    """What the interpreter and the words need; each class or property with what is said of it."""

    definitions: dict[str, list[Expression]] = field(default_factory=lambda: defaultdict(list))
    subclasses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    subproperties: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inverses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    chains: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))
    having: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    being: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def named(self) -> set[str]:
        """Return the individuals that definitions name."""
        return {
            name for found in self.definitions.values() for expression in found for name in _individuals(expression)
        }


def _individuals(expression: Expression) -> Iterator[str]:
    match expression:
        case OneOf(individuals):
            yield from individuals
        case Every(parts) | Either(parts):
            for part in parts:
                yield from _individuals(part)
        case Having(_, value):
            yield from _individuals(value)


class Source:
    """Triples of an ontology, indexed; blank nodes begin with `_:`."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._index: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for s, p, o in edges:
            self._index[s][p].append(o)

    def value(self, subject: str, prop: str) -> str:
        """Return the value at a property, or an empty string."""
        return next(iter(self._index[subject][prop]), "") if subject in self._index else ""

    def items(self, head: str) -> tuple[str, ...]:
        """Return the members of an RDF list."""
        found = []
        while first := self.value(head, namespaces.RDF + "first"):
            found.append(first)
            head = self.value(head, namespaces.RDF + "rest")
        return tuple(found)

    def expression(self, node: str) -> Expression:
        """Return a class expression.

        Raises:
            NotImplementedError: a form of OWL that this ontology did not use so far.
        """
        if not node.startswith("_:"):
            return Named(node)
        for prop, make in ((_OWL + "intersectionOf", Every), (_OWL + "unionOf", Either)):
            if head := self.value(node, prop):
                return make(tuple(self.expression(item) for item in self.items(head)))
        if head := self.value(node, _OWL + "oneOf"):
            return OneOf(self.items(head))
        on = self.value(node, _OWL + "onProperty")
        if filler := self.value(node, _OWL + "someValuesFrom"):
            return Having(on, self.expression(filler))
        if individual := self.value(node, _OWL + "hasValue"):
            return Having(on, OneOf((individual,)))
        raise NotImplementedError(f"class expression {sorted(self._index[node])}")

    def __iter__(self) -> Iterator[Edge]:
        for s, properties in self._index.items():
            for p, values in properties.items():
                for o in values:
                    yield s, p, o


def load(ontology: Path | None = None) -> Axioms:
    """Read the axioms of the ontology file (that of the project if not given)."""
    return read(Source(map(to_edge, graph.parse_file(ontology or resources.ONTOLOGY / "treatkg.ttl"))))


def read(source: Source) -> Axioms:
    """Collect the axioms that make things members of classes."""
    axioms = Axioms()
    for s, p, o in list(source):
        if not s.startswith("_:"):
            _add(axioms, source, s, p.removeprefix(_OWL).removeprefix(_RDFS), o)
    for cls, expressions in list(axioms.definitions.items()):
        for expression in expressions:
            for part in expression.parts if isinstance(expression, Every) else ():
                if isinstance(part, Named):
                    axioms.subclasses[part.iri].append(cls)
    return axioms


def _add(axioms: Axioms, source: Source, subject: str, name: str, value: str) -> None:
    match name:
        case "equivalentClass":
            axioms.definitions[subject].append(source.expression(value))
        case "propertyChainAxiom":
            axioms.chains[subject].append(source.items(value))
        case "inverseOf":
            axioms.inverses[subject].append(value)
            axioms.inverses[value].append(subject)
        case "subPropertyOf":
            axioms.subproperties[value].append(subject)
        case "subClassOf" | "domain" | "range" if not value.startswith("_:"):
            where = {"subClassOf": axioms.subclasses, "domain": axioms.having, "range": axioms.being}
            where[name][value].append(subject)


def to_edge(triple: ox.Triple) -> Edge:
    """Return a triple as text: IRIs as they are, blank nodes with `_:`, literals with their quotes."""
    return term_text(triple.subject), triple.predicate.value, term_text(triple.object)


def term_text(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    """Return a term as text, as `to_edge` does."""
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def edges_of(triples: rdflib.Graph) -> list[Edge]:
    """Return the triples of an rdflib graph as text."""
    return [(_node(s), str(p), _node(o)) for s, p, o in triples]


def _node(term: rdflib.term.Node) -> str:
    return f"_:{term}" if isinstance(term, rdflib.BNode) else str(term)


def in_words(expression: Expression, label: Label) -> str:
    """Say a class expression, as in "mechanism of action with target JAK1"."""
    match expression:
        case Named(iri):
            return label(iri)
        case OneOf(individuals):
            return " or ".join(label(individual) for individual in individuals)
        case Either(parts):
            return " or ".join(in_words(part, label) for part in parts)
        case Every(parts):
            first, *others = [in_words(part, label) for part in parts]
            return f"{first} with {' and '.join(others)}" if others else first
        case Having(prop, value):
            words = in_words(value, label)
            return f"{label(prop)}: {words}" if isinstance(value, Every) else f"{label(prop)} {words}"
