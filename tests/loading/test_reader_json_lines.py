"""The reader of JSON lines: one value a line, told with its line where it is none."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers import json_lines
from treatkg.loading.readers.json_lines import JsonLinesReader

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


def stored(folder: Path, content: bytes) -> Input:
    (folder / "file.jsonl").write_bytes(content)
    return next(inputs.find([str(folder / "file.jsonl")]))


def read(folder: Path, content: bytes, inside: str = "") -> list[Record]:
    return list(JsonLinesReader(inside).records(stored(folder, content)))


def test_each_line_is_a_record_and_a_blank_line_is_nothing(tmp_path: Path) -> None:
    records = read(tmp_path, b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}\n[3]')
    assert [(record.data, record.where) for record in records] == [
        ({"a": 1}, "line 1"),
        ({"a": 2}, "line 4"),
        ([3], "line 5"),
    ]


def test_a_wrapped_record_is_taken_out(tmp_path: Path) -> None:
    content = b'{"_id": 1, "_source": {"a": 1}}\n{"a": 2}\n'
    assert [record.data for record in read(tmp_path, content, "_source")] == [{"a": 1}, {"a": 2}]


def test_numbers_are_exact(tmp_path: Path) -> None:
    [record] = read(tmp_path, b"[0.1, 1.10, 4.0, 7]")
    assert record.data == [Decimal("0.1"), Decimal("1.10"), Decimal("4.0"), 7]
    assert [type(number) for number in record.data] == [Decimal, Decimal, Decimal, int]


@settings(max_examples=100)
@given(values=st.lists(VALUES, max_size=5), end=st.sampled_from(["\n", "\r\n", "\n\n"]), ascii_only=st.booleans())
def test_what_the_standard_parser_reads_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], end: str, ascii_only: bool
) -> None:
    lines = "".join(json.dumps(value, ensure_ascii=ascii_only) + end for value in values)
    assert [record.data for record in read(tmp_path_factory.mktemp("jsonl"), lines.encode())] == values


LINE = '{"a": "é\\u00e9", "b": [true, null, -1.5e3, {}]}'.encode()


@pytest.mark.parametrize("length", range(1, len(LINE)))
def test_a_line_cut_short_anywhere_is_told_with_its_number(tmp_path: Path, length: int) -> None:
    with pytest.raises(BadInputError, match=r"file\.jsonl:2: not valid JSON"):
        read(tmp_path, b"{}\n" + LINE[:length])


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        b'{"a": 1} {"b": 2}',
        b"{'a': 1}",
        "{}".encode("utf-16-le"),
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"<html>",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_what_is_no_json_is_told_with_its_line(tmp_path: Path, line: bytes) -> None:
    file = stored(tmp_path, b"{}\n" + line)
    with pytest.raises(BadInputError, match=r"file\.jsonl:2: not valid JSON"):
        list(JsonLinesReader().records(file))
    assert not JsonLinesReader().recognises(stored(tmp_path, line), {"keys": ["a"]})


def test_of_a_key_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    assert read(tmp_path, b'{"a": 1, "a": 2}')[0].data == {"a": 2}


def test_half_a_surrogate_pair_gives_text_that_can_be_written(tmp_path: Path) -> None:
    [record] = read(tmp_path, b'{"a": ["x\\ud800", {"\\udfffk": "\\ud83d\\ude00"}]}')
    assert record.data == {"a": ["x\N{REPLACEMENT CHARACTER}", {"\N{REPLACEMENT CHARACTER}k": "\N{GRINNING FACE}"}]}


def test_a_line_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_LONGEST", 100)
    assert len(read(tmp_path, b'"' + b"x" * 97 + b'"\n')) == 1
    file = stored(tmp_path, b'{"a": 1}\n"' + b"x" * 200 + b'"\n')
    with pytest.raises(LimitError, match=r"file\.jsonl:2: a line of more than 100 bytes"):
        list(JsonLinesReader().records(file))


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (b'{"a": 1, "b": 2}\n', True),
        (b'\n{"a": 1}\n{"c": 2}', True),
        (b'{"b": 2}\n{"a": 1}\n', False),
        (b'{"a": 1, "error": 2}\n', False),
        (b'[{"a": 1}]\n', False),
        (b'{\n"a": 1\n}\n', False),
        (b"", False),
    ],
)
def test_a_file_is_known_by_the_keys_of_its_first_record(tmp_path: Path, content: bytes, known: bool) -> None:
    assert JsonLinesReader().recognises(stored(tmp_path, content), {"keys": ["a"], "absent": ["error"]}) is known


def test_the_version_is_a_value_of_the_first_record(tmp_path: Path) -> None:
    assert JsonLinesReader().version(stored(tmp_path, b'{"v": "7"}\n{"v": "8"}'), "v") == "7"
    assert JsonLinesReader().version(stored(tmp_path, b""), "v") == ""
