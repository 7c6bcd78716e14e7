"""The sections of the page about a treatment, each from the facts that it shows."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatkg import namespaces
from treatkg.explorer.facts import Fact, Named
from treatkg.explorer.matrix import Matrix, matrix
from treatkg.explorer.pathway import Pathway
from treatkg.explorer.timeline import Timeline, timeline
from treatkg.explorer.wording import Label, place_code, rank, together

ATOPIC_DERMATITIS = "http://purl.obolibrary.org/obo/MONDO_0004980"
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
    people: str
    since: str
    facts: tuple[Fact, ...]


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
            together((part for fact in facts for part in fact.parts.get("population", ())), label),
            min(fact.start_text for fact in facts),
            tuple(facts),
        )
        for place, facts in sorted(found.items(), key=lambda item: rank(item[0]))
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
    return tuple(sorted(facts, key=lambda fact: (rank(place_code(fact)), fact.start_text, fact.label)))


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


def panels(recommendations: Iterable[Fact], label: Label) -> tuple[Panel, ...]:
    """Return the recommendations of each guideline."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in recommendations:
        found[fact.iri_of("guideline")].append(fact)
    panels = [Panel(Named(iri, label(iri)), place_code(facts[0]), tuple(facts)) for iri, facts in found.items()]
    return tuple(sorted(panels, key=lambda panel: (rank(panel.place), panel.guideline.label)))


def references(printed: Iterable[Fact], others: Iterable[Fact], path: Pathway | None) -> tuple[Reference, ...]:
    """Return the sources of a page in the order of their numbers: those that a printed dossier cites first."""
    cited = [line for fact in printed for line in fact.evidence]
    rest = [line for fact in others for line in fact.evidence]
    steps = [line for _, step in path.edges for line in step.evidence] if path else []
    found: dict[str, Reference] = {}
    for show, lines in ((True, cited), (False, steps), (False, rest)):
        for line in lines:
            if line.source not in found:
                found[line.source] = Reference(len(found) + 1, line.source, line.title, line.date, line.url, show)
    return tuple(found.values())
