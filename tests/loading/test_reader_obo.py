"""OBO frames: escapes, qualifiers, comments, lists of cross-references, continued lines; and what is no OBO."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.readers import obo
from treatkg.loading.readers.obo import Clause, OboReader

HEAD = """format-version: 1.2
data-version: zor/releases/2026-03-04/zor.obo
ontology: zor
idspace: ZR http://zor.example/ZR_ "terms of Zor"
remark: a remark: with a colon, and "quotes"
remark: a second one

"""


def written(folder: Path, content: str | bytes) -> Input:
    path = folder / "zor.obo"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (file,) = inputs.find([str(path)])
    return file


def clauses(folder: Path, line: str) -> list[Clause]:
    """Return what a term says with one more line."""
    (record,) = OboReader().records(written(folder, f"{HEAD}[Term]\nid: ZR:1\n{line}\n"))
    return [clause for tag, given in record.data.items() if tag != "id" for clause in given]


def test_frames_come_with_their_kind_line_and_the_header(tmp_path: Path) -> None:
    text = f"{HEAD}[Term]\nid: ZR:1\nname: first\n\n! a comment\n[Typedef]\nid: part_of\n\n[Term] ! another\nid: ZR:2\n"
    records = list(OboReader().records(written(tmp_path, text)))
    assert [(r.kind, r.where, r.data["id"][0].value) for r in records] == [
        ("Term", "line 8", "ZR:1"),
        ("Typedef", "line 13", "part_of"),
        ("Term", "line 16", "ZR:2"),
    ]
    header = records[0].header
    assert header["ontology"] == ["zor"]
    assert header["remark"] == ['a remark: with a colon, and "quotes"', "a second one"]
    assert header["idspaces"] == {"ZR": "http://zor.example/ZR_"}
    assert OboReader().version(written(tmp_path, text), "data-version") == "zor/releases/2026-03-04/zor.obo"
    assert OboReader().version(written(tmp_path, text), "date") == ""


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        (r'def: "A \"red\" patch\, dry.\nItchy." []', Clause("X", 'A "red" patch, dry.\nItchy.')),
        (
            r'def: "x" [url:https\://a.org/b, PMID:1 "see, there", ISBN:1\,2] {comment="a } b", source="c"}',
            Clause("X", "x", (), ("url:https://a.org/b", "PMID:1", "ISBN:1,2")),
        ),
        ('synonym: "itch" EXACT layperson [ORCID:1]', Clause("X", "itch", ("EXACT", "layperson"), ("ORCID:1",))),
        ('synonym: "itch"', Clause("X", "itch")),
        ('def: ""[]', Clause("X")),
        ('is_a: ZR:2 {source="MONDO:1", xref="a {b}"} ! the second', Clause("ZR:2", words=("ZR:2",))),
        ("relationship: part_of ZR:2 ! the second", Clause("part_of ZR:2", words=("part_of", "ZR:2"))),
        (r"name: 1-\{a\}\!b", Clause("1-{a}!b")),
        ("name: 3-{[2-(x)]amino}-y", Clause("3-{[2-(x)]amino}-y")),
        ("name: Yahoo! disease", Clause("Yahoo! disease")),
        ('name: so-called "dry" skin', Clause('so-called "dry" skin')),
        ('xref: CAS:1-2-3 "ChemIDplus"', Clause("X", "ChemIDplus", ("CAS:1-2-3",))),
        ("xref: odd[1] thing", Clause("odd[1] thing", words=("odd[1]", "thing"))),
        ('xref: 5" tape', Clause('5" tape', words=('5"', "tape"))),
        ('property_value: mass "393.2" xsd:string', Clause("X", "393.2", ("mass", "xsd:string"))),
        ('xref: "never closed', Clause('"never closed', words=('"never', "closed"))),
    ],
)  # fmt: skip
def test_a_clause_is_read_as_the_format_means_it(tmp_path: Path, line: str, clause: Clause) -> None:
    (given,) = clauses(tmp_path, line)
    assert (given.text, given.words, given.xrefs) == (clause.text, clause.words, clause.xrefs)
    if clause.value != "X":
        assert given.value == clause.value


def test_a_line_that_ends_in_a_backslash_goes_on(tmp_path: Path) -> None:
    text = f'{HEAD}[Term]\nid: ZR:1\ndef: "one \\\ntwo" []\nname: a\\\\\nis_a: ZR:2\n'
    (record,) = OboReader().records(written(tmp_path, text))
    assert record.data["def"][0].text == "one two"
    assert record.data["name"][0].value == "a\\"
    assert record.data["is_a"][0].words == ("ZR:2",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, end: str) -> None:
    text = f"{HEAD}[Term]\nid: ZR:1\nname: Ékzem\n"
    content = b"\xef\xbb\xbf" + text.replace("\n", end).encode()
    (record,) = OboReader().records(written(tmp_path, content))
    assert record.data["name"][0].value == "Ékzem"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no OBO frame"),
        ("just words\n", ':1: expected "tag: value"'),
        (f"{HEAD}[Term]\nname: no id\n", r':8: a frame \[Term\] without "id:"'),
        (f"{HEAD}[Term]\nid: ZR:1\nwhat is this\n", ":10: expected"),
        (f'{HEAD}[Term]\nid: ZR:1\ndef: "cut off\n', ':10: "def": quotation marks'),
        (f'{HEAD}[Term]\nid: ZR:1\nsynonym: "a" EXACT [x\n', ':10: "synonym": quotation marks'),
        (f"{HEAD}[Term]\nid: ZR:1\nname: a\0b\n", ":10: a NUL character"),
    ],
)
def test_what_is_no_obo_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as raised:
        list(OboReader().records(written(tmp_path, text)))
    assert "zor.obo" in str(raised.value)


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, f"{HEAD}[Term]\nid: ZR:1\nname: ".encode() + b"\xe9kzem\n")
    with pytest.raises(BadInputError, match="not utf-8"):
        list(OboReader().records(file))


def test_a_line_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obo, "_LONGEST_LINE", 1000)
    with pytest.raises(LimitError, match=":10: a line of more than 1,000"):
        list(OboReader().records(written(tmp_path, f"{HEAD}[Term]\nid: ZR:1\nname: {'x' * 2000}\n")))
    with pytest.raises(LimitError, match=":10: a line of more than 1,000"):
        list(OboReader().records(written(tmp_path, f"{HEAD}[Term]\nid: ZR:1\nname: " + "xxxxxxxx\\\n" * 200)))


@pytest.mark.parametrize(
    "text", ["{a=b" * 20_000, '"' * 50_000, "[" * 50_000, "\\[" * 30_000 + "]", ' {a="b' * 20_000 + "}"]
)
def test_odd_lines_take_no_time_beyond_their_length(tmp_path: Path, text: str) -> None:
    for tag in ("xref", "is_a", "name"):
        assert len(clauses(tmp_path, f"{tag}: {text}")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD, True),
        (f"{HEAD}[Term]\nid: ZR:1\n", True),
        ("[Term]\nid: ZR:1\n", True),
        ("ontology: zor\n", False),
        ("subject: a\nobject: b\n", False),
        ("id\tname\n", False),
        ('{"graphs": []}', False),
        ("<?xml version='1.0'?><rdf:RDF/>", False),
        ("", False),
    ],
)
def test_obo_is_known_by_its_frames(tmp_path: Path, text: str, *, expected: bool) -> None:
    assert OboReader().recognises(written(tmp_path, text), {"frames": ["Term", "Typedef"]}) is expected


def test_a_file_that_is_only_begun_is_closed_again(tmp_path: Path) -> None:
    file = written(tmp_path, f"{HEAD}[Term]\nid: ZR:1\n\n[Term]\nid: ZR:2\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        OboReader().recognises(file, {})
        records = OboReader().records(file)
        next(records)
        del records
        gc.collect()
    assert not caught


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=30))
def test_any_text_can_be_quoted(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    (given_,) = clauses(tmp_path_factory.mktemp("obo"), f'def: "{escaped}" [A:1] ! {text}')
    assert (given_.text, given_.xrefs[:1]) == (text, ("A:1",))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_give_frames_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = written(tmp_path_factory.mktemp("any"), HEAD.encode() + b"[Term]\nid: ZR:1\n" + content)
    OboReader().recognises(file, {"frames": ["Term"]})
    message = file.name
    try:
        list(OboReader().records(file))
    except (BadInputError, LimitError) as error:
        message = str(error)
    assert file.name in message
