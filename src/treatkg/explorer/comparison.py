"""Several treatments side by side, row by row, on a day."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.errors import UsageError
from treatkg.explorer.asking import Behind, Row, ask, behind, rows, text
from treatkg.explorer.comparison_queries import (
    BOXED,
    CHECKED,
    CONTRAINDICATED,
    RECOMMENDED,
    RESULTS,
    ROUTES,
    SCREENED,
    SIDE_EFFECTS,
)
from treatkg.explorer.entities import Line
from treatkg.explorer.facts import Named, evidence_of
from treatkg.explorer.wording import age
from treatkg.knowledge import Knowledge

LEAST, MOST = 2, 5
_LINES = 4  # of one effect or endpoint in one cell
_SHARED = "What is named for at least two of them. Numbers of different trials cannot be compared without more ado."
Keyed = dict[str, dict[str, list[Line]]]  # name of the row -> treatment -> lines
_Own = Callable[[str], Iterator[Row]]  # asks a query of comparison_queries
_Name = Callable[[Row, str], str]  # the label of what stands in a column


@dataclass(frozen=True)
class Aligned:
    """One row: a name, a cell for each treatment, and whether they differ."""

    name: str
    cells: Sequence[Sequence[Line]]
    differs: bool


@dataclass(frozen=True)
class Table:
    """One subject with its rows."""

    title: str
    rows: Sequence[Aligned]
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """Treatments and what is said of each."""

    treatments: Sequence[Named]
    tables: Sequence[Table]
    evidence: Mapping[str, Sequence[EvidenceLine]]
    behind: Sequence[Behind]


def chosen(knowledge: Knowledge, names: Iterable[str]) -> list[str]:
    """Return the treatments that a request names.

    Raises:
        UsageError: too few, too many, or no treatment.
    """
    wanted = list(dict.fromkeys(knowledge.terms.resolve(name.strip(), "Treatment") for name in names if name.strip()))
    if not LEAST <= len(wanted) <= MOST:
        raise UsageError(f"name {LEAST} to {MOST} different treatments; {len(wanted)} is given")
    return wanted


def compare(knowledge: Knowledge, treatments: Sequence[str], day: datetime.date) -> Comparison:
    """Lay what is said of treatments side by side, as of a day."""
    tables = [table for table in _tables(knowledge, treatments, day) if table.rows]
    facts = {line.fact for table in tables for row in table.rows for cell in row.cells for line in cell if line.fact}
    asked = [
        behind("licensed-treatments", {"asOf": day}),
        behind("drug-targets", {}),
        behind("drugs-blocking-cytokine", {}),
        behind("contraindications", {"asOf": day}),
        behind("boxed-warnings", {}),
        behind("screening-before-treatment", {"asOf": day}),
        behind("adverse-reactions-compared", {}),
        behind("trial-results", {}),
        behind("recommendations", {"asOf": day}),
    ]
    named = [Named(iri, knowledge.terms.label(iri)) for iri in treatments]
    return Comparison(named, tables, evidence_of(knowledge, facts), asked)


def _tables(knowledge: Knowledge, treatments: Sequence[str], day: datetime.date) -> Iterator[Table]:
    def own(query: str) -> Iterator[Row]:
        values = " ".join(f"<{iri}>" for iri in treatments)
        return rows(knowledge, query.replace("$TREATMENTS", values).replace("$DAY", str(day)))

    def name(row: Row, column: str) -> str:
        return knowledge.terms.label(graph.iri_of(row[column])) if row[column] is not None else ""

    licences = ask(knowledge, "licensed-treatments", {"asOf": day})
    yield _table(treatments, "Licensed for", _keyed(licences, lambda row: name(row, "jurisdiction"), _whom))
    yield from _mechanisms(knowledge, treatments, own, name)
    yield from _safety(treatments, own, name)
    yield from _benefit(treatments, own, name)


def _mechanisms(knowledge: Knowledge, treatments: Sequence[str], own: _Own, name: _Name) -> Iterator[Table]:
    routes = _keyed(own(ROUTES), lambda row: text(row["what"]), lambda row: name(row, "value"))
    yield _table(treatments, "What it is", routes)
    targets = _keyed(
        ask(knowledge, "drug-targets", {}), lambda row: name(row, "target"), lambda row: name(row, "action")
    )
    yield _table(treatments, "Acts on", targets)
    blocked = _keyed(
        ask(knowledge, "drugs-blocking-cytokine", {}),
        lambda row: name(row, "cytokine"),
        lambda row: f"blocked at {name(row, 'target')}" if row["target"] is not None else "blocked",
        treatment="drug",
    )
    yield _table(treatments, "Cytokines whose signalling it blocks", blocked)


def _safety(treatments: Sequence[str], own: _Own, name: _Name) -> Iterator[Table]:
    yield _table(treatments, "Contraindications", _contraindications(own(CONTRAINDICATED), name))
    boxed = _keyed(own(BOXED), lambda row: name(row, "risk"), lambda row: _place(row) or "no place stated")
    yield _table(treatments, "Boxed warnings", boxed)
    checked = _keyed(
        own(CHECKED), lambda row: name(row, "section"), lambda row: f"{_place(row)}: {name(row, 'finding')}"
    )
    note = "Somebody read the section of the label. An empty cell says nothing."
    yield _table(treatments, "Checked: sections of labels that list none", checked, note)
    screening = _keyed(
        own(SCREENED),
        lambda row: name(row, "looksFor"),
        lambda row: _place(row) or "no place stated",
    )
    yield _table(treatments, "Checks before treatment", screening)
    effects = _keyed(own(SIDE_EFFECTS), lambda row: name(row, "effect"), lambda row: _share(row, name))
    yield _shared(treatments, "Adverse reactions in common", effects, _SHARED)


def _benefit(treatments: Sequence[str], own: _Own, name: _Name) -> Iterator[Table]:
    results = _keyed(own(RESULTS), lambda row: f"{name(row, 'endpoint')}, week {text(row['week'])}", _result)
    yield _shared(treatments, "Trial outcomes in common", results, _SHARED)
    advice = _keyed(own(RECOMMENDED), lambda row: name(row, "guideline"), lambda row: _advice(row, name))
    yield _table(treatments, "Recommendations", advice)


def _keyed(
    asked: Iterable[Row], key: Callable[[Row], str], words: Callable[[Row], str], treatment: str = "treatment"
) -> Keyed:
    """Sort rows by the name of their row and their treatment; a fact stands once in a cell."""
    found: Keyed = defaultdict(lambda: defaultdict(list))
    for row in asked:
        cell = found[key(row)][graph.iri_of(row[treatment])]
        line = Line(graph.iri_of(row["fact"]), words(row))
        if line not in cell:
            cell.append(line)
    return found


def _table(treatments: Sequence[str], title: str, found: Keyed, note: str = "") -> Table:
    aligned = []
    for key, cells in sorted(found.items(), key=lambda item: item[0].casefold()):
        kept = [cells.get(treatment, []) for treatment in treatments]
        if key and any(kept):
            texts = {frozenset(line.label for line in cell) for cell in kept}
            aligned.append(Aligned(key, kept, len(texts) > 1))
    return Table(title, aligned, note)


def _shared(treatments: Sequence[str], title: str, found: Keyed, note: str) -> Table:
    """Return the rows that at least two treatments have; they differ where one of several has none."""
    table = _table(treatments, title, found, note)
    kept = []
    for row in table.rows:
        filled = sum(1 for cell in row.cells if cell)
        if filled >= LEAST:
            kept.append(Aligned(row.name, [cell[:_LINES] for cell in row.cells], filled < len(treatments)))
    kept.sort(key=lambda row: (-sum(1 for cell in row.cells if cell), row.name.casefold()))
    return Table(title, kept, note)


def _contraindications(asked: Iterable[Row], name: _Name) -> Keyed:
    """Sort contraindications by all their conditions, which must hold together."""
    conditions: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    places: dict[tuple[str, str], str] = {}
    for row in asked:
        both = graph.iri_of(row["treatment"]), graph.iri_of(row["fact"])
        about = name(row, "about")
        if text(row["kind"]) == "tkg:HypersensitivityCondition":
            about = "hypersensitivity" if row["itself"] is not None else f"hypersensitivity to {about}"
        conditions[both][graph.iri_of(row["node"])].add(about)
        limit = ", ".join(filter(None, (name(row, "grade"), text(row["threshold"]))))
        places[both] = " ".join(filter(None, (_place(row), f"({limit})" if limit else "")))
    found: Keyed = defaultdict(lambda: defaultdict(list))
    for (treatment, fact), nodes in conditions.items():
        key = " together with ".join(sorted(" or ".join(sorted(abouts)) for abouts in nodes.values()))
        found[key][treatment].append(Line(fact, places[treatment, fact]))
    return found


def _place(row: Row) -> str:
    return graph.iri_of(row["jurisdiction"]).removeprefix(namespaces.TKG)


def _whom(row: Row) -> str:
    low, high, weight = (text(row[name]) for name in ("minAgeMonths", "maxAgeMonths", "minWeightKg"))
    ages = ""
    if low and int(low):
        ages = f"from {age(int(low))}"
    if high:
        ages = f"{ages} to under {age(int(high))}" if ages else f"under {age(int(high))}"
    return ", ".join(
        filter(None, (ages or "no age limit", f"from {weight} kg" if weight else "", text(row["severity"])))
    )


def _share(row: Row, name: _Name) -> str:
    share = f"{text(row['percent'])} %" if row["percent"] is not None else name(row, "category") or "named"
    if row["comparatorPercent"] is not None:
        share += f" against {text(row['comparatorPercent'])} %"
    return " ".join(filter(None, (share, f"({_place(row)})" if row["jurisdiction"] is not None else "")))


def _result(row: Row) -> str:
    unit = text(row["unit"])
    against = f" against {text(row['comparatorValue'])} {unit}" if row["comparatorValue"] is not None else ""
    return f"{text(row['value'])} {unit}{against} ({text(row['trialName'])}, {text(row['armName'])})"


def _advice(row: Row, name: _Name) -> str:
    said = f"{name(row, 'direction')}, {name(row, 'strength')}"
    return f"{said} (said of {name(row, 'statedFor')})" if row["statedFor"] != row["treatment"] else said
