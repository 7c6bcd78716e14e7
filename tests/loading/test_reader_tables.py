"""The reader of relational dumps: rows of several tables joined by key, ragged rows, encodings, broken archives."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError, LimitError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input, Limits
from treatkg.loading.items import Record
from treatkg.loading.readers.tables import TablesReader

OPTIONS: dict[str, Any] = {
    "key": "No",
    "main": "Drugs",
    "tables": {"Drugs": "Drugs.txt", "Notes": "Notes.txt"},
    "lookups": {"kind": {"file": "Kinds.txt", "key": "Code", "value": "Word"}},
}
DRUGS = "No\tName\tKind\r\n000007\tZorabib\t1\r\n000004\tMelutrin\t2\r\n"
NOTES = "No\tText\tBy\r\n000004\tfirst  \tA\r\n000007\tonly\tB\r\n000004\tsecond\tC\r\n"
KINDS = "Code\tWord\r\n1\tcream\r\n2\ttablet\r\n"


def archive(folder: Path, **texts: str | bytes) -> Input:
    """Write a zip archive of the tables, some of them replaced."""
    content = {"Drugs": DRUGS, "Notes": NOTES, "Kinds": KINDS, **texts}
    path = folder / "dump.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in content.items():
            if text:
                entry = zipfile.ZipInfo(f"{name}.txt", (2019, 7, 2, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                made.writestr(entry, text if isinstance(text, bytes) else text.encode())
    return next(inputs.find([str(path)]))


def read(file: Input) -> list[Record]:
    return list(TablesReader(**OPTIONS).records(file))


def test_the_rows_of_all_tables_come_together_by_key(tmp_path: Path) -> None:
    first, second = read(archive(tmp_path))
    assert first.where == "No 000004"
    assert first.data["Drugs"] == [{"No": "000004", "Name": "Melutrin", "Kind": "2"}]
    assert [(row["Text"], row["By"]) for row in first.data["Notes"]] == [("first", "A"), ("second", "C")]
    assert second.data["Notes"] == [{"No": "000007", "Text": "only", "By": "B"}]
    assert first.header["kind"] == {"1": "cream", "2": "tablet"}


def test_the_day_of_the_newest_table_is_the_version(tmp_path: Path) -> None:
    file = archive(tmp_path)
    assert TablesReader(**OPTIONS).version(file, "modified") == "2019-07-02"
    assert read(file)[0].header["modified"] == "2019-07-02"


def test_rows_of_a_key_that_the_main_table_lacks_are_not_lost(tmp_path: Path) -> None:
    stray = read(archive(tmp_path, Notes=NOTES + "000009\tstray\tD\r\n"))[-1]
    assert stray.data == {"Drugs": [], "Notes": [{"No": "000009", "Text": "stray", "By": "D"}]}


def test_a_line_break_within_a_cell_is_put_together_again(tmp_path: Path) -> None:
    notes = "No\tText\tBy\r\n000004\tone\r\ntwo\r\n\r\nthree\tA\r\n000007\tonly\tB\r\n"
    first, second = read(archive(tmp_path, Notes=notes))
    assert first.data["Notes"] == [{"No": "000004", "Text": "one\ntwo\n\nthree", "By": "A"}]
    assert len(second.data["Notes"]) == 1


def test_empty_surplus_cells_and_empty_lines_are_nothing(tmp_path: Path) -> None:
    notes = "No\tText\tBy\r\n000004\tone\tA\t\t\r\n\r\n000007\tonly\tB\r\n\r\n"
    assert [record.kind for record in read(archive(tmp_path, Notes=notes))] == ["", ""]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("000004\tone\tA\ttoo much", "4 cells under 3 columns"),
        ("000004\tone", "2 cells under 3 columns"),
        ("\tone\tA", "no No"),
    ],
)
def test_a_broken_row_is_told_with_its_line_and_the_others_are_read(tmp_path: Path, row: str, problem: str) -> None:
    records = read(archive(tmp_path, Notes=f"No\tText\tBy\r\n{row}\r\n000007\tonly\tB\r\n"))
    assert [record.kind for record in records] == ["", "", "broken"]
    assert records[-1].data == {"table": "Notes", "problem": problem}
    assert records[-1].where == "Notes.txt:2"
    assert records[1].data["Notes"] == [{"No": "000007", "Text": "only", "By": "B"}]


def test_a_row_cut_short_at_the_end_is_broken(tmp_path: Path) -> None:
    assert read(archive(tmp_path, Notes=NOTES + "000004\tcut"))[-1].where == "Notes.txt:5"


def test_a_table_of_mostly_broken_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"Notes\.txt:2: 4 cells under 3 columns; 101 of 101 rows"):
        read(archive(tmp_path, Notes="No\tText\tBy\r\n" + "1\t2\t3\t4\r\n" * 101))


def test_each_line_is_read_in_the_first_encoding_that_fits(tmp_path: Path) -> None:
    notes = b"No\tText\tBy\r\n000004\tMen\x92s\tA\r\n000007\t" + "Crème".encode() + b"\tB\r\n000007\t\x81\tC\r\n"
    first, second, broken = read(archive(tmp_path, Notes=notes))
    assert first.data["Notes"][0]["Text"] == "Men\u2019s"
    assert second.data["Notes"][0]["Text"] == "Crème"
    assert (broken.kind, broken.where) == ("broken", "Notes.txt:4")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert read(archive(tmp_path, Drugs="\ufeff" + DRUGS))[0].data["Drugs"][0]["No"] == "000004"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"Notes": ""}, r"no Notes\.txt in it; give the complete archive"),
        ({"Kinds": ""}, r"no Kinds\.txt in it"),
        ({"Notes": "Number\tText\r\n1\t2\r\n"}, r'Notes\.txt:1: no column "No"'),
        ({"Notes": "No\tText\tText\r\n"}, "stands twice"),
        ({"Kinds": "Code\tName\r\n1\tx\r\n"}, "no columns Code and Word"),
        ({"Kinds": "Code\tWord\r\n1\r\n"}, r"Kinds\.txt:2: 1 cells under 2 columns"),
        ({"Kinds": "Code\tWord\r\n" + "".join(f"{n}\tx\r\n" for n in range(10_001))}, "no list of codes"),
        ({"Drugs": b"\0\0\0\0"}, r"Drugs\.txt:1: no header line"),
        ({"notes": NOTES}, r"two files named notes\.txt"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    with pytest.raises((BadInputError, LimitError), match=message):
        read(archive(tmp_path, **texts))


def test_an_endless_line_is_a_limit(tmp_path: Path) -> None:
    file = archive(tmp_path, Notes=b"No\tText\tBy\r\n" + b"x" * (17 * 1024 * 1024))
    with pytest.raises(LimitError, match=r"Notes\.txt:2: a line of more than"):
        read(file)


def test_an_archive_that_unpacks_without_measure_is_a_limit(tmp_path: Path) -> None:
    file = archive(tmp_path, Notes=b"No\tText\tBy\r\n" + b"1\t2\t3\r\n" * 300_000)
    with pytest.raises(LimitError, match="decompression bomb"):
        read(Input(file.path, file.name, file.retrieved, limits=Limits(ratio_from=1024, ratio=10)))


def test_only_an_archive_with_the_marked_columns_is_recognised(tmp_path: Path) -> None:
    reader, file = TablesReader(**OPTIONS), archive(tmp_path)
    assert reader.recognises(file, {"columns": {"Drugs": ["No", "Name"]}})
    assert not reader.recognises(file, {"columns": {"Drugs": ["Dose"]}})
    assert not reader.recognises(archive(tmp_path, Drugs=""), {"columns": {"Drugs": ["No"]}})
    broken = tmp_path / "broken.zip"
    broken.write_bytes(file.path.read_bytes()[:90])
    assert not reader.recognises(next(inputs.find([str(broken)])), {"columns": {"Drugs": ["No"]}})


cells = st.text(alphabet=st.characters(blacklist_characters="\t\r\n\0\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8"))
rows = st.lists(st.tuples(st.sampled_from(["1", "01", "2", "A"]), cells, cells), max_size=12)


@given(drugs=rows, notes=rows)
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_in_the_files_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, drugs: list[tuple[str, ...]], notes: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("dump")

    def content(*, turned: bool) -> list[tuple[str, list[Any]]]:
        tables = {}
        for name, head, found in (("Drugs", "No\tName\tKind", drugs), ("Notes", "No\tText\tBy", notes)):
            mixed = list(found)
            if turned:
                mixed.reverse()
            tables[name] = "\r\n".join([head, *("\t".join(row) for row in mixed), ""])
        return [
            (record.where, [sorted(str(row) for row in record.data[name]) for name in ("Drugs", "Notes")])
            for record in read(archive(folder, **tables))
        ]

    first = content(turned=False)
    assert first == content(turned=True)
    assert sum(len(table) for _, tables in first for table in tables) == len(drugs) + len(notes)
