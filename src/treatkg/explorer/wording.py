"""Short texts for structured parts of facts: populations, conditions, dose phases, places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from treatkg import graph, namespaces
from treatkg.explorer.facts import Fact, Values
from treatkg.results import Term, to_text

Label = Callable[[str], str]
_ADULT = 216
_YEAR = 12
_NO_END = 10**6
_PLACE = re.compile(r"^(?:US|EU|UK|CA|Japan|Canada|China)(?: label| leaflet)?: ")
_ORDER = ("mild", "moderate", "severe")
PLACES = ("US", "EU", "UK", "JP", "CA", "CN")


def words(terms: Iterable[Term], label: Label) -> list[str]:
    """Return terms as people read them: things by their label."""
    return [label(iri) if (iri := graph.iri_of(term)) else to_text(term) for term in terms]


def joined(texts: Iterable[str], last: str) -> str:
    """Return a list as words: "a, b and c"."""
    *first, end = [*texts] or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def place_code(fact: Fact) -> str:
    """Return the short name of the jurisdiction of a fact: US, EU ...; empty if it has none."""
    return fact.iri_of("jurisdiction").removeprefix(namespaces.TKG)


def rank(place: str) -> int:
    """Return the place of a jurisdiction, by its short name, in a list of jurisdictions."""
    return PLACES.index(place) if place in PLACES else len(PLACES)


def without_place(label: str) -> str:
    """Return the label of a fact without the jurisdiction that it begins with."""
    return _PLACE.sub("", label)


def ages(part: Values) -> str:
    """Return the ages of a population, such as "12 to 17 years"; empty if it has all ages."""
    low, high = (_whole(part, name) for name in ("minAgeMonths", "maxAgeMonths"))
    return "" if low is None and high is None else _span(low or 0, high or _NO_END)


def population(parts: Iterable[Values], label: Label) -> str:
    """Return who the people of a fact are, in a few words; empty if it does not say."""
    return "; or ".join(filter(None, (_population(part, label) for part in parts)))


def together(parts: Iterable[Values], label: Label) -> str:
    """Return who several populations hold together: the ages of each severity, without what else limits each."""
    by_severity: dict[frozenset[str], list[tuple[int, int]]] = {}
    for part in parts:
        severity = frozenset(words(part.get("severity", ()), label))
        span = (_whole(part, "minAgeMonths") or 0, _whole(part, "maxAgeMonths") or _NO_END)
        by_severity.setdefault(severity, []).append(span)
    merged = sorted(((_merged(spans), severity) for severity, spans in by_severity.items()), key=lambda pair: pair[0])
    return "; ".join(
        ", ".join(filter(None, [joined([_span(*span) for span in spans], "and"), _severity(severity)]))
        for spans, severity in merged
    )


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def conditions(parts: Iterable[Values], label: Label) -> list[str]:
    """Return the conditions of a fact, which must hold together."""
    return sorted(_condition(part, label) for part in parts)


def phases(parts: Iterable[Values], label: Label) -> list[str]:
    """Return the phases of a regimen in their order."""
    ordered = sorted(parts, key=lambda part: (_whole(part, "order") or 0, str(part.get("phaseKind"))))
    return [_phase(part, label) for part in ordered]


def _span(low: int, high: int) -> str:
    if high == _NO_END:
        return "all ages" if not low else "adults" if low == _ADULT else f"{age(low)} and older"
    if not low:
        return f"under {age(high)}"
    last = high - 1 if high < 2 * _YEAR else high // _YEAR - 1
    begin = str(low // _YEAR) if low % _YEAR == 0 and high >= 2 * _YEAR else age(low)
    return f"{begin} to {last} {'months' if high < 2 * _YEAR else 'years'}"


def _severity(texts: Iterable[str]) -> str:
    return joined(sorted(texts, key=lambda text: _ORDER.index(text) if text in _ORDER else len(_ORDER)), "to")


def _population(part: Values, label: Label) -> str:
    low, high = (to_text(_first(part, name)) for name in ("minWeightKg", "maxWeightKg"))
    weight = f"{low} to under {high} kg" if low and high else f"{low} kg and more" if low else f"under {high} kg"
    prior = words(part.get("priorTherapy", ()), label)
    return ", ".join(
        filter(
            None,
            [
                ages(part),
                joined(words(part.get("sex", ()), label), "or"),
                weight if low or high else "",
                _severity(words(part.get("severity", ()), label)),
                f"with {joined(words(part.get('comorbidity', ()), label), 'or')}" if part.get("comorbidity") else "",
                f"after {joined(prior, 'or')}" if prior else "",
                "for systemic therapy" if to_text(_first(part, "candidateForSystemicTherapy")) == "true" else "",
            ],
        )
    )


def _condition(part: Values, label: Label) -> str:
    what = joined(words(part.get("about", ()), label), "or")
    kinds = words(part.get("conditionKind", ()), namespaces.shorten)
    if "tkg:HypersensitivityCondition" in kinds:
        what = f"hypersensitivity to {what}"
    if to_text(_first(part, "includesExcipients")) == "true":
        what += " or an excipient"
    grade = joined(words(part.get("grade", ()), label), "or")
    pieces = [f"{grade} {what}" if grade else what]
    if part.get("except"):
        pieces.append(f"other than {joined(words(part['except'], label), 'or')}")
    if part.get("during"):
        pieces.append(f"({joined(words(part['during'], label), 'or')})")
    if part.get("threshold"):
        pieces.append(f"({to_text(_first(part, 'threshold'))})")
    return " ".join(pieces)


def _phase(part: Values, label: Label) -> str:
    amount = _range(part, "dose", "doseMax")
    dose = f"{amount} {to_text(_first(part, 'doseUnit'))}".strip() if amount else ""
    every = _range(part, "intervalMin", "intervalMax")
    interval = f"every {_time(every, to_text(_first(part, 'intervalUnit')))}" if every else ""
    length = _range(part, "durationMin", "durationMax")
    duration = f"for {_time(length, to_text(_first(part, 'durationUnit')))}" if length else ""
    kind = joined(words(part.get("phaseKind", ()), label), "or").removesuffix(" phase")
    plan = " ".join(filter(None, [dose, interval, duration]))
    said = to_text(_first(part, "administration"))
    return f"{kind}: " + "; ".join(filter(None, [plan, said]))


def _range(part: Values, low: str, high: str) -> str:
    texts = [to_text(_first(part, name)) for name in (low, high)]
    return " to ".join(dict.fromkeys(filter(None, texts)))


def _time(amount: str, unit: str) -> str:
    name = {"d": "day", "wk": "week", "mo": "month", "a": "year", "h": "hour"}.get(unit, unit)
    return name if amount == "1" else f"{amount} {name}s"


def age(months: int) -> str:
    """Return an age as people say it: in years where it is whole years, else in months."""
    if months % _YEAR or months < _YEAR:
        return f"{months} months"
    return f"{months // _YEAR} year{'s' if months > _YEAR else ''}"


def _whole(part: Values, name: str) -> int | None:
    text = to_text(_first(part, name))
    return int(text) if text.isdigit() else None


def _first(part: Values, name: str) -> Term:
    return next(iter(part.get(name, ())), None)
