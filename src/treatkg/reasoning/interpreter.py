"""Membership in defined classes without Java: reads the definitions over the graph and finds every minimal reason.

It covers the part of OWL that the definitions use: names, and, or, one of, some, value, sub-properties, inverses,
chains, domains and ranges. That it agrees with HermiT on every treatment and class is tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from treatkg.reasoning.axioms import TYPE, Axioms, Edge, Either, Every, Expression, Having, Named, OneOf
from treatkg.reasoning.slicing import statements

Reason = frozenset[Edge]


class Interpreter:
    """Finds the minimal sets of statements from which it follows that an individual is in a class."""

    def __init__(self, axioms: Axioms, edges: Iterable[Edge]) -> None:
        """Index statements.

        Args:
            axioms: of the ontology.
            edges: asserted statements; the interpreter sees the same part of them as the reasoner.
        """
        self._axioms = axioms
        self._out: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._in: dict[tuple[str, str], list[str]] = defaultdict(list)
        for s, p, o in statements(edges, axioms.named()):
            self._out[s, p].append(o)
            self._in[o, p].append(s)
        self._open: set[tuple[str, str]] = set()

    def reasons(self, individual: str, expression: Expression) -> list[Reason]:
        """Return the minimal reasons why an individual is in a class; none if nothing says so."""
        match expression:
            case Named(iri):
                found = self._of_name(individual, iri)
            case OneOf(individuals):
                found = [Reason()] if individual in individuals else []
            case Either(parts):
                found = [reason for part in parts for reason in self.reasons(individual, part)]
            case Every(parts):
                found = [Reason()]
                for part in parts:
                    more = self.reasons(individual, part)
                    found = _minimal(one | other for one in found for other in more)
            case Having(prop, value):
                found = [
                    edge | reason
                    for other, edge in self._values(individual, prop)
                    for reason in self.reasons(other, value)
                ]
        return _minimal(found)

    def missing(self, individual: str, expression: Expression) -> list[Expression]:
        """Return the parts of a class expression of which nothing says that they hold."""
        if self.reasons(individual, expression):
            return []
        match expression:
            case Every(parts):
                return [lacking for part in parts for lacking in self.missing(individual, part)]
            case Named(iri) if self._axioms.definitions.get(iri) and (individual, iri) not in self._open:
                self._open.add((individual, iri))
                try:
                    found = [
                        m for definition in self._axioms.definitions[iri] for m in self.missing(individual, definition)
                    ]
                finally:
                    self._open.discard((individual, iri))
                return found
        return [expression]

    def _of_name(self, individual: str, cls: str) -> list[Reason]:
        if (individual, cls) in self._open:
            return []
        self._open.add((individual, cls))
        try:
            found = [Reason({(individual, TYPE, cls)})] if cls in self._out.get((individual, TYPE), ()) else []
            for definition in self._axioms.definitions.get(cls, ()):
                found += self.reasons(individual, definition)
            for narrower in self._axioms.subclasses.get(cls, ()):
                found += self._of_name(individual, narrower)
            for prop in self._axioms.having.get(cls, ()):
                found += [edge for _, edge in self._values(individual, prop)]
            for prop in self._axioms.being.get(cls, ()):
                found += [edge for _, edge in self._owners(individual, prop)]
        finally:
            self._open.discard((individual, cls))
        return _minimal(found)

    def _values(self, subject: str, prop: str) -> list[tuple[str, Reason]]:
        """Return the values at a property, each with the statements that give it."""
        found = [(o, Reason({(subject, prop, o)})) for o in self._out.get((subject, prop), ())]
        for narrower in self._axioms.subproperties.get(prop, ()):
            found += self._values(subject, narrower)
        for inverse in self._axioms.inverses.get(prop, ()):
            found += [(s, Reason({(s, inverse, subject)})) for s in self._in.get((subject, inverse), ())]
        for chain in self._axioms.chains.get(prop, ()):
            reached = [(subject, Reason())]
            for step in chain:
                reached = [(o, why | more) for s, why in reached for o, more in self._values(s, step)]
            found += reached
        return found

    def _owners(self, value: str, prop: str) -> list[tuple[str, Reason]]:
        """Return what has a value at a property, each with the statements that say so."""
        found = [(s, Reason({(s, prop, value)})) for s in self._in.get((value, prop), ())]
        for narrower in self._axioms.subproperties.get(prop, ()):
            found += self._owners(value, narrower)
        for inverse in self._axioms.inverses.get(prop, ()):
            found += [(o, Reason({(value, inverse, o)})) for o in self._out.get((value, inverse), ())]
        for chain in self._axioms.chains.get(prop, ()):
            reached = [(value, Reason())]
            for step in reversed(chain):
                reached = [(s, why | more) for o, why in reached for s, more in self._owners(o, step)]
            found += reached
        return found


def _minimal(reasons: Iterable[Reason]) -> list[Reason]:
    ordered = sorted(set(reasons), key=lambda reason: (len(reason), sorted(reason)))
    kept: list[Reason] = []
    for reason in ordered:
        if not any(smaller <= reason for smaller in kept):
            kept.append(reason)
    return kept
