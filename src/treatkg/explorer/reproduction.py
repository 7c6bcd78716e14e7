"""What is advised about treatments in pregnancy, in breast-feeding and for those who could become pregnant.

Labels differ: what is said where the patient is comes first; what is said elsewhere is told only where nothing is said
here, and with its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.asking import Row, rows, text
from treatkg.explorer.patient import Patient
from treatkg.knowledge import Knowledge

STAGES: Mapping[str, str] = {
    "tkg:PregnancyState": "tkg:PregnancyStage",
    "tkg:BreastFeedingState": "tkg:BreastFeedingStage",
    "tkg:ChildbearingPotentialState": "tkg:ContraceptionStage",
}
_AGAINST = {"tkg:AvoidUse", "tkg:PreferAvoidance"}
# A contraindication is no advice, but speaks of the state; the finder lists those of the patient's place as bars.
_ADVICE = """
SELECT DISTINCT ?treatment ?state ?fact ?statedFor ?place ?level ?advice ?basis ?product ?note ?contraindicated WHERE {
  VALUES ?treatment { %(treatments)s }
  {
    VALUES (?state ?stage) { %(stages)s }
    ?fact a tkg:ReproductiveSafety ; tkg:reproductiveStage ?stage ; tkg:adviceLevel ?level ; tkg:advice ?advice .
    OPTIONAL { ?fact tkg:basis ?basis }
    MINUS { ?fact tkg:population/tkg:sex tkg:Male }
    BIND(false AS ?contraindicated)
  } UNION {
    VALUES (?state ?stage) { %(stages)s }
    ?fact a tkg:Contraindication ; tkg:condition/tkg:about ?state ; tkg:strength ?level .
    BIND(true AS ?contraindicated)
  }
  ?fact tkg:treatment ?statedFor ; tkg:treatment|tkg:treatment/^tkg:activeSubstance|^tkg:subjectTo ?treatment .
  OPTIONAL { ?fact tkg:jurisdiction ?place }
  OPTIONAL { ?fact tkg:validFrom ?from }
  OPTIONAL { ?fact tkg:validUntil ?until }
  FILTER((!BOUND(?from) || ?from <= "%(day)s"^^xsd:date) && (!BOUND(?until) || "%(day)s"^^xsd:date < ?until))
  OPTIONAL { ?fact tkg:product ?product }
  OPTIONAL { ?fact skos:note ?note }
  MINUS { ?fact tkg:polarity ?negative }
}
ORDER BY ?treatment ?state ?place ?fact
"""


@dataclass(frozen=True)
class Advice:
    """An advice, or a contraindication of another place, about one of the patient's states.

    `place` is empty where it is said of the patient's place, and the name of another one elsewhere; `placed` tells
    whether the source speaks for any place; `level` is the label of the level.
    """

    fact: str
    label: str
    state: str
    level: str
    words: str
    basis: str
    note: str
    product: str
    stated_for: str
    place: str
    placed: bool
    against: bool
    allows: bool


@dataclass(frozen=True)
class Reproduction:
    """What is advised about one treatment; `unknown` are the states of which nothing is said where the patient is."""

    advice: tuple[Advice, ...] = ()
    unknown: tuple[str, ...] = ()

    def of(self, *, against: bool) -> list[Advice]:
        """Return what is said here against the treatment, or all else."""
        return [one for one in self.advice if one.against is against]

    @property
    def settled(self) -> bool:
        """Whether all that is said here allows the use, and something is said of each state."""
        return not self.unknown and all(one.allows for one in self.advice)


def states(patient: Patient) -> list[str]:
    """Return those of a patient's conditions that the advice is about."""
    return [iri for iri in patient.conditions if namespaces.shorten(iri) in STAGES]


def reproduction(knowledge: Knowledge, patient: Patient, treatments: Collection[str]) -> Mapping[str, Reproduction]:
    """Return treatment -> what is advised about it; empty where the patient has none of the states."""
    asked = states(patient)
    if not asked or not treatments:
        return {}
    query = _ADVICE % {
        "treatments": " ".join(f"<{iri}>" for iri in treatments),
        "stages": " ".join(f"(<{iri}> {STAGES[namespaces.shorten(iri)]})" for iri in asked),
        "day": patient.day,
    }
    found: dict[tuple[str, str], list[tuple[str, bool, Advice]]] = defaultdict(list)
    for row in rows(knowledge, query):
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["state"])
        contraindicated = text(row["contraindicated"]) == "true"
        found[key].append((graph.iri_of(row["place"]), contraindicated, _advice(knowledge, patient, row)))
    return {iri: _of(knowledge, patient, asked, {state: found[iri, state] for state in asked}) for iri in treatments}


def _of(
    knowledge: Knowledge, patient: Patient, asked: Iterable[str], said: Mapping[str, list[tuple[str, bool, Advice]]]
) -> Reproduction:
    """Choose what of all that is said concerns the patient's place."""
    chosen: list[Advice] = []
    unknown: list[str] = []
    for state in asked:
        here = any(place == patient.jurisdiction for place, _, _ in said[state])
        if not here:
            unknown.append(knowledge.terms.label(state))
        for place, contraindicated, advice in said[state]:
            of_here = place == patient.jurisdiction and not contraindicated
            if of_here or (not place and not contraindicated) or (place and not here):
                chosen.append(advice)
    return Reproduction(tuple(sorted(chosen, key=lambda one: (not one.against, one.place, one.label))), tuple(unknown))


def _advice(knowledge: Knowledge, patient: Patient, row: Row) -> Advice:
    label = knowledge.terms.label
    fact, place, state = (graph.iri_of(row[name]) for name in ("fact", "place", "state"))
    here = place == patient.jurisdiction
    level = text(row["level"])
    contraindicated = text(row["contraindicated"]) == "true"
    contraception = STAGES[namespaces.shorten(state)] == "tkg:ContraceptionStage"
    kind = "contraindication" if contraindicated else "contraception" if contraception else ""
    said_of = graph.iri_of(row["statedFor"])
    return Advice(
        fact=fact,
        label=label(fact),
        state=label(state),
        level=kind or label(graph.iri_of(row["level"])),
        words=text(row["advice"]),
        basis=text(row["basis"]),
        note=text(row["note"]),
        product=text(row["product"]),
        stated_for="" if said_of == graph.iri_of(row["treatment"]) else label(said_of),
        place="" if here or not place else label(place),
        placed=bool(place),
        against=here and not contraception and level in _AGAINST,
        allows=level == "tkg:MayBeUsed",
    )
