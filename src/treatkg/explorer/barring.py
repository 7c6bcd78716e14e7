"""Which contraindications and restrictions of use a patient meets: all their conditions, some, or none that was named.

The conditions of one fact must all hold. Of a condition that nobody named it is unknown whether it holds, which is not
the same as that it does not.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from treatkg import graph, namespaces
from treatkg.explorer.asking import Row, rows, text
from treatkg.explorer.choices import DISEASE, MEANINGS, OLDER_AGE, PATIENT_DISEASE, Meaning
from treatkg.explorer.patient import Patient
from treatkg.knowledge import Knowledge
from treatkg.results import Term

_RULES = """
SELECT ?fact ?class ?treatment ?statedFor ?weight ?node ?kind ?about ?except ?grade ?threshold ?during ?product ?route
  ?population ?minAge ?maxAge ?note
WHERE {
  VALUES ?treatment { %(treatments)s }
  VALUES ?class { tkg:Contraindication tkg:UseRestriction }
  ?fact a ?class ; tkg:jurisdiction <%(jurisdiction)s> ; tkg:strength|tkg:restrictionLevel ?weight ;
    tkg:treatment ?statedFor ; tkg:treatment|tkg:treatment/^tkg:activeSubstance|^tkg:subjectTo ?treatment .
  OPTIONAL { ?fact tkg:validFrom ?from }
  OPTIONAL { ?fact tkg:validUntil ?until }
  FILTER((!BOUND(?from) || ?from <= "%(day)s"^^xsd:date) && (!BOUND(?until) || "%(day)s"^^xsd:date < ?until))
  OPTIONAL {
    ?fact tkg:condition ?node . ?node tkg:about ?about ; tkg:conditionKind ?kind .
    OPTIONAL { ?node tkg:except ?except }
    OPTIONAL { ?node tkg:grade ?grade }
    OPTIONAL { ?node tkg:threshold ?threshold }
    OPTIONAL { ?node tkg:during ?during }
  }
  OPTIONAL { ?fact skos:note ?note }
  OPTIONAL { ?fact tkg:product ?product }
  OPTIONAL { ?fact tkg:route ?route }
  OPTIONAL {
    ?fact tkg:population ?population .
    OPTIONAL { ?population tkg:minAgeMonths ?minAge }
    OPTIONAL { ?population tkg:maxAgeMonths ?maxAge }
  }
  MINUS { ?fact tkg:polarity ?negative }
}
ORDER BY ?treatment ?fact ?node ?about
"""
# The same steps as in cautions-for-conditions: broader diseases, groups and the active substance.
_BROADER = """
SELECT DISTINCT ?narrow ?broad WHERE {
  VALUES ?narrow { %s }
  ?narrow rdfs:subClassOf*|tkg:memberOf|tkg:activeSubstance ?broad
}
"""


class Verdict(StrEnum):
    """What a fact means for the patient."""

    BARRED = "must not be used"
    CERTAIN_CASES = "must not be used in certain cases"
    RELATIVE = "weigh the risk"
    RESTRICTED = "use is restricted"
    IF_ALSO = "bars if also"
    NOT_STATED = "not stated"


@dataclass(frozen=True)
class Bar:
    """A contraindication or restriction, and how it stands with the patient.

    `met` are (what the patient has, what the fact names); `needs` what would have to hold besides; `limits` what the
    fact is limited to and the question does not tell; `notes` what else is to be known of it.
    """

    fact: str
    label: str
    treatment: str
    stated_for: str
    verdict: Verdict
    met: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """The place among other facts, the strongest first."""
        return list(Verdict).index(self.verdict)


@dataclass
class _Node:
    kind: str = ""
    about: set[str] = field(default_factory=set)
    exceptions: set[str] = field(default_factory=set)
    limits: set[str] = field(default_factory=set)


@dataclass
class _Rule:
    fact: str
    treatment: str
    stated_for: str
    weight: str
    restriction: bool
    nodes: dict[str, _Node] = field(default_factory=dict)
    limits: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    ages: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Held:
    """What the patient has: condition -> what it is also; and what it leaves open."""

    broader: Mapping[str, Collection[str]]
    named: Collection[str]
    maybe: Collection[str]
    allergies: Collection[str]


def bars(knowledge: Knowledge, patient: Patient, treatments: Iterable[str]) -> list[Bar]:
    """Hold a patient against the contraindications and restrictions that are in force for some treatments.

    Returns:
        One entry for each fact and treatment, also for those of whose conditions nothing was named.
    """
    rules = _rules(knowledge, patient, treatments)
    held, broader = _held(
        knowledge, patient, {about for rule in rules for n in rule.nodes.values() for about in n.about}
    )
    found = (_judge(knowledge, patient, rule, held, broader) for rule in rules)
    return [bar for bar in found if bar]


def conditions_for_cautions(patient: Patient) -> list[str]:
    """Return what to look warnings, interactions and checks up by: what was named, and the risks that concern it."""
    wanted = []
    for iri in [*patient.conditions, *_by_age(patient)]:
        meaning = meaning_of(iri)
        wanted += [iri, *map(namespaces.expand, (*meaning.also, *meaning.risks))]
    return list(dict.fromkeys(wanted))


def meaning_of(iri: str) -> Meaning:
    """Return what a condition means beyond itself."""
    return MEANINGS.get(namespaces.shorten(iri), Meaning())


def _by_age(patient: Patient) -> list[str]:
    return [namespaces.expand(OLDER_AGE)] if patient.age_months >= 65 * 12 else []


def _rules(knowledge: Knowledge, patient: Patient, treatments: Iterable[str]) -> list[_Rule]:
    query = _RULES % {
        "treatments": " ".join(f"<{iri}>" for iri in treatments),
        "jurisdiction": patient.jurisdiction,
        "day": patient.day,
    }
    rules: dict[tuple[str, str], _Rule] = {}
    for row in rows(knowledge, query):
        key = graph.iri_of(row["fact"]), graph.iri_of(row["treatment"])
        restriction = graph.iri_of(row["class"]) == namespaces.TKG + "UseRestriction"
        rule = rules.setdefault(
            key, _Rule(*key, graph.iri_of(row["statedFor"]), graph.iri_of(row["weight"]), restriction)
        )
        _take(knowledge, rule, row)
    return list(rules.values())


def _take(knowledge: Knowledge, rule: _Rule, row: Row) -> None:
    """Add what one row says to a rule."""
    for name, words in (("product", "said of "), ("route", "by ")):
        if row[name] is not None:
            rule.limits.add(words + _words(knowledge, row[name]))
    if row["note"] is not None:
        rule.notes.add(text(row["note"]))
    if row["population"] is not None:
        least = int(text(row["minAge"]) or 0)
        most = int(text(row["maxAge"]) or 10_000)
        rule.ages[graph.iri_of(row["population"])] = least, most
    if row["node"] is None:
        return
    node = rule.nodes.setdefault(graph.iri_of(row["node"]), _Node(graph.iri_of(row["kind"])))
    node.about.add(graph.iri_of(row["about"]))
    if row["except"] is not None:
        node.exceptions.add(graph.iri_of(row["except"]))
    node.limits |= {_words(knowledge, row[name]) for name in ("grade", "threshold", "during") if row[name] is not None}


def _words(knowledge: Knowledge, term: Term) -> str:
    iri = graph.iri_of(term)
    return knowledge.terms.label(iri) if iri else text(term)


def _held(
    knowledge: Knowledge, patient: Patient, abouts: Collection[str]
) -> tuple[_Held, Mapping[str, Collection[str]]]:
    """Return what the patient has, and for everything that a rule names what it is a kind of."""
    named = [*patient.conditions, *_by_age(patient)]
    own = namespaces.expand(PATIENT_DISEASE)
    parts = {iri: [iri, *map(namespaces.expand, meaning_of(iri).also)] for iri in [*named, own]}
    wanted = {part for listed in parts.values() for part in listed} | set(abouts)
    broader: dict[str, set[str]] = defaultdict(set)
    for narrow, broad in knowledge.select(_BROADER % " ".join(f"<{iri}>" for iri in sorted(wanted))).terms:
        broader[graph.iri_of(narrow)].add(graph.iri_of(broad))
    everything = {iri: set().union(*(broader[part] | {part} for part in listed)) for iri, listed in parts.items()}
    everything[own].add(namespaces.expand(DISEASE))
    maybe = {namespaces.expand(name) for iri in named for name in meaning_of(iri).maybe}
    return _Held(everything, [*named, *patient.allergies], maybe, patient.allergies), broader


def _judge(
    knowledge: Knowledge, patient: Patient, rule: _Rule, held: _Held, broader: Mapping[str, Collection[str]]
) -> Bar | None:
    """Hold one rule against the patient; None where it does not concern them."""
    if rule.ages and not any(least <= patient.age_months < most for least, most in rule.ages.values()):
        return None
    met, needs, limits, touched = [], [], set(rule.limits), False
    for node in rule.nodes.values():
        holder, thing, excepted = _holder(node, held)
        if holder:
            met.append((holder, thing))
            touched = touched or holder in held.named
            limits |= node.limits
            if holder == thing:
                limits |= {f"except {knowledge.terms.label(iri)}" for iri in node.exceptions}
        elif excepted:
            return None
        else:
            touched = touched or _possible(node, held, broader)
            needs.append(" or ".join(sorted(map(knowledge.terms.label, node.about))))
    label = knowledge.terms.label(rule.fact)
    bar = Bar(rule.fact, label, rule.treatment, rule.stated_for, _verdict(rule, needs, limits, touched=touched))
    named = tuple((knowledge.terms.label(have), knowledge.terms.label(thing)) for have, thing in met)
    if rule.ages:
        named = (*named, ("the age", "the age"))
    return dataclasses.replace(
        bar,
        met=named,
        needs=tuple(sorted(needs)),
        limits=tuple(sorted(limits)),
        notes=tuple(sorted(rule.notes)),
    )


def _verdict(rule: _Rule, needs: list[str], limits: set[str], *, touched: bool) -> Verdict:
    if needs:
        return Verdict.IF_ALSO if touched else Verdict.NOT_STATED
    if rule.restriction:
        return Verdict.RESTRICTED
    if rule.weight == namespaces.TKG + "Relative":
        return Verdict.RELATIVE
    return Verdict.CERTAIN_CASES if limits else Verdict.BARRED


def _holder(node: _Node, held: _Held) -> tuple[str, str, bool]:
    """Return which condition of the patient meets a node, by which thing, and whether one is excepted."""
    if node.kind == namespaces.TKG + "HypersensitivityCondition":
        # To take a medicine is not to be hypersensitive to it, nor is the group meant where one member is named.
        found = min(node.about & set(held.allergies), default="")
        return found, found, False
    excepted = False
    for holder, broader in held.broader.items():
        for thing in sorted(node.about & set(broader)):
            if node.exceptions & set(broader):
                excepted = True
            else:
                return holder, thing, False
    return "", "", excepted


def _possible(node: _Node, held: _Held, broader: Mapping[str, Collection[str]]) -> bool:
    """Whether a condition that was named leaves open that the node holds: it may be of the narrower kind."""
    if node.kind == namespaces.TKG + "HypersensitivityCondition":
        return False
    return bool(node.about & set(held.maybe)) or any(
        set(broader.get(about, ())) & set(held.named) - {about} for about in node.about
    )
