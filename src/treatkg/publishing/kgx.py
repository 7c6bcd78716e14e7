"""KGX: nodes and edges of the Biolink Model as tables and as JSON lines, with what is left out and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from treatkg import namespaces
from treatkg.namespaces import DCTERMS, RDFS, SKOS, TKG
from treatkg.publishing import associations, biolink
from treatkg.publishing.associations import Edge, LeftOutError
from treatkg.publishing.biolink import Node, curie
from treatkg.publishing.content import Content
from treatkg.publishing.flat import INNER, Field, Flattener
from treatkg.publishing.formats import Output
from treatkg.publishing.view import View

Record = dict[str, Any]  # column -> text, number, boolean or list of texts
_NODE_COLUMNS = ("id", "category", "name", "synonym", "xref", "provided_by", "iri", "description")
_EDGE_COLUMNS = (
    *("id", "subject", "predicate", "object", "category", "negated", "knowledge_level", "agent_type"),
    *("primary_knowledge_source", "publications", "has_evidence_of_type", "qualified_predicate"),
    *("object_aspect_qualifier", "object_direction_qualifier", "causal_mechanism_qualifier"),
    *("disease_context_qualifier", "population_context_qualifier", "clinical_approval_status", "max_research_phase"),
    "description",
)
_CURIES = {"disease_context_qualifier", "population_context_qualifier"}  # qualifiers whose values are things
_POPULATION, _CONDITION = TKG + "population", TKG + "condition"
_SKIPPED = (TKG + "evidence", TKG + "treatment", RDFS + "label")
_STRUCTURE = {TKG + "activeSubstance": "has_active_ingredient", TKG + "memberOf": "member_of"}
_PARTS = {"ProteinFamily": "has_member", "ProteinComplex": "has_part"}


def outputs(content: Content) -> Iterator[Output]:
    """Write nodes and edges, twice, the facts that are no edges, our prefixes and a README."""
    builder = _Builder(content.view)
    nodes, edges, left_out = builder.build()
    qualifiers = sorted({key for edge in edges for key in edge if key not in _EDGE_COLUMNS})
    yield Output("nodes.tsv", _tsv(nodes, _NODE_COLUMNS))
    yield Output("edges.tsv", _tsv(edges, (*_EDGE_COLUMNS, *qualifiers)))
    yield Output("nodes.jsonl", _jsonl(nodes, _NODE_COLUMNS))
    yield Output("edges.jsonl", _jsonl(edges, (*_EDGE_COLUMNS, *qualifiers)))
    yield Output("left-out.tsv", _tsv(left_out, ("fact", "class", "label", "reason")))
    yield Output("prefixes.json", (json.dumps({"@context": biolink.OWN_PREFIXES}, indent=2) + "\n").encode())
    yield Output("README.txt", _readme(content.view, nodes, edges, left_out))


class _Builder:
    def __init__(self, view: View) -> None:
        self.view = view
        self.flat = Flattener(view)
        self.nodes: dict[str, Node] = {}
        self.ids: dict[str, str] = {}

    def build(self) -> tuple[list[Record], list[Record], list[Record]]:
        """Return nodes, edges and facts left out, each in the order of their ids."""
        edges, left_out = [], []
        for treatment in self.view.instances("TreatmentSubject"):
            self._node(treatment)
        for fact in self.view.facts:
            try:
                edges += self._edges_of(fact, associations.edges(self.view, fact))
            except LeftOutError as reason:
                entry = {"fact": namespaces.shorten(fact), "class": self.view.kind(fact)}
                left_out.append({**entry, "label": self.view.label(fact), "reason": str(reason)})
        edges += self._structure()
        nodes = [self._node_record(node) for node in self.nodes.values()]
        return sorted(nodes, key=_identifier), sorted(edges, key=_identifier), left_out

    def _edges_of(self, fact: str, found: list[Edge]) -> list[Record]:
        """One record for each association, and for each of the alternative populations of the fact."""
        populations = self.view.texts(fact, _POPULATION) or [""]
        records = []
        for edge in found:
            for place, population in enumerate(populations):
                record = self._edge_record(edge, fact)
                record.update(self._qualifiers(fact, place, len(populations)))
                if population:
                    record["population_context_qualifier"] = self._node(population, self.flat.describe(population)).id
                records.append(record)
        return records if len(records) == 1 else [
            {**record, "id": f"{record['id']}#{number}"} for number, record in enumerate(records, 1)
        ]  # fmt: skip

    def _edge_record(self, edge: Edge, fact: str) -> Record:
        if edge.object == f"{fact}/people":
            self._people(fact)
        record: Record = {
            "id": fact,
            **self._triple(edge),
            "negated": associations.negative(self.view, fact) or None,
            "agent_type": "manual_agent",
            "publications": self._publications(fact, TKG + "Supports"),
            "has_evidence_of_type": sorted({curie(each) for each in self._evidence(fact, DCTERMS + "type")}),
            "description": self.view.label(fact),
            "tkg_fact": namespaces.shorten(fact),
            "tkg_fact_class": self.view.kind(fact),
            "tkg_contradicted_by": self._publications(fact, TKG + "Contradicts"),
        }
        for name, value in edge.qualifiers.items():
            record[name] = self._node(value).id if name in _CURIES else value
        return record

    def _triple(self, edge: Edge) -> Record:
        return {
            "subject": self._node(edge.subject).id,
            "predicate": f"biolink:{edge.predicate}",
            "object": self._node(edge.object).id,
            "category": ["biolink:Association"],
            "knowledge_level": edge.level,
            "primary_knowledge_source": biolink.PROVIDER,
        }

    def _qualifiers(self, fact: str, place: int, populations: int) -> Record:
        """All that the fact says, in columns of our own: ids where there are ids, else texts and numbers."""
        row = self.flat.row(fact, skip=_SKIPPED)
        conditions = len(self.view.values(fact, _CONDITION))
        identified = {(column.path, column.rank[:-1]) for column in row if column.part == "id"}
        record: Record = {}
        for column, entries in row.items():
            if column.part == "years" or (not column.part and (column.path, column.rank[:-1]) in identified):
                continue
            nested = len(column.path) > 1
            if nested and column.path[0] == _CONDITION and conditions > 1:
                continue  # each condition in words is in tkg_condition
            values = entries
            if column.path[0] == _POPULATION and populations > 1:
                values = entries[place : place + 1]
            if column.part == "id":
                values = [self._id(value) for entry in values for value in entry.split(INNER) if value]
            record[f"tkg_{column.name.removesuffix('_id')}"] = self._typed(column, [each for each in values if each])
        return record

    def _typed(self, column: Field, values: list[str]) -> Any:  # noqa: ANN401 (JSON)
        converters: dict[str, Callable[[str], int | float | str]] = {"integer": int, "decimal": float}
        convert = converters.get(self.flat.datatype(column), str)
        typed = [convert(value) for value in values]
        return typed[0] if len(typed) == 1 else typed or None

    def _structure(self) -> list[Record]:
        """Edges between the nodes that are there, which rest on no fact of their own."""
        found = []
        for iri in list(self.nodes):
            for prop, predicate in _STRUCTURE.items():
                level = "logical_entailment" if prop == TKG + "memberOf" else "knowledge_assertion"
                found += [Edge(iri, predicate, each, {}, level) for each in self.view.texts(iri, prop)]
            kind = next((name for name in _PARTS if TKG + name in self.view.classes(iri)), "")
            found += [Edge(iri, _PARTS[kind], each) for each in self.view.texts(iri, TKG + "hasComponent")]
        records = [{**self._triple(edge), "agent_type": "manual_agent"} for edge in found]
        return [{"id": "--".join((r["subject"], r["predicate"], r["object"])), **r} for r in records]

    def _people(self, fact: str) -> None:
        group = associations.people(self.view, fact, self.flat.describe)
        self.nodes[group.iri] = Node(
            curie(group.iri), "biolink:PopulationOfIndividualOrganisms", group.name, (), (), group.iri
        )

    def _node(self, iri: str, name: str = "") -> Node:
        if iri not in self.nodes:
            made = biolink.node(self.view, iri)
            self.nodes[iri] = made if made.name else Node(made.id, made.category, name, (), made.xref, iri)
        return self.nodes[iri]

    def _id(self, short: str) -> str:
        """Return the id that a thing has, or would have, as a node."""
        if short not in self.ids:
            self.ids[short] = biolink.node(self.view, namespaces.expand(short)).id
        return self.ids[short]

    def _node_record(self, node: Node) -> Record:
        return {
            "id": node.id,
            "category": [node.category],
            "name": node.name,
            "synonym": list(node.synonym),
            "xref": list(node.xref),
            "provided_by": [biolink.PROVIDER],
            "iri": node.iri,
            "description": self.view.first(node.iri, SKOS + "definition"),
        }

    def _evidence(self, fact: str, prop: str) -> list[str]:
        evidence = self.view.texts(fact, TKG + "evidence")
        return [value for each in evidence for value in self.view.texts(each, prop)]

    def _publications(self, fact: str, direction: str) -> list[str]:
        evidence = [
            each
            for each in self.view.texts(fact, TKG + "evidence")
            if self.view.first(each, TKG + "evidenceDirection") == direction
        ]
        return sorted({self._publication(self.view.source(each)) for each in evidence})

    def _publication(self, source: str) -> str:
        return curie(self.view.first(source, TKG + "pmid") or self.view.address(source) or source)


def _identifier(record: Record) -> str:
    return str(record["id"])


def _tsv(records: Iterable[Record], columns: Iterable[str]) -> bytes:
    names = tuple(columns)
    lines = ["\t".join(names)]
    lines += ["\t".join(_cell(record.get(name)) for name in names) for record in records]
    return ("\n".join(lines) + "\n").encode()


def _cell(value: Any) -> str:  # noqa: ANN401 (JSON)
    """Return a value as KGX writes it: lists with bars, true as text, and nothing for what is not there."""
    if value is None:
        return ""
    if value is True:
        return "true"
    if isinstance(value, list):
        return "|".join(_cell(each) for each in value)
    return " ".join(f"{value:g}".split() if isinstance(value, float) else str(value).replace("|", "/").split())


def _jsonl(records: Iterable[Record], columns: Iterable[str]) -> bytes:
    names = tuple(columns)
    lines = []
    for record in records:
        present = {name: record[name] for name in names if record.get(name) not in (None, "", [])}
        lines.append(json.dumps(present, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


_README = """TreatKG {version} of {issued} as a KGX graph of the Biolink Model: {nodes} nodes, {edges} edges.

{note}

nodes.tsv, edges.tsv and nodes.jsonl, edges.jsonl hold the same. {facts} facts are edges (column tkg_fact);
{left_out} are not, and left-out.tsv says why. The columns that begin with tkg_ hold what a fact says and
Biolink has no slot for: population (ages in months), jurisdiction, dates, percentages, conditions. Read them:
an edge holds for its population and place only. negated is there only where it is true.

Facts that share subject, predicate and object are edges of their own, with ids of their own; a reader that
keeps one edge for each such triple loses the others. kgx does in its graph, and does not where it streams.

{provider} is not in the registry of information resources. The prefixes treatkg and tkg are not in the
Biolink Model: prefixes.json gives them.

Edges by predicate
{predicates}

Licence: CC BY 4.0.
"""


def _readme(view: View, nodes: list[Record], edges: list[Record], left_out: list[Record]) -> bytes:
    counts = Counter(edge["predicate"] for edge in edges)
    text = _README.format(
        version=view.first(namespaces.DATASET, "https://schema.org/version"),
        issued=view.issued,
        note=view.first(namespaces.DATASET, SKOS + "note"),
        nodes=len(nodes),
        edges=len(edges),
        facts=len({edge["tkg_fact"] for edge in edges if "tkg_fact" in edge}),
        left_out=len(left_out),
        provider=biolink.PROVIDER,
        predicates="\n".join(f"{count:>6}  {name}" for name, count in sorted(counts.items())),
    )
    return text.encode()
