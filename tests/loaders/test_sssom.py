"""SSSOM: heads, prefixes of the set and of the graph, what is denied, and the real mapping sets."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import loading
from treatkg.errors import BadInputError
from treatkg.loading import inputs, recognise
from treatkg.loading.items import Document, Fact, Item, Record, Skip, Thing
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Writer

SOURCE = loading.find("sssom")
TRANSFORM = SOURCE.transform()
OBO = "http://purl.obolibrary.org/obo/"
REGISTRY = "https://bioregistry.io/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SEMAPV = "https://w3id.org/semapv/vocab/"
DAY = datetime.date(2026, 1, 1)
HEAD = """# curie_map:
#   MONDO: http://purl.obolibrary.org/obo/MONDO_
#   mesh: http://identifiers.org/mesh/
#   ZX: http://zor.example/ZX_
#   skos: http://www.w3.org/2004/02/skos/core
# license: https://creativecommons.org/publicdomain/zero/1.0/
# mapping_set_id: http://zor.example/zor.sssom.tsv
# mapping_set_title: Zor and MONDO
# mapping_set_version: http://zor.example/releases/2026-03-04/zor.sssom.tsv
"""
COLUMNS = "subject_id\tsubject_label\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification\tconfidence\n"
ROW = "MONDO:0004980\tatopic eczema\tskos:exactMatch\t\tmesh:D003876\tsemapv:ManualMappingCuration\t0.90\n"


def items(path: Path, version: str = "") -> list[Item]:
    (got,) = recognise(SOURCE, inputs.find([str(path)]), version)
    return [item for record in got.reader().records(got.file) for item in TRANSFORM(record)]


def mapped(folder: Path, rows: str, head: str = HEAD, columns: str = COLUMNS) -> tuple[list[Fact], list[str]]:
    """Return the mappings of a set, and the reasons of what is skipped."""
    path = folder / "zor.sssom.tsv"
    path.write_text(head + columns + rows)
    found = items(path)
    return [i for i in found if isinstance(i, Fact)], [i.reason for i in found if isinstance(i, Skip)]


def test_a_row_is_a_mapping_between_the_terms_that_it_names(tmp_path: Path) -> None:
    (fact,), skipped = mapped(tmp_path, ROW)
    assert fact.type == "TermMapping"
    assert fact.label == "atopic eczema skos:exactMatch mesh:D003876"
    assert fact.values == {
        "subjectTerm": f"{OBO}MONDO_0004980",
        "predicateTerm": f"{SKOS}exactMatch",
        "objectTerm": f"{REGISTRY}mesh:D003876",
        "mappingJustification": f"{SEMAPV}ManualMappingCuration",
        "mappingConfidence": Decimal("0.90"),
    }
    assert fact.passages[0].locator == "line 11"
    assert skipped == []


def test_the_document_is_the_mapping_set_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "zor.sssom.tsv"
    path.write_text(HEAD + COLUMNS + ROW)
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    assert (got.version, got.date) == ("2026-03-04", datetime.date(2026, 3, 4))
    document, *_ = items(path)
    assert document == Document(
        key="http://zor.example/zor.sssom.tsv",
        title="Zor and MONDO",
        url="http://zor.example/zor.sssom.tsv",
        values={"license": "https://creativecommons.org/publicdomain/zero/1.0/"},
    )


def test_files_of_one_set_without_a_version_are_documents_apart(tmp_path: Path) -> None:
    head = "".join(line for line in HEAD.splitlines(keepends=True) if "mapping_set_version" not in line)
    keys = []
    for name in ("one", "two-2026-01-01", "two-2026-02-01"):
        path = tmp_path / f"{name}.sssom.tsv"
        path.write_text(head + COLUMNS + ROW)
        keys += [item.key for item in items(path) if isinstance(item, Document)]
    assert keys == [f"http://zor.example/zor.sssom.tsv-{name}" for name in ("one", "two", "two")]


def test_without_a_head_the_file_and_our_prefixes_serve(tmp_path: Path) -> None:
    path = tmp_path / "zor_2025-06-07.sssom.tsv"
    path.write_text(COLUMNS + ROW.replace("mesh:", "MESH:"))
    (got,) = recognise(SOURCE, inputs.find([str(path)]))
    assert got.version == "2025-06-07"
    document, thing, fact = items(path)
    assert isinstance(document, Document)
    assert isinstance(fact, Fact)
    assert document.key == "zor"
    assert thing == Thing(f"{OBO}MONDO_0004980", [], {"label": "atopic eczema"})
    assert fact.values["objectTerm"] == f"{REGISTRY}mesh:D003876"
    (told,) = recognise(SOURCE, inputs.find([str(path)]), "7.1")
    assert told.version == "7.1"


def test_the_prefixes_of_the_set_count_before_ours(tmp_path: Path) -> None:
    own = HEAD.replace("identifiers.org/mesh/", "zor.example/mesh_")
    (fact,), _ = mapped(tmp_path, ROW, own)
    assert fact.values["objectTerm"] == "http://zor.example/mesh_D003876"
    (fact,), _ = mapped(tmp_path, ROW.replace("mesh:D003876", "ZX:7"))
    assert fact.values["objectTerm"] == "http://zor.example/ZX_7"


def test_prefixes_that_the_standard_fixes_are_not_redefined(tmp_path: Path) -> None:
    (fact,), _ = mapped(tmp_path, ROW)
    assert fact.values["predicateTerm"] == f"{SKOS}exactMatch"
    (fact,), _ = mapped(tmp_path, ROW.replace("skos:exactMatch", "owl:equivalentClass"))
    assert fact.values["predicateTerm"] == "http://www.w3.org/2002/07/owl#equivalentClass"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("\t\tmesh", "\tNot\tmesh"), "a mapping that is denied (Not)"),
        (("\t\tmesh", "\tNOT\tmesh"), "a mapping that is denied (Not)"),
        (("\t\tmesh", "\tPerhaps\tmesh"), "a mapping with an unknown modifier"),
        (("mesh:D003876", ""), "a row without subject, predicate or object"),
        (("skos:exactMatch", " "), "a row without subject, predicate or object"),
        (("mesh:D003876", "zorvex:1"), "a term whose prefix neither the mapping set nor this graph knows"),
        (("mesh:D003876", "no id"), "a term whose prefix neither the mapping set nor this graph knows"),
        (("mesh:D003876", "sssom:NoTermFound"), "a search that found no term"),
        (("0.90", "high"), "a confidence that is no number from 0 to 1"),
        (("0.90", "1.5"), "a confidence that is no number from 0 to 1"),
        (("0.90", "NaN"), "a confidence that is no number from 0 to 1"),
        (("0.90", "-0.1"), "a confidence that is no number from 0 to 1"),
    ],
)
def test_what_is_no_mapping_is_skipped_with_its_reason(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    assert mapped(tmp_path, ROW.replace(*change)) == ([], [reason])


def test_a_literal_is_no_term(tmp_path: Path) -> None:
    columns = "subject_id\tsubject_label\tsubject_type\tpredicate_id\tobject_id\tmapping_justification\n"
    row = "\tdry skin\trdfs literal\tskos:exactMatch\tMONDO:0004980\tsemapv:LexicalMatching\n"
    assert mapped(tmp_path, row, columns=columns) == ([], ["a mapping of a literal"])


def test_columns_vary_and_their_order_says_nothing(tmp_path: Path) -> None:
    least = "object_id\tpredicate_id\tsubject_id\n"
    (fact,), _ = mapped(tmp_path, "mesh:D003876\tskos:exactMatch\tMONDO:0004980\n", columns=least)
    assert {key: value for key, value in fact.values.items() if value} == {
        "subjectTerm": f"{OBO}MONDO_0004980",
        "predicateTerm": f"{SKOS}exactMatch",
        "objectTerm": f"{REGISTRY}mesh:D003876",
    }
    first = "subject_id\tpredicate_id\tobject_id\n"
    (other,), _ = mapped(tmp_path, "MONDO:0004980\tskos:exactMatch\tmesh:D003876\n", columns=first)
    assert other.name == fact.name


def test_empty_cells_at_the_end_of_a_row_may_be_left_out_but_no_row_is_cut_short(tmp_path: Path) -> None:
    short = ROW.removesuffix("\t0.90\n")
    (fact,), _ = mapped(tmp_path, f"{short}\n")
    assert fact.values["mappingConfidence"] is None
    with pytest.raises(BadInputError, match="6 cells under 7 columns"):
        mapped(tmp_path, ROW + short)


def test_two_reasons_for_one_pair_are_two_mappings(tmp_path: Path) -> None:
    other = ROW.replace("ManualMappingCuration", "LexicalMatching")
    facts, _ = mapped(tmp_path, ROW + other + ROW)
    assert facts[0].name == facts[2].name != facts[1].name
    assert [fact.passages[0].locator for fact in facts] == ["line 11", "line 12", "line 13"]


def test_quoted_cells_hold_tabs_and_quotes(tmp_path: Path) -> None:
    (fact,), _ = mapped(tmp_path, ROW.replace("atopic eczema", '"a ""dry""\teczema"'))
    assert fact.label.startswith('a "dry"\teczema ')


def test_triples_are_those_of_the_model(tmp_path: Path) -> None:
    (fact,), _ = mapped(tmp_path, ROW)
    document = items(tmp_path / "zor.sssom.tsv")[0]
    (block,) = Writer(SOURCE, "2026-03-04", DAY, DAY, Resolver()).blocks([document, fact], "line 11")
    lines = "".join(block.lines())
    ours = "https://w3id.org/treatkg/ontology#"
    assert f'<{ours}mappingConfidence> "0.9"^^<http://www.w3.org/2001/XMLSchema#decimal>' in lines
    assert f"<{ours}mappingJustification> <{SEMAPV}ManualMappingCuration>" in lines
    assert f"<{ours}predicateTerm> <{SKOS}exactMatch>" in lines
    assert f"> <{SKOS}exactMatch> <" not in lines  # a loaded set merges no terms by itself


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("subject_id\tobject_id\tmatch_type\n", "before SSSOM 0.9"),
        ("subject_id\tobject_id\tmapping_justification\n", "without the column predicate_id"),
        ("subject\tpredicate\tobject\n", "load it as `kgx`"),
        ("mapping_set_id: x\n", "not a file of"),
        (HEAD, "not a file of"),
        ("# curie_map: [\n" + COLUMNS + ROW, "the head is not valid YAML"),
        ("", "the file is empty"),
        (HEAD + COLUMNS + ROW[:30], ":11: 2 cells under 7 columns|:11: \\d cells"),
        (HEAD + COLUMNS + ROW.replace("atopic", '"atopic'), ":11: not a sound table"),
    ],
)
def test_what_is_no_mapping_set_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "zor.sssom.tsv"
    path.write_text(content)
    with pytest.raises(BadInputError, match=reason) as raised:
        items(path)
    assert str(path) in str(raised.value)


CELLS = st.sampled_from(
    ["", "MONDO:0004980", "skos:exactMatch", "Not", "0.5", "x y", "sssom:NoTermFound", "\u202e", "a" * 300]
)
KEYS = [
    "subject_id",
    "predicate_id",
    "object_id",
    "predicate_modifier",
    "confidence",
    "subject_label",
    "mapping_justification",
]
HEADS = st.fixed_dictionaries({}, optional={
    "curie_map": st.one_of(st.just("x"), st.dictionaries(CELLS, st.one_of(CELLS, st.just("http://z/")), max_size=2)),
    "mapping_set_id": st.one_of(CELLS, st.just(["x"])), "file": CELLS})  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), CELLS), HEADS)
def test_any_row_gives_a_mapping_or_a_reason(row: dict[str, str], head: dict[str, object]) -> None:
    record = Record(row, "line 2", head)
    found = list(TRANSFORM(record))
    assert found == list(TRANSFORM(Record(dict(reversed(row.items())), "line 2", head)))
    assert sum(isinstance(item, (Fact, Skip)) for item in found) == 1
    assert len(list(Writer(SOURCE, "1", DAY, DAY, Resolver()).blocks(found, "line 2"))) == 1


# --- the real files

REAL = {
    "biomappings_positive.sssom.tsv": (11719, None),
    "mondo_exactmatch_doid.sssom.tsv": (11966, "2026-08-04"),
    "mondo_exactmatch_efo.sssom.tsv": (2399, "2026-08-04"),
    "mondo_exactmatch_mesh.sssom.tsv": (8181, "2026-08-04"),
    "mondo_exactmatch_umls.sssom.tsv": (21660, "2026-08-04"),
    "mp_hp_example_embedded.sssom.tsv": (1671, None),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_mapping_sets_load_whole(samples: Path, name: str) -> None:
    count, version = REAL[name]
    (got,) = recognise(SOURCE, inputs.find([str(samples / "sssom" / name)]))
    assert got.version == version or version is None
    found = items(samples / "sssom" / name)
    facts = [item for item in found if isinstance(item, Fact)]
    assert len(facts) == count == len({fact.name for fact in facts})
    assert not any(isinstance(item, Skip) for item in found)


def test_pinned_mappings_of_the_real_sets(samples: Path) -> None:
    pairs = {
        (str(item.values["subjectTerm"]), str(item.values["objectTerm"]))
        for name in ("mesh", "umls", "doid", "efo")
        for item in items(samples / "sssom" / f"mondo_exactmatch_{name}.sssom.tsv")
        if isinstance(item, Fact)
    }
    eczema = {value for subject, value in pairs if subject == f"{OBO}MONDO_0004980"}
    assert eczema == {
        f"{REGISTRY}mesh:D003876", f"{REGISTRY}umls:C0011615", f"{REGISTRY}DOID:3310",
        "http://www.ebi.ac.uk/efo/EFO_0000274",
    }  # fmt: skip
    predicates = Counter(
        item.values["predicateTerm"]
        for item in items(samples / "sssom" / "mp_hp_example_embedded.sssom.tsv")
        if isinstance(item, Fact)
    )
    assert max(predicates) == "http://www.w3.org/2002/07/owl#equivalentClass"
