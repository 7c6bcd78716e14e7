"""Wikidata: statements with rank and reference, asked of real servers over a slice, become associations and no more."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import graph, resources
from treatkg.errors import BadInputError, TreatKGError
from treatkg.linking.client import Client, Policy
from treatkg.loading import fetching, find, inputs, recognise
from treatkg.loading.items import Document, Fact, Record, Skip
from treatkg.loading.resolving import Resolver, resolver_of
from treatkg.loading.writing import Block, Writer

SOURCE = find("wikidata")
TRANSFORM = SOURCE.transform()
SLICE = Path(__file__).parent / "data" / "wikidata" / "slice.ttl"
ITEM = "http://www.wikidata.org/entity/Q99000000"
OURS = "https://w3id.org/treatkg/id/"
OTHER = "https://bioregistry.io/wikidata:Q99000000"
AD = "http://purl.obolibrary.org/obo/MONDO_0004980"


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return resolver_of(graph.parse_file(resources.TRIPLES))


def load(resolver: Resolver, file: Path) -> tuple[dict[str, Block], Counter[str]]:
    blocks: dict[str, Block] = {}
    skips = Counter[str]()
    for got in recognise(SOURCE, inputs.find([str(file)])):
        writer = Writer(SOURCE, got.version, got.date, got.file.retrieved, resolver)
        for record in got.reader().records(got.file):
            blocks |= {block.key: block for block in writer.blocks(TRANSFORM(record), record.where)}
        skips += writer.skips
    return blocks, skips


def statements(block: Block) -> dict[str, dict[str, set[str]]]:
    """Return local id of each association -> property -> values."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in block.lines():
        subject, predicate, value = line.removesuffix(" .\n").split(" ", 2)
        if subject.startswith(f"<{block.iri}/P") and "/evidence/" not in subject:
            name = subject.removesuffix(">").rpartition("/")[2].rpartition("-")[2]
            short = predicate.strip("<>").split("#")[-1].split("/")[-1]
            found.setdefault(name, {}).setdefault(short, set()).add(value.strip("<>"))
    return found


def evidence_types(block: Block) -> dict[str, str]:
    lines = [line.split(" ") for line in block.lines() if "/evidence/" in line and "dc/terms/type" in line]
    return {line[0].split("/evidence/")[0].rpartition("-")[2]: line[2].strip("<>")[-7:] for line in lines}


def fetched(tmp_path: Path, url: str) -> Path:
    layout = fetching.online_format(SOURCE)
    client = Client(tmp_path / "cache", online=True, policy=Policy(timeout=30, attempts=1))
    return fetching.fetch(SOURCE, layout, client, tmp_path, fetching.endpoint_of(layout, url))


def check(blocks: Mapping[str, Block], skips: Counter[str]) -> None:
    # Neither the item that the graph has nothing to do with, nor conditions and targets as documents.
    assert set(blocks) == {"Q990000004", "Q990000008"}
    # Each answer that has an item has all of it, so its skips are counted as often as it came.
    assert set(skips) == {"a statement whose value is unknown", "a statement that Wikidata marks as deprecated"}
    dupilumab = statements(blocks["Q990000004"])
    assert set(dupilumab) == set("ACEFH")
    assert {name: (f["statedRelation"], f["objectTerm"], f["statementRank"]) for name, f in dupilumab.items()} == {
        "A": ({'"medical condition treated"'}, {AD}, {'"preferred"'}),
        "C": ({'"medical condition treated"'}, {f"{OTHER}3"}, {'"normal"'}),
        "E": ({'"physically interacts with"'}, {"http://purl.uniprot.org/uniprot/P24394"}, {'"normal"'}),
        "F": ({'"significant drug interaction"'}, {f"{OTHER}7"}, {'"normal"'}),
        "H": ({'"physically interacts with"'}, {f"{OTHER[:-1]}12"}, {'"normal"'}),
    }
    assert all(fact["subjectTerm"] == {f"{OURS}dupilumab"} for fact in dupilumab.values())
    assert all(fact["type"] == {"https://w3id.org/treatkg/ontology#Association"} for fact in dupilumab.values())
    assert dupilumab["A"]["knowledgeSource"] == {'"A source"'}
    assert dupilumab["A"]["publication"] == {'"https://example.org/label"'}
    assert evidence_types(blocks["Q990000004"]) == {"A": "0000033", **dict.fromkeys("CEFH", "0000034")}
    (other,) = statements(blocks["Q990000008"]).values()
    assert (other["subjectTerm"], other["objectTerm"]) == ({f"{OTHER}8"}, {AD})


def test_our_own_server(tmp_path: Path, serve: Callable[[Path], str], resolver: Resolver) -> None:
    file = fetched(tmp_path, serve(SLICE))
    check(*load(resolver, file))
    # The same file again, as a user keeps it.
    assert [b.lines() for b in load(resolver, file)[0].values()] == [
        b.lines() for b in load(resolver, file)[0].values()
    ]


@pytest.mark.slow
def test_virtuoso(tmp_path: Path, start_virtuoso: Callable[[Mapping[str, Path]], str], resolver: Resolver) -> None:
    check(*load(resolver, fetched(tmp_path, start_virtuoso({"wikidata": SLICE}))))


def test_an_answer_that_was_saved_by_hand(tmp_path: Path, serve: Callable[[Path], str], resolver: Resolver) -> None:
    content = json.loads(fetched(tmp_path, serve(SLICE)).read_text(encoding="utf-8"))
    del content["request"]
    # One answer has each row once.
    content["results"]["bindings"] = sorted(
        (json.loads(row) for row in {json.dumps(row) for row in content["results"]["bindings"]}),
        key=lambda row: str(row["item"]["value"]),
    )
    saved = tmp_path / "query.json"
    saved.write_text(json.dumps(content), encoding="utf-8")
    blocks, skips = load(resolver, saved)
    check(blocks, skips)
    assert set(skips.values()) == {1}
    assert {block.version for block in blocks.values()} == {next(inputs.find([str(saved)])).retrieved.isoformat()}


# --- the transform


def row(kind: str, **cells: str) -> dict[str, str]:
    return {"item": f"{ITEM}4", "kind": kind, **cells}


def statement(property_: str = "P2175", target: str = f"{ITEM}1", **cells: str) -> dict[str, str]:
    iri = "http://www.wikidata.org/entity/statement/Q990000004-A"
    rank = "http://wikiba.se/ontology#NormalRank"
    return row("statement", **{"property": property_, "object": target, "statement": iri, "rank": rank, **cells})


def items(*rows: Mapping[str, Any]) -> list[Any]:
    return list(TRANSFORM(Record({"key": f"{ITEM}4", "rows": list(rows)}, "rows")))


def fact(*rows: Mapping[str, Any]) -> Fact:
    (found,) = [item for item in items(*rows) if isinstance(item, Fact)]
    return found


@pytest.mark.parametrize(
    ("property_", "value", "curie"),
    [
        ("P652", "420K487FSG", "unii:420K487FSG"),
        ("P715", "DB12159", "drugbank:DB12159"),
        ("P715", "12159", "drugbank:DB12159"),
        ("P592", "CHEMBL2108675", "chembl.compound:CHEMBL2108675"),
        ("P3345", "1876376", "rxnorm:1876376"),
        ("P683", "15365", "CHEBI:15365"),
        ("P486", "C582203", "mesh:C582203"),
    ],
)
def test_identifiers_of_a_substance(property_: str, value: str, curie: str) -> None:
    subject = fact(row("identifier", property=property_, value=value), statement()).values["subjectTerm"]
    assert subject.ids == ["wikidata:Q990000004", curie]


@pytest.mark.parametrize(
    ("property_", "value"), [("P652", "not a unii"), ("P715", "DB1"), ("P9999", "x"), ("P486", ""), ("", "")]
)
def test_identifiers_of_another_form_are_left_out(property_: str, value: str) -> None:
    subject = fact(row("identifier", property=property_, value=value), statement()).values["subjectTerm"]
    assert subject.ids == ["wikidata:Q990000004"]


@pytest.mark.parametrize(
    ("property_", "ids", "kind", "first"),
    [
        ("P2175", {"P5270": "MONDO_0004980"}, "Disease", "MONDO:0004980"),
        ("P2175", {"P5270": "MONDO:0004980", "P3841": "HP:0001047"}, "Disease", "MONDO:0004980"),
        ("P2175", {"P3841": "HP:0000989"}, "Phenotype", "HP:0000989"),
        ("P2175", {"P699": "DOID:3310"}, "Disease", "wikidata:Q990000001"),
        ("P2175", {}, "Disease", "wikidata:Q990000001"),
        ("P129", {"P352": "P24394"}, "Protein", "uniprot:P24394"),
        ("P129", {}, "Thing", "wikidata:Q990000001"),
        ("P769", {"P652": "420K487FSG"}, "Treatment", "wikidata:Q990000001"),
    ],
)
def test_what_the_object_is(property_: str, ids: dict[str, str], kind: str, first: str) -> None:
    known = [row("object", object=f"{ITEM}1", property=p, value=value) for p, value in ids.items()]
    mention = fact(statement(property_), *known).values["objectTerm"]
    assert (mention.kind, mention.ids[0]) == (kind, first)


def test_several_references_are_one_fact() -> None:
    rows = [statement(source=f"{ITEM}9", sourceName="A"), statement(source=f"{ITEM}8"), statement(url="https://e.org/")]
    found = fact(*rows)
    assert found.values["knowledgeSource"] == ["A", "Q990000008"]
    assert found.values["publication"] == ["https://e.org/"]
    assert [passage.evidence_type for passage in found.passages] == ["ECO:0000033"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"rank": "http://wikiba.se/ontology#DeprecatedRank"}, "deprecated"),
        ({"object": "http://www.wikidata.org/.well-known/genid/0123"}, "unknown"),
        ({"object": "_:b0"}, "unknown"),
        ({"property": "P31"}, "another property"),
        ({"property": ""}, "another property"),
        ({"statement": ""}, "without an identifier"),
    ],
)
def test_what_is_no_fact(cells: dict[str, str], reason: str) -> None:
    found = items({**statement(), **cells})
    assert [type(item) for item in found] == [Document, Skip]
    assert reason in found[1].reason


@pytest.mark.parametrize("key", ["", "http://www.wikidata.org/entity/P2175", "http://example.org/Q1", "_:b0", "Q1"])
def test_what_is_no_item(key: str) -> None:
    assert [type(item) for item in TRANSFORM(Record({"key": key, "rows": [statement()]}, "rows"))] == [Skip]


def test_nothing_is_a_licence_a_mechanism_or_a_warning() -> None:
    assert SOURCE.gives == ("Association",)


CELLS = st.sampled_from(
    ["", "label", "statement", "identifier", "object", "P2175", "P129", "P652", f"{ITEM}1", "420K487FSG", "x y", "\x00"]
) | st.text(max_size=4)
NAMES = ("kind", "property", "object", "value", "name", "statement", "rank", "source", "sourceName", "url")
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), CELLS), max_size=6)


@given(ROWS, st.randoms())
@settings(max_examples=150, deadline=None)
def test_whatever_the_rows_the_engine_takes_what_comes_of_them(rows: list[dict[str, str]], random: Any) -> None:  # noqa: ANN401
    import datetime

    found = items(*rows)
    assert isinstance(found[0], Document)
    day = datetime.date(2026, 1, 1)
    writer = Writer(SOURCE, "1", day, day, Resolver())
    for block in writer.blocks(found, "rows"):
        block.lines()
    random.shuffle(rows)
    assert Counter(map(type, items(*rows))) == Counter(map(type, found))


# --- other files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"item": "http://www.wikidata.org/entity/Q1", "kind": "label"}]', "verbose"),
        (b'{"entities": {"Q1": {"labels": {}}}}', "Special:EntityData"),
        (b'{"head": {"vars": ["item", "itemLabel"]}, "results": {"bindings": []}}', "another query"),
        (b'{"head": {"vars": ["x"]}, "results": {"bindings": []}}', "not a file of Wikidata"),
        (b'{"head": {}, "boolean": true}', "not a file of Wikidata"),
        (b"<?xml version='1.0'?><sparql/>", "not a file of Wikidata"),
        (b"item,kind\nhttp://www.wikidata.org/entity/Q1,label\n", "not a file of Wikidata"),
        (b"", "the file is empty"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path: Path, resolver: Resolver, content: bytes, said: str) -> None:
    file = tmp_path / "query.json"
    file.write_bytes(content)
    with pytest.raises(BadInputError, match=said) as error:
        load(resolver, file)
    assert "query.json" in str(error.value)


def test_a_truncated_answer_is_refused(tmp_path: Path, serve: Callable[[Path], str], resolver: Resolver) -> None:
    whole = fetched(tmp_path, serve(SLICE)).read_bytes()
    file = tmp_path / "cut.srj"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match="ends its answer midway"):
        load(resolver, file)


def test_files_of_other_sources_are_refused(samples: Path, resolver: Resolver) -> None:
    others = [file for file in samples.glob("*/*") if file.suffix != ".zip"]
    assert len(others) > 50
    for file in others:
        with pytest.raises(TreatKGError):
            load(resolver, file)
