"""From which statements a stored rule draws an edge: the rule's own patterns, filled in with its solutions."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from treatkg import graph, rules, sparql_text
from treatkg.errors import BadInputError
from treatkg.reasoning.axioms import TYPE, Edge, term_text
from treatkg.terms import Engine

SUPERCLASS = "superclass"
RULE_BASE = "https://w3id.org/treatkg/rule/"
_Pattern = tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node]


@dataclass(frozen=True)
class Rule:
    """A stored rule: its name, what it says, its text, and its patterns."""

    name: str
    summary: str
    text: str
    template: tuple[_Pattern, ...]
    positive: tuple[_Pattern, ...]

    @property
    def iri(self) -> str:
        """The IRI of the rule."""
        return RULE_BASE + self.name

    def may_give(self, edge: Edge) -> bool:
        """Tell whether the head of the rule fits an edge."""
        return any(_fits(pattern, edge) for pattern in self.template)


@functools.cache
def load(folder: Path = rules.RULES) -> tuple[Rule, ...]:
    """Read every rule.

    Raises:
        BadInputError: a rule is not a valid CONSTRUCT query.
    """
    return tuple(_read(file) for file in sorted(folder.glob("*.rq")))


def _read(file: Path) -> Rule:
    text = file.read_text(encoding="utf-8")
    try:
        algebra = translateQuery(parseQuery(text)).algebra
    except Exception as error:  # rdflib raises several kinds
        raise BadInputError(f"{file}: not valid SPARQL: {error}") from error
    if algebra.name != "ConstructQuery":
        raise BadInputError(f"{file}: a rule is a CONSTRUCT query")
    comment = re.match(r"(?:#[^\n]*\n)+", text)
    lines = (line.lstrip("# ") for line in comment.group().splitlines()) if comment else ()
    return Rule(file.stem, " ".join(lines), text, tuple(algebra.template), tuple(_positive(algebra.p)))


def _positive(node: Any) -> Iterator[_Pattern]:  # noqa: ANN401 (rdflib's algebra has no types)
    """Return the patterns that must match: not those of OPTIONAL, MINUS and FILTER."""
    if node.name == "BGP":
        yield from node.triples
    for key in ("p", "p1") if node.name in ("LeftJoin", "Minus") else ("p", "p1", "p2"):
        if key in node and hasattr(node[key], "name"):
            yield from _positive(node[key])


def _fits(pattern: _Pattern, edge: Edge) -> bool:
    return all(
        isinstance(part, rdflib.Variable) or _text(part) == text for part, text in zip(pattern, edge, strict=True)
    )


def _text(term: rdflib.term.Node) -> str:
    return str(term) if isinstance(term, rdflib.URIRef) else term.n3()


def solutions(rule: Rule, engine: Engine, wanted: Edge | None = None) -> Iterator[tuple[Edge, frozenset[Edge]]]:
    """Return each edge that a rule draws, with the statements of one solution; an edge comes once for each solution.

    A rule that counts draws from more statements than one solution names: it gives those that are named.

    Args:
        rule: the rule.
        engine: holds the whole graph.
        wanted: the one edge that is asked for.
    """
    answer = graph.rows(engine.ask(_as_select(rule, wanted)))
    names = [variable.value for variable in answer.variables]
    for row in answer:
        bound = {name: term_text(row[name]) for name in names if row[name] is not None}
        for head in rule.template:
            drawn = _filled(head, bound)
            if drawn and (wanted is None or drawn == wanted):
                yield drawn, frozenset(filter(None, (_filled(pattern, bound) for pattern in rule.positive)))


def _filled(pattern: _Pattern, bound: Mapping[str, str]) -> Edge | None:
    parts = [bound.get(str(part), "") if isinstance(part, rdflib.Variable) else _text(part) for part in pattern]
    return (parts[0], parts[1], parts[2]) if all(parts) else None


def _as_select(rule: Rule, wanted: Edge | None) -> str:
    """Turn CONSTRUCT { head } WHERE { body } into SELECT * WHERE { body }, with the head's variables given."""
    tokens = [token for token in sparql_text.tokens(rule.text) if token.kind not in ("space", "comment")]
    at = next(index for index, token in enumerate(tokens) if token.text.upper() == "CONSTRUCT")
    close = next(token for token in tokens[at:] if token.text == "}")
    last = tokens[-1]
    body = rule.text[close.end : last.start]
    given = ""
    if wanted is not None:
        head = next(pattern for pattern in rule.template if _fits(pattern, wanted))
        for part, text in zip(head, wanted, strict=True):
            if isinstance(part, rdflib.Variable):
                term = text if text.startswith('"') else f"<{text}>"
                given += f" VALUES {part.n3()} {{ {term} }}"
    return f"{rule.text[: tokens[at].start]}SELECT * {body}{given} }}"


def term(text: str) -> ox.NamedNode | ox.Literal:
    """Return the term of a text that `axioms.term_text` wrote."""
    if not text.startswith('"'):
        return ox.NamedNode(text)
    quad = next(iter(ox.parse(f"<urn:x> <urn:x> {text} .", format=ox.RdfFormat.N_TRIPLES)))
    if not isinstance(quad.object, ox.Literal):
        raise TypeError(text)
    return quad.object


def is_type_rule(rule: Rule) -> bool:
    """Tell whether a rule puts things into a class (other than a superclass, which the ontology itself says)."""
    return rule.name != SUPERCLASS and any(str(pattern[1]) == TYPE for pattern in rule.template)
