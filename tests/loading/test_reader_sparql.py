"""The reader of SPARQL answers: rows of one key are one record, and what is no sound answer is said to be none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers import reader, sparql

VARS = ["item", "value"]


def answer(rows: list[Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {**more, "head": {"vars": VARS}, "results": {"bindings": rows}}


def row(item: str | None, value: str = "x", kind: str = "literal") -> dict[str, Any]:
    cells = {"value": {"type": kind, "value": value}}
    return cells if item is None else {"item": {"type": "uri", "value": item}, **cells}


def written(folder: Path, content: object, name: str = "a.srj") -> Input:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    (found,) = inputs.find([str(file)])
    return found


def records(file: Input, key: str = "item") -> list[Record]:
    return list(reader("sparql", {"key": key}).records(file))


def test_rows_of_a_key_are_one_record(tmp_path: Path) -> None:
    rows = [row("a", "1"), row("a", "2"), row("b", "3", "bnode"), row("c")]
    request = {"endpoint": "http://e/", "day": "2026-11-28", "queries": []}
    found = records(written(tmp_path, answer(rows, request=request)))
    assert [(r.data["key"], [one["value"] for one in r.data["rows"]], r.where) for r in found] == [
        ("a", ["1", "2"], "rows 1-2"),
        ("b", ["_:3"], "row 3"),
        ("c", ["x"], "row 4"),
    ]
    assert {(r.header["day"], r.header["endpoint"]) for r in found} == {("2026-11-28", "http://e/")}


def test_without_a_key_each_row_is_a_record(tmp_path: Path) -> None:
    assert [r.data["rows"] for r in records(written(tmp_path, answer([row("a"), row("a")])), "")] == [
        [{"item": "a", "value": "x"}],
        [{"item": "a", "value": "x"}],
    ]


def test_rows_that_stand_apart(tmp_path: Path) -> None:
    rows = [row("a"), row("b"), row("a")]
    with pytest.raises(BadInputError, match="the rows of a stand apart; add ORDER BY"):
        records(written(tmp_path, answer(rows)))
    # What was fetched holds several answers, each of them whole.
    assert len(records(written(tmp_path, answer(rows, request={"day": "2026-11-28"})))) == 3


@given(st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=4), max_size=6))
@settings(max_examples=40, deadline=None)
def test_grouping_loses_and_invents_nothing(tmp_path_factory: pytest.TempPathFactory, groups: list[list[str]]) -> None:
    rows = [row(f"key-{number}", value) for number, values in enumerate(groups) for value in values]
    found = records(written(tmp_path_factory.mktemp("rows"), answer(rows)))
    assert [[one["value"] for one in record.data["rows"]] for record in found] == groups


def test_what_it_recognises(tmp_path: Path) -> None:
    of = reader("sparql", {"key": "item"})
    assert of.recognises(written(tmp_path, answer([])), {"vars": ["item"]})
    assert of.recognises(written(tmp_path, answer([row("a")], request={"day": "2026-11-28"})), {"vars": VARS})
    assert not of.recognises(written(tmp_path, answer([])), {"vars": ["item", "other"]})
    others: list[object] = [
        b"", b"{", b"[]", b"PK\x03\x04", b"\x1f\x8b", b"<html></html>", b"\xff\xfe{\x00", b"item\tvalue\na\tb\n",
        {"head": {}, "boolean": True}, {"head": {"vars": []}}, {"head": {"vars": [1]}}, {"head": {"vars": "item"}},
        [{"item": "a"}], [[[]]] * 3,
    ]  # fmt: skip
    for content in others:
        assert not of.recognises(written(tmp_path, content), {"vars": ["item"]}), content


def test_the_day_is_the_version_where_it_is_said(tmp_path: Path) -> None:
    of = reader("sparql", {})
    assert of.version(written(tmp_path, answer([], request={"day": "2026-11-28"})), "day") == "2026-11-28"
    assert of.version(written(tmp_path, answer([])), "day") == ""


WHOLE = json.dumps(answer([row("a"), row("b")])).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (WHOLE[:-20], "ends its answer midway"),
        # Blazegraph writes its trace into an answer that it cannot end in time.
        (WHOLE[:-20] + b"\nSPARQL-QUERY: ...\njava.util.concurrent.TimeoutException", "ends its answer midway"),
        (answer([row(None)]), r"row 1 has no \?item"),
        (answer([{"item": "a"}]), r"\?item has no value"),
        (answer([{"item": {"type": "uri", "value": 3}}]), r"\?item has no value"),
        (answer(["a"]), "is no row"),
        (WHOLE.replace(b'"x"', b'"\xff"'), "not valid JSON"),
        (WHOLE.replace(b'"x"', b"[" * 300 + b"]" * 300), "nested more than"),
    ],
)
def test_a_broken_answer(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(BadInputError, match=said) as error:
        records(written(tmp_path, content, "broken.srj"))
    assert "broken.srj" in str(error.value)


def test_too_many_rows_of_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparql, "MOST_ROWS", 3)
    assert len(records(written(tmp_path, answer([row("a")] * 3)))) == 1
    with pytest.raises(LimitError, match="more than 3 rows of a"):
        records(written(tmp_path, answer([row("a")] * 4)))
