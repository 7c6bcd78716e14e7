"""The sections of the page about a treatment, each from the facts that it shows."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatkg import namespaces
from treatkg.explorer import dots
from treatkg.explorer.facts import Fact, Named
from treatkg.explorer.matrix import Matrix, matrix
from treatkg.explorer.pathway import Pathway
from treatkg.explorer.timeline import Timeline, timeline
from treatkg.explorer.wording import PLACES, Label, place_code, population

ATOPIC_DERMATITIS = "http://purl.obolibrary.org/obo/MONDO_0004980"
# Facts that a printed dossier shows; their sources come first in the references.
PRINTED = (
    "Indication",
    "RegulatoryEvent",
    "MechanismOfAction",
    "Contraindication",
    "BoxedWarning",
    "UseRestriction",
    "Screening",
    "Monitoring",
    "ReproductiveSafety",
    "Recommendation",
)
_SECTIONS = {
    "Contraindication": "ContraindicationsSection",
    "BoxedWarning": "BoxedWarningSection",
    "Warning": "WarningsSection",
    "Monitoring": "MonitoringSection",
    "DrugInteraction": "InteractionsSection",
}
_BOXED = ("US", "CA")
Licences = tuple[str, Timeline, tuple[Fact, ...], tuple[Fact, ...]]


@dataclass(frozen=True)
class Licence:
    """Where a treatment is licensed for atopic dermatitis on the day, and for whom."""

    place: str
    name: str
    people: tuple[str, ...]
    since: str


@dataclass(frozen=True)
class Panel:
    """The recommendations of one guideline."""

    guideline: Named
    place: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Reference:
    """A source in the list of references; `printed` says that a printed dossier cites it."""

    number: int
    source: str
    title: str
    date: str
    url: str
    printed: bool


def licences(indications: Iterable[Fact], label: Label) -> tuple[Licence, ...]:
    """Return where a treatment is licensed for atopic dermatitis, from the indications that hold."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in indications:
        if fact.iri_of("disease") == ATOPIC_DERMATITIS and not fact.negative:
            found[place_code(fact)].append(fact)
    return tuple(
        Licence(
            place,
            label(facts[0].iri_of("jurisdiction")),
            tuple(dict.fromkeys(population(fact.parts.get("population", ()), label) or "everybody" for fact in facts)),
            min(fact.start_text for fact in facts),
        )
        for place, facts in sorted(found.items(), key=lambda item: PLACES.index(item[0]))
    )


def unlicensed(events: Iterable[Fact], licensed: set[str]) -> tuple[Fact, ...]:
    """Return the last event of each jurisdiction without a licence."""
    last = {place_code(fact): fact for fact in sorted(events, key=lambda fact: fact.start_text)}
    return tuple(fact for place, fact in sorted(last.items()) if place not in licensed)


def timelines(
    indications: Sequence[Fact], events: Sequence[Fact], day: datetime.date, today: datetime.date, label: Label
) -> tuple[Licences, ...]:
    """Return the lines of time: atopic dermatitis, then other diseases, each with its licences and events."""
    found = []
    for name, wanted in (("atopic dermatitis", True), ("other diseases", False)):
        bars = tuple(fact for fact in indications if (fact.iri_of("disease") == ATOPIC_DERMATITIS) == wanted)
        marks = tuple(fact for fact in events if (fact.iri_of("disease") in ("", ATOPIC_DERMATITIS)) == wanted)
        picture = timeline(bars, marks, day, today, label)
        if picture:
            found.append((name, picture, _in_order(bars), _in_order(marks)))
    return tuple(found)


def _in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda fact: (PLACES.index(place_code(fact)), fact.start_text, fact.label)))


def matrices(by: Mapping[str, Sequence[Fact]], licensed: Sequence[str], label: Label) -> dict[str, Matrix]:
    """Return what the labels say, class of fact -> rows by jurisdiction."""
    found = {}
    for cls in (
        "Contraindication",
        "BoxedWarning",
        "UseRestriction",
        "Warning",
        "Precaution",
        "Screening",
        "Monitoring",
    ):
        section = namespaces.TKG + _SECTIONS.get(cls, "")
        checks = [fact for fact in by["LabelCheck"] if fact.iri_of("checkedSection") == section]
        shown = (
            licensed
            if cls == "Contraindication"
            else [p for p in licensed if p in _BOXED]
            if cls == "BoxedWarning"
            else ()
        )
        found[cls] = matrix(by[cls], checks, shown, label)
    return found


def reactions(facts: Iterable[Fact], label: Label) -> dots.Dots | None:
    """Draw the reactions with a comparator; where there are none, all with a percentage."""
    counted = [fact for fact in facts if fact.number("percent") is not None and not fact.negative]
    compared = [fact for fact in counted if fact.number("comparatorPercent") is not None]
    most: dict[str, float] = defaultdict(float)
    for fact in compared or counted:
        most[fact.iri_of("effect")] = max(most[fact.iri_of("effect")], fact.number("percent") or 0)
    pairs = [
        dots.Pair(
            label(fact.iri_of("effect")),
            fact.text("exposure"),
            fact.label,
            fact.number("percent") or 0,
            fact.number("comparatorPercent"),
        )
        for fact in sorted(
            compared or counted,
            key=lambda fact: (
                -most[fact.iri_of("effect")],
                label(fact.iri_of("effect")),
                -(fact.number("percent") or 0),
                fact.iri,
            ),
        )
    ]
    return dots.on_logarithm(pairs) if pairs else None


def results(facts: Iterable[Fact], label: Label) -> dots.Dots | None:
    """Draw the results in percent of patients or of change; other units stand in the table alone."""
    counted = [fact for fact in facts if fact.text("unit") == "%" and fact.number("value") is not None]
    pairs = [
        dots.Pair(
            f"{label(fact.iri_of('endpoint'))}, week {fact.text('week')}",
            _arm(fact, label),
            fact.label,
            fact.number("value") or 0,
            fact.number("comparatorValue"),
        )
        for fact in sorted(
            counted,
            key=lambda fact: (label(fact.iri_of("endpoint")), fact.number("week") or 0, _arm(fact, label), fact.iri),
        )
    ]
    return dots.on_line(pairs) if pairs else None


def _arm(fact: Fact, label: Label) -> str:
    return label(fact.iri_of("arm"))


def panels(recommendations: Iterable[Fact], label: Label) -> tuple[Panel, ...]:
    """Return the recommendations of each guideline."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in recommendations:
        found[fact.iri_of("guideline")].append(fact)
    panels = [Panel(Named(iri, label(iri)), place_code(facts[0]), tuple(facts)) for iri, facts in found.items()]
    return tuple(sorted(panels, key=lambda panel: (PLACES.index(panel.place), panel.guideline.label)))


def references(every: Mapping[str, Sequence[Fact]], path: Pathway | None) -> tuple[Reference, ...]:
    """Return the sources of a page in the order of their numbers: those of a printed dossier first."""
    printed = [line for cls in PRINTED for fact in every[cls] for line in fact.evidence]
    others = [line for cls in sorted(set(every) - set(PRINTED)) for fact in every[cls] for line in fact.evidence]
    steps = [line for _, step in path.edges for line in step.evidence] if path else []
    found: dict[str, Reference] = {}
    for show, lines in ((True, printed), (False, steps), (False, others)):
        for line in lines:
            if line.source not in found:
                found[line.source] = Reference(len(found) + 1, line.source, line.title, line.date, line.url, show)
    return tuple(found.values())
