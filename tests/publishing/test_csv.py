"""The tables hold every fact with all that it says, and are described column by column."""

import csv
import datetime
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from treatkg import graph, namespaces, publishing
from treatkg.namespaces import RDF, TKG
from treatkg.publishing import Content
from treatkg.publishing.csv_tables import guarded

Row = dict[str, str]
Values = dict[str, dict[str, list[ox.NamedNode | ox.Literal]]]
NESTED = {TKG + name for name in ("population", "condition", "phase")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("csv")
    publishing.export("csv", out)
    return out


@pytest.fixture(scope="module")
def metadata(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "csv-metadata.json").read_text(encoding="utf-8"))["tables"]
    return found


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, list[Row]]:
    return {
        file.stem: list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
        for file in folder.glob("*.csv")
    }


@pytest.fixture(scope="module")
def triples() -> Values:
    index: Values = defaultdict(lambda: defaultdict(list))
    for triple in Content().complete:
        if isinstance(triple.object, (ox.NamedNode, ox.Literal)):
            index[graph.iri_of(triple.subject)][triple.predicate.value].append(triple.object)
    return index


def facts(triples: Values) -> set[str]:
    wanted = ox.NamedNode(TKG + "Fact")
    return {iri for iri, properties in triples.items() if wanted in properties[RDF + "type"]}


def said(triples: Values, iri: str) -> Iterator[str]:
    """Yield each value that a fact has, itself or in its populations, conditions and phases, as a cell spells it."""
    for prop, values in triples[iri].items():
        if prop in {RDF + "type", TKG + "evidence"}:
            continue
        for value in values:
            if prop in NESTED:
                yield from said(triples, value.value)
            else:
                yield value.value if isinstance(value, ox.Literal) else namespaces.shorten(value.value)


def parts(row: Row) -> set[str]:
    """Return each cell, and each of the values in it."""
    cells = {re.sub(r"^'(?=[=+\-@\t\r])", "", cell) for cell in row.values()}
    outer = {value for cell in cells for value in cell.split(" | ")}
    return cells | outer | {value for each in outer for value in each.split("; ")}


def test_every_fact_is_one_row_with_all_that_it_says(tables: dict[str, list[Row]], triples: Values) -> None:
    rows: dict[str, list[Row]] = defaultdict(list)
    for name, table in tables.items():
        if name != "evidence":
            for row in table:
                rows[row.get("id", "")].append(row)
    for fact in facts(triples):
        (row,) = rows[namespaces.shorten(fact)]
        assert set(said(triples, fact)) <= parts(row), fact


def test_every_piece_of_evidence_is_one_row_with_its_source(tables: dict[str, list[Row]], triples: Values) -> None:
    rows = {row["id"]: row for row in tables["evidence"]}
    pairs = [(fact, each.value) for fact in facts(triples) for each in triples[fact][TKG + "evidence"]]
    assert len(rows) == len(pairs)
    for fact, evidence in pairs:
        row = rows[namespaces.shorten(evidence)]
        assert row["fact_id"] == namespaces.shorten(fact)
        assert set(said(triples, evidence)) <= parts(row), evidence


@pytest.mark.parametrize("name", ["sources", "trials", "trial-arms", "treatments", "vocabulary", "terms"])
def test_tables_of_things_say_all_of_them(name: str, tables: dict[str, list[Row]], triples: Values) -> None:
    """What has a table of its own (matches, arms, facts of groups) or is about the graph itself is not repeated."""
    elsewhere = [namespaces.SKOS + "exactMatch", namespaces.SKOS + "closeMatch"]
    elsewhere += [TKG + name for name in ("hasArm", "subjectTo", "profileCovers")]
    assert tables[name]
    for row in tables[name]:
        iri = namespaces.expand(row["id"])
        said_here = {prop: values for prop, values in triples[iri].items() if prop not in elsewhere}
        assert set(said(defaultdict(lambda: defaultdict(list), {**triples, iri: said_here}), iri)) <= parts(row)


def test_no_match_is_lost(tables: dict[str, list[Row]], triples: Values) -> None:
    relations = {namespaces.SKOS + "exactMatch": "exact match", namespaces.SKOS + "closeMatch": "close match"}
    expected = {
        (namespaces.shorten(iri), relations[prop], value.value)
        for iri, properties in triples.items()
        for prop in relations
        for value in properties.get(prop, [])
    }
    assert {(row["id"], row["relation"], row["iri"]) for row in tables["identifiers"]} == expected
    assert {"CHEBI", "unii", "drugbank"} <= {row["prefix"] for row in tables["identifiers"]}


def test_facts_of_groups_reach_their_members(tables: dict[str, list[Row]], triples: Values) -> None:
    expected = sum(len(properties.get(TKG + "subjectTo", [])) for properties in triples.values())
    assert len(tables["group-facts"]) == expected
    ids = {name: {row.get("id") for row in table} for name, table in tables.items()}
    assert all(row["fact_id"] in ids[row["table"]] for row in tables["group-facts"])


def test_evidence_columns_belong_together(tables: dict[str, list[Row]]) -> None:
    for row in tables["contraindications"]:
        counts = {len(row[f"evidence_{name}"].split(" | ")) for name in ("source", "source_id", "url", "locator")}
        assert len(counts) == 1


def test_alternative_populations_keep_their_places(tables: dict[str, list[Row]]) -> None:
    several = [row for row in tables["indications"] if " | " in row["population"]]
    assert several
    for row in several:
        assert row["population"].count(" | ") == row["population_min_age_months"].count(" | ")


def test_ages_are_in_months_and_years(tables: dict[str, list[Row]]) -> None:
    ages = {row["population_min_age_months"]: row["population_min_age_years"] for row in tables["indications"]}
    assert (ages["6"], ages["144"]) == ("0.5", "12")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_text_is_never_a_formula(text: str, written: str) -> None:
    assert guarded(text) == written


def test_cells_of_a_hostile_graph_are_text_and_numbers_stay_numbers(tmp_path: Path) -> None:
    graph_file = tmp_path / "hostile.ttl"
    graph_file.write_text(
        f"""@base <{namespaces.BASE}> . @prefix tkg: <{TKG}> . @prefix rdfs: <{namespaces.RDFS}> .
        tkg:Fact a <http://www.w3.org/2002/07/owl#Class> . tkg:TrialResult rdfs:subClassOf tkg:Fact .
        <x/trial-result/1> a tkg:TrialResult, tkg:Fact ; rdfs:label "=1+1" ;
          tkg:value -9.5 ; tkg:product "-5%, \\"x\\"" .
        """,
        encoding="utf-8",
    )
    publishing.export("csv", tmp_path / "out", Content(graph_file))
    written = (tmp_path / "out" / "trial-results.csv").read_text(encoding="utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(written))
    assert (row["label"], row["value"], row["product"]) == ("'=1+1", "-9.5", '\'-5%, "x"')


def test_no_cell_of_text_begins_as_a_formula(tables: dict[str, list[Row]], metadata: list[dict[str, Any]]) -> None:
    negative = 0
    for table in metadata:
        kinds = {column["name"]: column["datatype"] for column in table["tableSchema"]["columns"]}
        for row in tables[table["url"].removesuffix(".csv")]:
            for name, cell in row.items():
                if kinds[name] == "string":
                    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
                else:
                    negative += cell.startswith("-")
    assert negative


def test_metadata_describe_every_column(tables: dict[str, list[Row]], metadata: list[dict[str, Any]]) -> None:
    assert {table["url"].removesuffix(".csv") for table in metadata} == tables.keys()
    for table in metadata:
        columns = table["tableSchema"]["columns"]
        names = [column["name"] for column in columns]
        assert names == list(tables[table["url"].removesuffix(".csv")][0])
        assert len(set(names)) == len(names)
        assert all(column["dc:description"].endswith(".") for column in columns)
        assert table["dc:title"]
        assert table["dc:description"]


def test_cells_are_of_the_datatype_that_the_metadata_state(
    tables: dict[str, list[Row]], metadata: list[dict[str, Any]]
) -> None:
    parse: dict[str, Callable[[str], object]] = {
        "integer": int,
        "decimal": Decimal,
        "date": datetime.date.fromisoformat,
        "boolean": {"true": True, "false": False}.__getitem__,
        "string": str,
    }
    used = set()
    for table in metadata:
        rows = tables[table["url"].removesuffix(".csv")]
        for column in table["tableSchema"]["columns"]:
            cells = [row[column["name"]] for row in rows]
            values = [each for cell in cells for each in cell.split(column.get("separator") or "\0") if each]
            assert values
            used.add(column["datatype"])
            for value in values:
                parse[column["datatype"]](value)
    assert used == parse.keys()


def test_keys_are_unique_and_lead_somewhere(tables: dict[str, list[Row]], metadata: list[dict[str, Any]]) -> None:
    followed = 0
    for table in metadata:
        schema, rows = table["tableSchema"], tables[table["url"].removesuffix(".csv")]
        if "primaryKey" in schema:
            assert len({row[schema["primaryKey"]] for row in rows}) == len(rows)
        for key in schema.get("foreignKeys", []):
            reference = key["reference"]
            known = {row[reference["columnReference"]] for row in tables[reference["resource"].removesuffix(".csv")]}
            cells = {row[key["columnReference"]] for row in rows} - {""}
            assert cells <= known, (table["url"], key)
            followed += len(cells)
    assert followed > 1000


def test_spreadsheets_and_pandas_read_them(folder: Path) -> None:
    import pandas as pd

    assert (folder / "indications.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    frame = pd.read_csv(folder / "comparative-results.csv")
    assert frame.columns[0] == "id"
    assert frame["lower_limit"].dtype == "float64"
    assert frame["lower_limit"].min() < 0


def test_the_readme_lists_every_table_and_says_what_it_is_not(folder: Path, tables: dict[str, list[Row]]) -> None:
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert "no medical advice" in text
    assert all(f"{name}.csv" in text for name in tables)
