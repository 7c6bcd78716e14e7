"""DrugMechDB: paths with their steps."""

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import graph, resources
from treatkg.errors import BadInputError
from treatkg.loading import find, inputs, recognise
from treatkg.loading.items import Document, Fact, Item, Mention, Record, Skip, Thing
from treatkg.loading.resolving import Resolver, resolver_of
from treatkg.loading.source import Source
from treatkg.loading.writing import Writer

DAY = datetime.date(2026, 1, 2)

# A path of the true form; the drug "zorolimus" is made up.
ZOROLIMUS: dict[str, Any] = {
    "directed": True,
    "graph": {
        "_id": "DB99901_MESH_D003876_2",
        "disease": "Atopic dermatitis",
        "disease_mesh": "MESH:D003876",
        "drug": "zorolimus",
        "drug_mesh": "MESH:C999901",
        "drugbank": "DB:DB99901",
    },
    "links": [
        {"key": "decreases activity of", "source": "MESH:C999901", "target": "UniProt:P35225"},
        {"key": "positively regulates", "source": "UniProt:P35225", "target": "GO:0006954"},
        {"key": "occurs in", "source": "GO:0006954", "target": "UBERON:0002097"},
        {"key": "causes", "source": "GO:0006954", "target": "MESH:D003876"},
    ],
    "multigraph": True,
    "nodes": [
        {"id": "MESH:C999901", "label": "Drug", "name": "Zorolimus"},
        {"id": "UniProt:P35225", "label": "Protein", "name": "Interleukin-13"},
        {"id": "GO:0006954", "label": "BiologicalProcess", "name": "Inflammatory response"},
        {"id": "UBERON:0002097", "label": "GrossAnatomicalStructure", "name": "Skin"},
        {"id": "MESH:D003876", "label": "Disease", "name": "Atopic dermatitis"},
    ],
    "references": ["https://example.org/zorolimus"],
}


@pytest.fixture(scope="session")
def resolver() -> Resolver:
    return resolver_of(graph.parse_file(resources.TRIPLES))


@pytest.fixture
def source() -> Source:
    return find("drugmechdb")


def _items(data: object) -> list[Item]:
    return list(find("drugmechdb").transform()(Record(data, "line 1")))


def _facts(data: object) -> list[Fact]:
    return [item for item in _items(data) if isinstance(item, Fact)]


def _loaded(source: Source, resolver: Resolver, *files: Path) -> tuple[Counter[str], Counter[str], str]:
    """Return the facts and things by class, the skips by reason, and the triples of files."""
    facts: Counter[str] = Counter()
    skips: Counter[str] = Counter()
    lines: list[str] = []
    for got in recognise(source, inputs.find(map(str, files)), "2026-01-02"):
        writer = Writer(source, got.version, DAY, DAY, resolver)
        for record in got.reader().records(got.file):
            for block in writer.blocks(source.transform()(record), record.where):
                facts += block.facts
                lines += block.lines()
        skips += writer.skips
    return facts, skips, "".join(lines)


def _written(folder: Path, *paths: object) -> Path:
    file = folder / "indication_paths.yaml"
    file.write_text(yaml.safe_dump(list(paths)))
    return file


def _changed(**changes: object) -> dict[str, Any]:
    return json.loads(json.dumps(ZOROLIMUS)) | changes  # type: ignore[no-any-return]


# --- what a path becomes


def test_path_has_its_steps_in_order_with_the_relation_as_written(
    tmp_path: Path, source: Source, resolver: Resolver
) -> None:
    facts, skips, text = _loaded(source, resolver, _written(tmp_path, ZOROLIMUS))
    assert (facts, skips) == ({"MechanismPath": 1, "PathStep": 4}, {})
    record = "<https://w3id.org/treatkg/load/drugmechdb/record/DB99901_MESH_D003876_2/2026-01-02"
    tkg = "<https://w3id.org/treatkg/ontology#"
    for triple in (
        f"{record}/path> {tkg}subjectTerm> <https://bioregistry.io/mesh:C999901>",
        f"{record}/path> {tkg}objectTerm> <http://purl.obolibrary.org/obo/MONDO_0004980>",
        f'{record}/path> {tkg}publication> "https://example.org/zorolimus"',
        f'{record}/path> {tkg}crossReference> "DB:DB99901"',
        f"{record}/step/1> {tkg}from> <https://bioregistry.io/mesh:C999901>",
        f'{record}/step/1> {tkg}statedRelation> "decreases activity of"',
        f"{record}/step/1> {tkg}to> <http://purl.uniprot.org/uniprot/P35225>",
        f"{record}/step/1> {tkg}path> {record}/path>",
        f"{record}/step/3> {tkg}to> <http://purl.obolibrary.org/obo/UBERON_0002097>",
        f'{record}/step/4> {tkg}statedRelation> "causes"',
        f'{record}/step/4> {tkg}order> "4"^^<http://www.w3.org/2001/XMLSchema#integer>',
        f"{record}/step/4> {tkg}to> <http://purl.obolibrary.org/obo/MONDO_0004980>",
    ):
        assert f"{triple} .\n" in text


@pytest.mark.parametrize("relation", ["treats", "prevents", "contraindicated for", "decreases activity of"])
def test_no_relation_makes_an_indication_or_a_mechanism(relation: str) -> None:
    link = {"key": relation, "source": "MESH:C999901", "target": "MESH:D003876"}
    [fact] = _facts(_changed(links=[link]))
    assert (fact.type, fact.values["statedRelation"]) == ("PathStep", relation)
    assert "treatment" not in fact.values


def test_two_paths_of_one_pair_are_two_documents() -> None:
    other = _changed()
    other["graph"]["_id"] = "DB99901_MESH_D003876_1"
    keys = [item.key for data in (ZOROLIMUS, other) for item in _items(data) if isinstance(item, Document)]
    assert keys == ["DB99901_MESH_D003876_2", "DB99901_MESH_D003876_1"]


@pytest.mark.parametrize(
    ("label", "code", "kind", "ids"),
    [
        ("Drug", "MESH:C999902", "Treatment", ("mesh:C999902",)),
        ("Drug", "DB:DB00337", "Treatment", ("drugbank:DB00337",)),
        ("Drug", "DB:DB:DB00337", "Treatment", ("drugbank:DB00337",)),
        ("Drug", "DB:B02362", "Treatment", ()),
        ("Drug", "DB:DBDB08902", "Treatment", ()),
        ("Drug", "DB:DBSALT001045", "Treatment", ("drugbank.salt:DBSALT001045",)),
        ("Protein", "uniprot:P04150", "Protein", ("uniprot:P04150",)),
        ("Protein", "MESH:D000001", "Protein", ("mesh:D000001",)),
        ("Pathway", "reactome:R-HSA-416476\ufeff", "Pathway", ("reactome:R-HSA-416476",)),
        ("Pathway", "REACT:R-HSA-416476", "Pathway", ("reactome:R-HSA-416476",)),
        ("Cell", "CL:0000084", "CellType", ("CL:0000084",)),
        ("PhenotypicFeature", "HP:0000989", "Phenotype", ("HP:0000989",)),
        ("MolecularActivity", "GO:0004672", "Thing", ("GO:0004672",)),
        ("OrganismTaxon", "taxonomy:9606", "Thing", ("NCBITaxon:9606",)),
        ("GeneFamily", "InterPro:IPR000451", "Thing", ("interpro:IPR000451",)),
        # The label and the vocabulary of the identifier disagree: it is not said to be either.
        ("Disease", "DB:DB00100", "Thing", ("drugbank:DB00100",)),
        ("Disease", "HP:0004349", "Thing", ("HP:0004349",)),
        ("BiologicalProcess", "reactome:R-HSA-1", "Thing", ("reactome:R-HSA-1",)),
        ("Something", "NEW:1", "Thing", ()),
    ],
)
def test_node_is_named_by_its_identifier_and_is_of_the_kind_of_its_label(
    label: str, code: str, kind: str, ids: tuple[str, ...]
) -> None:
    nodes = [*ZOROLIMUS["nodes"], {"id": code, "label": label, "name": "a name", "alt_names": ["another"]}]
    link = {"key": "causes", "source": "GO:0006954", "target": code.strip("\ufeff")}
    [fact] = _facts(_changed(nodes=nodes, links=[link]))
    assert fact.values["to"] == Mention(kind, ("a name", "another"), ids)


def test_drugbank_number_is_not_taken_for_the_drug_of_another_identifier() -> None:
    """DrugBank's number often is that of the base, where the MeSH heading is the ester or salt."""
    [fact, *_] = _facts(ZOROLIMUS)
    assert fact.values["from"] == Mention("Treatment", ("Zorolimus",), ("mesh:C999901",))


@pytest.mark.parametrize(
    ("graph_changes", "expected"),
    [
        ({"drug_mesh": "MESH:C1,MESH:C2", "drugbank": "DB:DB99901"}, ("drugbank:DB99901",)),
        ({"drug_mesh": "MESH:C999902"}, ("mesh:C999902",)),
        ({"drug_mesh": None, "drugbank": "DB:B02362"}, ()),
    ],
)
def test_drug_of_a_path_without_its_node_is_named_by_the_graph(
    graph_changes: dict[str, str | None], expected: tuple[str, ...]
) -> None:
    [thing] = [item for item in _items(_changed(graph=ZOROLIMUS["graph"] | graph_changes)) if isinstance(item, Thing)]
    assert thing.values["subjectTerm"] == Mention("Treatment", ("zorolimus",), expected)


@pytest.mark.parametrize("key", ["references", "reference"])
@pytest.mark.parametrize("value", ["https://example.org/a", ["https://example.org/a", None, "https://example.org/a"]])
def test_references_are_a_list_or_one_under_either_key(key: str, value: object) -> None:
    data = {name: content for name, content in ZOROLIMUS.items() if name != "references"} | {key: value}
    [thing] = [item for item in _items(data) if isinstance(item, Thing)]
    assert thing.values["publication"] == ["https://example.org/a"]


# --- what is not kept


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ({"key": "causes", "source": "GO:0006954", "target": "GO:0000001"}, "no node of its path"),
        ({"key": "", "source": "GO:0006954", "target": "MESH:D003876"}, "without a relation"),
        ({"source": "GO:0006954", "target": "MESH:D003876"}, "without a relation"),
        ({"key": "causes", "source": "GO:0006954", "target": "GO:0006954"}, "from a thing to itself"),
        (ZOROLIMUS["links"][0], "stands twice"),
        ({"key": "causes", "source": "UniProt:P35225", "target": "MESH:D003876", "negated": "true"}, "negated"),
    ],
)
def test_link_that_is_no_step_is_skipped_with_a_reason(link: dict[str, str], reason: str) -> None:
    items = _items(_changed(links=[*ZOROLIMUS["links"], link]))
    [skip] = [item for item in items if isinstance(item, Skip)]
    assert reason in skip.reason
    assert sum(isinstance(item, Fact) for item in items) == 4


@pytest.mark.parametrize("data", [None, [], "text", {}, _changed(graph=None), _changed(graph={}), _changed(nodes=[])])
def test_record_that_is_no_path_is_skipped(data: object) -> None:
    [skip] = _items(data)
    assert isinstance(skip, Skip)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.yaml", ""),
        ("other.yaml", "name: Atopic dermatitis\npathophysiology: []\n"),
        ("cut.yaml", "directed: true\ngraph:\n  _id: DB0"),
        ("anchors.yaml", "graph: &g {_id: a, disease: b}\nnodes: []\nlinks: []\n"),
        ("table.tsv", "a\tb\n1\t2\n"),
        ("latin.yaml", b"graph: {_id: a, disease: \xe9}\nnodes: []\nlinks: []\n"),
    ],
)
def test_other_and_broken_files_are_refused_by_name(
    tmp_path: Path, source: Source, name: str, content: str | bytes
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInputError, match=name):
        list(recognise(source, inputs.find([str(tmp_path / name)])))


def test_json_list_is_read_as_the_yaml_is(tmp_path: Path, source: Source, resolver: Resolver) -> None:
    (tmp_path / "paths.json").write_text(json.dumps([ZOROLIMUS]))
    assert _loaded(source, resolver, tmp_path / "paths.json") == _loaded(
        source, resolver, _written(tmp_path, ZOROLIMUS)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "MESH:D003876", "GO:0006954", "DB:B1", "Drug"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*ZOROLIMUS, *ZOROLIMUS["graph"], "id", "label", "name", "key", "source", "target"]), inner
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(data=JSON)
def test_any_record_gives_items_or_a_reason_and_always_the_same(data: object) -> None:
    items = _items(data)
    assert items
    assert items == _items(data)


@settings(max_examples=40, deadline=None)
@given(nodes=st.permutations(ZOROLIMUS["nodes"]))
def test_order_of_the_nodes_does_not_matter(nodes: list[object]) -> None:
    assert _items(_changed(nodes=nodes)) == _items(ZOROLIMUS)


# --- the real files


def test_paths_of_atopic_dermatitis(samples: Path, source: Source, resolver: Resolver) -> None:
    facts, skips, text = _loaded(source, resolver, *sorted((samples / "drugmechdb").glob("DB*.yaml")))
    assert (facts, skips) == ({"MechanismPath": 25, "PathStep": 211}, {})
    disease = "objectTerm> <http://purl.obolibrary.org/obo/MONDO_0004980> .\n"
    assert text.count(disease) == 25
    record = "<https://w3id.org/treatkg/load/drugmechdb/record/DB00337_MESH_D003876_1/2026-01-02"
    tkg = "<https://w3id.org/treatkg/ontology#"
    for triple in (
        f"{record}/path> {tkg}subjectTerm> <https://w3id.org/treatkg/id/pimecrolimus>",
        f"{record}/step/1> {tkg}from> <https://w3id.org/treatkg/id/pimecrolimus>",
        f'{record}/step/1> {tkg}statedRelation> "decreases activity of"',
        f"{record}/step/1> {tkg}to> <http://purl.uniprot.org/uniprot/Q08209>",
        f'{record}/step/7> {tkg}statedRelation> "causes"',
    ):
        assert f"{triple} .\n" in text
    subject = "#subjectTerm> <https://w3id.org/treatkg/id/"
    known = [line.partition(subject)[2].rstrip("> .") for line in text.splitlines() if subject in line]
    # The other 18 are of substances that are not curated, among them esters of those that are.
    assert sorted(known) == [
        "dupilumab",
        "fluticasone-propionate",
        "hydrocortisone",
        "methylprednisolone",
        "mometasone-furoate",
        "pimecrolimus",
        "prednisolone",
    ]


def test_all_paths_in_one_file(samples: Path, source: Source) -> None:
    transform = source.transform()
    [got] = recognise(source, inputs.find([str(samples / "drugmechdb" / "indication_paths.yaml")]))
    kinds: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    for record in got.reader().records(got.file):
        for item in transform(record):
            kinds[item.reason if isinstance(item, Skip) else type(item).__name__] += 1
            if isinstance(item, Fact):
                relations[item.values["statedRelation"]] += 1
    assert kinds == {
        "Document": 4834,
        "Thing": 4834,
        "Fact": 32476,
        "a step that stands twice in its path": 44,
        "a step from a thing to itself": 1,
    }
    assert relations["positively regulates"] == 6607
    assert (relations["treats"], relations["contraindicated for"]) == (167, 8)
