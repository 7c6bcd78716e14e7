"""The graph as tables for people: one for each class of facts, and those of treatments, trials, sources and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from treatkg import namespaces
from treatkg.namespaces import RDFS, SKOS, TKG
from treatkg.publishing.flat import Field, Flattener, Row
from treatkg.publishing.view import View

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMES = {  # of facts whose class makes no good plural
    "MechanismOfAction": "mechanisms",
    "DoseRegimen": "doses",
    "Screening": "screening",
    "Monitoring": "monitoring",
    "ReproductiveSafety": "reproductive-safety",
    "DevelopmentStatus": "development-status",
}
_TERMS = (
    *("Disease", "Phenotype", "Protein", "ProteinFamily", "ProteinComplex"),
    *("BiologicalProcess", "Pathway", "CellType"),
)
_MATCHES = (SKOS + "exactMatch", SKOS + "closeMatch")
_EVIDENCE = TKG + "evidence"
_TREATMENT = TKG + "treatment"
_TITLES = {  # of tables of several classes
    "treatments": (
        "Treatments, substances and groups",
        "What the facts on treatments are about, with the edges drawn from these facts.",
    ),
    "group-facts": ("Facts of groups", "Which facts of a group of treatments reach which of its members."),
    "identifiers": ("Identifiers", "Identifiers of other registers for the things of the graph."),
    "terms": ("Terms", "Diseases, phenotypes, proteins, processes, pathways and cells that the facts speak of."),
    "vocabulary": ("Vocabulary", "The values of the controlled lists."),
}
_OWN_TEXTS = {
    "id": "Identifier: relative to https://w3id.org/treatkg/id/, or a prefix and an identifier of its own register.",
    "label": "Name in English.",
    "class": "What the thing is: its classes in the ontology, inferred ones too.",
    "fact": "The fact in words.",
    "fact_id": "Identifier of the fact.",
    "fact_class": "Class of the fact.",
    "table": "Name of the table in which the fact is found.",
    "evidence_source": "The documents that the fact has evidence from, one for each piece of it; see evidence.csv.",
    "evidence_source_id": "Identifiers of these documents, in the same order.",
    "evidence_url": "Addresses of these documents, in the same order.",
    "evidence_locator": "The places in these documents, in the same order.",
    "evidence_direction": "Whether the evidence speaks for the fact, in the same order.",
    "trial": "The trial.",
    "trial_id": "Identifier of the trial.",
    "member": "The treatment that the fact of a group reaches.",
    "member_id": "Identifier of this treatment.",
    "relation": "Exact match: the same thing. Close match: nearly the same, such as the substance of a product.",
    "prefix": "Register that gave the identifier: its prefix in the Bioregistry.",
    "identifier": "Identifier in this register, with its prefix.",
    "iri": "The whole address that stands for the thing in the graph.",
}


@dataclass(frozen=True)
class Column:
    """A column: its name, what it holds, its datatype, whether its cells hold several values, and what it points to."""

    name: str
    title: str
    description: str
    datatype: str
    several: bool
    prop: str  # IRI of the property; empty for columns that are made up
    points_to: str = ""  # table whose ids the cells hold


@dataclass(frozen=True)
class Table:
    """A table; a cell is a list of values."""

    name: str
    title: str
    description: str
    columns: list[Column]
    rows: list[list[list[str]]]


def tables(view: View) -> Iterator[Table]:
    """Return every table that has rows: facts by class first, in alphabetical order."""
    yield from (table for table in _Maker(view).all() if table.rows)


class _Maker:
    def __init__(self, view: View) -> None:
        self.view = view
        self.flat = Flattener(view)

    def all(self) -> Iterator[Table]:
        """Every table, empty ones too."""
        for iri in self.view.fact_classes:
            yield self.facts(iri)
        yield self.things("treatments", "TreatmentSubject", skip=(*_MATCHES, TKG + "subjectTo", TKG + "profileCovers"))
        yield self.group_facts()
        yield self.things("trials", "Trial", skip=(TKG + "hasArm",))
        yield self.arms()
        yield self.evidence()
        yield self.things("sources", "Source")
        yield self.identifiers()
        yield self.things("terms", *_TERMS, skip=_MATCHES)
        yield self.vocabulary()

    def facts(self, iri: str) -> Table:
        """One class of facts, each with its evidence in short."""
        name = iri.removeprefix(TKG)
        rows = [
            {**self._start(fact), **self.flat.row(fact, skip=(_EVIDENCE,)), **self._evidence_of(fact)}
            for fact in self.view.instances(name)
        ]
        return self._table(table_name(name), iri, rows)

    def things(self, table: str, *classes: str, skip: Iterable[str] = ()) -> Table:
        """Everything of some classes, with what it is."""
        found = sorted({iri for name in classes for iri in self.view.instances(name)})
        rows = [{**self._start(iri), **self._class_of(iri), **self.flat.row(iri, skip=skip)} for iri in found]
        return self._table(table, TKG + classes[0], rows)

    def arms(self) -> Table:
        """Arms, each with its trial."""
        trials = self.view.instances("Trial")
        trial_of = {arm: trial for trial in trials for arm in self.view.texts(trial, TKG + "hasArm")}
        rows = []
        for arm in self.view.instances("TrialArm"):
            trial = trial_of[arm]
            rows.append({**self._start(arm), **self._named("trial", trial, -40), **self.flat.row(arm)})
        return self._table("trial-arms", TKG + "TrialArm", rows)

    def evidence(self) -> Table:
        """Each piece of evidence, with its fact and where its source is found."""
        rows = []
        for fact in self.view.facts:
            for evidence in self.view.texts(fact, _EVIDENCE):
                row = {**self._start(evidence), **self._named("fact", fact, -40)}
                row[self.flat.own("fact_class", -38)] = [self.view.kind(fact)]
                row.update(self.flat.row(evidence))
                row[self.flat.own("evidence_url", 1000)] = [self.view.address(self.view.source(evidence))]
                rows.append(row)
        return self._table("evidence", TKG + "Evidence", rows)

    def group_facts(self) -> Table:
        """Which treatments the facts of groups reach."""
        rows = []
        for member in self.view.instances("TreatmentSubject"):
            for fact in self.view.texts(member, TKG + "subjectTo"):
                row = {**self._named("member", member, -40), **self._named("fact", fact, -30)}
                row[self.flat.own("table", -20)] = [table_name(self.view.kind(fact))]
                rows.append(row)
        return self._table("group-facts", TKG + "subjectTo", rows)

    def identifiers(self) -> Table:
        """Identifiers of others for treatments, diseases, concepts and the rest."""
        rows = []
        for iri in sorted(self.view.subjects):
            for prop in _MATCHES:
                for match in self.view.texts(iri, prop):
                    curie = namespaces.shorten(match)
                    row = {**self._start(iri), self.flat.own("label", -50): [self.view.label(iri)]}
                    row[self.flat.own("relation", -40)] = ["exact match" if prop == _MATCHES[0] else "close match"]
                    row[self.flat.own("prefix", -30)] = [curie.partition(":")[0]]
                    row[self.flat.own("identifier", -20)] = [curie]
                    row[self.flat.own("iri", -10)] = [match]
                    rows.append(row)
        return self._table("identifiers", SKOS + "exactMatch", rows)

    def vocabulary(self) -> Table:
        """The values of the controlled lists, with their definitions."""
        concepts = [iri for iri in sorted(self.view.subjects) if SKOS + "Concept" in self.view.classes(iri)]
        rows = [{**self._start(iri), **self._class_of(iri), **self.flat.row(iri, skip=_MATCHES)} for iri in concepts]
        return self._table("vocabulary", SKOS + "Concept", rows)

    def _start(self, iri: str) -> Row:
        return {self.flat.own("id", -100): [namespaces.shorten(iri)]}

    def _named(self, name: str, iri: str, rank: int) -> Row:
        return {
            self.flat.own(name, rank): [self.view.label(iri)],
            self.flat.own(f"{name}_id", rank + 1): [namespaces.shorten(iri)],
        }

    def _class_of(self, iri: str) -> Row:
        names = [self.view.label(each) for each in sorted(self.view.classes(iri)) if each.startswith(TKG)]
        return {self.flat.own("class", -20): [name for name in names if name]}

    def _evidence_of(self, fact: str) -> Row:
        evidence = self.view.texts(fact, _EVIDENCE)
        sources = [self.view.source(each) for each in evidence]
        directions = [self.view.first(each, TKG + "evidenceDirection") for each in evidence]
        own = self.flat.own
        return {
            own("evidence_source", 1000): [self.view.label(each) for each in sources],
            own("evidence_source_id", 1001): [namespaces.shorten(each) for each in sources],
            own("evidence_url", 1002): [self.view.address(each) for each in sources],
            own("evidence_locator", 1003): [self.view.first(each, TKG + "locator") for each in evidence],
            own("evidence_direction", 1004): [self.view.label(each) for each in directions],
        }

    def _table(self, name: str, iri: str, rows: list[Row]) -> Table:
        fields = sorted({column for row in rows for column in row})
        columns = [self._column(column, any(len(row.get(column, ())) > 1 for row in rows)) for column in fields]
        cells = [[row.get(column, []) for column in fields] for row in rows]
        title = self.view.label(iri)
        default = title[:1].upper() + title[1:], self.view.first(iri, SKOS + "definition")
        return Table(name, *_TITLES.get(name, default), columns, cells)

    def _column(self, column: Field, several: bool) -> Column:
        prop = column.path[-1] if column.path else ""
        text = self._describe(column) if column.path else _OWN_TEXTS[column.name]
        words = _WORDS.sub(" ", column.name).replace("_", " ")
        return Column(column.name, words, text, self.flat.datatype(column), several, prop, _target(column))

    def _describe(self, column: Field) -> str:
        prop = column.path[-1]
        if prop == RDFS + "label":
            return _OWN_TEXTS["label"]
        text = self.view.first(prop, SKOS + "definition") or self.flat.title(prop)
        text = text[:1].upper() + text[1:].rstrip(".") + "."
        if len(column.path) > 1:
            text = f"Of the {self.flat.title(column.path[0])}: {text}"
        return {"id": f"Identifier. {text}", "years": f"In years. {text}"}.get(column.part, text)


def table_name(fact_class: str) -> str:
    """Return the name of the table of a class of facts, such as adverse-reactions for AdverseReaction."""
    return _NAMES.get(fact_class) or _WORDS.sub("-", fact_class).lower() + "s"


def _target(column: Field) -> str:
    if column.name in {"evidence_source_id", "source_id"}:
        return "sources"
    if column.part == "id" and column.path == (_TREATMENT,):
        return "treatments"
    return {"trial_id": "trials", "member_id": "treatments"}.get(column.name, "")
