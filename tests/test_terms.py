"""Names: from what a person writes to an IRI."""

from pathlib import Path

import pytest

import treatkg
from treatkg.errors import UsageError
from treatkg.terms import normalise

DUPILUMAB = "https://w3id.org/treatkg/id/dupilumab"
IL13 = "http://purl.uniprot.org/uniprot/P35225"
ECZEMA = "http://purl.obolibrary.org/obo/MONDO_0004980"
TWO_OF_A_NAME = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix tkg: <https://w3id.org/treatkg/ontology#> .
<cream> a tkg:Treatment ; rdfs:label "calm"@en .
<enzyme> a tkg:Protein ; rdfs:label "Calm"@en .
<unlabelled> a tkg:Protein .
"""


@pytest.fixture
def small(tmp_path: Path) -> treatkg.Knowledge:
    file = tmp_path / "small.ttl"
    file.write_text(TWO_OF_A_NAME, encoding="utf-8")
    return treatkg.open(file)


@pytest.mark.parametrize(
    ("written", "iri"),
    [
        (DUPILUMAB, DUPILUMAB),
        ("dupilumab", DUPILUMAB),
        ("Dupilumab", DUPILUMAB),
        ("Dupixent", DUPILUMAB),
        ("デュピクセント", DUPILUMAB),
        ("tralokinumab-ldrm", "https://w3id.org/treatkg/id/tralokinumab"),
        ("CAT-354", "https://w3id.org/treatkg/id/tralokinumab"),
        ("adbry", "https://w3id.org/treatkg/id/tralokinumab"),
        ("uniprot:P35225", IL13),
        (IL13, IL13),
        ("IL-13", IL13),
        ("il13", IL13),
        ("IL 13", IL13),
        ("Il–13", IL13),  # noqa: RUF001 (an en dash, as word processors write it)
        ("MONDO:0004980", ECZEMA),
        ("DUPIXENT", DUPILUMAB),
        ("Indication", "https://w3id.org/treatkg/ontology#Indication"),
        ("tkg:US", "https://w3id.org/treatkg/ontology#US"),
    ],
)
def test_a_thing_can_be_named_in_many_ways(kg: treatkg.Knowledge, written: str, iri: str) -> None:
    assert kg.terms.resolve(written) == iri


def test_an_ambiguous_name_lists_its_candidates(small: treatkg.Knowledge) -> None:
    with pytest.raises(UsageError, match="can mean several things") as refused:
        small.terms.resolve("CALM")
    assert "cream" in str(refused.value)
    assert "enzyme" in str(refused.value)


def test_a_class_tells_candidates_apart(small: treatkg.Knowledge) -> None:
    assert small.terms.resolve("calm", "Treatment").endswith("/cream")
    assert small.terms.resolve("calm", "Protein").endswith("/enzyme")


def test_a_class_tells_the_disease_from_the_phenotype(kg: treatkg.Knowledge) -> None:
    assert kg.terms.resolve("atopic dermatitis", "Disease") == ECZEMA
    with pytest.raises(UsageError, match="MONDO:0004980"):
        kg.terms.resolve("atopic dermatitis")


def test_a_class_without_such_a_name_is_named_in_the_error(small: treatkg.Knowledge) -> None:
    with pytest.raises(UsageError, match="nothing of the class Disease"):
        small.terms.resolve("calm", "Disease")


def test_a_class_includes_its_subclasses(kg: treatkg.Knowledge) -> None:
    assert kg.terms.resolve("dupixent", "TreatmentSubject") == DUPILUMAB


@pytest.mark.parametrize(
    ("written", "near"),
    [("dupilumb", "dupilumab"), ("Dupixant", "Dupixent"), ("atopic dermatits", "atopic dermatitis")],
)
def test_a_misspelt_name_gets_a_suggestion(kg: treatkg.Knowledge, written: str, near: str) -> None:
    with pytest.raises(UsageError, match=rf'did you mean.*"{near}"'):
        kg.terms.resolve(written)


def test_an_unknown_prefix_gets_a_suggestion(kg: treatkg.Knowledge) -> None:
    with pytest.raises(UsageError, match=r'unknown prefix "mondo".*"MONDO"'):
        kg.terms.resolve("mondo:0004980")


@pytest.mark.parametrize("written", ["MONDO:4980", "uniprot:IL13", "nct:12", "MONDO:0004980#x", "MONDO:"])
def test_an_identifier_of_the_wrong_form_is_refused(kg: treatkg.Knowledge, written: str) -> None:
    with pytest.raises(UsageError, match="is not the form of"):
        kg.terms.resolve(written)


@pytest.mark.parametrize(
    "written",
    [
        "http://a> . <b",
        "http://a b",
        "https://a/{x}",
        'https://a/"',
        "https://a/\\u0041",
        "https://a/`",
        "http://a/\n",
        "http://[x",
        "http://a/\x00",
        "http://a/%",
        "tkg:a>b",
        'schema:x"y',
        "owl:\\",
    ],
)
def test_a_hostile_iri_is_refused(kg: treatkg.Knowledge, written: str) -> None:
    with pytest.raises(UsageError):
        kg.terms.resolve(written)


@pytest.mark.parametrize("written", ["", "x" * 301, "\x00", "\udcff", "' OR 1=1", "javascript:alert(1)", "🙂"])
def test_what_names_nothing_is_refused(kg: treatkg.Knowledge, written: str) -> None:
    with pytest.raises(UsageError):
        kg.terms.resolve(written)


def test_labels_and_names(kg: treatkg.Knowledge, small: treatkg.Knowledge) -> None:
    assert "IL13" in kg.terms.names(IL13)
    assert kg.terms.label(IL13) in kg.terms.names(IL13)
    assert {"dupilumab", "Dupixent"} <= set(kg.terms.names(DUPILUMAB))
    assert small.terms.label("https://w3id.org/treatkg/id/unlabelled") == "unlabelled"
    assert small.terms.names("https://w3id.org/treatkg/id/unlabelled") == []


def test_names_match_without_case_accents_and_punctuation() -> None:
    assert normalise("Sjögren’s (dry) Eye") == normalise("SJOGRENS dry-eye")  # noqa: RUF001
    assert normalise("IL-4") != normalise("IL-13")


@pytest.mark.parametrize("text", ["dupilumab", "MONDO:0004980", "http://purl.obolibrary.org/obo/MONDO_0004980"])
def test_an_id_of_another_class_is_refused(kg: treatkg.Knowledge, text: str) -> None:
    with pytest.raises(UsageError, match="is not of the class Cytokine"):
        kg.terms.resolve(text, "Cytokine")
