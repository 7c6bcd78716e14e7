"""Everything that follows from the asserted graph, each statement with the rule or class that gives it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from treatkg import curation, graph, namespaces, rules
from treatkg.reasoning import axioms as owl
from treatkg.reasoning import premises
from treatkg.reasoning.axioms import TYPE, Edge, Named
from treatkg.reasoning.classify import classify
from treatkg.reasoning.interpreter import Interpreter

_ENTAILMENT = namespaces.TKG + "Entailment"
_SUBCLASS = namespaces.RDFS + "subClassOf"


@dataclass(frozen=True)
class Entailment:
    """One statement that follows: what gives it (the IRI of a class or rule) and the nodes that it rests on."""

    edge: Edge
    by: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Entailments:
    """What follows from the graph, with names for people."""

    asserted: int
    items: tuple[Entailment, ...]
    label: Callable[[str], str]


class _Engine:
    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def ask(self, query: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        return self._store.query(query, prefixes=namespaces.prefixes(), base_iri=namespaces.BASE)


def find(progress: Callable[[str], None] = lambda _step: None) -> Entailments:
    """Reason over the curated files and say of each entailment where it comes from.

    Raises:
        BadInputError: a curated file, rule or ontology file is wrong.
        ReasonerError: Java is missing, or the graph contradicts the ontology.
        LimitError: the time or the memory did not suffice.
    """
    progress("Reading the curated files")
    asserted = curation.asserted_triples()[1]
    progress("Classifying with HermiT")
    inferred = classify(asserted) - asserted
    progress("Applying the rules")
    derived = rules.entail(asserted | inferred)
    progress("Finding what each entailment rests on")
    items = [*_by_definitions(asserted, inferred), *_by_rules(asserted | inferred | derived, derived - inferred)]
    return Entailments(len(asserted), tuple(sorted(items, key=lambda one: (one.by, one.edge))), _labels(asserted))


def _by_definitions(asserted: Iterable[ox.Triple], inferred: Iterable[ox.Triple]) -> Iterable[Entailment]:
    interpreter = Interpreter(owl.load(), map(owl.to_edge, asserted))
    for edge in map(owl.to_edge, inferred):
        reasons = interpreter.reasons(edge[0], Named(edge[2]))
        yield Entailment(edge, edge[2], tuple(sorted({subject for why in reasons for subject, _, _ in why})))


def _by_rules(complete: Iterable[ox.Triple], derived: Iterable[ox.Triple]) -> Iterable[Entailment]:
    complete = list(complete)
    known, wanted = set(map(owl.to_edge, complete)), set(map(owl.to_edge, derived))
    engine = _Engine(graph.store_of(complete))
    for rule in premises.load():
        found: dict[Edge, set[str]] = defaultdict(set)
        for edge, why in premises.solutions(rule, engine):
            if edge in wanted:
                found[edge] |= {subject for subject, prop, _ in why & known if prop != _SUBCLASS}
        yield from (Entailment(edge, rule.iri, tuple(sorted(nodes))) for edge, nodes in found.items())


def _labels(asserted: Iterable[ox.Triple]) -> Callable[[str], str]:
    naming = {namespaces.RDFS + "label", namespaces.SKOS + "prefLabel"}
    labels = {
        graph.iri_of(t.subject): t.object.value
        for t in asserted
        if t.predicate.value in naming and isinstance(t.object, ox.Literal)
    }
    return lambda iri: labels.get(iri) or namespaces.shorten(iri)


def summary(found: Entailments) -> list[str]:
    """Return lines for people: how many statements each class and rule gives."""
    rule_names = {rule.iri: rule for rule in premises.load()}
    counts = Counter(one.by for one in found.items)
    statements = len({one.edge for one in found.items})
    lines = [f"{statements:,} statements follow from {found.asserted:,} asserted triples", "", "by defined classes"]
    lines += [f"{count:>7,} {found.label(by)}" for by, count in sorted(counts.items()) if by not in rule_names]
    lines += ["", "by rules"]
    lines += [f"{counts[iri]:>7,} {rule.name}: {rule.summary}" for iri, rule in rule_names.items() if iri in counts]
    return lines


def write(found: Entailments, output: str) -> bytes:
    """Return the entailments as `ttl`, `nt` or `json`."""
    if output == "json":
        rows = [_row(one, found.label) for one in found.items]
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    triples = [triple for one in found.items for triple in _node(one)]
    triples += [triple for rule in premises.load() for triple in _rule(rule)]
    return graph.canonical_turtle(triples) if output == "ttl" else graph.canonical_ntriples(triples)


def _row(one: Entailment, label: Callable[[str], str]) -> dict[str, str | Sequence[str]]:
    subject, prop, value = map(_short, one.edge)
    kind = "rule" if one.by.startswith(premises.RULE_BASE) else "class"
    by = one.by.removeprefix(premises.RULE_BASE) if kind == "rule" else label(one.by)
    rests_on = [_short(node) for node in one.rests_on]
    return {"subject": subject, "predicate": prop, "object": value, "kind": kind, "by": by, "restsOn": rests_on}


def _short(text: str) -> str:
    return text if text.startswith('"') else namespaces.shorten(text)


def _node(one: Entailment) -> list[ox.Triple]:
    digest = hashlib.sha256(json.dumps([*one.edge, one.by]).encode()).hexdigest()[:16]
    node = ox.NamedNode(f"{namespaces.BASE}entailment/{digest}")
    subject, prop, value = one.edge
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (TYPE, ox.NamedNode(_ENTAILMENT)),
        (TYPE, ox.NamedNode(namespaces.RDF + "Statement")),
        (namespaces.RDF + "subject", ox.NamedNode(subject)),
        (namespaces.RDF + "predicate", ox.NamedNode(prop)),
        (namespaces.RDF + "object", premises.term(value)),
        (namespaces.TKG + "entailedBy", ox.NamedNode(one.by)),
    ]
    said += [(namespaces.PROV + "wasDerivedFrom", ox.NamedNode(origin)) for origin in one.rests_on]
    return [ox.Triple(node, ox.NamedNode(name), term) for name, term in said]


def _rule(rule: premises.Rule) -> list[ox.Triple]:
    node = ox.NamedNode(rule.iri)
    return [
        ox.Triple(node, graph.RDF_TYPE, ox.NamedNode(namespaces.TKG + "Rule")),
        ox.Triple(node, ox.NamedNode(namespaces.RDFS + "label"), ox.Literal(rule.name)),
        ox.Triple(node, ox.NamedNode(namespaces.RDFS + "comment"), ox.Literal(rule.summary, language="en")),
    ]
