"""KGX: nodes and edges in every form, what is negated, and edges that look like facts of treatment and are none."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import loading
from treatkg.errors import BadInputError
from treatkg.loading import inputs, recognise
from treatkg.loading.items import Document, Fact, Item, Mention, Record, Skip, Thing
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Writer

SOURCE = loading.find("kgx")
TRANSFORM = SOURCE.transform()
OBO = "http://purl.obolibrary.org/obo/"
REGISTRY = "https://bioregistry.io/"
BIOLINK = "https://w3id.org/biolink/vocab/"
DAY = datetime.date(2026, 1, 1)
EDGE: dict[str, Any] = {
    "id": "urn:uuid:1",
    "subject": "CHEBI:9900001",
    "predicate": "biolink:treats",
    "object": "MONDO:0004980",
    "category": ["biolink:ChemicalToDiseaseOrPhenotypicFeatureAssociation"],
    "primary_knowledge_source": "infores:zor",
    "aggregator_knowledge_source": ["infores:a", "infores:b"],
    "knowledge_level": "prediction",
    "agent_type": "automated_agent",
    "publications": ["PMID:1", "PMID:2"],
    "negated": False,
    "has_evidence": ["ECO:0000304"],
    "qualified_predicate": "biolink:causes",
    "object_direction_qualifier": "decreased",
}
NODE: dict[str, Any] = {
    "id": "CHEBI:9900001",
    "category": ["biolink:SmallMolecule", "biolink:Drug"],
    "name": "zorvib",
    "synonym": ["ZRV-1", "zorvib"],
    "xref": ["UNII:1"],
    "description": "A molecule of Zor.",
}


def cell(value: object) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value))
    return {None: "", True: "True", False: "False"}.get(value, str(value))  # type: ignore[call-overload,no-any-return]


def tsv(*records: dict[str, Any]) -> str:
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows = [columns, *([cell(record.get(column)) for column in columns] for record in records)]
    return "".join("\t".join(row) + "\n" for row in rows)


def jsonl(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def items(folder: Path, content: str, name: str = "zor_edges.tsv") -> list[Item]:
    path = folder / name
    path.write_text(content)
    return read(path)


def read(path: Path) -> list[Item]:
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    return [item for record in got.reader().records(got.file) for item in TRANSFORM(record)]


def said(found: list[Item]) -> tuple[list[Fact], list[Thing], list[str]]:
    return (
        [item for item in found if isinstance(item, Fact)],
        [item for item in found if isinstance(item, Thing)],
        [item.reason for item in found if isinstance(item, Skip)],
    )


def edge(folder: Path, **changes: object) -> tuple[list[Fact], list[str]]:
    facts, _, skipped = said(items(folder, jsonl({**EDGE, **changes}), "zor_edges.jsonl"))
    return facts, skipped


def test_an_edge_stays_an_association_also_where_it_says_treats(tmp_path: Path) -> None:
    (fact,), skipped = edge(tmp_path)
    assert (fact.type, skipped) == ("Association", [])
    assert fact.label == "CHEBI:9900001 biolink:treats MONDO:0004980"
    assert {key: value for key, value in fact.values.items() if value} == {
        "subjectTerm": Mention("Thing", ["CHEBI:9900001"], [f"{REGISTRY}CHEBI:9900001"]),
        "predicateTerm": f"{BIOLINK}treats",
        "objectTerm": Mention("Thing", ["MONDO:0004980"], [f"{OBO}MONDO_0004980"]),
        "statedRelation": "biolink:treats",
        "statedCategory": ["biolink:ChemicalToDiseaseOrPhenotypicFeatureAssociation"],
        "qualifier": ["object_direction_qualifier=decreased", "qualified_predicate=biolink:causes"],
        "knowledgeSource": ["infores:zor"],
        "aggregator": ["infores:a", "infores:b"],
        "knowledgeLevel": ["prediction"],
        "agentType": ["automated_agent"],
        "publication": ["PMID:1", "PMID:2"],
    }
    assert (fact.passages[0].locator, fact.passages[0].evidence_type) == ("line 1", "ECO:0000304")
    assert SOURCE.gives == ("Association", "GraphNode")


def test_every_form_says_the_same(tmp_path: Path) -> None:
    graph = {"edges": [EDGE], "nodes": [NODE]}
    forms = [
        (tsv(EDGE), "zor_edges.tsv", tsv(NODE), "zor_nodes.tsv"),
        (jsonl(EDGE), "zor_edges.jsonl", jsonl(NODE), "zor_nodes.jsonl"),
    ]
    whole = [json.dumps(graph), json.dumps(dict(reversed(graph.items())))]
    seen = [said([*items(tmp_path, e, en), *items(tmp_path, n, nn)]) for e, en, n, nn in forms]
    seen += [said(items(tmp_path, text, "zor.json")) for text in whole]
    assert {facts[0].name for facts, _, _ in seen} == {seen[0][0][0].name}
    for facts, things, skipped in seen:
        assert [fact.values for fact in facts] == [fact.values for fact in seen[0][0]]
        assert things == seen[0][1]
        assert skipped == []


def test_a_node_is_a_thing_with_its_names(tmp_path: Path) -> None:
    _, (thing,), _ = said(items(tmp_path, tsv(NODE), "zor_nodes.tsv"))
    assert (thing.id, thing.types) == (f"{REGISTRY}CHEBI:9900001", ["GraphNode"])
    assert {key: value for key, value in thing.values.items() if value} == {
        "label": "zorvib",
        "altLabel": ["ZRV-1"],
        "definition": "A molecule of Zor.",
        "statedCategory": ["biolink:SmallMolecule", "biolink:Drug"],
        "crossReference": ["UNII:1"],
    }


def test_a_name_is_one_text_and_may_hold_a_bar(tmp_path: Path) -> None:
    _, (thing,), _ = said(items(tmp_path, tsv({**NODE, "name": "a|b", "synonym": []}), "zor_nodes.tsv"))
    assert (thing.values["label"], thing.values["altLabel"]) == ("a|b", [])
    _, (thing,), _ = said(items(tmp_path, jsonl({**NODE, "name": ["a", "b"]}), "zor_nodes.jsonl"))
    assert (thing.values["label"], thing.values["altLabel"]) == ("a", ["b", "ZRV-1", "zorvib"])


@pytest.mark.parametrize("negated", [True, "true", "True", "TRUE", "t", 1, "1", "yes", [True], "vrai"])
def test_a_negated_edge_is_no_fact(tmp_path: Path, negated: object) -> None:
    assert edge(tmp_path, negated=negated) == ([], ["an edge that is negated"])
    assert said(items(tmp_path, tsv({**EDGE, "negated": negated})))[2] == ["an edge that is negated"]


@pytest.mark.parametrize("negated", [False, "false", "False", "", None, 0, "0", "no", []])
def test_an_edge_that_is_not_negated_is_one(tmp_path: Path, negated: object) -> None:
    (fact,), skipped = edge(tmp_path, negated=negated)
    assert (fact.type, skipped) == ("Association", [])


@pytest.mark.parametrize(
    "changes",
    [
        {"predicate": "NOT|biolink:treats"},
        {"predicate": "not|biolink:treats"},
        {"predicate": "biolink:not_treats"},
        {"qualifiers": "NOT|enables"},
        {"qualifiers": ["NOT"]},
    ],
)
def test_not_in_a_predicate_or_qualifier_denies_the_edge(tmp_path: Path, changes: dict[str, object]) -> None:
    assert edge(tmp_path, **changes) == ([], ["an edge that is negated"])


def test_a_word_that_begins_with_not_denies_nothing(tmp_path: Path) -> None:
    (fact,), _ = edge(tmp_path, frequency_qualifier="not rare", predicate="biolink:notes")
    assert "frequency_qualifier=not rare" in fact.values["qualifier"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"negated": "perhaps"}, "an edge whose negated is neither true nor false"),
        ({"subject": ""}, "an edge without subject, predicate or object"),
        ({"object": None}, "an edge without subject, predicate or object"),
        ({"predicate": " "}, "an edge without subject, predicate or object"),
    ],
)
def test_what_states_nothing_is_skipped(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    assert edge(tmp_path, **changes) == ([], [reason])


def test_a_node_without_id_is_skipped(tmp_path: Path) -> None:
    assert said(items(tmp_path, jsonl({**NODE, "id": ""}), "zor_nodes.jsonl"))[1:] == ([], ["a node without id"])


def test_an_edge_keeps_its_name_from_build_to_build(tmp_path: Path) -> None:
    (one,), _ = edge(tmp_path)
    (other,), _ = edge(tmp_path, id="urn:uuid:2", publications=["PMID:2", "PMID:1"])
    (third,), _ = edge(tmp_path, object_direction_qualifier="increased")
    assert one.name == other.name != third.name


def test_the_sources_of_an_edge_may_be_nodes(tmp_path: Path) -> None:
    sources = [
        {"resource_id": "infores:zor", "resource_role": "primary_knowledge_source"},
        {"resource_id": "infores:c", "resource_role": "aggregator_knowledge_source"},
    ]
    (fact,), _ = edge(tmp_path, primary_knowledge_source=None, aggregator_knowledge_source=None, sources=sources)
    assert (fact.values["knowledgeSource"], fact.values["aggregator"]) == (["infores:zor"], ["infores:c"])


def test_an_edge_about_identifiers_keeps_both(tmp_path: Path) -> None:
    (fact,), _ = edge(tmp_path, predicate="biolink:same_as")
    assert fact.values["subjectTerm"] == f"{REGISTRY}CHEBI:9900001"
    assert fact.values["objectTerm"] == f"{OBO}MONDO_0004980"


def test_an_identifier_of_no_known_form_is_the_same_in_nodes_and_edges(tmp_path: Path) -> None:
    (fact,), _ = edge(tmp_path, subject="my drug 7")
    _, (thing,), _ = said(items(tmp_path, jsonl({**NODE, "id": "my drug 7"}), "zor_nodes.jsonl"))
    assert isinstance(fact.values["subjectTerm"], Mention)
    assert (
        list(fact.values["subjectTerm"].ids) == [thing.id] == ["https://w3id.org/treatkg/load/kgx/name/Thing/my-drug-7"]
    )


def test_rows_may_leave_out_empty_cells_at_their_end(tmp_path: Path) -> None:
    _, things, _ = said(items(tmp_path, "id\tname\tcategory\ttaxon\nHGNC:1\ta\tbiolink:Gene\n", "zor_nodes.tsv"))
    assert [thing.values["label"] for thing in things] == ["a"]


def test_the_document_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "zor-kg_2026-03-04_edges.tsv"
    path.write_text(tsv(EDGE))
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    assert got.version == "2026-03-04"
    assert read(path)[0] == Document(key="zor-kg_2026-03-04_edges", title="zor-kg_2026-03-04_edges")


def test_triples_are_those_of_the_model(tmp_path: Path) -> None:
    found = items(tmp_path, jsonl(EDGE), "zor_edges.jsonl")
    (block,) = Writer(SOURCE, "1", DAY, DAY, Resolver()).blocks(found, "line 1")
    lines = "".join(block.lines())
    ours = "https://w3id.org/treatkg/ontology#"
    assert f"<{ours}predicateTerm> <{BIOLINK}treats>" in lines
    assert f'<{ours}qualifier> "object_direction_qualifier=decreased"' in lines
    assert f"<{REGISTRY}CHEBI:9900001> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{ours}UnmappedTerm>" in lines
    assert not any(word in lines for word in (f"{ours}Indication", f"{ours}treatment>", f"{ours}disease>"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("DrugCentral:4\tlevobupivacaine\tbiolink:Drug\n", "with a header line"),
        ("subject\tedge_label\tobject\n", "edge_label instead of predicate"),
        (json.dumps({"subject": "a", "edge_label": "b", "object": "c"}), "edge_label instead of predicate"),
        ("subject_id\tpredicate_id\tobject_id\n", "load it as `sssom`"),
        ('{"graphs": [{"nodes": [{"id": "http://z/1"}]}]}', "load it as `ontology`"),
        ("", "the file is empty"),
        (tsv(EDGE) + "a\tb" * 30 + "\n", ":3: \\d+ cells under"),
        (jsonl(EDGE) + '{"subject": ', ":2: not valid JSON"),
        (json.dumps({"edges": [EDGE]})[:-4], "not valid JSON"),
    ],
)
def test_what_is_no_kgx_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason) as raised:
        items(tmp_path, content, "zor.dat")
    assert "zor.dat" in str(raised.value)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.sampled_from(["MONDO:1", "a|b", "NOT"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)
KEYS = st.sampled_from([*EDGE, *NODE, "relation", "sources", "qualifiers", "deprecated", "x_qualifier"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=10), st.sampled_from(["", "node", "edge"]))
def test_any_record_gives_an_item_or_a_reason(data: dict[str, Any], kind: str) -> None:
    record = Record(data, "line 1", {"file": "zor_edges.tsv"}, kind)
    found = list(TRANSFORM(record))
    assert found == list(TRANSFORM(Record(dict(reversed(data.items())), "line 1", record.header, kind)))
    assert isinstance(found[0], Document)
    assert len(found) == 2
    assert len(list(Writer(SOURCE, "1", DAY, DAY, Resolver()).blocks(found, "line 1"))) == 1


# --- the real files

REAL = {
    "kgx/graph.json": {"Association": 532, "GraphNode": 512},
    "kgx/graph_edges.tsv": {"Association": 539},
    "kgx/graph_nodes.tsv": {"GraphNode": 534},
    "kgx/monarch-tiny_edges.tsv": {"Association": 500},
    "kgx/reactome_nodes.jsonl": {"GraphNode": 15},
    "ontology/mondo-rare_edges.tsv": {"Association": 29913},
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_files_load_whole(samples: Path, name: str) -> None:
    facts, things, skipped = said(read(samples / name))
    counts = Counter([fact.type for fact in facts] + [cls for thing in things for cls in thing.types])
    assert counts == REAL[name]
    assert skipped == []


def test_pinned_edges_of_the_real_files(samples: Path) -> None:
    facts, _, _ = said(read(samples / "ontology" / "mondo-rare_edges.tsv"))
    labels = {fact.label for fact in facts}
    assert "MONDO:0000004 biolink:subclass_of MONDO:0002816" in labels
    genes = [fact for fact in facts if fact.values["predicateTerm"] == f"{BIOLINK}related_to"]
    assert len(genes) == 1071
    kinds = Counter(fact.values["objectTerm"].ids[0].removeprefix(REGISTRY).partition(":")[0] for fact in genes)
    assert kinds == {"hgnc": 1070, "ncbigene": 1}
    monarch, _, _ = said(read(samples / "kgx" / "monarch-tiny_edges.tsv"))
    assert monarch[1].values["qualifier"] == ["qualifiers=FYECO:0000005", "qualifiers=FYECO:0000137"]
    assert monarch[0].values["publication"] == ["PMID:12565827"]


def test_nodes_without_a_header_line_are_refused(samples: Path) -> None:
    with pytest.raises(BadInputError, match="with a header line"):
        read(samples / "kgx" / "drugcentral_nodes_snippet.tsv")
