"""Damage is noticed: facts are broken at random, and the shapes and quality queries must say so.

A thousand facts are drawn, each is broken by one mutation that fits it, and rare kinds of mutation are tried on more.
No mutation and no check names a drug. A mutation counts as caught if a finding that was not there before speaks of the
fact, of a node in it, or of what it was swapped with. The test prints what escaped. Another SEED draws other damage.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pyoxigraph as ox
import pytest

from treatkg import curation, graph, namespaces, rules, validation

Term = ox.NamedNode | ox.Literal
SEED = 2984
BATCHES = 2
# How many facts are broken by any mutation, and how often each kind of mutation is tried at least, where it fits.
SAMPLE = 1000
EACH = 10

# What is not always noticed, and why (as in docs/validation.md). Damage of any other kind must not escape at all.
MAY_ESCAPE = {
    "negate": "a label that holds a no for another reason reads like a denial",
    "other jurisdiction": "only ids of label facts hold the place, not those of uses, names and recommendations",
    "reverse causal link": "the label names only one end in words that the graph knows",
    "shift age": "the ages of dose regimens and disease facts need not be named",
    "shift year": "only the ids of indications hold a year",
    "other effect": "the label may name the other effect too",
    "other number": "another figure of the same finding",
    "copy under another id": "the copy differs in what only a curator can judge",
    "change severity": "the finding may name the other severity too",
}


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(namespaces.expand(name))


@dataclass
class Data:
    """The asserted graph by subject and property, with the facts and the nodes in them."""

    triples: frozenset[ox.Triple]
    of: dict[str, dict[str, list[Term]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def __post_init__(self) -> None:
        for triple in self.triples:
            self.of[graph.iri_of(triple.subject)][triple.predicate.value].append(triple.object)  # type: ignore[arg-type]
        for properties in self.of.values():
            for values in properties.values():
                values.sort(key=str)

    def get(self, subject: str, prop: str) -> list[Term]:
        """Return the values of a property."""
        return self.of[subject].get(namespaces.expand(prop), [])

    def is_a(self, subject: str, cls: str) -> bool:
        """Say whether a subject is asserted to be of a class."""
        return node(cls) in self.get(subject, "rdf:type")

    def of_class(self, cls: str) -> list[str]:
        """Return the subjects of a class."""
        return sorted(subject for subject in self.of if self.is_a(subject, cls))

    def parts(self, fact: str) -> set[str]:
        """Return a fact and the nodes in it."""
        nested = {graph.iri_of(value) for values in self.of[fact].values() for value in values}
        return {fact} | {iri for iri in nested if iri.startswith(fact + "/")}


@dataclass(frozen=True)
class Mutation:
    """What is taken away, what is put in its place, and which IRIs a finding may speak of."""

    name: str
    removed: frozenset[ox.Triple]
    added: frozenset[ox.Triple]
    about: frozenset[str]


@cache
def data() -> Data:
    corpus, _ = curation.asserted_triples()
    return Data(corpus.triples)


@cache
def background() -> frozenset[ox.Triple]:
    return graph.background()


def findings(triples: frozenset[ox.Triple]) -> set[validation.Finding]:
    complete = triples | background()
    return set(validation.validate(complete | rules.entail(complete)).findings)


@cache
def baseline() -> set[validation.Finding]:
    return findings(data().triples)


# --- mutations: each takes a fact and returns what it does to it, or None where it does not fit --------------------

Mutator = Callable[[str, random.Random], Mutation | None]
MUTATORS: dict[str, Mutator] = {}


def mutator(function: Mutator) -> Mutator:
    MUTATORS[function.__name__.replace("_", " ")] = function
    return function


def change(name: str, fact: str, old: list[ox.Triple], new: list[ox.Triple], *others: str) -> Mutation:
    about = data().parts(fact) | set(others)
    about |= {graph.iri_of(triple.subject) for triple in (*old, *new)}
    return Mutation(name, frozenset(old), frozenset(new), frozenset(about))


def statements(subject: str, prop: str) -> list[ox.Triple]:
    return [ox.Triple(ox.NamedNode(subject), node(prop), value) for value in data().get(subject, prop)]


def replace(name: str, fact: str, subject: str, prop: str, value: Term) -> Mutation | None:
    old = statements(subject, prop)[:1]
    new = [ox.Triple(ox.NamedNode(subject), node(prop), value)]
    return change(name, fact, old, new) if old and old != new else None


def other(rng: random.Random, choices: list[str], current: list[Term]) -> ox.NamedNode | None:
    left = [iri for iri in choices if iri not in {graph.iri_of(term) for term in current}]
    return ox.NamedNode(rng.choice(left)) if left else None


@mutator
def drop_evidence(fact: str, rng: random.Random) -> Mutation | None:
    return change("drop evidence", fact, statements(fact, "tkg:evidence"), [])


@mutator
def drop_label(fact: str, rng: random.Random) -> Mutation | None:
    return change("drop label", fact, statements(fact, "rdfs:label"), [])


@mutator
def drop_finding(fact: str, rng: random.Random) -> Mutation | None:
    evidence = rng.choice(data().get(fact, "tkg:evidence"))
    return change("drop finding", fact, statements(graph.iri_of(evidence), "tkg:finding"), [])


@mutator
def reverse_ages(fact: str, rng: random.Random) -> Mutation | None:
    for population in data().get(fact, "tkg:population"):
        low = data().get(graph.iri_of(population), "tkg:minAgeMonths")
        if low and low[0].value != "0":
            below = ox.Literal(str(int(low[0].value) - 1), datatype=node("xsd:integer"))
            old = statements(graph.iri_of(population), "tkg:maxAgeMonths")
            new = [ox.Triple(ox.NamedNode(graph.iri_of(population)), node("tkg:maxAgeMonths"), below)]
            return change("reverse ages", fact, old, new)
    return None


@mutator
def shift_age(fact: str, rng: random.Random) -> Mutation | None:
    for population in data().get(fact, "tkg:population"):
        low = data().get(graph.iri_of(population), "tkg:minAgeMonths")
        if low:
            moved = ox.Literal(str(int(low[0].value) + rng.choice([-60, 60, 36])), datatype=node("xsd:integer"))
            return replace("shift age", fact, graph.iri_of(population), "tkg:minAgeMonths", moved)
    return None


@mutator
def change_severity(fact: str, rng: random.Random) -> Mutation | None:
    for population in data().get(fact, "tkg:population"):
        if data().get(graph.iri_of(population), "tkg:severity"):
            return replace("change severity", fact, graph.iri_of(population), "tkg:severity", node("tkg:Mild"))
    return None


@mutator
def shift_year(fact: str, rng: random.Random) -> Mutation | None:
    start = data().get(fact, "tkg:validFrom")
    if not start:
        return None
    year = int(start[0].value[:4]) + rng.choice([-3, -2, 2, 3])
    moved = ox.Literal(f"{year}{start[0].value[4:]}", datatype=node("xsd:date"))
    return replace("shift year", fact, fact, "tkg:validFrom", moved)


@mutator
def end_before_start(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:validFrom"):
        return None
    end = ox.Triple(ox.NamedNode(fact), node("tkg:validUntil"), ox.Literal("1900-01-01", datatype=node("xsd:date")))
    return change("end before start", fact, statements(fact, "tkg:validUntil"), [end])


@mutator
def date_as_text(fact: str, rng: random.Random) -> Mutation | None:
    for prop in ("tkg:validFrom", "tkg:observedOn", "tkg:eventDate"):
        value = data().get(fact, prop)
        if value:
            return replace("date as text", fact, fact, prop, ox.Literal(value[0].value))
    return None


@mutator
def indication_to_contraindication(fact: str, rng: random.Random) -> Mutation | None:
    if not data().is_a(fact, "tkg:Indication"):
        return None
    return replace("indication to contraindication", fact, fact, "rdf:type", node("tkg:Contraindication"))


@mutator
def other_class_of_fact(fact: str, rng: random.Random) -> Mutation | None:
    classes = ["tkg:Warning", "tkg:AdverseReaction", "tkg:Screening", "tkg:TrialResult", "tkg:MechanismOfAction"]
    value = other(rng, [namespaces.expand(cls) for cls in classes], data().get(fact, "rdf:type"))
    return replace("other class of fact", fact, fact, "rdf:type", value) if value else None


@mutator
def unknown_class(fact: str, rng: random.Random) -> Mutation | None:
    return replace("unknown class", fact, fact, "rdf:type", node("tkg:Indicaton"))


@mutator
def move_to_other_treatment(fact: str, rng: random.Random) -> Mutation | None:
    current = data().get(fact, "tkg:treatment")
    value = other(rng, data().of_class("tkg:Treatment"), current)
    return replace("move to other treatment", fact, fact, "tkg:treatment", value) if current and value else None


@mutator
def second_treatment(fact: str, rng: random.Random) -> Mutation | None:
    current = data().get(fact, "tkg:treatment")
    value = other(rng, data().of_class("tkg:Treatment"), current)
    if not current or value is None:
        return None
    return change("second treatment", fact, [], [ox.Triple(ox.NamedNode(fact), node("tkg:treatment"), value)])


@mutator
def other_jurisdiction(fact: str, rng: random.Random) -> Mutation | None:
    current = data().get(fact, "tkg:jurisdiction")
    value = other(rng, [namespaces.expand(f"tkg:{code}") for code in ("US", "EU", "UK", "JP")], current)
    return replace("other jurisdiction", fact, fact, "tkg:jurisdiction", value) if current and value else None


@mutator
def obsolete_disease(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:disease"):
        return None
    return replace("obsolete disease", fact, fact, "tkg:disease", node("MONDO:0011292"))


@mutator
def swap_targets(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:target"):
        return None
    mine = data().get(fact, "tkg:target")
    candidates = [f for f in data().of_class("tkg:MechanismOfAction") if data().get(f, "tkg:target") not in ([], mine)]
    swapped = rng.choice(candidates)
    theirs = data().get(swapped, "tkg:target")
    target = node("tkg:target")
    new = [ox.Triple(ox.NamedNode(fact), target, theirs[0]), ox.Triple(ox.NamedNode(swapped), target, mine[0])]
    old = statements(fact, "tkg:target") + statements(swapped, "tkg:target")
    return change("swap targets", fact, old, new, swapped)


@mutator
def disease_as_target(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:target"):
        return None
    return replace("disease as target", fact, fact, "tkg:target", node("MONDO:0004980"))


@mutator
def other_effect(fact: str, rng: random.Random) -> Mutation | None:
    for prop in ("tkg:effect", "tkg:risk", "tkg:looksFor", "tkg:feature"):
        current = data().get(fact, prop)
        if current:
            values = {graph.iri_of(v) for f in list(data().of) for v in data().of[f].get(namespaces.expand(prop), [])}
            value = other(rng, sorted(values), current)
            return replace("other effect", fact, fact, prop, value) if value else None
    return None


@mutator
def treatment_as_effect(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:effect"):
        return None
    value = ox.NamedNode(rng.choice(data().of_class("tkg:Treatment")))
    return replace("treatment as effect", fact, fact, "tkg:effect", value)


@mutator
def other_number(fact: str, rng: random.Random) -> Mutation | None:
    for prop in ("tkg:percent", "tkg:value"):
        current = data().get(fact, prop)
        if current:
            moved = round(abs(float(current[0].value) + rng.choice([-7.3, 3.7, 11.9, 21.3])), 1)
            return replace("other number", fact, fact, prop, ox.Literal(f"{moved:g}", datatype=node("xsd:decimal")))
    return None


@mutator
def percent_over_hundred(fact: str, rng: random.Random) -> Mutation | None:
    if not data().get(fact, "tkg:percent"):
        return None
    return replace("percent over hundred", fact, fact, "tkg:percent", ox.Literal("140", datatype=node("xsd:decimal")))


@mutator
def other_trial(fact: str, rng: random.Random) -> Mutation | None:
    current = data().get(fact, "tkg:trial")
    value = other(rng, data().of_class("tkg:Trial"), current)
    if not current or value is None or not data().get(fact, "tkg:arm"):
        return None
    return replace("other trial", fact, fact, "tkg:trial", value)


@mutator
def other_arm(fact: str, rng: random.Random) -> Mutation | None:
    current = data().get(fact, "tkg:arm")
    trials = {graph.iri_of(trial).rsplit("/", 1)[-1] for trial in data().get(fact, "tkg:trial")}
    elsewhere = [arm for arm in data().of_class("tkg:TrialArm") if not any(trial in arm for trial in trials)]
    value = other(rng, elsewhere, current)
    return replace("other arm", fact, fact, "tkg:arm", value) if current and value else None


@mutator
def other_source_of_evidence(fact: str, rng: random.Random) -> Mutation | None:
    evidence = graph.iri_of(rng.choice(data().get(fact, "tkg:evidence")))
    value = other(rng, data().of_class("tkg:Source"), data().get(evidence, "prov:wasDerivedFrom"))
    return replace("other source of evidence", fact, evidence, "prov:wasDerivedFrom", value) if value else None


@mutator
def evidence_from_nowhere(fact: str, rng: random.Random) -> Mutation | None:
    evidence = graph.iri_of(rng.choice(data().get(fact, "tkg:evidence")))
    return replace("evidence from nowhere", fact, evidence, "prov:wasDerivedFrom", node("source/nowhere"))


@mutator
def only_evidence_contradicts(fact: str, rng: random.Random) -> Mutation | None:
    evidence = [graph.iri_of(value) for value in data().get(fact, "tkg:evidence")]
    if len(evidence) != 1:
        return None
    return replace("only evidence contradicts", fact, evidence[0], "tkg:evidenceDirection", node("tkg:Contradicts"))


@mutator
def negate(fact: str, rng: random.Random) -> Mutation | None:
    if data().get(fact, "tkg:polarity"):
        return None
    return change("negate", fact, [], [ox.Triple(ox.NamedNode(fact), node("tkg:polarity"), node("tkg:Negative"))])


@mutator
def misspelt_property(fact: str, rng: random.Random) -> Mutation | None:
    added = ox.Triple(ox.NamedNode(fact), node("tkg:validForm"), ox.Literal("2020-01-01", datatype=node("xsd:date")))
    return change("misspelt property", fact, [], [added])


@mutator
def copy_under_another_id(fact: str, rng: random.Random) -> Mutation | None:
    copied = [
        ox.Triple(ox.NamedNode(fact + "-copy"), ox.NamedNode(prop), value)
        for prop, values in data().of[fact].items()
        for value in values
    ]
    return change("copy under another id", fact, [], copied)


@mutator
def reverse_causal_link(fact: str, rng: random.Random) -> Mutation | None:
    start, end = data().get(fact, "tkg:from"), data().get(fact, "tkg:to")
    if not (start and end):
        return None
    old = statements(fact, "tkg:from") + statements(fact, "tkg:to")
    new = [
        ox.Triple(ox.NamedNode(fact), node("tkg:from"), end[0]),
        ox.Triple(ox.NamedNode(fact), node("tkg:to"), start[0]),
    ]
    return change("reverse causal link", fact, old, new)


# --- the test ------------------------------------------------------------------------------------------------------


def facts() -> list[str]:
    classes = {
        graph.iri_of(t.subject)
        for t in background()
        if t.predicate.value == namespaces.RDFS + "subClassOf"
        and graph.iri_of(t.object) in {namespaces.expand("tkg:TreatmentFact"), namespaces.expand("tkg:Fact")}
    }
    return sorted(s for s in data().of if classes & {graph.iri_of(cls) for cls in data().get(s, "rdf:type")})


def mutate(fact: str, rng: random.Random) -> Mutation:
    for name in rng.sample(sorted(MUTATORS), len(MUTATORS)):
        mutation = MUTATORS[name](fact, rng)
        if mutation is not None:
            return mutation
    raise AssertionError(f"no mutation fits {fact}")


def escaped(mutations: list[Mutation]) -> list[Mutation]:
    found = []
    for start in range(BATCHES):
        batch = mutations[start::BATCHES]
        removed = frozenset(triple for mutation in batch for triple in mutation.removed)
        added = frozenset(triple for mutation in batch for triple in mutation.added)
        new = findings(data().triples - removed | added) - baseline()
        spoken = {finding.focus for finding in new} | {finding.value for finding in new}
        spoken |= {namespaces.expand(word) for finding in new for word in finding.value.split(" ") if "/" in word}
        found += [mutation for mutation in batch if not mutation.about & spoken]
    return found


def damage(rng: random.Random) -> list[Mutation]:
    """Draw the mutations; no two touch the same node."""
    mutations: list[Mutation] = []
    touched: set[str] = set()
    tried: Counter[str] = Counter()

    def take(mutation: Mutation | None) -> None:
        if mutation is not None and not touched & mutation.about:
            mutations.append(mutation)
            touched.update(mutation.about)
            tried[mutation.name] += 1

    shuffled = rng.sample(facts(), len(facts()))
    for fact in shuffled[:SAMPLE]:
        take(mutate(fact, rng))
    for name in sorted(MUTATORS):
        for fact in shuffled[SAMPLE:]:
            if tried[name] < EACH:
                take(MUTATORS[name](fact, rng))
    return mutations


@pytest.mark.slow
def test_nearly_all_damage_is_noticed() -> None:
    mutations = damage(random.Random(SEED))  # noqa: S311 (not for secrets)
    missed = escaped(mutations)
    tried = Counter(mutation.name for mutation in mutations)
    report = [
        f"{name}: {count} of {tried[name]} escaped, such as {min(min(m.about) for m in missed if m.name == name)}"
        for name, count in sorted(Counter(mutation.name for mutation in missed).items())
    ]
    assert len(mutations) > 0.95 * SAMPLE
    assert set(tried) == set(MUTATORS)
    assert len(missed) <= 0.05 * len(mutations), report
    assert {mutation.name for mutation in missed} <= set(MAY_ESCAPE), report


@pytest.mark.slow
def test_duplicate_of_a_treatment_under_a_synonym_is_noticed() -> None:
    """Every treatment is entered again, under a new id and a name that it already has elsewhere."""
    added: set[ox.Triple] = set()
    treatments = data().of_class("tkg:Treatment")
    for treatment in treatments:
        copy = ox.NamedNode(treatment + "-again")
        for prop in ("rdf:type", "skos:exactMatch", "tkg:modality", "tkg:routeOfAdministration"):
            added |= {ox.Triple(copy, node(prop), value) for value in data().get(treatment, prop)}
        names = data().get(treatment, "skos:altLabel") or data().get(treatment, "rdfs:label")
        added.add(ox.Triple(copy, node("rdfs:label"), names[0]))
    new = findings(data().triples | added) - baseline()
    spoken = {finding.focus for finding in new} | {namespaces.expand(w) for f in new for w in f.value.split(" ") if w}
    assert len(treatments) > 5
    assert not [treatment for treatment in treatments if not {treatment, treatment + "-again"} & spoken]
