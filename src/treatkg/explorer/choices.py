"""What the finder offers: conditions of which the graph speaks, and what else each of them means there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.asking import once
from treatkg.knowledge import Knowledge

_SPOKEN_OF = """
SELECT DISTINCT ?about ?taken WHERE {
  { ?fact a tkg:Contraindication ; tkg:condition/tkg:about ?about }
  UNION { ?fact a tkg:UseRestriction ; tkg:condition/tkg:about ?about }
  UNION { ?fact a tkg:Screening ; tkg:looksFor ?about }
  UNION { ?fact a tkg:DrugInteraction ; tkg:interactsWith ?about }
  UNION { VALUES ?warning { tkg:BoxedWarning tkg:Warning tkg:Precaution } ?fact a ?warning ; tkg:risk ?about }
  ?about a ?class .
  VALUES (?class ?taken) {
    (tkg:Disease false) (tkg:Phenotype false) (tkg:State false) (tkg:TreatmentSubject true)
  }
}
"""
_ALLERGIES = """
SELECT DISTINCT ?about WHERE {
  ?fact a tkg:Contraindication ; tkg:condition ?node .
  ?node tkg:conditionKind tkg:HypersensitivityCondition ; tkg:about ?about .
}
"""
_TREATMENTS = """
SELECT DISTINCT ?treatment ?group WHERE {
  { ?treatment a tkg:TreatmentGroup . BIND(true AS ?group) }
  UNION { ?treatment a tkg:Treatment . BIND(false AS ?group) }
}
"""
# Everybody has a disease: a patient of the finder has atopic dermatitis.
DISEASE = "MONDO:0000001"
PATIENT_DISEASE = "MONDO:0004980"
OLDER_AGE = "tkg:OlderAgeState"


@dataclass(frozen=True)
class Meaning:
    """What a condition means beyond itself.

    `also` holds whenever the condition does; `maybe` is a narrower case that the condition leaves open; `risks` are
    what warnings speak of that concern somebody with the condition.
    """

    also: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


_CYP3A4 = "uniprot:P08684"
# The terms of the graph have no relations between these, so that they stand here.
MEANINGS: Mapping[str, Meaning] = {
    "MONDO:0018076": Meaning(also=("MONDO:0005550",), risks=("tkg:SeriousInfectionRisk",)),
    "MONDO:0005344": Meaning(risks=("tkg:SeriousInfectionRisk",)),
    "MONDO:0005231": Meaning(risks=("tkg:SeriousInfectionRisk",)),
    "MONDO:0005109": Meaning(risks=("tkg:SeriousInfectionRisk", "tkg:ImmunosuppressionRisk")),
    "MONDO:0005550": Meaning(maybe=("tkg:SeriousInfectionRisk",), risks=("tkg:SeriousInfectionRisk",)),
    "tkg:SeriousInfectionRisk": Meaning(also=("MONDO:0005550",)),
    "MONDO:0004664": Meaning(risks=("tkg:ParasiticInfectionRisk",)),
    "MONDO:0005154": Meaning(maybe=("HP:0001410",), risks=("HP:0001410",)),
    "HP:0000083": Meaning(also=("MONDO:0005240",)),
    "MONDO:0005240": Meaning(maybe=("HP:0000083",)),
    "HP:0000822": Meaning(maybe=("tkg:UncontrolledHypertension",)),
    "tkg:UncontrolledHypertension": Meaning(also=("HP:0000822",)),
    "MONDO:0004979": Meaning(maybe=("tkg:UncontrolledAsthma", "tkg:RecentSevereAsthmaExacerbation")),
    "tkg:UncontrolledAsthma": Meaning(also=("MONDO:0004979",)),
    "MONDO:0004995": Meaning(also=("tkg:CardiovascularRiskState",), risks=("tkg:MajorAdverseCardiovascularEvents",)),
    "tkg:CardiovascularRiskState": Meaning(risks=("tkg:MajorAdverseCardiovascularEvents",)),
    "tkg:SmokingState": Meaning(risks=("tkg:MajorAdverseCardiovascularEvents",)),
    "tkg:ThrombosisRiskState": Meaning(risks=("tkg:ThrombosisRisk",)),
    "MONDO:0004992": Meaning(also=("tkg:MalignancyRiskState",), risks=("tkg:MalignancyRisk",)),
    "tkg:MalignancyRiskState": Meaning(risks=("tkg:MalignancyRisk",)),
    "MONDO:0021094": Meaning(also=("tkg:ImmunosuppressedState",), risks=("tkg:ImmunosuppressionRisk",)),
    "tkg:ImmunosuppressedState": Meaning(maybe=("MONDO:0021094",), risks=("tkg:ImmunosuppressionRisk",)),
    "MONDO:0004235": Meaning(risks=("HP:0031368",)),
    "tkg:PregnancyState": Meaning(risks=("tkg:EmbryoFetalToxicityRisk",)),
    "tkg:ChildbearingPotentialState": Meaning(
        maybe=("tkg:NoEffectiveContraception",), risks=("tkg:EmbryoFetalToxicityRisk",)
    ),
    "tkg:StrongCYP3A4InhibitorTherapy": Meaning(also=("tkg:CYP3A4InhibitorTherapy", _CYP3A4)),
    "tkg:CYP3A4InhibitorTherapy": Meaning(also=(_CYP3A4,), maybe=("tkg:StrongCYP3A4InhibitorTherapy",)),
    "tkg:StrongCYP3A4InducerTherapy": Meaning(also=(_CYP3A4,)),
    "tkg:LowDoseAspirinTherapy": Meaning(also=("tkg:AntiplateletTherapy",)),
    "tkg:ProtonPumpInhibitorTherapy": Meaning(also=("tkg:AcidReducingTherapy",)),
}
_COMMON: Mapping[str, Sequence[str]] = {
    "Pregnancy and breast-feeding": ("tkg:PregnancyState", "tkg:BreastFeedingState", "tkg:ChildbearingPotentialState"),
    "Infections": (
        "MONDO:0005344",
        "MONDO:0005231",
        "MONDO:0018076",
        "MONDO:0005109",
        "MONDO:0005550",
        "tkg:SeriousInfectionRisk",
        "MONDO:0021201",
        "MONDO:0004664",
    ),
    "Liver, kidney, blood": ("MONDO:0005154", "HP:0000083", "HP:0001903", "HP:0001888", "HP:0001875"),
    "Heart, clots, cancer": (
        "MONDO:0004995",
        "tkg:CardiovascularRiskState",
        "tkg:SmokingState",
        "HP:0000822",
        "tkg:UncontrolledHypertension",
        "tkg:ThrombosisRiskState",
        "MONDO:0004992",
        "tkg:MalignancyRiskState",
    ),
    "Immune system, lung, skin": (
        "MONDO:0021094",
        "tkg:ImmunosuppressedState",
        "MONDO:0004979",
        "MONDO:0005083",
        "MONDO:0008383",
        "MONDO:0009735",
    ),
    "Vaccines and medicines": (
        "tkg:LiveVaccination",
        "tkg:StrongCYP3A4InhibitorTherapy",
        "tkg:CYP3A4InhibitorTherapy",
        "tkg:StrongCYP3A4InducerTherapy",
        "tkg:StrongCYP2C19InhibitorTherapy",
        "tkg:NSAIDTherapy",
        "tkg:AntiplateletTherapy",
        "tkg:LowDoseAspirinTherapy",
        "methotrexate",
        "ciclosporin",
    ),
}


@dataclass(frozen=True)
class Choice:
    """Something to tick: its short name (`value`) and its label."""

    value: str
    label: str


@dataclass(frozen=True)
class Choices:
    """What the form offers, by heading; `more` is what is less often met with."""

    conditions: Mapping[str, tuple[Choice, ...]]
    more: Mapping[str, tuple[Choice, ...]]
    allergies: tuple[Choice, ...]
    earlier: Mapping[str, tuple[Choice, ...]]
    jurisdictions: tuple[Choice, ...]
    severities: tuple[Choice, ...]


@once
def offered(knowledge: Knowledge) -> Choices:
    """Collect what can be chosen: what contraindications, restrictions, warnings, screening and interactions name."""
    spoken: dict[str, bool] = {}
    for about, taken in knowledge.select(_SPOKEN_OF).terms:
        iri = namespaces.shorten(graph.iri_of(about))
        spoken[iri] = spoken.get(iri, False) or str(taken).startswith('"true"')
    common = {
        heading: tuple(_choice(knowledge, name) for name in names if name in spoken or name in MEANINGS)
        for heading, names in _COMMON.items()
    }
    shown = {choice.value for choices in common.values() for choice in choices} | {DISEASE, PATIENT_DISEASE, OLDER_AGE}
    rest = {name: taken for name, taken in spoken.items() if name not in shown}
    groups: dict[bool, list[Choice]] = {True: [], False: []}
    for treatment, is_group in knowledge.select(_TREATMENTS).terms:
        choice = _choice(knowledge, namespaces.shorten(graph.iri_of(treatment)))
        groups[str(is_group).startswith('"true"')].append(choice)
    return Choices(
        conditions=common,
        more={
            "More conditions": _sorted(_choice(knowledge, name) for name, taken in rest.items() if not taken),
            "More treatments taken now": _sorted(_choice(knowledge, name) for name, taken in rest.items() if taken),
        },
        allergies=_sorted(
            _choice(knowledge, namespaces.shorten(graph.iri_of(about)))
            for (about,) in knowledge.select(_ALLERGIES).terms
        ),
        earlier={"Groups": _sorted(groups[True]), "Treatments": _sorted(groups[False])},
        jurisdictions=tuple(_choice(knowledge, f"tkg:{code}") for code in ("EU", "UK", "US", "CA", "JP", "CN")),
        severities=tuple(_choice(knowledge, f"tkg:{code}") for code in ("Mild", "Moderate", "Severe")),
    )


def _choice(knowledge: Knowledge, name: str) -> Choice:
    return Choice(name, knowledge.terms.label(namespaces.expand(name)))


def _sorted(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=lambda choice: choice.label.casefold()))
