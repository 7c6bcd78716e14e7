"""The patient of the finder, read from the fields of a form."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from treatkg import namespaces
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge

Fields = Mapping[str, Sequence[str]]
_ONE = ("years", "months", "weight", "severity", "sex", "jurisdiction")
_MANY = ("earlier", "unsuitable", "condition", "allergy")
FIELDS = (*_ONE, *_MANY)
NONE_YET = "none"  # the value of `earlier` that says: nothing has been tried
_NUMBER = re.compile(r"[0-9]{1,3}")
_WEIGHT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?")
_SEXES = ("female", "male")
OF_WOMEN = {"tkg:PregnancyState", "tkg:BreastFeedingState", "tkg:ChildbearingPotentialState"}
_MOST = 40  # conditions or treatments in one question
_SHOWN = 60


@dataclass(frozen=True)
class Patient:
    """Who is asked about. Age in completed months, weight in kg; things are IRIs; empty means not stated."""

    age_months: int
    jurisdiction: str
    day: datetime.date
    weight: Decimal | None = None
    severity: str = ""
    sex: str = ""
    earlier: tuple[str, ...] = ()
    unsuitable: tuple[str, ...] = ()
    nothing_yet: bool = False
    conditions: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether a condition, another medicine or an allergy was named."""
        return bool(self.conditions or self.allergies)


@dataclass
class Reading:
    """A form as it was read: the patient, or what is wrong, by field."""

    patient: Patient | None = None
    errors: dict[str, str] = field(default_factory=dict)


def read(knowledge: Knowledge, fields: Fields, day: datetime.date) -> Reading | None:
    """Read a patient from form fields; None where the form is still empty."""
    given = {name: [text.strip() for text in fields.get(name, ()) if text.strip()] for name in FIELDS}
    if not any(given.values()):
        return None
    reading = Reading()
    for name in _ONE:
        if len(given[name]) > 1:
            reading.errors[name] = "given more than once"
    months = _age(given, reading.errors)
    weight = _weight(given, reading.errors)
    jurisdiction = _thing(knowledge, given, "jurisdiction", "Jurisdiction", reading.errors)
    severity = _thing(knowledge, given, "severity", "DiseaseSeverity", reading.errors)
    if not jurisdiction:
        reading.errors.setdefault("jurisdiction", "choose where: labels differ")
    sex = given["sex"][0].lower() if given["sex"] else ""
    if sex and sex not in _SEXES:
        reading.errors.setdefault("sex", "female, male, or left out")
    things = {name: _things(knowledge, given, name, reading.errors) for name in _MANY}
    if sex == "male" and OF_WOMEN & set(map(namespaces.shorten, things["condition"])):
        reading.errors.setdefault("sex", "a man is neither pregnant nor breast-feeding nor of childbearing potential")
    nothing_yet = NONE_YET in given["earlier"]
    if nothing_yet and (things["earlier"] or things["unsuitable"]):
        reading.errors.setdefault("earlier", "nothing tried yet, or these treatments: not both")
    if not reading.errors:
        reading.patient = Patient(
            months, jurisdiction, day, weight, severity, sex, things["earlier"], things["unsuitable"], nothing_yet,
            things["condition"], things["allergy"],
        )  # fmt: skip
    return reading


def _age(given: Mapping[str, Sequence[str]], errors: dict[str, str]) -> int:
    parts = {}
    for name, limit in (("years", 130), ("months", 11)):
        text = given[name][0] if given[name] else ""
        if text and not (text.isascii() and _NUMBER.fullmatch(text) and int(text) <= limit):
            errors.setdefault(name, f"a whole number from 0 to {limit}")
            text = ""
        parts[name] = text
    if not any(parts.values()):
        errors.setdefault("years", "the age is needed: years, months or both")
    return 12 * int(parts["years"] or 0) + int(parts["months"] or 0)


def _weight(given: Mapping[str, Sequence[str]], errors: dict[str, str]) -> Decimal | None:
    if not given["weight"]:
        return None
    text = given["weight"][0]
    weight = Decimal(text.replace(",", ".")) if text.isascii() and _WEIGHT.fullmatch(text) else Decimal(0)
    if not Decimal("0.3") <= weight <= 500:
        errors.setdefault("weight", "kilograms, from 0.3 to 500")
    return weight


def _thing(
    knowledge: Knowledge, given: Mapping[str, Sequence[str]], name: str, cls: str, errors: dict[str, str]
) -> str:
    if not given[name]:
        return ""
    try:
        return knowledge.terms.resolve(given[name][0], cls)
    except UsageError as error:
        errors.setdefault(name, _short(str(error)))
        return ""


def _things(
    knowledge: Knowledge, given: Mapping[str, Sequence[str]], name: str, errors: dict[str, str]
) -> tuple[str, ...]:
    texts = [text for text in dict.fromkeys(given[name]) if not (name == "earlier" and text == NONE_YET)]
    if len(texts) > _MOST:
        errors.setdefault(name, f"at most {_MOST} at once")
        return ()
    found = []
    for text in texts:
        try:
            iri = knowledge.terms.resolve(text, None if name in ("condition", "allergy") else "TreatmentSubject")
        except UsageError as error:
            errors.setdefault(name, _short(str(error)))
            break  # one is told; to look for names like each of many takes seconds
        if not knowledge.terms.names(iri):
            errors.setdefault(name, f"the graph says nothing of {text[:_SHOWN]}")
        found.append(iri)
    return tuple(found)


def _short(message: str) -> str:
    return message if len(message) <= 300 else message[:300] + " ..."
