"""What is licensed for a patient, and what each licence needs besides age and severity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from treatkg import graph, namespaces
from treatkg.explorer.asking import Row, ask, rows, text
from treatkg.explorer.patient import Patient
from treatkg.knowledge import Knowledge
from treatkg.queries import Value
from treatkg.results import Term

_MEMBERS = """
SELECT DISTINCT ?thing ?broad WHERE { VALUES ?thing { %s }
  ?thing tkg:memberOf|tkg:activeSubstance|^tkg:activeSubstance ?broad }
"""

_BROADER = "SELECT DISTINCT ?broad WHERE { VALUES ?thing { %s } ?thing rdfs:subClassOf* ?broad }"
_SEVERITIES = """
SELECT DISTINCT ?fact ?severity WHERE { VALUES ?fact { %s } ?fact tkg:population/tkg:severity ?severity }
"""
# How exactly a source dates a licence, and whether any of its populations is bounded by age.
_DETAILS = """
SELECT DISTINCT ?fact ?from ?precision ?aged WHERE {
  VALUES ?fact { %s }
  ?fact tkg:validFrom ?from .
  OPTIONAL { ?fact tkg:validFromPrecision ?precision }
  OPTIONAL { ?fact tkg:population/(tkg:minAgeMonths|tkg:maxAgeMonths) ?aged }
}
"""
_ADULT = 18 * 12
_DEGREES = tuple(map(namespaces.expand, ("tkg:Mild", "tkg:Moderate", "tkg:Severe")))
# Licences say this in words of their own, which the graph keeps as a note of the population.
_IMMUNE = "not immunocompromised"
_COMPROMISED = set(map(namespaces.expand, ("tkg:ImmunosuppressedState", "MONDO:0021094", "MONDO:0005109")))


class Answer(StrEnum):
    """Whether the patient has what a licence needs."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Need:
    """Something that a licence needs of the patient."""

    text: str
    answer: Answer


@dataclass(frozen=True)
class Licence:
    """A licence that covers the patient's age and severity."""

    fact: str
    label: str
    needs: tuple[Need, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    """A licence in force that is for others, and what of the patient does not fit it."""

    fact: str
    label: str
    treatment: str
    why: str


@dataclass
class _Population:
    row: Row
    tried: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    combine: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)


def licences(knowledge: Knowledge, patient: Patient) -> Mapping[str, list[Licence]]:
    """Return treatment -> its licences for the patient, by options-for-patient."""
    populations: dict[tuple[object, ...], _Population] = {}
    for row in ask(knowledge, "options-for-patient", options(patient)):
        names = ("fact", "onlyFor", "minWeightKg", "maxWeightKg", "sex", "comorbidity", "candidateForSystemicTherapy")
        one = populations.setdefault(tuple(map(str, (row[name] for name in names))), _Population(row))
        for name, into in (
            ("priorTherapy", one.tried),
            ("priorTherapyOutcome", one.outcomes),
            ("mustCombineWith", one.combine),
        ):
            if row[name] is not None:
                into.add(graph.iri_of(row[name]))
        if row["note"] is not None:
            one.notes.add(text(row["note"]))
    severities: dict[str, set[str]] = defaultdict(set)
    facts = " ".join(sorted({f"<{graph.iri_of(one.row['fact'])}>" for one in populations.values()}))
    for row in rows(knowledge, _SEVERITIES % facts):
        severities[graph.iri_of(row["fact"])].add(graph.iri_of(row["severity"]))
    details = _details(knowledge, patient, facts)
    has = _tried(knowledge, patient.earlier), _tried(knowledge, patient.unsuitable)
    found: dict[str, dict[str, Licence]] = {}
    for one in populations.values():
        if not _fits_sex(patient, one.row["sex"]):
            continue
        fact = graph.iri_of(one.row["fact"])
        needs = [
            *details[fact],
            *_severity(knowledge, patient, severities[fact]),
            *_needs(knowledge, patient, one, has),
        ]
        licence = Licence(fact, knowledge.terms.label(fact), tuple(needs), tuple(sorted(one.notes)))
        of = found.setdefault(graph.iri_of(one.row["treatment"]), {})
        if fact not in of or _unmet(licence) < _unmet(of[fact]):  # several populations are alternatives
            of[fact] = licence
    return {treatment: list(of.values()) for treatment, of in found.items()}


def _details(knowledge: Knowledge, patient: Patient, facts: str) -> Mapping[str, list[Need]]:
    """Return fact -> what cannot be told of its day and of its age."""
    found: dict[str, list[Need]] = {}
    for row in rows(knowledge, _DETAILS % facts):
        needs = found.setdefault(graph.iri_of(row["fact"]), [])
        unit = {"tkg:Year": 4, "tkg:Month": 7}.get(text(row["precision"]), 10)
        period = text(row["from"])[:unit]
        if needs:
            continue
        if unit < 10 and patient.day.isoformat()[:unit] == period:
            needs.append(Need(f"in force from some day of {period}, which may be after the day asked", Answer.UNKNOWN))
        if row["aged"] is None and patient.age_months < _ADULT:
            needs.append(Need("an age: the indication bounds none", Answer.UNKNOWN))
    return found


def options(patient: Patient) -> dict[str, Value]:
    """Return the parameters of options-for-patient."""
    given: dict[str, Value] = {
        "ageMonths": patient.age_months,
        "jurisdiction": patient.jurisdiction,
        "asOf": patient.day,
    }
    if patient.severity:
        given["severity"] = patient.severity
    if patient.weight is not None:
        given["weightKg"] = str(patient.weight)
    return given


def for_others(knowledge: Knowledge, patient: Patient, fitting: Collection[str]) -> list[Other]:
    """Return the licences of the jurisdiction for others, of treatments that have none for the patient."""
    found: dict[str, Other] = {}
    for row in ask(knowledge, "licensed-treatments", {"jurisdiction": patient.jurisdiction, "asOf": patient.day}):
        treatment, fact = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"])
        if treatment not in fitting:
            why = _why_not(patient, row)
            found.setdefault(fact, Other(fact, knowledge.terms.label(fact), treatment, why))
    return list(found.values())


def _why_not(patient: Patient, row: Row) -> str:
    least, most = text(row["minAgeMonths"]), text(row["maxAgeMonths"])
    if least and patient.age_months < int(least):
        return "the patient is too young"
    if most and patient.age_months >= int(most):
        return "the patient is too old"
    heaviest = text(row["minWeightKg"])
    if heaviest and patient.weight is not None and patient.weight < float(heaviest):
        return "the patient weighs too little"
    return "another severity" if patient.severity else "other people"


def _unmet(licence: Licence) -> tuple[int, int]:
    answers = [need.answer for need in licence.needs]
    return answers.count(Answer.NOT_MET), answers.count(Answer.UNKNOWN)


def _fits_sex(patient: Patient, sex: Term) -> bool:
    licensed = text(sex).removeprefix("tkg:").lower()
    return not licensed or not patient.sex or licensed == patient.sex


def _tried(knowledge: Knowledge, treatments: Iterable[str]) -> set[str]:
    """Return treatments with the groups and substances that they belong to."""
    named = set(treatments)
    if not named:
        return named
    rows = knowledge.select(_MEMBERS % " ".join(f"<{iri}>" for iri in sorted(named))).terms
    return named | {graph.iri_of(broad) for _, broad in rows}


def _severity(knowledge: Knowledge, patient: Patient, degrees: Collection[str]) -> Iterator[Need]:
    """Say which severity a licence is for; the query left out whom another one does not fit."""
    if degrees:
        words = " or ".join(knowledge.terms.label(one) for one in _DEGREES if one in degrees)
        yield Need(f"{words} disease", Answer.MET if patient.severity else Answer.UNKNOWN)


def _needs(knowledge: Knowledge, patient: Patient, one: _Population, has: tuple[set[str], set[str]]) -> Iterable[Need]:
    label = knowledge.terms.label
    if one.tried or one.outcomes:
        yield _prior(knowledge, patient, one, has)
    for name, words in (("minWeightKg", "a weight of at least {} kg"), ("maxWeightKg", "a weight below {} kg")):
        if one.row[name] is not None:  # the query left out whom the weight does not fit
            answer = Answer.UNKNOWN if patient.weight is None else Answer.MET
            yield Need(words.format(text(one.row[name])), answer)
    if one.row["onlyFor"] is not None:
        yield Need(
            f"the licence is for one feature of the disease: {label(graph.iri_of(one.row['onlyFor']))}", Answer.UNKNOWN
        )
    if one.row["sex"] is not None:
        sex = text(one.row["sex"]).removeprefix("tkg:").lower()
        yield Need(f"sex: {sex}", Answer.MET if patient.sex else Answer.UNKNOWN)
    if one.row["comorbidity"] is not None:
        iri = graph.iri_of(one.row["comorbidity"])
        yield Need(f"also {label(iri)}", Answer.MET if iri in patient.conditions else Answer.UNKNOWN)
    if text(one.row["candidateForSystemicTherapy"]) == "true":
        yield Need("a candidate for systemic therapy", Answer.UNKNOWN)
    if one.combine:
        yield Need("given together with " + _any(knowledge, one.combine), Answer.UNKNOWN)
    if any(_IMMUNE in note for note in one.notes):
        yield Need("an immune system that is not compromised", _immune(knowledge, patient))


def _immune(knowledge: Knowledge, patient: Patient) -> Answer:
    broader = knowledge.select(_BROADER % " ".join(f"<{iri}>" for iri in patient.conditions)).terms
    return Answer.NOT_MET if {graph.iri_of(term) for (term,) in broader} & _COMPROMISED else Answer.UNKNOWN


def _prior(knowledge: Knowledge, patient: Patient, one: _Population, has: tuple[set[str], set[str]]) -> Need:
    """Say whether what must have been tried first was; several treatments are alternatives."""
    outcome = " or ".join(sorted(map(knowledge.terms.label, one.outcomes)))
    words = f"{_any(knowledge, one.tried) or 'earlier treatment'} tried first" + (f": {outcome}" if outcome else "")
    tried, unsuitable = has
    either = namespaces.TKG + "InadequateOrNotAdvisable" in one.outcomes
    enough = tried | unsuitable if either else tried
    if one.tried & enough:
        return Need(words, Answer.MET)
    named = bool(patient.earlier or patient.unsuitable or patient.nothing_yet)
    return Need(words, Answer.NOT_MET if named and one.tried else Answer.UNKNOWN)


def _any(knowledge: Knowledge, things: Iterable[str]) -> str:
    return " or ".join(sorted(map(knowledge.terms.label, things)))
