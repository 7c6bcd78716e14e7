"""Rows and what people turn them into."""

import csv
import datetime
import io
import json
from decimal import Decimal

import pandas as pd
import pyoxigraph as ox
import pytest

import treatkg
from treatkg import Result

ROWS = """
SELECT ?iri ?count ?share ?day ?yes ?text ?none WHERE {
  VALUES (?iri ?count ?share ?day ?yes ?text) {
    (<dupilumab> 3 1.5 "2017-03-28"^^xsd:date true "a|b")
    (MONDO:0004980 -2 0.25 "2020-02-29"^^xsd:date false "é, \\"q\\"")
    (UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF)
  }
}
"""
FORMULAS = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.fixture(scope="module")
def rows(kg: treatkg.Knowledge) -> Result:
    return kg.select(ROWS)


def literals(kg: treatkg.Knowledge, *texts: str) -> Result:
    """Return one row for each text, through a query, so that engine and result are the real ones."""
    escaped = (json.dumps(text, ensure_ascii=False) for text in texts)
    return kg.select("SELECT ?x WHERE { VALUES ?x { " + " ".join(escaped) + " } }")


def test_values_have_python_types(rows: Result) -> None:
    first = rows.to_dicts()[0]
    assert first == {
        "iri": "dupilumab",
        "count": 3,
        "share": Decimal("1.5"),
        "day": datetime.date(2017, 3, 28),
        "yes": True,
        "text": "a|b",
        "none": None,
    }
    assert [type(value) for value in first.values()][1:5] == [int, Decimal, datetime.date, bool]


def test_missing_values_are_none(rows: Result) -> None:
    assert set(rows.to_dicts()[2].values()) == {None}


def test_length_and_iteration_agree(rows: Result) -> None:
    assert len(rows) == len(list(rows)) == len(rows.to_dicts()) == 3


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"soon"^^xsd:date', "soon"),
        ('"2020-01-01Z"^^xsd:date', "2020-01-01Z"),
        ('"2021-02-29"^^xsd:date', "2021-02-29"),
        ('"many"^^xsd:integer', "many"),
        ('"half"^^xsd:decimal', "half"),
        ('"NaN"^^xsd:decimal', "NaN"),
        ('"perhaps"^^xsd:boolean', "perhaps"),
        ('"1"^^xsd:boolean', True),
        ('"0"^^xsd:boolean', False),
    ],
)
def test_literals_as_an_engine_keeps_them(kg: treatkg.Knowledge, written: str, value: object) -> None:
    result = kg.select("SELECT ?x WHERE { VALUES ?x { " + written + " } }")
    assert result.to_dicts() == [{"x": value}]
    assert json.loads(result.to_json()) == [{"x": value}]


def test_an_integer_of_any_length_is_read(kg: treatkg.Knowledge) -> None:
    digits = "9" * 5000
    result = kg.select('SELECT ?x WHERE { VALUES ?x { "' + digits + '"^^xsd:integer } }')
    assert str(result.to_dicts()[0]["x"]) == digits


def test_csv(rows: Result) -> None:
    table = list(csv.reader(io.StringIO(rows.to_csv())))
    assert table[0] == ["iri", "count", "share", "day", "yes", "text", "none"]
    assert table[1] == ["dupilumab", "3", "1.5", "2017-03-28", "true", "a|b", ""]
    assert table[2] == ["MONDO:0004980", "-2", "0.25", "2020-02-29", "false", 'é, "q"', ""]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_guards_against_formulas(kg: treatkg.Knowledge, text: str) -> None:
    result = literals(kg, text)
    assert list(csv.reader(io.StringIO(result.to_csv(), newline="")))[1] == [f"'{text}"]
    assert list(csv.reader(io.StringIO(result.to_csv(raw=True), newline="")))[1] == [text]


def test_csv_leaves_negative_numbers_alone(kg: treatkg.Knowledge) -> None:
    assert kg.select("SELECT (-1 AS ?x) (-1.5 AS ?y) WHERE {}").to_csv() == "x,y\n-1,-1.5\n"


def test_csv_keeps_line_breaks_and_quotes(kg: treatkg.Knowledge) -> None:
    text = 'one\ntwo, "three"'
    assert list(csv.reader(io.StringIO(literals(kg, text).to_csv())))[1] == [text]


def test_tsv(rows: Result) -> None:
    lines = rows.to_csv(separator="\t").splitlines()
    assert lines[1].split("\t") == ["dupilumab", "3", "1.5", "2017-03-28", "true", "a|b", ""]


def test_json(rows: Result) -> None:
    first = json.loads(rows.to_json())[0]
    assert first["share"] == 1.5
    assert first["day"] == "2017-03-28"
    assert first["yes"] is True
    assert first["none"] is None
    assert "é" in rows.to_json()


def test_markdown_escapes_bars(rows: Result) -> None:
    lines = rows.to_markdown().splitlines()
    assert lines[0] == "| iri | count | share | day | yes | text | none |"
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- |"
    assert "| a\\|b |" in lines[2]


def test_a_markdown_row_is_one_line(kg: treatkg.Knowledge) -> None:
    assert literals(kg, "one\ntwo\r\nthree").to_markdown().splitlines()[2:] == ["| one two three |"]


def test_pandas_types(rows: Result) -> None:
    frame = rows.to_pandas()
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert types["count"] == "Int64"
    assert types["share"] == "Float64"
    assert types["yes"] == "boolean"
    assert types["text"] == types["iri"] == "string"
    assert types["day"] == "datetime64[s]"
    assert frame["day"].dt.year.tolist()[:2] == [2017, 2020]
    assert frame["day"][0] == pd.Timestamp("2017-03-28")


def test_pandas_missing_values(rows: Result) -> None:
    frame = rows.to_pandas()
    assert frame.loc[2].isna().all()
    for column in ("iri", "count", "share", "yes", "text"):
        assert frame.loc[2, column] is pd.NA


@pytest.mark.parametrize("day", ["2021-02-29", "soon"])
def test_pandas_keeps_what_is_no_day_as_text(kg: treatkg.Knowledge, day: str) -> None:
    frame = kg.select('SELECT ?x WHERE { VALUES ?x { "2020-01-01"^^xsd:date "' + day + '"^^xsd:date } }').to_pandas()
    assert day in frame["x"].tolist()
    assert not str(frame["x"].dtype).startswith("datetime")


def test_pandas_reads_days_of_any_century(kg: treatkg.Knowledge) -> None:
    frame = kg.select('SELECT ?x WHERE { VALUES ?x { "0001-01-01"^^xsd:date "9999-12-31"^^xsd:date } }').to_pandas()
    assert frame["x"].dt.year.tolist() == [1, 9999]


def test_pandas_without_rows_keeps_the_columns(kg: treatkg.Knowledge) -> None:
    frame = kg.select("SELECT ?a ?b WHERE { FILTER(false) }").to_pandas()
    assert list(frame.columns) == ["a", "b"]
    assert frame.empty


def test_a_notebook_shows_text_not_markup(kg: treatkg.Knowledge) -> None:
    shown = literals(kg, "<script>alert(1)</script> & co")._repr_html_()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in shown
    assert "<script>" not in shown
    assert "1 rows" in shown


def test_a_notebook_shows_the_first_rows_and_says_how_many_there_are(kg: treatkg.Knowledge) -> None:
    shown = literals(kg, *map(str, range(50)))._repr_html_()
    assert shown.count("<tr>") == 21
    assert "50 rows" in shown


def test_for_people_leaves_out_empty_and_repeated_columns() -> None:
    a, b = ox.Literal("a"), ox.Literal("b")
    result = Result(("first", "empty", "again", "second"), ((a, None, a, a), (b, None, b, a)))
    columns = result.for_people(lambda term: "" if term is None else str(getattr(term, "value", "")))
    assert columns == {"first": [("a", a), ("b", b)], "second": [("a", a), ("a", a)]}
