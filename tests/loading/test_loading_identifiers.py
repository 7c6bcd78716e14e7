"""Identifiers of sources become those of the graph, in whatever way they are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.loading.identifiers import canonical, iri_of, is_iri, kept_under, obo

OBO = "http://purl.obolibrary.org/obo/"
REGISTRY = "https://bioregistry.io/"


@pytest.mark.parametrize(
    ("iri", "known"),
    [
        (f"{OBO}MONDO_0004980", f"{OBO}MONDO_0004980"),
        ("http://identifiers.org/mondo/0004980", f"{OBO}MONDO_0004980"),
        (f"{OBO}CHEBI_24431", f"{REGISTRY}CHEBI:24431"),
        (f"{OBO}NCIT_C2991", f"{REGISTRY}NCIT:C2991"),
        (f"{OBO}NCIT_R108", f"{OBO}NCIT_R108"),
        (f"{OBO}GO_REF_0000024", f"{OBO}GO_REF_0000024"),
        ("http://identifiers.org/hgnc/HGNC:5992", f"{REGISTRY}hgnc:5992"),
        ("https://www.genenames.org/data/gene-symbol-report/#!/hgnc_id/5992", f"{REGISTRY}hgnc:5992"),
        ("http://linkedlifedata.com/resource/umls/id/C0011615", f"{REGISTRY}umls:C0011615"),
        ("https://meshb.nlm.nih.gov/record/ui?ui=D003876", f"{REGISTRY}mesh:D003876"),
        ("http://www.ebi.ac.uk/efo/EFO_0000274", "http://www.ebi.ac.uk/efo/EFO_0000274"),
        ("https://purl.dataone.org/odo/ADCAD_00003", "https://purl.dataone.org/odo/ADCAD_00003"),
    ],
)
def test_an_iri_of_any_spelling_is_that_of_the_graph(iri: str, known: str) -> None:
    assert canonical(iri) == known
    assert canonical(known) == known


@pytest.mark.parametrize(
    "text", ["", "x", "http://a b", "http://a<b", "ftp://a/b", "http://", "http://a\n", "http://a|b"]
)
def test_what_is_no_web_iri_gives_nothing(text: str) -> None:
    assert canonical(text) == ""
    assert not is_iri(text)


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("mesh:D003876", f"{REGISTRY}mesh:D003876"),
        ("MESH:D003876", f"{REGISTRY}mesh:D003876"),
        ("UMLS:C0011615", f"{REGISTRY}umls:C0011615"),
        ("HGNC:HGNC:5992", f"{REGISTRY}hgnc:5992"),
        ("PMID:12565827", f"{REGISTRY}pubmed:12565827"),
        ("UniProtKB:P24394", "http://purl.uniprot.org/uniprot/P24394"),
        ("REACT:R-HSA-9613829", "https://reactome.org/content/detail/R-HSA-9613829"),
        ("biolink:treats", "https://w3id.org/biolink/vocab/treats"),
        ("MP:0012051", f"{OBO}MP_0012051"),
        ("http://identifiers.org/hgnc/5992", f"{REGISTRY}hgnc:5992"),
        ("zorvex:1", ""),
        ("mondo", ""),
        ("MONDO:", ""),
        ("MONDO:00 04980", ""),
        (":1", ""),
        ("", ""),
    ],
)
def test_a_curie_is_read_with_our_prefixes_in_any_case(curie: str, iri: str) -> None:
    assert iri_of(curie) == iri


def test_what_a_source_declares_counts_first() -> None:
    own = {"DO": "http://zor.example/", "zx": f"{OBO}MONDO_"}
    assert iri_of("DO:3310", own) == "http://zor.example/3310"
    assert iri_of("DO:3310") == f"{REGISTRY}DOID:3310"
    assert iri_of("zx:0004980", own) == f"{OBO}MONDO_0004980"
    assert iri_of("MONDO:0004980", own) == f"{OBO}MONDO_0004980"


def test_every_prefix_of_an_obo_ontology_has_a_place() -> None:
    assert obo("ZOR:0000001") == f"{OBO}ZOR_0000001"
    assert obo("CHEBI:24431") == canonical(f"{OBO}CHEBI_24431") == f"{REGISTRY}CHEBI:24431"
    assert obo("ZOR:1", {"ZOR": "http://zor.example/"}) == "http://zor.example/1"
    assert obo("http://zor.example/1") == "http://zor.example/1"
    assert obo("part_of") == ""


def test_without_a_known_form_an_identifier_stays_below_its_source() -> None:
    assert kept_under("kgx", "my drug") == "https://w3id.org/treatkg/load/kgx/name/Thing/my-drug"
    assert kept_under("kgx", "my drug!") != kept_under("kgx", "my drug?")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["", "MONDO:", "http://", f"{OBO}CHEBI_", "mesh:"]))
def test_any_text_gives_an_iri_or_nothing(text: str, before: str) -> None:
    for made in (canonical(before + text), iri_of(before + text), obo(before + text), kept_under("x", text)):
        assert made == "" or is_iri(made)
