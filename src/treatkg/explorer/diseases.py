"""Pages about diseases and their features: what treats them on a day, what comes with them, whom they bar."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping

from treatkg import graph, namespaces
from treatkg.explorer.asking import Row, ask, behind, rows, text
from treatkg.explorer.entities import Cell, Grid, Head, Line, Page, Section, line, page, said_of, unique
from treatkg.explorer.facts import Named
from treatkg.explorer.wording import PLACES
from treatkg.knowledge import Knowledge

CLASSES = frozenset({"Disease", "Phenotype", "State", "Risk"})
_NARROWER = "SELECT DISTINCT ?narrower WHERE { ?narrower rdfs:subClassOf <%s> } ORDER BY ?narrower"
_KNOWN = """
SELECT DISTINCT ?fact ?aspect ?percent ?polarity WHERE {
  VALUES ?thing { <%s> }
  { ?fact tkg:disease ?thing } UNION { ?fact tkg:concerns ?thing }
  ?fact a tkg:DiseaseFact ; tkg:aspect ?aspect .
  OPTIONAL { ?fact tkg:percent ?percent }
  OPTIONAL { ?fact tkg:polarity ?polarity }
} ORDER BY ?aspect ?fact
"""
# What facts say of a thing by another property than tkg:disease.
_NAMED = """
SELECT DISTINCT ?fact ?role ?treatment ?from ?relation ?polarity ?percent WHERE {
  VALUES ?thing { <%(thing)s> }
  VALUES ?role { tkg:risk tkg:looksFor tkg:effect tkg:feature tkg:to tkg:interactsWith tkg:manifestation }
  ?fact ?role ?thing ; a tkg:Fact .
  OPTIONAL { ?fact tkg:treatment ?treatment }
  OPTIONAL { ?fact tkg:from ?from ; tkg:relation ?relation }
  OPTIONAL { ?fact tkg:polarity ?polarity }
  OPTIONAL { ?fact tkg:percent ?percent }
  OPTIONAL { ?fact tkg:validFrom ?begin }
  OPTIONAL { ?fact tkg:validUntil ?end }
  FILTER((!BOUND(?begin) || ?begin <= "%(day)s"^^xsd:date) && (!BOUND(?end) || "%(day)s"^^xsd:date < ?end))
} ORDER BY ?role ?treatment ?fact
"""
_BARRING = """
SELECT DISTINCT ?fact ?treatment ?statedFor ?strength ?second WHERE {
  VALUES ?thing { <%(thing)s> }
  ?node tkg:about ?thing . ?fact tkg:condition ?node ; a tkg:Contraindication ; tkg:strength ?strength ;
    tkg:treatment ?statedFor ; tkg:treatment|^tkg:subjectTo ?treatment .
  OPTIONAL { ?fact tkg:condition ?second . FILTER(?second != ?node) }
  OPTIONAL { ?fact tkg:validFrom ?begin }
  OPTIONAL { ?fact tkg:validUntil ?end }
  FILTER((!BOUND(?begin) || ?begin <= "%(day)s"^^xsd:date) && (!BOUND(?end) || "%(day)s"^^xsd:date < ?end))
  MINUS { ?fact tkg:polarity ?negative }
} ORDER BY ?treatment ?fact
"""
_ROLES = {
    "to": "What contributes to it",
    "feature": "Effects of treatments on it",
    "manifestation": "Licences limited to it",
    "looksFor": "Looked for before or during treatment",
    "risk": "Warned of",
    "effect": "Adverse reactions",
    "interactsWith": "Interactions",
}


def disease(knowledge: Knowledge, found: Head, day: datetime.date) -> Page:
    """Return the page about a disease, feature, state or risk as of a day."""
    sections = [
        *_known(knowledge, found.iri),
        *_named(knowledge, found.iri, day),
        _barred(knowledge, found.iri, day),
    ]
    narrower = [graph.iri_of(iri) for (iri,) in knowledge.select(_NARROWER % found.iri).terms]
    details = {
        "kind of": found.named(knowledge, "rdfs:subClassOf"),
        "kinds of it": [Named(iri, knowledge.terms.label(iri)) for iri in narrower],
        "related": found.named(knowledge, "skos:related"),
    }
    asked = []
    grid = None
    if "Disease" in found.classes:
        grid = _licences(knowledge, found.iri, day)
        asked = [behind("licensed-treatments", {"disease": found.iri, "asOf": day})]
        asked += [behind(name, {"disease": found.iri}) for name in ("disease-facts", "comorbidities")]
    asked.append(behind("contraindications", {"about": found.iri, "asOf": day}))
    asked.append(behind("screening-before-treatment", {"looksFor": found.iri, "asOf": day}))
    return page(knowledge, found, sections, asked, details=details, grid=grid, day=day)


def _licences(knowledge: Knowledge, iri: str, day: datetime.date) -> Grid | None:
    """Return treatments by jurisdiction with the licences that are in force."""
    cells: dict[str, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for row in ask(knowledge, "licensed-treatments", {"disease": iri, "asOf": day}):
        place = graph.iri_of(row["jurisdiction"]).removeprefix(namespaces.TKG)
        whom = ", ".join(filter(None, [_ages(row), text(row["severity"])]))
        licence = Line(graph.iri_of(row["fact"]), whom, marks=_only(knowledge, row))
        cells[graph.iri_of(row["treatment"])][place].append(licence)
    if not cells:
        return None
    ordered = sorted(cells, key=lambda treatment: knowledge.terms.label(treatment).casefold())
    table = [
        (Named(treatment, knowledge.terms.label(treatment)), [Cell(tuple(_once(cells[treatment][p]))) for p in PLACES])
        for treatment in ordered
    ]
    return Grid("Licensed treatments", PLACES, table, "An empty cell: the graph holds no licence in force on that day.")


def _once(lines: list[Line]) -> list[Line]:
    return list(dict.fromkeys(lines))


def _only(knowledge: Knowledge, row: Row) -> tuple[str, ...]:
    feature = graph.iri_of(row["onlyFor"])
    return (f"only {knowledge.terms.label(feature)}",) if feature else ()


def _ages(row: Row) -> str:
    low, high = text(row["minAgeMonths"]), text(row["maxAgeMonths"])
    if not low and not high:
        return "no age stated"
    begin = _age(int(low)) if low and int(low) else ""
    if not high:
        return f"from {begin}" if begin else "all ages"
    return f"{begin} to under {_age(int(high))}" if begin else f"under {_age(int(high))}"


def _age(months: int) -> str:
    return f"{months // 12} y" if months % 12 == 0 else f"{months} mo"


def _known(knowledge: Knowledge, iri: str) -> Iterator[Section]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for row in rows(knowledge, _KNOWN % iri):
        aspect = knowledge.terms.label(graph.iri_of(row["aspect"]))
        percent = f"{text(row['percent'])} %" if row["percent"] is not None else ""
        groups[aspect].append(line(knowledge, row, marks=[_denied(row), percent]))
    yield Section("What is known of it", {aspect: unique(lines) for aspect, lines in sorted(groups.items())})


def _denied(row: Row) -> str:
    return {"": "", "tkg:Negative": "denied"}.get(text(row["polarity"]), "not shown")


def _named(knowledge: Knowledge, iri: str, day: datetime.date) -> Iterator[Section]:
    found: dict[str, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(knowledge, _NAMED % {"thing": iri, "day": day}):
        role = graph.iri_of(row["role"]).removeprefix(namespaces.TKG)
        if role == "to":
            relation = knowledge.terms.label(graph.iri_of(row["relation"]))
            found[role][relation].append(line(knowledge, row, "from", marks=[_denied(row)]))
        else:
            treatment = graph.iri_of(row["treatment"])
            found[role][knowledge.terms.label(treatment) if treatment else ""].append(
                line(knowledge, row, marks=[_denied(row)])
            )
    for role, title in _ROLES.items():
        groups: Mapping[str, list[Line]] = {name: unique(lines) for name, lines in sorted(found[role].items())}
        yield Section(title, groups)


def _barred(knowledge: Knowledge, iri: str, day: datetime.date) -> Section:
    groups: dict[str, list[Line]] = defaultdict(list)
    for row in rows(knowledge, _BARRING % {"thing": iri, "day": day}):
        together = "only together with another condition" if row["second"] is not None else ""
        strength = knowledge.terms.label(graph.iri_of(row["strength"]))
        groups[knowledge.terms.label(graph.iri_of(row["treatment"]))].append(
            line(knowledge, row, marks=[together, strength, said_of(knowledge, row)])
        )
    return Section("Treatments that it bars", {name: unique(lines) for name, lines in sorted(groups.items())})
