"""The finder: what is licensed for a patient, what bars it, what else is said, and what to check first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.ages import Limited, limited
from treatkg.explorer.asking import Behind, Row, ask, behind, text
from treatkg.explorer.barring import Bar, Verdict, bars, conditions_for_cautions
from treatkg.explorer.facts import evidence_of
from treatkg.explorer.licences import Answer, Licence, Other, for_others, licences, options
from treatkg.explorer.patient import OF_WOMEN, Patient
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
# What cautions-for-conditions says besides contraindications, worst first.
# Its "avoid use" is left out: all advice on pregnancy and breast-feeding is read by reproduction.py.
CAUTIONS = ("boxed warning", "interaction", "warning", "precaution", "screen first", "monitor")


class Standing(StrEnum):
    """Where a licensed treatment stands for the patient, best first."""

    OPEN = "licensed, and the graph holds nothing against it in what you named"
    CAUTION = "licensed, with a caution about what you named"
    CARE = "licensed, but with something against it, at least in some cases"
    UNMET = "licensed only after something that is not there yet"
    BARRED = "licensed, but barred by what you named"


@dataclass(frozen=True)
class Caution:
    """A warning, interaction ... that concerns what the patient has."""

    fact: str
    label: str
    kind: str
    because: tuple[str, ...]
    stated_for: str
    note: str


@dataclass(frozen=True)
class Check:
    """What to look for before treatment."""

    fact: str
    label: str
    looks_for: str
    test: str
    threshold: str
    action: str
    stated_for: str
    placed: bool


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
    cautions: list[Caution] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
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
        against = self.of(Verdict.CERTAIN_CASES, Verdict.RELATIVE, Verdict.RESTRICTED, Verdict.IF_ALSO)
        boxed = any(caution.kind == "boxed warning" for caution in self.cautions)
        if against or boxed or self.reproduction.of(against=True):
            return Standing.CARE
        return Standing.CAUTION if self.cautions or not self.reproduction.settled else Standing.OPEN


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
        _add_cautions(knowledge, patient, candidates, ages)
        for iri, advised in reproduction(knowledge, patient, candidates).items():
            candidates[iri].reproduction = advised
        _add_checks(knowledge, patient, candidates, ages)
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
        for lines in (
            one.licences, one.bars, one.cautions, one.reproduction.advice, one.checks, one.label_checks,
        ):  # fmt: skip
            facts += [line.fact for line in lines]
    return facts


def _cautions(patient: Patient, treatments: Sequence[str]) -> dict[str, Value]:
    return {
        "condition": conditions_for_cautions(patient),
        "treatment": treatments,
        "jurisdiction": patient.jurisdiction,
        "asOf": patient.day,
    }


def _add_cautions(
    knowledge: Knowledge, patient: Patient, candidates: Mapping[str, Candidate], ages: Mapping[tuple[str, str], Limited]
) -> None:
    arguments = _cautions(patient, list(candidates))
    label = knowledge.terms.label
    reasons: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    said: dict[tuple[str, str, str], tuple[str, str]] = {}
    for row in ask(knowledge, "cautions-for-conditions", arguments) if arguments["condition"] else ():
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"]), text(row["kind"])
        of_age = ages.get(key[:2])
        if key[2] in CAUTIONS and (not of_age or of_age.fits):  # contraindications are judged by their conditions
            said.setdefault(key, (graph.iri_of(row["statedFor"]), text(row["note"])))
            reasons[key].add(label(graph.iri_of(row["matched"])))
    for one in ages.values():
        if one.fits and one.warns:
            key = one.treatment, one.fact, one.kind
            said.setdefault(key, (one.stated_for, one.note))
            reasons[key].add("the age")
    for (treatment, fact, kind), (of, note) in said.items():
        because = tuple(sorted(reasons[treatment, fact, kind]))
        caution = Caution(fact, label(fact), kind, because, "" if of == treatment else label(of), note)
        candidates[treatment].cautions.append(caution)
    for candidate in candidates.values():
        candidate.cautions.sort(key=lambda one: (CAUTIONS.index(one.kind), one.label))


def _add_checks(
    knowledge: Knowledge, patient: Patient, candidates: Mapping[str, Candidate], ages: Mapping[tuple[str, str], Limited]
) -> None:
    label = knowledge.terms.label
    found: dict[tuple[str, str], Row] = {}
    looked_for: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in ask(knowledge, "screening-before-treatment", {"asOf": patient.day}):
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"])
        if key[0] not in candidates or graph.iri_of(row["jurisdiction"]) not in ("", patient.jurisdiction):
            continue
        if key in ages and not ages[key].fits:
            continue
        if patient.sex == "male" and text(row["looksFor"]) in OF_WOMEN:
            continue
        found.setdefault(key, row)
        looked_for[key].add(label(graph.iri_of(row["looksFor"])))
    for (treatment, fact), row in found.items():
        check = Check(
            fact=fact,
            label=label(fact),
            looks_for=", ".join(sorted(looked_for[treatment, fact])),
            test=text(row["test"]),
            threshold=text(row["threshold"]),
            action=text(row["action"]),
            stated_for=label(graph.iri_of(row["group"])) if row["group"] is not None else "",
            placed=row["jurisdiction"] is not None,
        )
        candidates[treatment].checks.append(check)


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
        asked.append(("cautions-for-conditions", _cautions(patient, treatments)))
    asked += [
        ("reproductive-safety", {"stage": STAGES[namespaces.shorten(state)], "asOf": patient.day})
        for state in states(patient)
    ]
    here: dict[str, Value] = {"jurisdiction": patient.jurisdiction, "asOf": patient.day}
    asked += [("screening-before-treatment", {"asOf": patient.day}), ("contraindications", here)]
    return [behind(name, given) for name, given in [*asked, ("licensed-treatments", here)]]
