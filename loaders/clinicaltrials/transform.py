"""From a study of ClinicalTrials.gov (version 2, JSON or a row of CSV) to the trial, its arms, counts and outcomes.

Nothing here says that a treatment is for a disease, or that it caused an event: a registry says what was tried.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from treatkg.loading import dates
from treatkg.loading.items import Document, Fact, Item, Mention, Own, Passage, Record, Section, Skip, Thing
from treatkg.loading.json_values import Node, count_of, node_at, nodes_at, number_of, text_at, text_of, texts_at

_NCT = re.compile(r"NCT[0-9]{8}")
_PHASES = {
    "EARLYPHASE1": "EarlyPhase1",
    "PHASE1": "Phase1",
    "PHASE2": "Phase2",
    "PHASE3": "Phase3",
    "PHASE4": "Phase4",
    "NA": "NoPhase",
    "NOTAPPLICABLE": "NoPhase",
}
_OVER = {"COMPLETED", "TERMINATED", "WITHDRAWN"}
_DRUGS = {"DRUG", "BIOLOGICAL"}
_WITHOUT_TREATMENT = {"PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION"}
_PLACEBO = re.compile(r"\b(placebos?|sham|vehicles?|dummy)\b", re.IGNORECASE)
_GENERAL = re.compile(
    r"\b(therap(y|ies)|treatments?|care|background|rescue|standard|comparators?|medications?|medicines?|drugs?|agents?"
    r"|inhibitors?|blockers?|antagonists?|\w*steroids?|antibiotics?|vaccines?|immunosuppress\w+|chemotherap\w+)\b",
    re.IGNORECASE,
)
_DOSE = re.compile(
    r"\s*\b[0-9]+([.,][0-9]+)?\s*(mg|g|mcg|µg|μg|ug|ml|iu|units?|%)(\s*/\s*[0-9.]*\s*\w+)*(?!\w)", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_AGE = re.compile(r"([0-9]{1,4}) *(year|month|week|day|hour|minute)s?", re.IGNORECASE)
_DAY = Fraction(16, 487)  # of a month of 30.4375 days
_MONTHS = {
    "year": Fraction(12),
    "month": Fraction(1),
    "week": 7 * _DAY,
    "day": _DAY,
    "hour": _DAY / 24,
    "minute": _DAY / 1440,
}
_OLDEST = 1500  # months; a limit above it excludes nobody
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_TYPED = re.compile(
    "(DRUG|DEVICE|BIOLOGICAL|PROCEDURE|RADIATION|BEHAVIORAL|GENETIC|DIETARY[_ ]SUPPLEMENT|COMBINATION[_ ]PRODUCT"
    "|DIAGNOSTIC[_ ]TEST|OTHER): *",
    re.IGNORECASE,
)


def transform(record: Record) -> Iterator[Item]:
    """Return what a study says.

    Args:
        record: a study object of the API version 2, whole or with chosen fields, or a row of CSV as column -> text.
    """
    study: Node = record.data if isinstance(record.data, dict) else {}
    if "NCT Number" in study:
        study = _of_row(study)
    protocol = node_at(study, "protocolSection")
    nct = text_at(protocol, "identificationModule", "nctId").upper()
    if not _NCT.fullmatch(nct):
        yield Skip("no NCT number", record.where)
        return
    if text_at(protocol, "designModule", "studyType").upper() == "EXPANDED_ACCESS":
        yield Skip("expanded access, which is no trial", record.where)
        return
    yield _document(nct, protocol, study)
    yield from _trial(nct, protocol, study)
    if criteria := _unescaped(text_at(protocol, "eligibilityModule", "eligibilityCriteria")):
        yield Section("eligibility", "EligibilityText", "Eligibility Criteria", criteria)
    results = node_at(study, "resultsSection")
    yield from _events(nct, node_at(results, "adverseEventsModule"))
    yield from _outcomes(nct, nodes_at(results, "outcomeMeasuresModule", "outcomeMeasures"))


def _document(nct: str, protocol: Node, study: Node) -> Document:
    posted = text_at(protocol, "statusModule", "lastUpdatePostDateStruct", "date")
    version = posted or text_at(study, "derivedSection", "miscInfoModule", "versionHolder")
    day, precision = dates.day(version)
    url = f"https://clinicaltrials.gov/study/{nct}"
    return Document(nct, _title(nct, protocol), version, day, precision, url)


def _title(nct: str, protocol: Node) -> str:
    names = (text_at(protocol, "identificationModule", key) for key in ("briefTitle", "officialTitle", "acronym"))
    return next(filter(None, names), nct)


# --- the trial


def _trial(nct: str, protocol: Node, study: Node) -> Iterator[Item]:
    names, design = node_at(protocol, "identificationModule"), node_at(protocol, "designModule")
    title, official = _title(nct, protocol), text_at(names, "officialTitle")
    phases = [re.sub(r"[^A-Z0-9]", "", phase.upper()) for phase in texts_at(design, "phases")]
    population, problems = _population(node_at(protocol, "eligibilityModule"))
    interventions = nodes_at(protocol, "armsInterventionsModule", "interventions")
    arms = _arms(nodes_at(protocol, "armsInterventionsModule", "armGroups"), interventions, design)
    problems += ["phase that is not known" for phase in phases if phase not in _PHASES]
    problems += ["intervention without a type" for entry in interventions if not text_at(entry, "type")]
    status = text_at(protocol, "statusModule", "overallStatus")
    values = {
        "label": text_at(names, "acronym") or title,
        "title": title,
        "altLabel": official if official != title else "",
        "formerIdentifier": [f"nct:{alias}" for alias in texts_at(names, "nctIdAliases")],
        "studyType": text_at(design, "studyType"),
        "trialPhase": [_PHASES[phase] for phase in phases if phase in _PHASES],
        **_enrollment(node_at(design, "enrollmentInfo"), status),
        "sponsor": text_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name"),
        "studyStatus": status,
        "studyCondition": _conditions(protocol, study),
        "studyIntervention": [_treatment(entry) for entry in interventions if _is_treatment(entry)],
        "population": Own(population.id) if population else None,
        "hasArm": [Own(arm.id) for arm in arms],
    }
    yield Thing(f"nct:{nct}", ["Trial"], values)
    yield from [population, *arms] if population else arms
    yield from (Skip(problem, nct) for problem in problems)


def _enrollment(entry: Node, status: str) -> dict[str, int | None]:
    """Return the number of people under the key that is true of it: an estimate is nobody's enrolment."""
    kind = text_at(entry, "type").upper()
    enrolled = kind == "ACTUAL" or (not kind and status in _OVER)
    return {"enrollment" if enrolled else "plannedEnrollment": count_of(entry.get("count"))}


def _conditions(protocol: Node, study: Node) -> list[Mention]:
    """Return the conditions, each with the MeSH id whose heading is the same words: other ids may be of others."""
    ids = {}
    for mesh in nodes_at(study, "derivedSection", "conditionBrowseModule", "meshes"):
        term = text_at(mesh, "term").lower()
        first, comma, rest = term.partition(", ")
        ids[term] = ids[f"{rest} {first}" if comma else term] = [f"mesh:{text_at(mesh, 'id')}"]
    names = dict.fromkeys(texts_at(protocol, "conditionsModule", "conditions"))
    return [Mention("Disease", [name], ids.get(name.lower(), ())) for name in names]


def _is_treatment(intervention: Node) -> bool:
    name = text_at(intervention, "name")
    return text_at(intervention, "type").upper() in _DRUGS and bool(name) and not _PLACEBO.search(name)


def _treatment(intervention: Node) -> Mention:
    name = text_at(intervention, "name")
    plain = re.sub(r"\s+", " ", _DOSE.sub(" ", name)).strip(" ,;-")
    others = [] if _GENERAL.search(name) else texts_at(intervention, "otherNames")
    names = [name, plain, *(other for other in others if not _PLACEBO.search(other))]
    return Mention("Treatment", list(dict.fromkeys(filter(None, names))))


def _arms(groups: list[Node], interventions: list[Node], design: Node) -> list[Thing]:
    """Return the arms; the groups of an observational study were assigned nothing."""
    assigned = text_at(design, "studyType").upper() != "OBSERVATIONAL"
    arms = []
    for number, group in enumerate(groups, start=1):
        label, kind = text_at(group, "label"), text_at(group, "type").upper()
        given = [_TYPED.sub("", name, count=1) for name in texts_at(group, "interventionNames")]
        treatments = [
            _treatment(entry)
            for entry in interventions
            if _is_treatment(entry)
            and (text_at(entry, "name") in given or (not given and label in texts_at(entry, "armGroupLabels")))
        ]
        values = {
            "label": label or f"arm {number}",
            "armKind": kind,
            "armTreatment": treatments if assigned and kind not in _WITHOUT_TREATMENT else [],
        }
        arms.append(Thing(f"arm-{number}", ["TrialArm"], values))
    return arms


# --- who may take part


def _population(module: Node) -> tuple[Thing | None, list[str]]:
    """Return the population that the registry's limits make, and what is wrong with them.

    The registry's limits both belong to the range: "17 Years" is up to the 18th birthday. Weeks and days give the
    smallest range of whole months that holds all who may take part; the note has the limits as they are written.
    """
    texts = {"minimum age": text_at(module, "minimumAge"), "maximum age": text_at(module, "maximumAge")}
    limits = {name: text for name, text in texts.items() if text and text.upper() not in {"N/A", "NA"}}
    found = {name: _AGE.fullmatch(text) for name, text in limits.items()}
    problems = [f"{name} that is no age" for name, age in found.items() if not age]
    ages = {name: (int(age[1]), _MONTHS[age[2].lower()]) for name, age in found.items() if age}
    least = most = None
    if "minimum age" in ages:
        least = math.floor(ages["minimum age"][0] * ages["minimum age"][1])
    if "maximum age" in ages:
        most = math.ceil((ages["maximum age"][0] + 1) * ages["maximum age"][1])
        most = most if most <= _OLDEST else None
    if least is not None and least >= (_OLDEST if most is None else most):
        problems.append("minimum age above the maximum age")
        least = most = None
    sex = {"FEMALE": "Female", "MALE": "Male"}.get(text_at(module, "sex").upper())
    if not limits and not sex:
        return None, problems
    note = ", ".join(f"{name} {text}" for name, text in limits.items())
    values = {"minAgeMonths": least, "maxAgeMonths": most, "sex": sex, "note": note}
    return Thing("population", ["Population"], values), problems


# --- what the registry counted and measured


def _events(nct: str, module: Node) -> Iterator[Item]:
    for key, name in (("timeFrame", "time-frame"), ("description", "description")):
        if text := _unescaped(text_at(module, key)):
            yield Section(f"adverse-events-{name}", "OtherText", f"Adverse Events: {name.replace('-', ' ')}", text)
    groups = _titles(nodes_at(module, "eventGroups"))
    for kind in ("serious", "other"):
        for number, event in enumerate(nodes_at(module, f"{kind}Events")):
            for row, stats in enumerate(nodes_at(event, "stats"), start=1):
                group = text_at(stats, "groupId")
                values = {
                    "trial": f"nct:{nct}",
                    "eventTerm": text_at(event, "term"),
                    "organSystem": text_at(event, "organSystem"),
                    "eventVocabulary": text_at(event, "sourceVocabulary"),
                    "groupTitle": groups.get(group, group),
                    "affected": count_of(stats.get("numAffected")),
                    "atRisk": count_of(stats.get("numAtRisk")),
                    "serious": kind == "serious",
                }
                yield _event(values, f"{kind}-event/{number + 1}/{row}", f"{kind}Events[{number}]")


def _event(values: dict[str, Any], name: str, place: str) -> Item:
    term, affected, at_risk = values["eventTerm"], values["affected"], values["atRisk"]
    if not term or affected is None:
        return Skip("event count without a term or a number", place)
    if at_risk is not None and affected > at_risk:
        return Skip("more people with the event than at risk", place)
    label = f"{term}, {values['groupTitle']}: {affected}{'' if at_risk is None else f' of {at_risk}'}"
    return Fact("TrialEventCount", name, label, values, [Passage(f"adverseEventsModule.{place}")])


def _outcomes(nct: str, measures: list[Node]) -> Iterator[Item]:
    for number, measure in enumerate(measures):
        place = f"outcomeMeasures[{number}]"
        if not measure.get("classes"):
            yield Skip("outcome without values", place)
        groups, people = _titles(nodes_at(measure, "groups")), _people(measure)
        shared = {
            "trial": f"nct:{nct}",
            "measureTitle": text_at(measure, "title"),
            "measureKind": text_at(measure, "type"),
            "timeFrame": text_at(measure, "timeFrame"),
            "valueKind": text_at(measure, "paramType"),
            "measuredUnit": text_at(measure, "unitOfMeasure"),
            "dispersionKind": text_at(measure, "dispersionType"),
        }
        for row, (part, category, measurement) in enumerate(_measurements(measure), start=1):
            group = text_at(measurement, "groupId")
            values = shared | {
                "measuredClass": text_at(part, "title"),
                "measuredCategory": text_at(category, "title"),
                "groupTitle": groups.get(group, group),
                "analysed": (_people(part) or people).get(group),
            }
            yield _outcome(values, measurement, f"outcome/{number + 1}/{row}", place)


def _measurements(measure: Node) -> Iterator[tuple[Node, Node, Node]]:
    for part in nodes_at(measure, "classes"):
        for category in nodes_at(part, "categories"):
            for measurement in nodes_at(category, "measurements"):
                yield part, category, measurement


def _outcome(values: dict[str, Any], measurement: Node, name: str, place: str) -> Item:
    value = number_of(measurement.get("value"))
    if value is None:
        return Skip("outcome value that is no number", place)
    values |= {
        "measuredValue": value,
        "spread": number_of(measurement.get("spread")),
        "spreadLower": number_of(measurement.get("lowerLimit")),
        "spreadUpper": number_of(measurement.get("upperLimit")),
    }
    about = (values["measureTitle"], values["measuredClass"], values["measuredCategory"], values["groupTitle"])
    label = f"{', '.join(filter(None, about))}: {value:f} {values['measuredUnit']}".strip()
    return Fact("OutcomeValue", name, label, values, [Passage(f"outcomeMeasuresModule.{place}")])


def _titles(groups: list[Node]) -> dict[str, str]:
    return {text_at(group, "id"): text_at(group, "title") or text_at(group, "id") for group in groups}


def _people(measured: Node) -> dict[str, int | None]:
    """Return group -> number of people analysed; other units (eyes, lesions) are no people."""
    return {
        text_at(entry, "groupId"): count_of(entry.get("value"))
        for denominator in nodes_at(measured, "denoms")
        if text_at(denominator, "units").lower() == "participants"
        for entry in nodes_at(denominator, "counts")
    }


# --- a row of CSV, as far as its columns go, as the same study


def _of_row(row: Mapping[str, str]) -> Node:
    """Return the study of a row; the columns have other names in the former website's download."""

    def cell(*names: str) -> str:
        return next(filter(None, (text_of(row.get(name)) for name in names)), "")

    lowest, highest = _age_range(cell("Age"))
    status = re.sub(r"[^A-Z]+", "_", cell("Study Status", "Status").upper()).strip("_")
    sponsor = cell("Sponsor") or cell("Sponsor/Collaborators").partition("|")[0]
    bars = {"conditions": cell("Conditions").split("|"), "phases": cell("Phases").split("|")}
    typed = re.split(rf"\|(?={_TYPED.pattern})", cell("Interventions"), flags=re.IGNORECASE)[::2]
    protocol = {
        "identificationModule": {
            "nctId": cell("NCT Number"),
            "briefTitle": cell("Study Title", "Title"),
            "acronym": cell("Acronym"),
        },
        "statusModule": {
            "overallStatus": "UNKNOWN" if status == "UNKNOWN_STATUS" else status,
            "lastUpdatePostDateStruct": {"date": _written_date(cell("Last Update Posted"))},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": sponsor}},
        "conditionsModule": {"conditions": bars["conditions"]},
        "designModule": {
            "studyType": cell("Study Type").partition("[")[0].strip().upper().replace(" ", "_"),
            "phases": bars["phases"],
            "enrollmentInfo": {"count": cell("Enrollment")},
        },
        "armsInterventionsModule": {"interventions": [_intervention(text) for text in typed if text]},
        "eligibilityModule": {"sex": cell("Sex", "Gender"), "minimumAge": lowest, "maximumAge": highest},
    }
    return {"protocolSection": protocol}


def _intervention(text: str) -> dict[str, str]:
    """Return type and name of "DRUG: Dupilumab"; the split before a type leaves bars within a name alone."""
    found = _TYPED.match(text)
    if not found:
        return {"name": text}
    return {"type": found[1].upper().replace(" ", "_"), "name": text[found.end() :].strip()}


def _age_range(text: str) -> tuple[str, str]:
    """Return the limits of "3 Years to 99 Years (Child, Adult ...)"; age groups alone (CHILD, ADULT) are no limits."""
    plain = text.partition("(")[0].strip()
    if found := re.fullmatch(r"(.+?) and older", plain):
        return found[1], ""
    if found := re.fullmatch(r"up to (.+)", plain, re.IGNORECASE):
        return "", found[1]
    lowest, to, highest = plain.partition(" to ")
    return (lowest, highest) if to else ("", "")


def _written_date(text: str) -> str:
    """Return "April 3, 2020" and "April 2020" as ISO dates, others as they are."""
    found = re.fullmatch(r"([A-Z][a-z]+) (?:([0-9]{1,2}), )?([0-9]{4})", text)
    if not found or found[1] not in _MONTH_NAMES:
        return text
    day = f"-{int(found[2]):02}" if found[2] else ""
    return f"{found[3]}-{_MONTH_NAMES.index(found[1]) + 1:02}{day}"


def _unescaped(text: str) -> str:
    r"""Return text without the backslashes by which Markdown protects signs ("\>= 18")."""
    return _ESCAPED.sub(r"\1", text)
