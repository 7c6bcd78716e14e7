"""The reader of JSON: places, kinds, headers, and what is no sound JSON."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers.json_stream import JsonReader

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=25,
)


def stored(folder: Path, content: bytes, name: str = "file.json") -> Input:
    (folder / name).write_bytes(content)
    return next(inputs.find([str(folder / name)]))


def read(
    folder: Path, content: bytes, records: str | dict[str, str] = "", header: dict[str, str] | None = None
) -> list[Record]:
    return list(JsonReader(records, header).records(stored(folder, content)))


@pytest.mark.parametrize(
    ("places", "content", "wheres"),
    [
        ("", {"a": 1}, [""]),
        ("item", [1, "x", None, {"b": []}], ["[0]", "[1]", "[2]", "[3]"]),
        ("results.item", {"meta": {"results": [9]}, "results": [{"a": 1}, [2]]}, ["results[0]", "results[1]"]),
        ("a.item.b.item", {"a": [{"b": [1, 2]}, {"c": [3]}, {"b": [4]}]}, [f"a.item.b[{n}]" for n in range(3)]),
        ("a.b", {"a": {"b": 5}}, ["a.b"]),
        ("item", [], []),
    ],
)
def test_records_stand_at_their_places(tmp_path: Path, places: str, content: object, wheres: list[str]) -> None:
    records = read(tmp_path, json.dumps(content).encode(), places)
    assert [record.where for record in records] == wheres


def test_the_content_of_a_record_is_that_of_the_file(tmp_path: Path) -> None:
    content = {"meta": {"on": "2026-03-01", "n": 2}, "results": [{"a": {"b": [1, {"c": None}], "d": 1.50}}, [[], {}]]}
    first, second = read(tmp_path, json.dumps(content).encode(), "results.item", {"date": "meta.on", "n": "meta.n"})
    assert first.data == {"a": {"b": [1, {"c": None}], "d": Decimal("1.5")}}
    assert second.data == [[], {}]
    assert first.header == {"date": "2026-03-01", "n": 2}


def test_several_kinds_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    content = b'{"g": [{"nodes": [{"id": 1}], "edges": [{"id": 2}]}, {"edges": [{"id": 3}], "nodes": []}]}'
    records = read(tmp_path, content, {"node": "g.item.nodes.item", "edge": "g.item.edges.item"})
    assert [(record.kind, record.data["id"]) for record in records] == [("node", 1), ("edge", 2), ("edge", 3)]


@settings(max_examples=150)
@given(values=st.lists(VALUES, max_size=4), spaces=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_what_the_standard_parser_reads_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], spaces: int | None, ascii_only: bool
) -> None:
    folder = tmp_path_factory.mktemp("json")
    array = json.dumps(values, indent=spaces, ensure_ascii=ascii_only).encode()
    assert [record.data for record in read(folder, array, "item")] == values
    whole = json.dumps({"a": values}, indent=spaces, ensure_ascii=ascii_only).encode()
    assert [record.data for record in read(folder, whole)] == [{"a": values}]


def test_numbers_are_exact(tmp_path: Path) -> None:
    [record] = read(tmp_path, b"[0.1, 1.10, 1E5, -0, 12345678901234567890123]")
    expected = [Decimal("0.1"), Decimal("1.10"), Decimal("1E5"), 0, 12345678901234567890123]
    assert list(map(str, record.data)) == list(map(str, expected))


def test_of_a_key_that_stands_twice_the_last_counts_as_for_the_standard_parser(tmp_path: Path) -> None:
    content = b'{"a": 1, "b": 2, "a": {"c": 3}}'
    assert read(tmp_path, content)[0].data == json.loads(content)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    for text in ('{"a": 1}', "[1]", "7"):
        assert read(tmp_path, b"\xef\xbb\xbf" + text.encode())[0].data == json.loads(text)


def test_a_byte_order_mark_alone_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="not valid JSON"):
        read(tmp_path, b"\xef\xbb\xbf")


def test_a_compressed_file_is_read_as_its_content(tmp_path: Path) -> None:
    file = stored(tmp_path, gzip.compress(b'\xef\xbb\xbf[{"a": 1}]'), "file.json.gz")
    assert [record.data for record in JsonReader("item").records(file)] == [{"a": 1}]


CUT = '{"meta": {"v": "1.5"}, "results": [{"a": "é\\u00e9\\n", "b": [true, null, -1.5e3]}, {"c": {}}]}'.encode()


@pytest.mark.parametrize("length", range(len(CUT)))
def test_a_file_cut_short_anywhere_is_told(tmp_path: Path, length: int) -> None:
    with pytest.raises(BadInputError, match=r"file\.json: not valid JSON: .+"):
        read(tmp_path, CUT[:length], "results.item")
    assert not JsonReader("results.item").recognises(stored(tmp_path, CUT[:length]), {"paths": ["results.item.c.d"]})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1,]",
        b"[1] [2]",
        b'{"a": 1} x',
        b"{'a': 1}",
        b"[01]",
        b"[1.]",
        b"// remark\n[1]",
        b'["a\x01"]',
        b'["a\xff"]',
        b'["\xed\xa0\x80"]',
        b"[1e999999999999999999999]",
        b"[" + b"9" * 5000 + b"]",
        "[1]".encode("utf-16"),
        b"<html><body>Not found</body></html>",
        b"a,b\n1,2\n",
        b"\x00\x01\x02",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_no_json_is_told_with_the_file(tmp_path: Path, content: bytes) -> None:
    file = stored(tmp_path, content)
    for reader in (JsonReader(), JsonReader("item")):
        with pytest.raises(BadInputError, match=r"file\.json: not valid JSON: "):
            list(reader.records(file))
    with pytest.raises(BadInputError, match="not valid JSON"):
        JsonReader().version(file, "nowhere")
    assert not JsonReader().recognises(file, {"paths": ["a.b"]})


@pytest.mark.parametrize("before", [0, 1, 1399, 63_000, 65_535, 65_536, 200_001])
@pytest.mark.parametrize("read_at_once", [1 << 16, 700])
def test_an_endless_number_is_refused_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, read_at_once: int
) -> None:
    parse = ijson.basic_parse
    monkeypatch.setattr(ijson, "basic_parse", lambda stream: parse(stream, buf_size=read_at_once))
    with pytest.raises(BadInputError, match="a number of more than 1,400 digits"):
        read(tmp_path, b'["' + b"x" * before + b'", ' + b"9" * 4300 + b"]", "item")
    number = int("9" * 700)
    assert read(tmp_path, b'["' + b"x" * before + b'", ' + str(number).encode() + b"]")[0].data[1] == number


def test_a_message_is_one_line_without_the_drawing_of_the_parser(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as told:
        read(tmp_path, b'{"a": \n oops}')
    assert "\n" not in str(told.value)
    assert "---" not in str(told.value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_depth_bomb_is_refused_before_it_costs_anything(tmp_path: Path, opening: bytes) -> None:
    file = stored(tmp_path, b'{"results": [' + opening * 300_000)
    for records in ("", "results.item", "nowhere.item"):
        with pytest.raises(BadInputError, match="nested more than 128 levels deep"):
            list(JsonReader(records).records(file))
    assert not JsonReader().recognises(file, {"paths": ["nowhere"]})
    with pytest.raises(BadInputError, match="nested more than 128"):
        JsonReader().version(file, "nowhere")


@pytest.mark.parametrize("records", ["", "nowhere"])
def test_the_deepest_nesting_that_is_read(tmp_path: Path, records: str) -> None:
    read(tmp_path, b"[" * 128 + b"]" * 128, records)
    with pytest.raises(BadInputError, match="nested more than 128"):
        read(tmp_path, b"[" * 129 + b"]" * 129, records)


def test_half_a_surrogate_pair_gives_text_that_can_be_written(tmp_path: Path) -> None:
    [record] = read(tmp_path, b'["a\\ud800b", "\\ud83d\\ude00"]')
    assert record.data[1] == "\N{GRINNING FACE}"
    assert record.data[0].encode() == b"a?b"


MARKED = {"paths": ["studies.item.id"], "absent": ["error"]}


@pytest.mark.parametrize(
    ("content", "marks", "known"),
    [
        (b'{"studies": [{"id": 1}]}', MARKED, True),
        (b'{"next": "x", "studies": [{"b": {"c": 1}}, {"id": {"x": 1}}]}', MARKED, True),
        (b'{"studies": [{"id": 1}], "error": "x"}', MARKED, False),
        (b'{"studies": []}', MARKED, False),
        (b'{"studies": []}', {"paths": ["studies"], "absent": ["studies.item"]}, True),
        (b'[{"studies": [{"id": 1}]}]', {"paths": ["studies.item.id"]}, False),
        (b'[{"id": 1}]', {"paths": ["item.id"]}, True),
        (b"[1]", {"paths": ["item"]}, True),
        (b'{"item": 1}', {"paths": ["item"]}, True),
        (b'{"studies": [{"id": 1}', {"paths": ["studies.item.id"]}, True),
    ],
)
def test_a_file_is_known_by_its_marks(tmp_path: Path, content: bytes, marks: dict[str, Any], known: bool) -> None:
    assert JsonReader().recognises(stored(tmp_path, content), marks) is known


def test_the_version_is_the_first_value_at_its_place(tmp_path: Path) -> None:
    file = stored(tmp_path, b'{"meta": {"v": null}, "r": [{"v": 2.10}, {"v": "3"}]}')
    assert JsonReader().version(file, "r.item.v") == "2.10"
    assert JsonReader().version(file, "meta.v") == ""
    assert JsonReader().version(file, "meta.w") == ""


def test_many_records_take_no_more_memory_than_few(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        file = stored(tmp_path, b"[" + b",".join([b'{"name": "' + b"x" * 1000 + b'"}'] * count) + b"]")
        tracemalloc.start()
        assert sum(1 for _ in JsonReader("item").records(file)) == count
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    assert peak(5000) < peak(500) + 300_000
