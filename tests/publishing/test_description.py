"""The descriptions count what is there: each number is asked of the graph by SPARQL, each file read again."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml

from treatkg import graph, namespaces, publishing, resources
from treatkg.publishing import FORMATS

PREFIXES = """
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX spdx: <http://spdx.org/rdf/terms#>
"""
DATASET = f"<{namespaces.DATASET}>"
TOTALS = {
    "triples": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    "entities": "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o }",
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { ?s ?p ?o }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) WHERE { ?s ?p ?o }",
    "classes": "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { ?s a ?o }",
}


@pytest.fixture(scope="module")
def data() -> ox.Store:
    return graph.store_of(graph.parse_file(resources.TRIPLES))


@pytest.fixture(scope="module")
def void() -> ox.Store:
    written = publishing.single("void")
    return graph.store_of(quad.triple for quad in ox.parse(written, format=ox.RdfFormat.TURTLE))


def ask(store: ox.Store, query: str) -> list[tuple[str, ...]]:
    answer = graph.rows(store.query(PREFIXES + query))
    return [tuple(value.value if value is not None else "" for value in row) for row in answer]


@pytest.mark.parametrize("name", TOTALS)
def test_totals_are_those_of_the_graph(name: str, data: ox.Store, void: ox.Store) -> None:
    stated = ask(void, f"SELECT ?n WHERE {{ {DATASET} void:{name} ?n }}")
    assert stated == ask(data, TOTALS[name])
    assert int(stated[0][0]) > 0


def test_property_partitions_are_those_of_the_graph(data: ox.Store, void: ox.Store) -> None:
    stated = ask(
        void,
        f"""SELECT ?p ?n ?s ?o WHERE {{ {DATASET} void:propertyPartition ?part .
        ?part void:property ?p ; void:triples ?n ; void:distinctSubjects ?s ; void:distinctObjects ?o }}""",
    )
    counted = ask(
        data,
        """SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
        WHERE { ?s ?p ?o } GROUP BY ?p""",
    )
    assert sorted(stated) == sorted(counted)


def test_class_partitions_are_those_of_the_graph(data: ox.Store, void: ox.Store) -> None:
    stated = ask(
        void,
        f"""SELECT ?c ?n WHERE {{ {DATASET} void:classPartition ?part . ?part void:class ?c ; void:entities ?n }}""",
    )
    counted = ask(data, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?c } GROUP BY ?c")
    assert sorted(stated) == sorted(counted)


def test_properties_of_each_class_are_those_of_the_graph(data: ox.Store, void: ox.Store) -> None:
    stated = ask(
        void,
        """SELECT ?c ?p ?n WHERE { ?part void:class ?c ; void:propertyPartition ?inner .
        ?inner void:property ?p ; void:triples ?n }""",
    )
    counted = ask(data, "SELECT ?c ?p (COUNT(*) AS ?n) WHERE { ?s a ?c ; ?p ?o } GROUP BY ?c ?p")
    assert sorted(stated) == sorted(counted)
    assert len(stated) > 500
    totals = ask(void, "SELECT ?c ?n WHERE { ?part void:class ?c ; void:triples ?n }")
    assert sorted(totals) == sorted(
        ask(data, "SELECT ?c (COUNT(*) AS ?n) WHERE { ?s a ?c ; ?p ?o } GROUP BY ?c"),
    )


def test_links_are_those_of_the_graph(data: ox.Store, void: ox.Store) -> None:
    stated = ask(
        void,
        f"""SELECT ?space ?p ?n WHERE {{ ?set a void:Linkset ; void:subjectsTarget {DATASET} ; void:objectsTarget ?to ;
        void:linkPredicate ?p ; void:triples ?n . ?to void:uriSpace ?space . {DATASET} void:subset ?set }}""",
    )
    assert len(stated) > 50
    for space, prop, count in stated:
        query = f"""SELECT (COUNT(*) AS ?n) WHERE {{ ?s <{prop}> ?o
        FILTER(ISIRI(?o) && STRSTARTS(STR(?o), "{space}") && STRSTARTS(STR(?s), "{namespaces.BASE}")) }}"""
        assert ask(data, query) == [(count,)]
    spaces = {space for space, _, _ in stated}
    for prefix in ("MONDO", "HP", "GO", "CL", "uniprot", "reactome", "CHEBI", "chembl.compound", "nct", "pubmed"):
        assert namespaces.prefixes()[prefix] in spaces


def test_the_header_says_what_the_curated_header_says(void: ox.Store) -> None:
    header = yaml.safe_load((resources.CURATED / "dataset.yaml").read_text(encoding="utf-8"))
    (row,) = ask(
        void,
        f"""SELECT ?title ?issued ?version ?licence WHERE {{ {DATASET} dcterms:title ?title ; dcterms:issued ?issued ;
        dcat:version ?version ; dcterms:license ?licence }}""",
    )
    licence = "https://creativecommons.org/licenses/by/4.0/"
    assert row == (header["title"], header["issued"], header["version"], licence)
    assert "no medical advice" in str(ask(void, f"SELECT ?note WHERE {{ {DATASET} ?p ?note }}"))


def test_makers_version_and_date_are_those_of_the_citation_file(void: ox.Store) -> None:
    citation = yaml.safe_load((resources.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    names = ask(void, f"SELECT ?name WHERE {{ {DATASET} dcterms:creator ?who . ?who foaf:name ?name }}")
    assert names == [(author["name"],) for author in citation["authors"]]
    (row,) = ask(void, f"SELECT ?v ?d WHERE {{ {DATASET} dcat:version ?v ; dcterms:issued ?d }}")
    assert row == (citation["version"], citation["date-released"].isoformat())


def test_examples_and_subjects_are_in_the_graph(data: ox.Store, void: ox.Store) -> None:
    found = ask(void, f"SELECT ?x WHERE {{ {DATASET} void:exampleResource|dcterms:subject ?x }}")
    assert len(found) > 5
    assert all(data.query(f"ASK {{ <{iri}> ?p ?o }}") for (iri,) in found)


def test_rdflib_reads_the_description() -> None:
    written = publishing.single("void")
    assert len(rdflib.Graph().parse(data=written, format="turtle")) == sum(
        1 for _ in ox.parse(written, format=ox.RdfFormat.TURTLE)
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("all") / "published"
    publishing.export_all(out)
    return out


def written(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def crate(folder: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in document["@graph"]}


@pytest.mark.slow
def test_the_crate_describes_every_file_of_an_export(everything: Path) -> None:
    entities = crate(everything)
    files = written(everything)
    del files["ro-crate-metadata.json"]
    described = {ident: entity for ident, entity in entities.items() if entity["@type"] == "File"}
    assert described.keys() == files.keys()
    for path, content in files.items():
        entity = described[path]
        assert entity["contentSize"] == str(len(content))
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["encodingFormat"] != "application/octet-stream", path
        assert entity["description"]
    parts = {part["@id"] for entity in entities.values() for part in entity.get("hasPart", [])}
    folders = {ident for ident, entity in entities.items() if entity["@type"] == "Dataset"} - {"./"}
    assert parts == files.keys() | folders
    assert folders >= {"csv/", "kgx/"}


@pytest.mark.slow
def test_rocrate_reads_the_crate(everything: Path) -> None:
    from rocrate.rocrate import ROCrate

    read = ROCrate(everything)
    root = read.root_dataset
    header = yaml.safe_load((resources.CURATED / "dataset.yaml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((resources.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (root["name"], root["version"]) == (header["title"], header["version"])
    assert read.datePublished.date().isoformat() == header["issued"]
    assert root["license"]["name"] == "Creative Commons Attribution 4.0 International"
    assert [author["name"] for author in root["author"]] == [author["name"] for author in citation["authors"]]
    turtle = read.dereference("treatkg.ttl")
    assert turtle.type == "File"
    assert turtle["conformsTo"]["@id"] == "https://www.w3.org/TR/turtle/"
    files = [entity for entity in read.data_entities if "File" in entity.type]
    assert all((everything / entity.id).is_file() for entity in files)


@pytest.mark.slow
def test_every_reference_of_the_crate_leads_to_an_entity(everything: Path) -> None:
    entities = crate(everything)
    outside = {"https://w3id.org/ro/crate/1.1"}

    def references(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(references, value))
        if isinstance(value, dict):
            return {value["@id"]} if value.keys() == {"@id"} else set()
        return set()

    found = {ident for entity in entities.values() for value in entity.values() for ident in references(value)}
    assert found - outside <= entities.keys()
    assert len(found) > len(FORMATS)


@pytest.mark.slow
def test_distributions_of_an_export_are_its_files(everything: Path) -> None:
    described = graph.store_of(graph.parse_file(everything / "void.ttl"))
    stated = ask(
        described,
        f"""SELECT ?path ?size ?sum WHERE {{ {DATASET} dcat:distribution ?file . ?file dcterms:identifier ?path ;
        dcat:byteSize ?size ; spdx:checksum/spdx:checksumValue ?sum }}""",
    )
    files = written(everything)
    assert {path for path, _, _ in stated} == files.keys() - {"void.ttl", "ro-crate-metadata.json"}
    for path, size, checksum in stated:
        assert (size, checksum) == (str(len(files[path])), hashlib.sha256(files[path]).hexdigest())


@pytest.mark.slow
def test_bytes_of_every_format_do_not_depend_on_hash_seed_zone_or_locale(everything: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "treatkg", "export", "--all", "--out", str(tmp_path)]
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    subprocess.run(command, env={**os.environ, **elsewhere}, capture_output=True, check=True)
    again, before = written(tmp_path), written(everything)
    assert again.keys() == before.keys()
    assert [path for path in again if again[path] != before[path]] == []


def test_a_crate_of_its_own_holds_the_graph(tmp_path: Path) -> None:
    publishing.export("rocrate", tmp_path)
    entities = crate(tmp_path)
    assert written(tmp_path).keys() == {"treatkg.ttl", "ro-crate-metadata.json"}
    checksum = hashlib.sha256((tmp_path / "treatkg.ttl").read_bytes()).hexdigest()
    assert entities["treatkg.ttl"]["sha256"] == checksum
