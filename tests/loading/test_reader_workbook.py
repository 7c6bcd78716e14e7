"""The reader of workbooks: where the header stands, cells as text, and workbooks that are broken or bombs."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError, TreatKGError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.readers.workbook import WorkbookReader

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DAY_STYLE = 1
FILES = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Notes" sheetId="1" r:id="r1"/><sheet name="Data" sheetId="2" r:id="r2"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/worksheet" Target="worksheets/sheet2.xml"/>'
    f'<Relationship Id="r3" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{SHEET}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    "</styleSheet>",
}
Cell = str | float | bool | None


def sheet(rows: Sequence[Sequence[Cell]], *, first: int = 1) -> str:
    """Return a sheet; a cell of text that begins with "=day " is a real date, given as its serial number."""
    made = []
    for number, row in enumerate(rows, start=first):
        cells = []
        for column, value in enumerate(row):
            place = f"{chr(ord('A') + column)}{number}"
            if isinstance(value, bool):
                cells.append(f'<c r="{place}" t="b"><v>{int(value)}</v></c>')
            elif isinstance(value, (int, float)):
                cells.append(f'<c r="{place}"><v>{value}</v></c>')
            elif value and value.startswith("=day "):
                cells.append(f'<c r="{place}" s="{DAY_STYLE}"><v>{value.removeprefix("=day ")}</v></c>')
            elif value:
                text = f'<t xml:space="preserve">{escape(value)}</t>'
                cells.append(f'<c r="{place}" t="inlineStr"><is>{text}</is></c>')
        made.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(made)}</sheetData></worksheet>'


def workbook(path: Path, data: str, **more: str) -> Input:
    """Write a workbook whose second sheet is `data`; further files replace its parts."""
    parts = {**FILES, "xl/worksheets/sheet1.xml": sheet([["nothing here"]]), "xl/worksheets/sheet2.xml": data, **more}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return next(inputs.find([str(path)]))


READER = WorkbookReader(["Name", "Kind of\nmedicine"])
HEAD = ["Name", "Kind of \n medicine", "Since", ""]


def test_the_header_is_found_below_a_preamble_in_any_sheet(tmp_path: Path) -> None:
    rows = [
        ["Content", "made on", "27/10/2025 - 06:13"],
        [],
        HEAD,
        ["Zorabex", "cream", "01/02/2020"],
        [],
        ["Melutrin"],
    ]
    file = workbook(tmp_path / "t.xlsx", sheet(rows))
    first, second = READER.records(file)
    assert first.data == {"Name": "Zorabex", "Kind of medicine": "cream", "Since": "01/02/2020"}
    assert second.data == {"Name": "Melutrin", "Kind of medicine": "", "Since": ""}
    assert (first.where, second.where) == ("row 4", "row 6")
    assert first.header == {"preamble": ["Content", "made on", "27/10/2025 - 06:13"], "date": "2025-10-27"}
    assert READER.version(file, "preamble") == "2025-10-27"


def test_a_copy_without_preamble_has_no_version(tmp_path: Path) -> None:
    file = workbook(tmp_path / "t.xlsx", sheet([HEAD, ["Zorabex", "cream"]]))
    assert [record.where for record in READER.records(file)] == ["row 2"]
    assert READER.version(file, "preamble") == ""


def test_rows_keep_their_number_where_the_first_ones_are_empty(tmp_path: Path) -> None:
    file = workbook(tmp_path / "t.xlsx", sheet([["", *HEAD], ["", "Zorabex", "cream"]], first=5))
    (record,) = READER.records(file)
    assert record.where == "row 6"
    assert record.data == {"Name": "Zorabex", "Kind of medicine": "cream", "Since": ""}


def test_numbers_dates_and_truth_values_become_text(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[*HEAD[:3], "Dose", "Sold"], ["Zorabex", 42.0, "=day 45957", 0.5, True]]
    (record,) = READER.records(workbook(tmp_path / "t.xlsx", sheet(rows)))
    assert list(record.data.values()) == ["Zorabex", "42", "2025-10-27", "0.5", "true"]


def test_a_workbook_within_an_archive_or_packed_is_read(tmp_path: Path) -> None:
    file = workbook(tmp_path / "t.xlsx", sheet([HEAD, ["Zorabex", "cream"]]))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as made:
        made.write(file.path, "folder/t.xlsx")
    (member,) = inputs.members(next(inputs.find([str(tmp_path / "t.zip")])))
    assert READER.recognises(member, {})
    assert [record.data["Name"] for record in READER.records(member)] == ["Zorabex"]


def test_marks_of_the_header(tmp_path: Path) -> None:
    file = workbook(tmp_path / "t.xlsx", sheet([HEAD]))
    assert READER.recognises(file, {"columns": ["Since"]})
    assert not READER.recognises(file, {"columns": ["Dose"]})
    assert not READER.recognises(file, {"absent": ["Since"]})
    assert not READER.recognises(file, {"closed": True})


def test_an_encrypted_or_old_workbook_is_known_by_its_form(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    (file,) = inputs.find([str(path)])
    assert READER.recognises(file, {"closed": True})
    assert not READER.recognises(file, {})
    with pytest.raises(BadInputError, match=r"t\.xls: not an \.xlsx workbook"):
        list(READER.records(file))


# --- broken ones and bombs

FAR = f'<worksheet xmlns="{SHEET}"><sheetData><row r="1"><c r="A1" t="b"><v>1</v></c></row>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (sheet([["Name", "Dose"]]), "no row with the columns Name, Kind of medicine"),
        (sheet([["x"]] * 60 + [HEAD]), "no row with the columns"),
        (sheet([[*HEAD, "Name"]]), 'row 1: the column "Name" stands twice'),
        (sheet([HEAD, ["Zorabex"]])[:-40], "a broken part of the workbook"),
        (FAR % '<row r="1048576"><c r="XFD1048576" t="b"><v>1</v></c></row>', "its last cell lies beyond"),
        (FAR % "<row r='900000'><c t='b' r='&#88;FD900000'><v>1</v></c></row>", "its last cell lies beyond"),
        ('<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;">]><a>&c;</a>', "no row with the columns"),
        ("", "no row with the columns"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, data: str, message: str) -> None:
    file = workbook(tmp_path / "t.xlsx", data)
    begin = time.perf_counter()
    assert not READER.recognises(file, {})
    with pytest.raises((BadInputError, LimitError), match=message) as caught:
        list(READER.records(file))
    assert str(tmp_path / "t.xlsx") in str(caught.value)
    assert time.perf_counter() - begin < 2


def test_entities_that_grow_are_not_expanded(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l11;</a>'
    begin = time.perf_counter()
    with pytest.raises(TreatKGError):
        list(READER.records(workbook(tmp_path / "t.xlsx", bomb)))
    assert time.perf_counter() - begin < 1


def test_what_unpacks_without_measure_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = workbook(tmp_path / "t.xlsx", sheet([HEAD, ["x" * 100_000]]))
    monkeypatch.setattr("treatkg.loading.readers.workbook._LARGEST", 50_000)
    with pytest.raises(LimitError, match=r"t\.xlsx: larger than 50,000 bytes unpacked"):
        list(READER.records(file))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_broken(tmp_path: Path, share: float) -> None:
    whole = workbook(tmp_path / "t.xlsx", sheet([HEAD, ["Zorabex", "cream"]])).path
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    (file,) = inputs.find([str(cut)])
    assert not READER.recognises(file, {})
    with pytest.raises(BadInputError, match=r"cut\.xlsx"):
        list(READER.records(file))


texts = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    max_size=12,
).filter(lambda text: not text.startswith("=day ") and "_x" not in text)


@given(st.lists(st.tuples(texts, texts), max_size=6))
@settings(max_examples=25, deadline=None)
def test_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    file = workbook(tmp_path_factory.mktemp("w") / "t.xlsx", sheet([HEAD, *rows]))
    found = [(record.data["Name"], record.data["Kind of medicine"]) for record in READER.records(file)]
    assert found == [row for row in rows if any(row)]
