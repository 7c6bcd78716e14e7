"""The mappings: valid SSSOM, one home each, current and rightly named identifiers, SKOS triples in the graph."""

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import curies
import pyoxigraph as ox
import pytest

from treatkg import curation, graph, mappings, namespaces, publishing, resources
from treatkg.errors import BadInputError
from treatkg.linking import prefixes

FILES = sorted(mappings.FOLDER.glob("*.sssom.tsv"))
SUBJECTS = {"classes", "diseases", "drugs", "phenotypes", "processes", "targets", "terms"}
EACH_FILE = pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
MATCHES = {namespaces.expand(predicate) for predicate in mappings.PREDICATES}


def test_there_is_a_set_for_each_subject() -> None:
    assert {file.name.removesuffix(".sssom.tsv") for file in FILES} == SUBJECTS


@EACH_FILE
def test_sssom_py_reads_it_and_finds_it_valid(file: Path) -> None:
    with warnings.catch_warnings():  # pandas and its friends announce what they will change
        warnings.simplefilter("ignore")
        from sssom.constants import SchemaValidationType
        from sssom.parsers import parse_sssom_table
        from sssom.validators import validate

        table = parse_sssom_table(file)
        reports = validate(
            table, [SchemaValidationType.JsonSchema, SchemaValidationType.PrefixMapCompleteness], fail_on_error=True
        )
    assert all(not report.results for report in reports.values())
    assert len(table.df) == len(mappings.read_file(file))
    assert not table.df.duplicated(["subject_id", "predicate_id", "object_id"]).any()
    assert str(table.metadata["license"]) == "https://creativecommons.org/licenses/by/4.0/"
    assert table.metadata["mapping_set_version"]
    assert (table.df["author_label"] != "").all()
    assert table.df["mapping_justification"].str.fullmatch(r"semapv:[A-Za-z]+").all()


@EACH_FILE
def test_our_reader_and_sssom_py_read_the_same(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sssom.parsers import parse_sssom_table

        table = parse_sssom_table(file)
    expand = table.converter.expand
    theirs = {
        (expand(row.subject_id), expand(row.predicate_id), expand(row.object_id)) for row in table.df.itertuples()
    }
    assert {(m.subject, m.predicate, m.object) for m in mappings.read_file(file)} == theirs


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.name != mappings.GENERATED], ids=lambda file: file.name
)
def test_what_is_not_exact_says_why(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    columns, *rows = (line.split("\t") for line in lines)
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    assert not [row for row in named if row["predicate_id"] != "skos:exactMatch" and not row["comment"].strip()]


def test_each_mapping_has_one_home() -> None:
    """What curated files say of their own subjects stands there, everything else in the folder."""
    corpus, _ = curation.asserted_triples()
    stated = mappings.matches(corpus.triples)
    assert stated
    assert all(graph.iri_of(triple.subject).startswith(namespaces.BASE) for triple in stated)
    assert not mappings.triples() & set(stated)
    in_ontology = (
        triple
        for name in ("treatkg.ttl", "vocabulary.ttl", *(f"imports/{file.name}" for file in imports()))
        for triple in graph.parse_file(resources.ONTOLOGY / name)
    )
    assert not [triple for triple in in_ontology if triple.predicate.value in MATCHES]


def imports() -> list[Path]:
    return sorted((resources.ONTOLOGY / "imports").glob("*.ttl"))


def test_the_matches_of_drugs_are_what_the_curated_files_say() -> None:
    """`treatkg build` (or `treatkg export sssom`) writes the file."""
    outputs = publishing.find("sssom").outputs(publishing.Content())
    exported = {output.path: output.content for output in outputs}
    assert (mappings.FOLDER / mappings.GENERATED).read_bytes() == exported[mappings.GENERATED]
    corpus, _ = curation.asserted_triples()
    stated = {(graph.iri_of(t.subject), graph.iri_of(t.object)) for t in mappings.matches(corpus.triples)}
    assert {(m.subject, m.object) for m in mappings.read_file(mappings.FOLDER / mappings.GENERATED)} == stated


def test_the_graph_gets_the_matches_as_skos() -> None:
    found = graph.background()
    wanted = ox.Triple(
        ox.NamedNode(namespaces.expand("MONDO:0004980")),
        ox.NamedNode(namespaces.expand("skos:exactMatch")),
        ox.NamedNode(namespaces.expand("DOID:3310")),
    )
    assert wanted in found
    assert mappings.triples() <= found
    assert len(mappings.triples()) == len(mappings.read_all()) > 1000


def test_every_disease_phenotype_and_target_that_has_a_counterpart_is_mapped() -> None:
    """Most terms have one; the rest are upper terms, and phenotypes that no other vocabulary names alike."""
    mapped = {mapping.subject for mapping in mappings.read_all()}
    least = {"MONDO": 0.9, "uniprot": 1.0, "HP": 0.5}
    for prefix, share in least.items():
        file = {"MONDO": "mondo", "uniprot": "uniprot", "HP": "hp"}[prefix]
        terms = graph.subjects(graph.parse_file(resources.ONTOLOGY / "imports" / f"{file}.ttl"))
        terms = {iri for iri in terms if iri.startswith(namespaces.prefixes()[prefix])}
        assert len(terms & mapped) >= share * len(terms), prefix


def test_our_own_terms_are_mapped_to_the_models_of_the_field() -> None:
    found = {(namespaces.shorten(m.subject), m.object) for m in mappings.read_file(mappings.FOLDER / "terms.sssom.tsv")}
    spaces = {
        "Biolink": "https://w3id.org/biolink/vocab/",
        "IDMP-O": "https://spec.pistoiaalliance.org/idmp/ontology/",
        "FHIR": "http://hl7.org/fhir/StructureDefinition/ClinicalUseDefinition#",
        "schema.org": "https://schema.org/",
        "SIO": "http://semanticscience.org/resource/SIO_",
        "NCIT": "https://bioregistry.io/NCIT:",
    }
    for name, space in spaces.items():
        assert [term for term, other in found if other.startswith(space)], name
    assert len({term for term, _ in found}) >= 40
    ours = graph.subjects(graph.background())
    assert {namespaces.expand(term) for term, _ in found} <= ours


# --- the reader ------------------------------------------------------------------------------------------------------

HEAD = """# mapping_set_id: https://example.org/set
# mapping_set_version: "1"
# license: https://creativecommons.org/licenses/by/4.0/
# curie_map:
#   MONDO: "http://purl.obolibrary.org/obo/MONDO_"
#   DOID: "https://bioregistry.io/DOID:"
#   skos: "http://www.w3.org/2004/02/skos/core#"
#   semapv: "https://w3id.org/semapv/vocab/"
"""
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tpredicate_modifier\n"
ROW = "MONDO:0004980\tskos:exactMatch\tDOID:3310\tsemapv:MappingReview\t0.9\t\n"


def written(folder: Path, text: str, name: str = "x.sssom.tsv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("skos:exactMatch", "skos:exactmatch", 10, 'did you mean "skos:exactMatch"'),
        ("DOID:3310", "DOI:3310", 10, 'did you mean "DOID"'),
        ("DOID:3310", "3310", 10, "is not a CURIE"),
        ("\t0.9\t", "\t90\t", 10, "a number from 0 to 1"),
        ("\t0.9\t", "\thigh\t", 10, "a number from 0 to 1"),
        ("\t0.9\t\n", "\t0.9\n", 10, "5 cells under 6 columns"),
        ("\tconfidence", "\tconfidense", 9, '"confidence" is missing'),
        ("obo/MONDO_", "obo/mondo_", 0, "curie_map says MONDO is"),
        ("#   DOID:", "#   DO:", 0, "unknown here"),
        ("# license:", "# licence:", 0, 'needs "license"'),
        ("# curie_map:", "# curie_map: [", 0, "not valid YAML"),
    ],
)
def test_a_bad_set_is_an_error_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    text = HEAD + COLUMNS + ROW
    assert old in text
    file = written(tmp_path, text.replace(old, new))
    with pytest.raises(BadInputError, match=re.escape(said)) as caught:
        mappings.read_file(file)
    assert str(caught.value).startswith(f"{file}:{line}:" if line else str(file))


def test_the_good_set_is_read_and_a_negative_row_gives_no_triple(tmp_path: Path) -> None:
    written(tmp_path, HEAD + COLUMNS + ROW + ROW.replace("3310", "2723").replace("0.9\t", "0.9\tNot"))
    assert [mapping.negative for mapping in mappings.read_all(tmp_path)] == [False, True]
    assert len(mappings.triples(tmp_path)) == 1


def test_a_pair_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, HEAD + COLUMNS + ROW, "a.sssom.tsv")
    written(tmp_path, HEAD + COLUMNS + ROW.replace("exact", "close"), "b.sssom.tsv")
    with pytest.raises(BadInputError, match=r"b\.sssom\.tsv:10: the same pair stands in .*a\.sssom\.tsv:10"):
        mappings.read_all(tmp_path)


# --- prefixes --------------------------------------------------------------------------------------------------------


def test_the_frozen_prefix_map_is_that_of_the_context() -> None:
    records = json.loads(prefixes.FILE.read_text(encoding="utf-8"))
    assert {record["prefix"]: record["uri_prefix"] for record in records} == mappings.prefixes()
    assert isinstance(prefixes.converter(), curies.Converter)


@pytest.mark.parametrize("prefix", sorted(namespaces.prefixes()))
def test_curies_and_our_own_expansion_agree(prefix: str) -> None:
    name = f"{prefix}:X1"
    iri = namespaces.expand(name)
    assert prefixes.converter().expand(name) == iri
    assert namespaces.expand(prefixes.curie(iri)) == iri


@pytest.mark.parametrize(
    ("spelling", "curie"),
    [
        ("http://purl.obolibrary.org/obo/DOID_3310", "DOID:3310"),
        ("http://www.wikidata.org/entity/Q12152", "wikidata:Q12152"),
        ("http://id.nlm.nih.gov/mesh/D003876", "mesh:D003876"),
        ("http://purl.uniprot.org/hgnc/6015", "hgnc:6015"),
        ("https://bioregistry.io/mondo:0004980", "MONDO:0004980"),
        ("https://example.org/x", "https://example.org/x"),
    ],
)
def test_other_spellings_are_read(spelling: str, curie: str) -> None:
    assert prefixes.curie(spelling) == curie


def test_the_command_line_starts_without_what_only_links_need() -> None:
    """`curies` takes most of a second to import."""
    program = (
        "import sys, contextlib, treatkg.cli as c\n"
        "with contextlib.suppress(SystemExit):\n"
        "    c.app(['query', 'graph-in-numbers', '-f', 'csv'])\n"
        "print(sorted({'curies', 'pandas', 'sssom', 'SPARQLWrapper'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
