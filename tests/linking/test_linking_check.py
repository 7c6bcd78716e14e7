"""`link check`: each fault of an identifier is found, and the real graph has none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from treatkg import resources
from treatkg.errors import BadInputError, StorageError
from treatkg.linking.check import Report, check

BESIDE = resources.ROOT.parent / "shared" / "reference"
REFERENCE = Path(os.environ.get("TREATKG_REFERENCE", BESIDE))

# Small tables in the layout of a reference folder.
TABLES = {
    "mondo.tsv": "id\tlabel\tobsolete\txrefs\n"
    "MONDO:0004980\tatopic eczema\t0\t\nMONDO:0011292\tobsolete dermatitis, atopic\t1\t\nMONDO:0004979\tasthma\t0\t\n"
    "MONDO:0005480\tcontact dermatitis\t0\t\n",
    "drugbank.tsv": "drugbank_id\tname\tsecondary_ids\tcas\tunii\tinchikey\tsynonyms\n"
    "DB12159\tDupilumab\t\t\t\t\tREGN 668 | SAR231893\nDB00764\tMometasone\tDB14512x | DB09999\t\t\t\t\n",
    "atc.tsv": "code\tname\tlevel\tddd\nD11AH05\tdupilumab\t5\t\n",
    "atc_retired.tsv": "old_code\told_name\tlast_seen_or_first_snapshot\tstatus\tcurrent_codes_with_same_name\n"
    "L04AA44\tupadacitinib\t2023\tmoved\tL04AF03\n",
    "unii.tsv": "unii\tnames\n420K487FSG\tDUPILUMAB [DB12159]|dupilumab\n",
}
HEAD = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tkg: <https://w3id.org/treatkg/ontology#> .
@prefix MONDO: <http://purl.obolibrary.org/obo/MONDO_> .
@prefix CHEBI: <https://bioregistry.io/CHEBI:> .
@prefix drugbank: <https://bioregistry.io/drugbank:> .
@prefix atc: <https://bioregistry.io/atc:> .
@prefix unii: <https://bioregistry.io/unii:> .
@prefix mesh: <https://bioregistry.io/mesh:> .
<https://w3id.org/treatkg/id/dupilumab> rdfs:label "dupilumab"@en .
"""
DRUG = "<https://w3id.org/treatkg/id/dupilumab>"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "reference"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def checked(folder: Path, turtle: str, reference: Path | None) -> Report:
    file = folder / "some.ttl"
    file.write_text(HEAD + turtle, encoding="utf-8")
    return check([file], reference)


@pytest.mark.parametrize(
    ("turtle", "severity", "identifier", "said"),
    [
        (
            f"{DRUG} tkg:disease <http://purl.obolibrary.org/obo/MONDO_4980> .",
            "Violation",
            "MONDO:4980",
            "not the form",
        ),
        (f"{DRUG} tkg:disease MONDO:9999999 .", "Violation", "MONDO:9999999", "does not exist"),
        (f"{DRUG} tkg:disease MONDO:0011292 .", "Violation", "MONDO:0011292", "is obsolete: look up"),
        (
            f"{DRUG} skos:exactMatch drugbank:DB09999 .",
            "Violation",
            "drugbank:DB09999",
            "is obsolete: use drugbank:DB00764",
        ),
        (f"{DRUG} skos:exactMatch atc:L04AA44 .", "Violation", "atc:L04AA44", "is obsolete: use L04AF03"),
        (f"{DRUG} skos:exactMatch drugbank:DB00764 .", "Violation", "drugbank:DB00764", "names something else"),
        ('MONDO:0004979 rdfs:label "atopic dermatitis" .', "Violation", "MONDO:0004979", "names something else"),
        # One word in two is shared: that is another disease.
        ('MONDO:0005480 rdfs:label "atopic dermatitis" .', "Violation", "MONDO:0005480", "names something else"),
        (
            'MONDO:0004979 rdfs:label "reactive airways" ; skos:altLabel "Asthma" .',
            "",
            "",
            "",
        ),
        ('MONDO:0004979 rdfs:label "severe asthma" .', "Warning", "MONDO:0004979", 'is named "asthma"'),
        (
            '<https://w3id.org/treatkg/id/x> rdfs:label "SAR231893" ; skos:exactMatch drugbank:DB12159 .',
            "Warning",
            "drugbank:DB12159",
            "a synonym",
        ),
        (f"{DRUG} skos:exactMatch unii:0000000000 .", "Info", "unii:0000000000", "does not list every unii"),
        (
            f"{DRUG} skos:exactMatch <http://purl.obolibrary.org/obo/CHEBI_1> .",
            "Violation",
            "http://purl.obolibrary.org/obo/CHEBI_1",
            "write it as CHEBI:1",
        ),
        (f"{DRUG} skos:exactMatch drugbank:DB12159 , atc:D11AH05 , unii:420K487FSG .", "", "", ""),
        # Looser matches may be named otherwise.
        (f"{DRUG} skos:closeMatch drugbank:DB00764 .", "", "", ""),
        # The page of a term is an address.
        (f"{DRUG} <https://schema.org/url> MONDO:9999999 .", "", "", ""),
    ],
)
def test_each_fault_is_found(
    tmp_path: Path, tables: Path, turtle: str, severity: str, identifier: str, said: str
) -> None:
    findings = checked(tmp_path, turtle, tables).findings
    assert [(f.severity, f.identifier) for f in findings] == ([(severity, identifier)] if severity else [])
    assert all(said in f.message for f in findings)


def test_what_has_no_table_is_counted_not_passed_over(tmp_path: Path, tables: Path) -> None:
    report = checked(tmp_path, f"{DRUG} skos:exactMatch mesh:D000000 , drugbank:DB12159 .", tables)
    assert report.unchecked == {"mesh": 1}
    assert report.checked == {"drugbank": 1}


MAPPING = """# mapping_set_id: https://example.org/set
# mapping_set_version: "1"
# license: https://creativecommons.org/licenses/by/4.0/
# curie_map:
#   MONDO: "http://purl.obolibrary.org/obo/MONDO_"
#   drugbank: "https://bioregistry.io/drugbank:"
#   treatkg: "https://w3id.org/treatkg/id/"
#   skos: "http://www.w3.org/2004/02/skos/core#"
#   semapv: "https://w3id.org/semapv/vocab/"
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tconfidence
"""


@pytest.mark.parametrize(
    ("row", "severity", "said"),
    [
        ("treatkg:x\tx\tskos:exactMatch\tdrugbank:DB12159\tDupilumab", "", ""),
        ("treatkg:x\tx\tskos:exactMatch\tdrugbank:DB12159\tSAR231893", "", ""),
        ("treatkg:x\tx\tskos:exactMatch\tdrugbank:DB12159\tMometasone", "Violation", 'calls it "Mometasone"'),
        ("treatkg:x\tx\tskos:closeMatch\tdrugbank:DB00764\tDupilumab", "Violation", 'its vocabulary "Mometasone"'),
        ("MONDO:0004979\tpsoriasis\tskos:closeMatch\tdrugbank:DB12159\tDupilumab", "Violation", '"psoriasis"'),
        ("treatkg:x\tx\tskos:exactMatch\tdrugbank:DB12159\tDupilumab injection", "Warning", "calls it"),
        ("treatkg:x\tx\tskos:exactMatch\tdrugbank:DB77777\tDupilumab", "Violation", "does not exist"),
    ],
)
def test_names_that_a_mapping_records_are_compared(
    tmp_path: Path, tables: Path, row: str, severity: str, said: str
) -> None:
    file = tmp_path / "some.sssom.tsv"
    file.write_text(f"{MAPPING}{row}\tsemapv:MappingReview\t0.9\n", encoding="utf-8")
    findings = check([file], tables).findings
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(said in f.message and f.where == "some.sssom.tsv:11" for f in findings)


def test_without_tables_the_imports_are_the_reference(tmp_path: Path) -> None:
    turtle = f"{DRUG} tkg:disease MONDO:0004979 , MONDO:9999999 . MONDO:0004979 rdfs:label 'psoriasis' ."
    report = checked(tmp_path, turtle, None)
    assert {(f.severity, f.identifier) for f in report.findings} == {
        ("Violation", "MONDO:9999999"),
        ("Violation", "MONDO:0004979"),
    }


def test_a_curated_file_is_checked(tmp_path: Path, tables: Path) -> None:
    source = resources.CURATED / "treatments" / "dupilumab.yaml"
    folder = tmp_path / "treatments"
    folder.mkdir()
    text = source.read_text(encoding="utf-8")
    assert "drugbank:DB12159" in text
    (folder / source.name).write_text(text.replace("drugbank:DB12159", "drugbank:DB99999"), encoding="utf-8")
    report = check([folder / source.name], tables)
    assert ("Violation", "drugbank:DB99999") in {(f.severity, f.identifier) for f in report.findings}


def test_the_real_graph_against_the_imports() -> None:
    report = check()
    assert report.violations == ()
    assert sum(report.checked.values()) > 400


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="no reference tables: set TREATKG_REFERENCE to their folder")
def test_the_real_graph_against_reference_tables() -> None:
    report = check(reference=REFERENCE)
    assert report.violations == ()
    assert sum(report.checked.values()) > 1000


def test_a_folder_without_tables_and_a_table_without_its_column(tmp_path: Path, tables: Path) -> None:
    with pytest.raises(StorageError, match="no reference table"):
        check(reference=tmp_path / "nothing")
    (tables / "unii.tsv").write_text("id\tnames\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"unii\.tsv:1: the column unii is missing"):
        check(reference=tables)


# --- the command line ------------------------------------------------------------------------------------------------


def treatkg(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "treatkg", "link", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})


def test_exit_codes_and_formats(tmp_path: Path, tables: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text(HEAD + f"{DRUG} tkg:disease MONDO:0011292 .", encoding="utf-8")
    done = treatkg(str(bad), "--reference", str(tables))
    assert done.returncode == 1
    assert "Violation: MONDO:0011292 is obsolete" in done.stdout
    assert "1 violation, 0 warnings, 0 infos" in done.stdout
    listed = treatkg(str(bad), "--reference", str(tables), "--format", "json")
    assert listed.returncode == 1
    assert [finding["identifier"] for finding in json.loads(listed.stdout)] == ["MONDO:0011292"]
    good = tmp_path / "good.ttl"
    good.write_text(HEAD + f"{DRUG} skos:exactMatch drugbank:DB12159 .", encoding="utf-8")
    assert treatkg(str(good), "--reference", str(tables)).returncode == 0
    assert treatkg(str(tmp_path / "none.ttl")).returncode == 5
