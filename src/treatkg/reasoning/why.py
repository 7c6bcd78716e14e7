"""Why a thing is in a class or has an edge, down to the curated facts and their sources. Needs no Java."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine, evidence_of
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.reasoning import axioms as owl
from treatkg.reasoning import premises
from treatkg.reasoning.axioms import TYPE, Edge, Named
from treatkg.reasoning.interpreter import Interpreter, Reason
from treatkg.reasoning.slicing import KEPT_PROPERTIES, POLARITY
from treatkg.terms import normalise

_MEMBER_OF = namespaces.TKG + "memberOf"
_GROUP = namespaces.TKG + "TreatmentGroup"
_OWL_CLASS = namespaces.OWL + "Class"
_PROPERTIES = {namespaces.OWL + name for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
_PROPERTIES |= {namespaces.RDF + "Property"}
_STATEMENTS = "SELECT ?s ?p ?o WHERE {{ VALUES ?p {{ {} }} ?s ?p ?o FILTER(isIRI(?o)) }}"
_TYPES = "SELECT DISTINCT ?s ?c WHERE { ?s a ?c FILTER(STRSTARTS(STR(?c), STR(tkg:))) }"
_MAX_DEPTH = 6


@dataclass(frozen=True)
class FactLine:
    """A curated fact that something rests on, with who says it."""

    id: str
    label: str
    evidence: tuple[EvidenceLine, ...]


@dataclass(frozen=True)
class Because:
    """One reason, which is enough by itself; `by` names the rule or class, `words` says what that demands."""

    by: str
    words: str
    statements: tuple[str, ...]
    facts: tuple[FactLine, ...]
    rests_on: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Whether a statement holds, and why; or what is not known that it would need, and what speaks against it."""

    edge: Edge
    sentence: str
    reasons: tuple[Because, ...] = ()
    lacking: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether anything says so."""
        return bool(self.reasons)


class Explainer:
    """Explains the statements of one graph."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._kg = knowledge
        self._axioms = owl.load()

    def ask(self, subject: str, relation: str, value: str | None = None) -> list[Answer]:
        """Explain why a subject is in a class or group, or has a value (any value) at a property.

        Args:
            subject: a name, id or CURIE, such as "dupilumab".
            relation: a class ("IL-13 pathway blocker"), a group ("biologics") or a property ("indicatedFor").
            value: for a property, its value.

        Raises:
            UsageError: a name is unknown or can mean several things; a value is given for a class.
        """
        terms = self._kg.terms
        thing, what = terms.resolve(subject), terms.resolve(relation)
        kinds = set(self._objects(what, TYPE))
        if kinds & _PROPERTIES:
            values = [self._value(thing, what, value)] if value else self._objects(thing, what)
            answers = [self.explain((thing, what, one)) for one in sorted(set(values))]
            return answers or [Answer((thing, what, ""), f"{self._name(thing)}: no {terms.label(what)} is known")]
        if value is not None:
            raise UsageError(f'"{relation}" is no property, so it takes no value')
        if _OWL_CLASS in kinds:
            return [self.explain((thing, TYPE, what))]
        if _GROUP in kinds:
            return [self.explain((thing, _MEMBER_OF, what))]
        raise UsageError(f'"{relation}" is no class, group of treatments or property')

    def explain(self, edge: Edge, depth: int = 0) -> Answer:
        """Explain one statement: by the definitions, by the rules, or as asserted."""
        subject, prop, value = edge
        reasons: list[Because] = []
        if prop == TYPE:
            found = [self._by_definition(value, why) for why in self._interpreter.reasons(subject, Named(value))]
            reasons = list({because.facts: because for because in reversed(found)}.values())[::-1]
        if depth < _MAX_DEPTH:
            reasons = reasons or list(self._by_rules(edge, depth))
        if not reasons and self._holds(edge):
            reasons = [self._asserted(edge)]
        sentence = self._sentence(edge, holds=bool(reasons))
        if reasons or prop != TYPE:
            return Answer(edge, sentence, tuple(reasons))
        return Answer(edge, sentence, (), tuple(self._lacking(subject, value)), tuple(self._against(subject, value)))

    @functools.cached_property
    def _interpreter(self) -> Interpreter:
        return Interpreter(self._axioms, [*self._asserted_types(), *self._properties()])

    def _properties(self) -> Iterator[Edge]:
        wanted = " ".join(f"<{prop}>" for prop in sorted(KEPT_PROPERTIES | {POLARITY}))
        for subject, prop, value in self._kg.select(_STATEMENTS.format(wanted)).terms:
            yield graph.iri_of(subject), graph.iri_of(prop), graph.iri_of(value)

    def _asserted_types(self) -> Iterator[Edge]:
        """Return types without those that follow: of defined classes, of rules, of superclasses."""
        made = {str(pattern[2]) for rule in premises.load() if premises.is_type_rule(rule) for pattern in rule.template}
        types: dict[str, set[str]] = {}
        for subject, value in self._kg.select(_TYPES).terms:
            types.setdefault(graph.iri_of(subject), set()).add(graph.iri_of(value))
        for thing, classes in types.items():
            own = classes - made - set(self._axioms.definitions)
            for cls in own:
                if not own & set(self._axioms.subclasses.get(cls, ())):
                    yield thing, TYPE, cls

    def _by_definition(self, cls: str, why: Reason) -> Because:
        rows = self._kg.select(f"SELECT ?text WHERE {{ <{cls}> skos:definition ?text }}").to_dicts()
        words = str(rows[0]["text"]) if rows else ""
        return Because(namespaces.shorten(cls), words, *self._told(why))

    def _by_rules(self, edge: Edge, depth: int) -> Iterator[Because]:
        for rule in premises.load():
            if rule.name == premises.SUPERCLASS or not rule.may_give(edge):
                continue
            for why in sorted({why for _, why in premises.solutions(rule, self._kg.engine, edge)}, key=sorted):
                true = {one for one in why if one != edge and self._holds(one)}
                nested = {one: self.explain(one, depth + 1) for one in sorted(true) if self._may_follow(one)}
                follows = {one: answer for one, answer in nested.items() if answer.reasons[0].by}
                statements, facts = self._told(true - set(follows))
                yield Because(f"rule {rule.name}", rule.summary, statements, facts, tuple(follows.values()))

    def _may_follow(self, edge: Edge) -> bool:
        if edge[1] == TYPE and edge[2] in self._axioms.definitions:
            return True
        return any(rule.may_give(edge) for rule in premises.load() if rule.name != premises.SUPERCLASS)

    def _asserted(self, edge: Edge) -> Because:
        return Because("", "The graph states it; nothing else gives it.", *self._told({edge}))

    def _told(self, why: Iterable[Edge]) -> tuple[tuple[str, ...], tuple[FactLine, ...]]:
        edges = sorted(why)
        facts = tuple(
            FactLine(namespaces.shorten(subject), self._kg.terms.label(subject), tuple(evidence))
            for subject in dict.fromkeys(subject for subject, _, _ in edges)
            if (evidence := evidence_of(self._kg, subject))
        )
        return tuple(self._sentence(edge) for edge in edges), facts

    def _lacking(self, subject: str, cls: str) -> list[str]:
        label = self._kg.terms.label
        return [owl.in_words(part, label) for part in self._interpreter.missing(subject, Named(cls))]

    def _against(self, subject: str, cls: str) -> list[str]:
        """Return the negative facts that would put the subject into the class if they were not negative."""
        edges = [*self._asserted_types(), *self._properties()]
        negative = {fact for fact, prop, _ in edges if prop == POLARITY}
        as_if = Interpreter(self._axioms, [edge for edge in edges if edge[1] != POLARITY])
        facts = {fact for why in as_if.reasons(subject, Named(cls)) for fact, _, _ in why} & negative
        return sorted(map(self._kg.terms.label, facts))

    def _objects(self, subject: str, prop: str) -> list[str]:
        rows = self._kg.select(f"SELECT ?o WHERE {{ <{subject}> <{prop}> ?o }}").terms
        return [owl.term_text(o) for (o,) in rows if o is not None]

    def _value(self, subject: str, prop: str, text: str) -> str:
        """Return the value that is meant: one that the subject has goes before others of the same name."""
        wanted = normalise(text)
        found = []
        for value in set(self._objects(subject, prop)):
            names = [value.split('"')[1]] if value.startswith('"') else self._kg.terms.names(value)
            found += [value] if wanted in map(normalise, names) else []
        return found[0] if len(found) == 1 else self._kg.terms.resolve(text)

    def _holds(self, edge: Edge) -> bool:
        s, p, o = edge
        answer = self._kg.sparql(f"ASK {{ <{s}> <{p}> {o if o.startswith(chr(34)) else f'<{o}>'} }}")
        return answer is True

    def _sentence(self, edge: Edge, *, holds: bool = True) -> str:
        subject, prop, value = edge
        label = self._kg.terms.label
        shown = value.split('"')[1] if value.startswith('"') else label(value)
        if prop == TYPE:
            article = "an" if shown[:1].lower() in "aeiou" else "a"
            return f"{self._name(subject)} is {article if holds else f'not known to be {article}'} {shown}"
        if not holds:
            return f"nothing says this of {self._name(subject)}: {label(prop)} {shown}"
        return f"{self._name(subject)}: {label(prop)} {shown}"

    def _name(self, iri: str) -> str:
        return namespaces.shorten(iri) if iri.startswith(namespaces.BASE) else self._kg.terms.label(iri)
