"""Two maps: treatments by cytokines, and the neighbourhood of one thing."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.asking import Behind, ask, behind, rows
from treatkg.explorer.choices import PATIENT_DISEASE
from treatkg.explorer.facts import Named, evidence_of
from treatkg.explorer.search import index
from treatkg.knowledge import Knowledge
from treatkg.queries import Value

MOST = 60  # neighbours in one picture
_CYTOKINES = "SELECT DISTINCT ?thing WHERE { ?thing a tkg:Cytokine }"
# Nearest in meaning first: what is left out of a full picture is at the end.
_RELATIONS = (
    "tkg:hasTarget",
    "tkg:blocksSignallingOf",
    "tkg:activeSubstance",
    "tkg:indicatedFor",
    "tkg:hasComponent",
    "tkg:memberOf",
    "tkg:contraindicatedIn",
    "rdfs:subClassOf",
    "skos:related",
    "tkg:mayCause",
)
_EDGES = f"""
SELECT DISTINCT ?from ?relation ?to ?fact WHERE {{
  VALUES ?thing {{ <%s> }}
  {{
    VALUES ?relation {{ {" ".join(_RELATIONS)} }}
    {{ ?thing ?relation ?to . BIND(?thing AS ?from) }} UNION {{ ?from ?relation ?thing . BIND(?thing AS ?to) }}
  }} UNION {{
    {{ ?fact tkg:from ?thing }} UNION {{ ?fact tkg:to ?thing }}
    ?fact a tkg:CausalLink ; tkg:from ?from ; tkg:relation ?relation ; tkg:to ?to .
    MINUS {{ ?fact tkg:polarity ?negative }}
  }}
  FILTER(?from != ?to)
  MINUS {{ ?from a tkg:Fact }}
}}
"""


@dataclass(frozen=True)
class Place:
    """A treatment and a cytokine: whether it binds it, whether it blocks its signalling, and the facts that say so."""

    binds: bool
    blocks: bool
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A treatment in the matrix."""

    treatment: Named
    licensed: bool
    places: Sequence[Place | None]

    @property
    def count(self) -> int:
        """How many cytokines it binds or blocks."""
        return sum(1 for place in self.places if place)


@dataclass(frozen=True)
class Column:
    """A cytokine in the matrix by its short name, and whether a licensed treatment blocks it."""

    cytokine: Named
    symbol: str
    count: int
    unblocked: bool


@dataclass(frozen=True)
class Matrix:
    """Treatments by cytokines."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    labels: Mapping[str, str]
    evidence: Mapping[str, Sequence[EvidenceLine]]
    behind: Sequence[Behind]


@dataclass(frozen=True)
class Edge:
    """A relation between two things, with the fact that states it (empty for what follows from several)."""

    start: str
    relation: str
    end: str
    fact: str


@dataclass(frozen=True)
class Neighbourhood:
    """A thing with its neighbours; `left_out` is how many more there are."""

    thing: Named
    nodes: Mapping[str, tuple[str, str]]  # IRI -> label, kind
    edges: Sequence[Edge]
    left_out: int


def matrix(knowledge: Knowledge, day: datetime.date) -> Matrix:
    """Return which treatment binds or blocks which cytokine, and what no licensed treatment blocks on a day."""
    cytokines = {graph.iri_of(row["thing"]) for row in rows(knowledge, _CYTOKINES)}
    binds: dict[tuple[str, str], set[str]] = defaultdict(set)
    blocks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in ask(knowledge, "drug-targets", {}):
        if graph.iri_of(row["target"]) in cytokines:
            binds[graph.iri_of(row["treatment"]), graph.iri_of(row["target"])].add(graph.iri_of(row["fact"]))
    for row in ask(knowledge, "drugs-blocking-cytokine", {}):
        blocks[graph.iri_of(row["drug"]), graph.iri_of(row["cytokine"])].add(graph.iri_of(row["fact"]))
    asked: dict[str, Value] = {"disease": PATIENT_DISEASE, "asOf": day}
    lacking = ask(knowledge, "unblocked-cytokines", asked) if cytokines else ()
    unblocked = {graph.iri_of(row["cytokine"]) for row in lacking}
    licensed = {graph.iri_of(row["treatment"]) for row in ask(knowledge, "licensed-treatments", {"asOf": day})}
    pairs = {*binds, *blocks}
    reach = {iri: sum(1 for _, other in pairs if other == iri) for iri in cytokines}
    ordered = sorted(cytokines, key=lambda iri: (-reach[iri], knowledge.terms.label(iri).casefold()))
    table = []
    for treatment in {treatment for treatment, _ in pairs}:
        places = [_place(binds.get((treatment, iri)), blocks.get((treatment, iri))) for iri in ordered]
        table.append(Row(_named(knowledge, treatment), treatment in licensed, places))
    table.sort(key=lambda row: (not row.licensed, -row.count, row.treatment.label.casefold()))
    facts = {fact for some in (*binds.values(), *blocks.values()) for fact in some}
    return Matrix(
        columns=[
            Column(_named(knowledge, iri), _symbol(knowledge, iri), reach[iri], iri in unblocked) for iri in ordered
        ],
        rows=table,
        labels={fact: knowledge.terms.label(fact) for fact in facts},
        evidence=evidence_of(knowledge, facts),
        behind=[
            behind("drug-targets", {}),
            behind("drugs-blocking-cytokine", {}),
            behind("unblocked-cytokines", asked),
            behind("licensed-treatments", {"asOf": day}),
        ],
    )


def neighbourhood(knowledge: Knowledge, iri: str) -> Neighbourhood:
    """Return a thing with what stands one step from it, the nearest in meaning first, at most MOST neighbours."""
    found = [
        Edge(
            graph.iri_of(row["from"]),
            knowledge.terms.label(graph.iri_of(row["relation"])),
            graph.iri_of(row["to"]),
            graph.iri_of(row["fact"]),
        )
        for row in rows(knowledge, _EDGES % iri)
        if graph.iri_of(row["from"]) and graph.iri_of(row["to"])
    ]
    names = [knowledge.terms.label(relation) for relation in map(namespaces.expand, _RELATIONS)]

    def rank(edge: Edge) -> tuple[int, str, str, str]:
        other = edge.end if edge.start == iri else edge.start
        place = names.index(edge.relation) if not edge.fact and edge.relation in names else 3
        return place, edge.relation, knowledge.terms.label(other).casefold(), other

    found.sort(key=rank)
    neighbours = list(dict.fromkeys(other for edge in found for other in (edge.start, edge.end) if other != iri))
    kept = {iri, *neighbours[:MOST]}
    kind = index(knowledge).kind
    nodes = {one: (knowledge.terms.label(one), kind(one)) for one in [iri, *neighbours[:MOST]]}
    edges = [edge for edge in found if edge.start in kept and edge.end in kept]
    return Neighbourhood(_named(knowledge, iri), nodes, edges, max(0, len(neighbours) - MOST))


def as_json(found: Neighbourhood, address: Mapping[str, str]) -> dict[str, object]:
    """Return a neighbourhood as nodes and edges; `address` gives the page of each node."""
    return {
        "thing": found.thing.iri,
        "leftOut": found.left_out,
        "nodes": [
            {"id": iri, "label": label, "kind": kind, "page": address[iri]}
            for iri, (label, kind) in found.nodes.items()
        ],
        "edges": [
            {"source": edge.start, "target": edge.end, "label": edge.relation, "fact": edge.fact}
            for edge in found.edges
        ],
    }


def _place(binds: set[str] | None, blocks: set[str] | None) -> Place | None:
    facts = {*(binds or ()), *(blocks or ())}
    return Place(bool(binds), bool(blocks), tuple(sorted(facts))) if facts else None


def _symbol(knowledge: Knowledge, iri: str) -> str:
    """Return the shortest name, with a hyphen if there is one so (IL-13 rather than IL13)."""
    names = sorted(knowledge.terms.names(iri), key=lambda name: (len(name.replace("-", "")), "-" not in name, name))
    return names[0] if names else knowledge.terms.label(iri)


def _named(knowledge: Knowledge, iri: str) -> Named:
    return Named(iri, knowledge.terms.label(iri))
