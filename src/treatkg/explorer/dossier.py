"""The page about one treatment: what it treats and where, what it acts on, who must not have it, what it does."""

from __future__ import annotations

import datetime
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer import plots, sections
from treatkg.explorer.facts import Fact, Named, Status, read
from treatkg.explorer.identity import Identity, identity
from treatkg.explorer.matrix import Matrix
from treatkg.explorer.pathway import Pathway, pathway
from treatkg.explorer.plots import Plot
from treatkg.explorer.wording import Label, phases, place_code, population, without_place
from treatkg.knowledge import Knowledge

# Lists of facts by class, after the sections that have a form of their own.
_LISTS = (
    ("comparisons", "Comparisons over several trials", ("ComparativeResult",)),
    ("effects", "Effects on features of the disease", ("TreatmentEffect",)),
    ("use", "Uses that rest on no licence", ("ReportedUse",)),
    ("development", "Development", ("DevelopmentStatus",)),
    ("potency", "Potency class of products", ("PotencyRating",)),
    (
        "statements",
        "Definitions, classes and corrected statements",
        ("DefinitionStatement", "ClassStatement", "SourceStatement"),
    ),
    ("names", "Names by source", ("NameStatement",)),
    ("label-checks", "Labels that were read", ("LabelCheck",)),
)
# Classes of which a printed dossier shows every fact that holds.
_PRINTED = (
    "MechanismOfAction",
    "Contraindication",
    "BoxedWarning",
    "UseRestriction",
    "Screening",
    "Monitoring",
    "ReproductiveSafety",
    "LabelCheck",
    "Recommendation",
)
# Stored queries that answer parts of the page; each takes the treatment.
QUESTIONS = (
    "approval-history",
    "drug-targets",
    "contraindications",
    "boxed-warnings",
    "screening-before-treatment",
    "monitoring-during-treatment",
    "recommendations",
    "adverse-reactions-compared",
    "trial-results",
    "dosing",
    "interactions",
    "reproductive-safety",
)


@dataclass(frozen=True)
class Action:
    """One kind of action of a treatment: on what, and which cytokines' signals it blocks."""

    action: str
    on: tuple[Named, ...]
    blocks: tuple[Named, ...]


@dataclass(frozen=True)
class Dossier:
    """What the graph says of a treatment on a day. `by` and `gone` hold facts by class: those that hold, and others."""

    identity: Identity
    day: datetime.date
    by: Mapping[str, Sequence[Fact]]
    gone: Mapping[str, Sequence[Fact]]
    licences: tuple[sections.Licence, ...]
    unlicensed: tuple[Fact, ...]
    timelines: tuple[sections.Licences, ...]
    path: Pathway | None
    matrices: Mapping[str, Matrix]
    reactions: Plot | None
    results: tuple[Plot, ...]
    panels: tuple[sections.Panel, ...]
    references: tuple[sections.Reference, ...]
    label: Label

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """Return source -> its number in the references."""
        return {reference.source: reference.number for reference in self.references}

    @property
    def left_out(self) -> dict[Status, int]:
        """Return how many facts do not hold on the day, by the reason."""
        found: dict[Status, int] = defaultdict(int)
        for facts in self.gone.values():
            for fact in facts:
                found[fact.status] += 1
        return dict(found)

    @property
    def lists(self) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        """Return id, title and classes of the plain lists of facts."""
        return _LISTS

    @property
    def questions(self) -> Sequence[str]:
        """Return the names of the stored queries that answer parts of the page."""
        return QUESTIONS

    @property
    def contents(self) -> list[tuple[str, str]]:
        """Return id and title of each section that the page has."""
        fixed = [
            ("licences", "Licences", bool(self.timelines)),
            ("mechanism", "Mechanism", self._has("MechanismOfAction", "PotencyMeasurement")),
            ("safety", "Contraindications", True),
            ("checks", "Checks", self._has("Screening", "Monitoring") or bool(self.matrices["Monitoring"])),
            ("recommendations", "Recommendations", self._has("Recommendation")),
            ("reactions", "Adverse reactions", self._has("AdverseReaction")),
            ("trials", "Trials", self._has("TrialResult")),
            ("dosing", "Dosing", self._has("DoseRegimen")),
            ("interactions", "Interactions", self._has("DrugInteraction")),
            ("pregnancy", "Pregnancy", self._has("ReproductiveSafety")),
            ("warnings", "Warnings", self._has("Warning", "Precaution")),
        ]
        lists = [(name, title.split(",")[0], self._has(*classes)) for name, title, classes in _LISTS]
        last = [("identity", "Identifiers", True), ("references", "References", True)]
        return [(name, title) for name, title, there in (*fixed, *lists, *last) if there]

    @property
    def acts(self) -> list[Action]:
        """Return what the treatment does, one line for each kind of action."""
        on: dict[str, dict[Named, None]] = defaultdict(dict)
        blocks: dict[str, dict[Named, None]] = defaultdict(dict)
        for fact in self.by.get("MechanismOfAction", ()):
            if not fact.negative:
                action = self.said(fact, "actionType")
                on[action].update(dict.fromkeys(self.named(fact, "target") + self.named(fact, "process")))
                blocks[action].update(dict.fromkeys(self.named(fact, "blocksSignallingOf")))
        return [Action(action, tuple(on[action]), tuple(blocks[action])) for action in on]

    @property
    def boxed_places(self) -> list[str]:
        """Return where the label has a boxed warning."""
        grid = self.matrices["BoxedWarning"]
        return [place for place in grid.places if any(place in line.cells for line in grid.lines)]

    @property
    def reaction_rows(self) -> list[Fact]:
        """Return the adverse reactions in the order of their table."""
        return sorted(
            self.by.get("AdverseReaction", ()),
            key=lambda fact: (self.said(fact, "effect").casefold(), -(fact.number("percent") or 0), fact.iri),
        )

    @property
    def result_rows(self) -> list[Fact]:
        """Return the trial results in the order of their table."""
        return sorted(
            self.by.get("TrialResult", ()),
            key=lambda fact: (self.said(fact, "endpoint"), fact.number("week") or 0, self.arm(fact), fact.iri),
        )

    def holding(self, classes: Iterable[str]) -> list[Fact]:
        """Return the facts of some classes that hold on the day."""
        return [fact for cls in classes for fact in self.by.get(cls, ())]

    def not_holding(self, classes: Iterable[str]) -> list[Fact]:
        """Return the facts of some classes that do not hold on the day."""
        return [fact for cls in classes for fact in self.gone.get(cls, ())]

    def _has(self, *classes: str) -> bool:
        return bool(self.holding(classes) or self.not_holding(classes))

    def cites(self, facts: Iterable[Fact]) -> list[int]:
        """Return the numbers of the sources of some facts."""
        return sorted({self.numbers[line.source] for fact in facts for line in fact.evidence})

    def place_name(self, code: str) -> str:
        """Return the name of a jurisdiction by its short name."""
        return self.label(namespaces.TKG + code)

    def people(self, fact: Fact) -> str:
        """Return the population of a fact in a few words."""
        return population(fact.parts.get("population", ()), self.label)

    def arm(self, fact: Fact) -> str:
        """Return the trial and the arm of a result."""
        return plots.arm(fact, self.label)

    def phases(self, fact: Fact) -> list[str]:
        """Return the phases of a dose regimen."""
        return phases(fact.parts.get("phase", ()), self.label)

    def place(self, fact: Fact) -> str:
        """Return the short name of the jurisdiction of a fact."""
        return place_code(fact)

    def short(self, fact: Fact) -> str:
        """Return the label of a fact without its jurisdiction."""
        return without_place(fact.label)

    def named(self, fact: Fact, name: str) -> list[Named]:
        """Return the things at a property of a fact."""
        return [Named(iri, self.label(iri)) for iri in map(graph.iri_of, fact.all(name))]

    def said(self, fact: Fact, name: str) -> str:
        """Return the label of the thing at a property of a fact; empty if there is none."""
        iri = fact.iri_of(name)
        return self.label(iri) if iri else ""


def is_treatment(knowledge: Knowledge, iri: str) -> bool:
    """Whether an IRI names a treatment."""
    return bool(knowledge.sparql(f"ASK {{ <{iri}> a tkg:Treatment }}"))


def dossier(knowledge: Knowledge, iri: str, day: datetime.date, today: datetime.date) -> Dossier:
    """Collect what the graph says of a treatment.

    Args:
        knowledge: the graph.
        iri: the IRI of the treatment.
        day: the day at which facts must hold to be shown as such.
        today: the day until which a line of time runs at least.
    """
    label = knowledge.terms.label
    by: dict[str, list[Fact]] = defaultdict(list)
    gone: dict[str, list[Fact]] = defaultdict(list)
    every: dict[str, list[Fact]] = defaultdict(list)
    for fact in read(knowledge, iri, day):
        (by if fact.status.holds else gone)[fact.cls].append(fact)
        every[fact.cls].append(fact)
    licences = sections.licences(by["Indication"], label)
    unlicensed = sections.unlicensed(by["RegulatoryEvent"], {licence.place for licence in licences})
    path = pathway(knowledge, Named(iri, label(iri)), by["MechanismOfAction"])
    reactions = plots.reactions(by["AdverseReaction"], label)
    results = plots.results(by["TrialResult"], label)
    printed = [
        *(fact for licence in licences for fact in licence.facts),
        *unlicensed,
        *(fact for cls in _PRINTED for fact in by[cls]),
        *(reactions.cited if reactions else ()),
        *(results[0].cited if results else ()),
    ]
    return Dossier(
        identity=identity(knowledge, iri, by["NameStatement"]),
        day=day,
        by=by,
        gone=gone,
        licences=licences,
        unlicensed=unlicensed,
        timelines=sections.timelines(every["Indication"], every["RegulatoryEvent"], day, today, label),
        path=path,
        matrices=sections.matrices(by, [licence.place for licence in licences], label),
        reactions=reactions,
        results=results,
        panels=sections.panels(by["Recommendation"], label),
        references=sections.references(printed, (fact for cls in sorted(every) for fact in every[cls]), path),
        label=label,
    )
