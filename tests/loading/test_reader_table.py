"""Tables: quotes, ragged rows, line breaks, encodings, heads in YAML; and what is no table."""

from __future__ import annotations

import csv
import gc
import io
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers import table
from treatkg.loading.readers.table import TableReader

CSV = TableReader(separator=",", quote='"')
TSV = TableReader()


def written(folder: Path, content: bytes, name: str = "table.txt") -> Input:
    path = folder / name
    path.write_bytes(content)
    (file,) = inputs.find([str(path)])
    return file


def rows(reader: TableReader, file: Input) -> list[Record]:
    return list(reader.records(file))


def cells(reader: TableReader, file: Input) -> list[list[str]]:
    return [list(record.data.values()) for record in rows(reader, file)]


def test_rows_carry_their_columns_and_the_line_they_begin_at(tmp_path: Path) -> None:
    file = written(tmp_path, b'id,text\n1,"two\nlines"\n2,"a ""quoted"" word"\n\n3,\n')
    assert [(record.data, record.where) for record in rows(CSV, file)] == [
        ({"id": "1", "text": "two\nlines"}, "line 2"),
        ({"id": "2", "text": 'a "quoted" word'}, "line 4"),
        ({"id": "3", "text": ""}, "line 6"),
    ]


def test_without_a_quoting_character_a_quote_is_a_letter(tmp_path: Path) -> None:
    assert cells(TSV, written(tmp_path, b"id\ttext\n1\t\"5' cream\n")) == [["1", "\"5' cream"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, end: str, encoding: str) -> None:
    content = end.join(["id\tname", "1\tÉlan", "2\t湿疹", ""]).encode(encoding)
    if encoding == "utf-16":
        assert content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    assert cells(TSV, written(tmp_path, content)) == [["1", "Élan"], ["2", "湿疹"]]


def test_an_old_encoding_is_read_where_the_format_names_it(tmp_path: Path) -> None:
    file = written(tmp_path, "id\tname\n1\tSjögren\n".encode("cp1252"))
    assert cells(TableReader(encoding="cp1252"), file) == [["1", "Sjögren"]]
    with pytest.raises(BadInputError, match=r"table\.txt:\d+: not utf-8"):
        rows(TSV, file)


def test_a_row_of_another_width_is_an_error_with_its_line(tmp_path: Path) -> None:
    for content in (b"a\tb\n1\t2\n1\n", b"a\tb\n1\t2\n1\t2\t3\n"):
        with pytest.raises(BadInputError, match=r"table\.txt:3: \d cells under 2 columns"):
            rows(TSV, written(tmp_path, content))


def test_short_rows_are_filled_only_where_the_format_leaves_cells_out(tmp_path: Path) -> None:
    reader = TableReader(short_rows=True)
    assert cells(reader, written(tmp_path, b"a\tb\tc\n1\n1\t2\t3\n")) == [["1", "", ""], ["1", "2", "3"]]
    with pytest.raises(BadInputError, match="4 cells under 3 columns"):
        rows(reader, written(tmp_path, b"a\tb\tc\n1\t2\t3\t4\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header line"),
        (b"\n\n", "no header line"),
        (b"a,b,a\n1,2,3\n", "a column stands twice"),
        (b"a,b\n1,x\0y\n", ":2: a NUL character"),
        (b'a,b\n1,"open\n2,3\n', ":2: not a sound table"),
        (b'a,b\n1,"closed"x\n', ":2: not a sound table"),
        (b'a,"b\n', ":1: not a sound header"),
        (b"a,b\n1,\xff\n", "not utf-8"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    file = written(tmp_path, content)
    with pytest.raises(BadInputError, match=message) as raised:
        rows(CSV, file)
    assert str(raised.value).startswith(file.name)


def test_a_cell_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_LARGEST_CELL", 1000)
    assert cells(CSV, written(tmp_path, b"a,b\n1," + b"x" * 900 + b"\n")) == [["1", "x" * 900]]
    with pytest.raises(LimitError, match=":2: a line of more than 1,000 characters"):
        rows(CSV, written(tmp_path, b"a,b\n1," + b"x" * 1001 + b"\n"))
    with pytest.raises(BadInputError, match="field larger than field limit"):
        rows(CSV, written(tmp_path, b'a,b\n1,"' + b"xxxxxxxxx\n" * 200 + b'"\n'))
    with pytest.raises(LimitError, match="a head of more than 1,000 characters"):
        rows(TableReader(comment="#"), written(tmp_path, b"#comment\n" * 200 + b"a\tb\n"))


def test_a_large_cell_is_read_whole(tmp_path: Path) -> None:
    large = "x" * 300_000
    assert cells(CSV, written(tmp_path, f"a,b\n1,{large}\n".encode())) == [["1", large]]
    assert CSV.recognises(written(tmp_path, f"a,{large}\n".encode()), {"columns": ["a"]})


def test_comments_stand_before_the_header_only(tmp_path: Path) -> None:
    file = written(tmp_path, b"# made by hand\n\n#\na\tb\n#1\t2\n")
    assert [(record.data, record.where) for record in rows(TableReader(comment="#"), file)] == [
        ({"a": "#1", "b": "2"}, "line 5")
    ]


def test_a_yaml_head_comes_with_each_record_as_text(tmp_path: Path) -> None:
    head = "#set: x\n#version: 1.10\n#date: 2026-01-02\n#map:\n#  no: http://x.org/no_\n#  '1': http://x.org/1_\n"
    file = written(tmp_path, f"{head}a\tb\n1\t2\n".encode())
    reader = TableReader(comment="#", yaml_head=True)
    (record,) = reader.records(file)
    assert record.header == {
        "set": "x",
        "version": "1.10",
        "date": "2026-01-02",
        "map": {"no": "http://x.org/no_", "1": "http://x.org/1_"},
    }
    assert record.where == "line 8"
    assert reader.version(file, "release version date") == "1.10"
    assert reader.version(file, "release") == ""


@pytest.mark.parametrize("head", ["#a: [\n", "#- a\n#- b\n", "#just words\n", "#a: &x 1\n#b: *y\n"])
def test_a_head_that_is_no_yaml_is_refused(tmp_path: Path, head: str) -> None:
    file = written(tmp_path, f"{head}a\tb\n1\t2\n".encode())
    with pytest.raises(BadInputError, match="the head is not"):
        rows(TableReader(comment="#", yaml_head=True), file)


def test_the_name_of_the_file_is_told_where_it_is_wanted(tmp_path: Path) -> None:
    file = written(tmp_path, b"a\tb\n1\t2\n", "some_edges.tsv")
    assert [record.header for record in rows(TableReader(file_name=True), file)] == [{"file": "some_edges.tsv"}]
    assert [record.header for record in rows(TSV, file)] == [{}]


def test_columns_may_come_from_the_format(tmp_path: Path) -> None:
    file = written(tmp_path, b"1\t2\n")
    assert [(r.data, r.where) for r in rows(TableReader(columns=["a", "b"]), file)] == [
        ({"a": "1", "b": "2"}, "line 1")
    ]


def test_names_of_columns_are_trimmed(tmp_path: Path) -> None:
    assert rows(TSV, written(tmp_path, b" a \tb\r\n1\t 2\r\n"))[0].data == {"a": "1", "b": " 2"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\tb\tc\n", True),
        (b"a\tc\n", False),
        (b"a\tb\tx\n", False),
        (b"", False),
        (b"\0\0", False),
        (b"\xff\xff\xff", False),
        (b'{"a": 1}', False),
        (b"PK\x03\x04rubbish", False),
        (b"\x1f\x8brubbish", False),
    ],
)
def test_a_table_is_known_by_its_columns(tmp_path: Path, content: bytes, *, expected: bool) -> None:
    file = written(tmp_path, content)
    assert TSV.recognises(file, {"columns": ["a", "b"], "absent": ["x"]}) is expected


def test_a_file_that_is_only_begun_is_closed_again(tmp_path: Path) -> None:
    file = written(tmp_path, b"a\tb\n1\t2\n3\t4\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        records = TSV.records(file)
        next(records)
        del records
        gc.collect()
    assert not caught


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6), st.sampled_from([",", "\t", ";"]))
def test_whatever_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, content: list[tuple[str, str, str]], separator: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *content])
    file = written(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    assert cells(TableReader(separator=separator, quote='"'), file) == [list(row) for row in content]
    assert file.digest() == file.digest()


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = written(tmp_path_factory.mktemp("any"), content)
    for reader in (CSV, TableReader(comment="#", yaml_head=True)):
        reader.recognises(file, {"columns": ["a"]})
        message = file.name
        try:
            rows(reader, file)
        except (BadInputError, LimitError) as error:
            message = str(error)
        assert file.name in message
