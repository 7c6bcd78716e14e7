"""Warnings, interactions ... about what a patient has or takes, and what to check before treatment."""

from __future__ import annotations

import datetime
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph
from treatkg.explorer.ages import Limited
from treatkg.explorer.asking import Row, ask, text
from treatkg.explorer.barring import conditions_for_cautions
from treatkg.explorer.patient import OF_WOMEN, Patient
from treatkg.explorer.reproduction import STAGES
from treatkg.knowledge import Knowledge
from treatkg.queries import Value

# What cautions-for-conditions says besides contraindications, worst first.
# Its "avoid use" is left out: all advice on pregnancy and breast-feeding is read by reproduction.py.
CAUTIONS = ("boxed warning", "interaction", "warning", "precaution", "screen first", "monitor")
# What is told of other places; contraindications of the patient's place are judged by their conditions.
_HYPERSENSITIVITY = "must not be used after hypersensitivity"
_ELSEWHERE = ("must not be used", "must not be used in certain cases", "weigh the risk", *CAUTIONS[:4])
_RANKS = (_HYPERSENSITIVITY, *_ELSEWHERE, *CAUTIONS[4:])
Ages = Mapping[tuple[str, str], Limited]
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Caution:
    """A warning, interaction ... that concerns what the patient has; `place` names another one than the patient's."""

    fact: str
    label: str
    kind: str
    because: tuple[str, ...]
    stated_for: str
    note: str
    place: str = ""


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


def cautions_asked(patient: Patient, treatments: Sequence[str]) -> dict[str, Value]:
    """Return the parameters of cautions-for-conditions, which is asked of all places."""
    return {"condition": conditions_for_cautions(patient), "treatment": treatments, "asOf": patient.day}


def cautions(
    knowledge: Knowledge, patient: Patient, treatments: Iterable[str], ages: Ages
) -> tuple[Mapping[str, list[Caution]], Mapping[str, list[Caution]]]:
    """Return treatment -> its cautions for the patient, worst first: those of the place or of none, and of others."""
    arguments = cautions_asked(patient, list(treatments))
    label = knowledge.terms.label
    reasons: dict[_Key, set[str]] = defaultdict(set)
    said: dict[_Key, tuple[str, str, str]] = {}
    for row in ask(knowledge, "cautions-for-conditions", arguments) if arguments["condition"] else ():
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"]), text(row["kind"])
        place = graph.iri_of(row["place"])
        elsewhere = place not in ("", patient.jurisdiction)
        if not _counts(key, row, ages, elsewhere=elsewhere):
            continue
        said.setdefault(key, (graph.iri_of(row["statedFor"]), text(row["note"]), place if elsewhere else ""))
        reasons[key].add(label(graph.iri_of(row["matched"])))
    for row in _hypersensitivity(knowledge, patient, arguments):
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"]), _HYPERSENSITIVITY
        said[key] = graph.iri_of(row["statedFor"]), text(row["note"]), graph.iri_of(row["place"])
        reasons[key].add(label(graph.iri_of(row["matched"])))
    for one in ages.values():
        if one.warns:
            key = one.treatment, one.fact, one.kind
            said.setdefault(key, (one.stated_for, one.note, ""))
            reasons[key].add("the age")
    found: tuple[dict[str, list[Caution]], dict[str, list[Caution]]] = defaultdict(list), defaultdict(list)
    for key in sorted(said, key=lambda key: _RANKS.index(key[2])):
        (treatment, fact, kind), (of, note, place) = key, said[key]
        named = "" if of == treatment else label(of)
        because = tuple(sorted(reasons[key]))
        caution = Caution(fact, label(fact), kind, because, named, note, label(place) if place else "")
        found[bool(place)][treatment].append(caution)
    return found


def _hypersensitivity(knowledge: Knowledge, patient: Patient, arguments: Mapping[str, Value]) -> Iterator[Row]:
    """Return the contraindications of other places after hypersensitivity to what the patient does not bear."""
    if not patient.allergies:
        return
    for row in ask(knowledge, "cautions-for-conditions", {**arguments, "condition": list(patient.allergies)}):
        exact = graph.iri_of(row["matched"]) in patient.allergies
        if exact and text(row["kind"]) == _HYPERSENSITIVITY and graph.iri_of(row["place"]) != patient.jurisdiction:
            yield row


def _counts(key: _Key, row: Row, ages: Ages, *, elsewhere: bool) -> bool:
    """Whether a row of cautions-for-conditions concerns the patient."""
    if key[:2] in ages and not ages[key[:2]].fits:
        return False
    if elsewhere:  # what other places say of pregnancy is told with all advice on it
        return key[2] in _ELSEWHERE and text(row["condition"]) not in STAGES
    return key[2] in CAUTIONS


@functools.lru_cache(maxsize=16)
def _screening(knowledge: Knowledge, day: datetime.date) -> tuple[Row, ...]:
    """Return all screening in force on a day; the query takes one treatment or all, and all are asked once."""
    return tuple(ask(knowledge, "screening-before-treatment", {"asOf": day}))


def checks(knowledge: Knowledge, patient: Patient, treatments: Iterable[str], ages: Ages) -> Mapping[str, list[Check]]:
    """Return treatment -> what to look for before it, as far as it concerns somebody of the patient's age and sex."""
    wanted = set(treatments)
    label = knowledge.terms.label
    found: dict[tuple[str, str], Row] = {}
    looked_for: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in _screening(knowledge, patient.day):
        key = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"])
        if key[0] not in wanted or graph.iri_of(row["jurisdiction"]) not in ("", patient.jurisdiction):
            continue
        if key in ages and not ages[key].fits:
            continue
        if patient.sex == "male" and text(row["looksFor"]) in OF_WOMEN:
            continue
        found.setdefault(key, row)
        looked_for[key].add(label(graph.iri_of(row["looksFor"])))
    by_treatment: dict[str, list[Check]] = defaultdict(list)
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
        by_treatment[treatment].append(check)
    return by_treatment
