"""Reading curated files: what is wrong is reported with file, line and reason, and nothing passes in silence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatkg.curation import read_corpus
from treatkg.curation.corpus import to_triples
from treatkg.curation.reader import read_document
from treatkg.curation.schema import load_schema
from treatkg.errors import BadInputError

GOOD = """\
id: examplumab
type: [Substance, Treatment]
label: examplumab
modality: AntibodyModality
routeOfAdministration: SubcutaneousRoute
exactMatch: drugbank:DB00001
facts:
  - id: examplumab/indication/us-2017-adults
    type: Indication
    label: "US: adults"
    disease: MONDO:0004980
    jurisdiction: US
    authority: FDA
    validFrom: "2017-03-28"
    population:
      type: Population
      minAgeMonths: 216
      severity: [Moderate, Severe]
    evidence:
      type: Evidence
      source: source/example-label
      locator: section 1
      finding: Adults with moderate to severe disease.
      direction: Supports
      evidenceType: ECO:0006155
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "treatments" / "examplumab.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return [f"{problem.line}: {problem.message}" for problem in read_document(file, load_schema()).problems]


def test_good_file_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("disease:", "diseese:", 11, 'unknown key "diseese"; did you mean "disease"'),
        ("type: Indication", "type: Indicaton", 9, 'no class "Indicaton"; did you mean "Indication"'),
        ("jurisdiction: US", "jurisdiction: USA", 12, 'the vocabulary has no "USA"'),
        ("[Moderate, Severe]", "[Moderat, Severe]", 18, 'did you mean "Moderate"'),
        ("MONDO:0004980", "MONDO:4980", 11, '"MONDO:4980" is not the form of a MONDO identifier'),
        ("MONDO:0004980", "MONDOO:0004980", 11, 'unknown prefix "MONDOO"'),
        ("drugbank:DB00001", "drugbank:DB1", 6, "is not the form of a drugbank identifier"),
        ('"2017-03-28"', "2017-03-28", 14, "quote the date"),
        ('"2017-03-28"', '"2017-02-30"', 14, "is not a day of the calendar"),
        ('"2017-03-28"', '"2017-03"', 14, "takes a quoted date"),
        ("minAgeMonths: 216", "minAgeMonths: 18 years", 17, "takes a whole number"),
        ("minAgeMonths: 216", "minAgeMonths: 216.0", 17, "takes a whole number"),
        ("minAgeMonths: 216", "minAgeMonths:", 17, "is empty"),
        ("    authority: FDA", "    authority: FDA\n    authority: MHRA", 14, 'the key "authority" stands twice'),
        ("id: examplumab/indication", "id: otherumab/indication", 8, "must begin with its parent's"),
        ("id: examplumab\n", "id: otherumab\n", 1, "does not belong in examplumab.yaml"),
        ("      type: Evidence", "      id: examplumab/e1\n      type: Evidence", 20, "has no id of its own"),
        ("label: examplumab", "label: exam\u200bplumab", 3, "invisible character U+200B"),
        ("label: examplumab", "label: e\u0301xamplumab", 3, "NFC"),
        ("label: examplumab", "label: [[a]]", 3, "list of lists"),
        ("type: [Substance, Treatment]", "altLabel: []", 2, "empty list"),
        ("exactMatch: drugbank:DB00001", "exactMatch: http://a b", 6, "is not an IRI"),
        ('    label: "US: adults"', '    label: &a "US: adults"\n    note: *a', 10, "anchors and aliases"),
    ],
)
def test_problem_has_line_and_reason(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(entry.startswith(f"{line}: ") and message in entry for entry in found), found


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "{", "a: b: c\n", "\x00", '"@graph": 3\n'])
def test_what_is_no_node_is_reported(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


@pytest.mark.parametrize(
    ("folder", "ident", "belongs"),
    [
        ("guidelines", "dupilumab/recommendation/example", True),
        ("guidelines", "dupilumab/warning/example", False),
        ("comparisons", "dupilumab/comparison/example", True),
        ("comparisons", "dupilumab/recommendation/example", False),
        ("trials", "isrctn:ISRCTN15837754", True),
        ("trials", "trial/example", True),
        ("trials", "dupilumab/trial", False),
    ],
)
def test_each_folder_has_its_ids(tmp_path: Path, folder: str, ident: str, belongs: bool) -> None:
    file = tmp_path / folder / "example.yaml"
    file.parent.mkdir()
    found = read_document(file, load_schema(), f"id: {ident}\ntype: Fact\n").problems
    assert any("does not belong" in problem.message for problem in found) is not belongs


def test_not_utf8_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"label: \xff\n")
    assert "not valid YAML" in str(read_document(file, load_schema()).problems[0])


@given(text=st.text(max_size=300) | st.text(alphabet="abc:-[]{}'\"&*#\n ", max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    document = read_document(Path("treatments/any.yaml"), load_schema(), text=text)
    assert document.problems or document.nodes


def test_all_problems_of_all_files_are_listed_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\ntype: Treatmnt\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("id: b\nlabl: b\n", encoding="utf-8")
    with pytest.raises(BadInputError) as caught:
        read_corpus(tmp_path)
    assert "a.yaml:2" in str(caught.value)
    assert "b.yaml:2" in str(caught.value)


def test_reference_to_nothing_is_reported_with_the_near_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\ntype: Treatment\nactiveSubstance: a/substanse\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("id: b\ntype: Substance\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r'a\.yaml:3: no file defines "a/substanse"'):
        read_corpus(tmp_path)


def test_id_defined_twice_is_reported(tmp_path: Path) -> None:
    for folder in ("treatments", "groups"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text("id: a\ntype: Treatment\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="is also defined in"):
        read_corpus(tmp_path)


def test_ids_of_unnamed_nodes_come_from_content_not_from_position(tmp_path: Path) -> None:
    def ids(text: str) -> set[str]:
        file = tmp_path / "treatments" / "examplumab.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return set(read_document(file, load_schema()).defined)

    swapped = GOOD.replace("[Moderate, Severe]", "[Severe, Moderate]")
    assert ids(GOOD) == ids(swapped)
    changed = ids(GOOD) ^ ids(GOOD.replace("minAgeMonths: 216", "minAgeMonths: 144"))
    assert {iri.rsplit("/", 2)[1] for iri in changed} == {"population"}


def test_no_blank_nodes_and_every_triple_survives(tmp_path: Path) -> None:
    file = tmp_path / "treatments" / "examplumab.yaml"
    file.parent.mkdir()
    file.write_text(GOOD, encoding="utf-8")
    triples = to_triples(read_document(file, load_schema()).nodes)
    assert len(triples) == 25
    assert not any("_:" in str(triple)[:2] for triple in triples)
