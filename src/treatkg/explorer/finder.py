"""The finder: what is licensed for a patient, what bars it, what else is said, and what to check first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.ages import limited
from treatkg.explorer.asking import Behind, behind, text
from treatkg.explorer.barring import Bar, Verdict, bars
from treatkg.explorer.cautions import Caution, Check, cautions, cautions_asked, checks
from treatkg.explorer.facts import evidence_of
from treatkg.explorer.licences import Answer, Licence, Other, for_others, licences, options
from treatkg.explorer.patient import Patient
from treatkg.explorer.reproduction import STAGES, Reproduction, reproduction, states
from treatkg.knowledge import Knowledge
from treatkg.queries import Value

_LABEL_CHECKS = """
SELECT DISTINCT ?treatment ?section ?finding ?observed ?precision ?product ?fact WHERE {
  VALUES ?treatment { %(treatments)s }
  ?fact a tkg:LabelCheck ; tkg:treatment ?treatment ; tkg:jurisdiction <%(jurisdiction)s> ;
    tkg:checkedSection ?section ; tkg:checkFinding ?finding ; tkg:observedOn ?observed .
  FILTER(?observed <= "%(day)s"^^xsd:date)
  OPTIONAL { ?fact tkg:observedOnPrecision ?precision }
  OPTIONAL { ?fact tkg:product ?product }
} ORDER BY ?treatment ?section DESC(?observed)
"""


class Standing(StrEnum):
    """Where a licensed treatment stands for the patient, best first."""

    OPEN = "licensed, and the graph holds nothing against it in what you named"
    CAUTION = "licensed, with a caution about what you named, or no advice on it"
    CARE = "licensed, but with something against it, at least in some cases"
    UNMET = "licensed only after something that is not there yet"
    BARRED = "licensed, but barred by what you named"


@dataclass(frozen=True)
class LabelCheck:
    """Somebody read a section of the label and found nothing in it, or only hypersensitivity."""

    fact: str
    section: str
    finding: str
    observed: str
    product: str
    about_contraindications: bool


@dataclass
class Candidate:
    """A treatment that is licensed for somebody of this age."""

    iri: str
    label: str
    licences: Sequence[Licence]
    bars: list[Bar] = field(default_factory=list)
    cautions: Sequence[Caution] = ()
    elsewhere: Sequence[Caution] = ()
    checks: Sequence[Check] = ()
    label_checks: list[LabelCheck] = field(default_factory=list)
    reproduction: Reproduction = field(default_factory=Reproduction)

    def of(self, *verdicts: str) -> list[Bar]:
        """Return the contraindications and restrictions that stand so."""
        return [bar for bar in self.bars if bar.verdict in verdicts]

    @property
    def checked(self) -> bool:
        """Whether somebody read the contraindications of the label and recorded that they list none."""
        return any(check.about_contraindications for check in self.label_checks)

    @property
    def standing(self) -> Standing:
        """Where the treatment stands for the patient."""
        if self.of(Verdict.BARRED):
            return Standing.BARRED
        if all(any(need.answer is Answer.NOT_MET for need in licence.needs) for licence in self.licences):
            return Standing.UNMET
        boxed = any(caution.kind == "boxed warning" for caution in self.cautions)
        if self.hits or boxed or self.reproduction.of(against=True):
            return Standing.CARE
        said = self.cautions or self.said_elsewhere or not self.reproduction.settled
        return Standing.CAUTION if said else Standing.OPEN

    @property
    def said_elsewhere(self) -> Sequence[Caution]:
        """What other places say of what was named, where the patient's place says nothing of it."""
        return () if self.cautions or self.hits else self.elsewhere

    @property
    def hits(self) -> list[Bar]:
        """The contraindications and restrictions that concern what was named, the strongest first."""
        return sorted((bar for bar in self.bars if bar.verdict != Verdict.NOT_STATED), key=lambda bar: bar.rank)


@dataclass(frozen=True)
class Found:
    """What the finder says of a patient."""

    candidates: Mapping[Standing, Sequence[Candidate]]
    others: Sequence[Other]
    evidence: Mapping[str, Sequence[EvidenceLine]]
    behind: Sequence[Behind]


def find(knowledge: Knowledge, patient: Patient) -> Found:
    """Answer for a patient: by the stored queries of selection and safety, and by the conditions of each fact."""
    licensed = licences(knowledge, patient)
    candidates = {iri: Candidate(iri, knowledge.terms.label(iri), found) for iri, found in licensed.items()}
    if candidates:
        for bar in bars(knowledge, patient, candidates):
            candidates[bar.treatment].bars.append(bar)
        ages = limited(knowledge, patient, candidates)
        here, elsewhere = cautions(knowledge, patient, candidates, ages)
        advised = reproduction(knowledge, patient, candidates)
        asked = checks(knowledge, patient, candidates, ages)
        for iri, one in candidates.items():
            one.cautions, one.elsewhere, one.checks = here[iri], elsewhere[iri], asked[iri]
            one.reproduction = advised.get(iri, one.reproduction)
        _add_label_checks(knowledge, patient, candidates)
    others = for_others(knowledge, patient, candidates)
    by_standing: dict[Standing, list[Candidate]] = {standing: [] for standing in Standing}
    for candidate in sorted(candidates.values(), key=lambda one: one.label.casefold()):
        by_standing[candidate.standing].append(candidate)
    evidence = evidence_of(knowledge, _facts(candidates.values(), others))
    return Found(by_standing, others, evidence, _behind(patient, list(candidates)))


def _facts(candidates: Iterable[Candidate], others: Sequence[Other]) -> list[str]:
    facts = [other.fact for other in others]
    for one in candidates:
        facts += [line.fact for line in (*one.cautions, *one.said_elsewhere)]
        for lines in (one.licences, one.bars, one.reproduction.advice, one.checks, one.label_checks):
            facts += [line.fact for line in lines]
    return facts


def _add_label_checks(knowledge: Knowledge, patient: Patient, candidates: Mapping[str, Candidate]) -> None:
    query = _LABEL_CHECKS % {
        "treatments": " ".join(f"<{iri}>" for iri in candidates),
        "jurisdiction": patient.jurisdiction,
        "day": patient.day,
    }
    label = knowledge.terms.label
    for treatment, section, finding, observed, precision, product, fact in knowledge.select(query).terms:
        length = {"tkg:Year": 4, "tkg:Month": 7}.get(text(precision), 10)
        check = LabelCheck(
            fact=graph.iri_of(fact),
            section=label(graph.iri_of(section)),
            finding=label(graph.iri_of(finding)),
            observed=text(observed)[:length],
            product=text(product),
            about_contraindications=text(section) == "tkg:ContraindicationsSection",
        )
        candidates[graph.iri_of(treatment)].label_checks.append(check)


def _behind(patient: Patient, treatments: Sequence[str]) -> list[Behind]:
    asked: list[tuple[str, dict[str, Value]]] = [("options-for-patient", options(patient))]
    if patient.conditions:
        asked.append(("cautions-for-conditions", cautions_asked(patient, treatments)))
    asked += [
        ("reproductive-safety", {"stage": STAGES[namespaces.shorten(state)], "asOf": patient.day})
        for state in states(patient)
    ]
    here: dict[str, Value] = {"jurisdiction": patient.jurisdiction, "asOf": patient.day}
    asked += [("screening-before-treatment", {"asOf": patient.day}), ("contraindications", here)]
    return [behind(name, given) for name, given in [*asked, ("licensed-treatments", here)]]
