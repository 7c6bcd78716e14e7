"""Pages about what mechanisms are made of: targets, cytokines, families, complexes, cells, processes, pathways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from treatkg import graph, namespaces
from treatkg.explorer.asking import Row, ask, behind, rows, text
from treatkg.explorer.entities import Head, Line, Page, Section, line, page, said_of, unique
from treatkg.explorer.facts import Named
from treatkg.knowledge import Knowledge

CLASSES = frozenset(
    {"Protein", "ProteinFamily", "ProteinComplex", "Cytokine", "CellType", "BiologicalProcess", "Pathway"}
)
_LINKS = """
SELECT ?fact ?from ?relation ?to ?polarity ?molecule WHERE {
  VALUES ?thing { <%s> }
  { ?fact tkg:from ?thing } UNION { ?fact tkg:to ?thing }
  ?fact a tkg:CausalLink ; tkg:from ?from ; tkg:relation ?relation ; tkg:to ?to .
  OPTIONAL { ?fact tkg:polarity ?polarity }
  OPTIONAL { VALUES ?class { tkg:Protein tkg:ProteinFamily tkg:ProteinComplex } ?to a ?class . BIND(true AS ?molecule) }
} ORDER BY ?relation ?from ?to
"""
_WHOLES = "SELECT DISTINCT ?whole WHERE { ?whole tkg:hasComponent <%s> } ORDER BY ?whole"
_OTHERS = """
SELECT DISTINCT ?fact ?treatment ?role WHERE {
  VALUES ?thing { <%s> }
  VALUES (?role ?words) { (tkg:interactsWith 1) (tkg:via 1) (tkg:process 1) (tkg:feature 1) }
  ?fact ?role ?thing ; tkg:treatment ?treatment .
  MINUS { ?fact tkg:polarity ?negative }
} ORDER BY ?role ?treatment ?fact
"""
_ROLES = {
    "interactsWith": "Interactions through it",
    "via": "Mechanisms that need it",
    "process": "Treatments that change it",
    "feature": "Effects of treatments on it",
}


def molecule(knowledge: Knowledge, found: Head) -> Page:
    """Return the page: what acts on it, what it does, what does it to it, and how strongly drugs bind it."""
    sections = [
        *_acting(knowledge, found.iri),
        *_links(knowledge, found.iri),
        _potency(knowledge, found.iri),
        *_others(knowledge, found.iri),
    ]
    wholes = [graph.iri_of(whole) for (whole,) in knowledge.select(_WHOLES % found.iri).terms]
    details = {
        "components": found.named(knowledge, "tkg:hasComponent"),
        "part of": [Named(iri, knowledge.terms.label(iri)) for iri in wholes],
    }
    asked = [behind("drug-targets", {"target": found.iri})]
    if "Cytokine" in found.classes:
        asked.append(behind("drugs-blocking-cytokine", {"cytokine": found.iri}))
    asked += [behind("causal-links", {"from": found.iri}), behind("causal-links", {"to": found.iri})]
    asked.append(behind("potency-measurements", {"target": found.iri}))
    return page(knowledge, found, sections, asked, details=details)


def _acting(knowledge: Knowledge, iri: str) -> Iterator[Section]:
    binding = ask(knowledge, "drug-targets", {"target": iri})
    groups: dict[str, list[Line]] = defaultdict(list)
    for row in binding:
        action = knowledge.terms.label(graph.iri_of(row["action"]))
        groups[action].append(line(knowledge, row, "treatment", marks=[said_of(knowledge, row)]))
    yield Section("Treatments that act on it", {action: unique(lines) for action, lines in groups.items()})
    if iri in _cytokines(knowledge):
        blocking = [_blocker(knowledge, row) for row in ask(knowledge, "drugs-blocking-cytokine", {"cytokine": iri})]
        note = "To block the signalling of a cytokine is not to bind it: the target is named."
        yield Section("Treatments that block its signalling", {"": unique(blocking)}, note)


def _cytokines(knowledge: Knowledge) -> set[str]:
    return {graph.iri_of(row["thing"]) for row in rows(knowledge, "SELECT ?thing WHERE { ?thing a tkg:Cytokine }")}


def _blocker(knowledge: Knowledge, row: Row) -> Line:
    target = graph.iri_of(row["target"])
    by = f"at {knowledge.terms.label(target)}" if target else ""
    return line(knowledge, row, "drug", marks=[knowledge.terms.label(graph.iri_of(row["action"])), by])


def _links(knowledge: Knowledge, iri: str) -> Iterator[Section]:
    """Sort causal links: what comes before it, what it acts on, and what it leads to."""
    parts: Mapping[str, dict[str, list[Line]]] = {"before": {}, "on": {}, "effects": {}}
    for row in rows(knowledge, _LINKS % iri):
        relation = knowledge.terms.label(graph.iri_of(row["relation"]))
        marks = ["not" if text(row["polarity"]) == "tkg:Negative" else "not shown"] if row["polarity"] else []
        if graph.iri_of(row["from"]) == iri:
            part = "on" if row["molecule"] is not None else "effects"
            parts[part].setdefault(relation, []).append(line(knowledge, row, "to", marks=marks))
        else:
            parts["before"].setdefault(relation, []).append(line(knowledge, row, "from", marks=marks))
    for part, title in (
        ("before", "What produces, raises, lowers or activates it"),
        ("on", "Receptors and other molecules that it acts on"),
        ("effects", "What it leads to"),
    ):
        yield Section(title, {relation: unique(lines) for relation, lines in parts[part].items()})


def _potency(knowledge: Knowledge, iri: str) -> Section:
    lines = []
    for row in ask(knowledge, "potency-measurements", {"target": iri}):
        value = f"{knowledge.terms.label(graph.iri_of(row['measure']))} {text(row['value'])} {text(row['unit'])}"
        lines.append(line(knowledge, row, "treatment", marks=[value, text(row["assay"]), text(row["note"])]))
    return Section("Potency", {"": unique(lines)}, "Values of different assays cannot be compared without more ado.")


def _others(knowledge: Knowledge, iri: str) -> Sequence[Section]:
    found: dict[str, list[Line]] = defaultdict(list)
    for row in rows(knowledge, _OTHERS % iri):
        role = graph.iri_of(row["role"]).removeprefix(namespaces.TKG)
        found[role].append(line(knowledge, row, "treatment"))
    return [Section(title, {"": unique(found[role])}) for role, title in _ROLES.items()]
