"""Exports say what the graph says, and their bytes depend on nothing else."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from treatkg import graph, namespaces, publishing, resources
from treatkg.curation import Corpus, asserted_triples
from treatkg.curation.reader import read_document
from treatkg.curation.schema import load_schema
from treatkg.errors import StorageError, UsageError
from treatkg.publishing import Content, jsonld

CURATED = sorted(file for folder in ("treatments", "groups") for file in (resources.CURATED / folder).glob("*.yaml"))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return asserted_triples()[0]


@pytest.fixture(scope="module")
def whole() -> bytes:
    return publishing.single("jsonld")


def parsed(content: bytes, rdf_format: ox.RdfFormat) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(content, format=rdf_format, base_iri=namespaces.BASE)}


def ntriples_of(copy: rdflib.Graph) -> set[str]:
    """Return rdflib's triples in the spelling of Oxigraph."""
    text = copy.serialize(format="nt").encode()
    return {str(quad.triple) for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)}


def nesting(node: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return which keys a JSON-LD node has at each level, by the ids of its nodes."""
    if isinstance(node, list):
        return {str(child.get("id")): nesting(child) for child in node if isinstance(child, dict)}
    if not isinstance(node, dict):
        return {}
    children = {key: nesting(value if isinstance(value, list) else [value]) for key, value in node.items()}
    return {key: child for key, child in children.items() if key != "@context"}


def test_turtle_is_the_graph() -> None:
    own = set(graph.parse_file(resources.TRIPLES))
    assert parsed(publishing.single("turtle"), ox.RdfFormat.TURTLE) == own
    assert own


def test_turtle_is_read_alike_by_rdflib() -> None:
    copy = rdflib.Graph().parse(data=publishing.single("turtle"), format="turtle")
    assert ntriples_of(copy) == set(map(str, graph.parse_file(resources.TRIPLES)))


def test_ntriples_are_the_graph_in_order() -> None:
    content = publishing.single("ntriples")
    lines = content.decode().splitlines(keepends=True)
    assert lines == sorted(set(lines))
    assert parsed(content, ox.RdfFormat.N_TRIPLES) == set(graph.parse_file(resources.TRIPLES))


def test_jsonld_is_what_is_asserted(whole: bytes, corpus: Corpus) -> None:
    assert parsed(whole, ox.RdfFormat.JSON_LD) == corpus.triples


def test_jsonld_is_read_alike_by_rdflib(whole: bytes, corpus: Corpus) -> None:
    copy = rdflib.Graph().parse(data=whole, format="json-ld", base=namespaces.BASE)
    assert ntriples_of(copy) == set(map(str, corpus.triples))


def test_jsonld_brings_its_context(whole: bytes) -> None:
    assert json.loads(whole)["@context"] == namespaces.context()


def test_jsonld_has_every_subject_once(whole: bytes, corpus: Corpus) -> None:
    def ids(node: Any) -> list[str]:  # noqa: ANN401 (JSON)
        if isinstance(node, list):
            return [ident for child in node for ident in ids(child)]
        if not isinstance(node, dict):
            return []
        own = [node["id"]] if len(node) > 1 else []
        return own + [ident for value in node.values() for ident in ids(value)]

    found = [namespaces.expand(ident) for ident in ids(json.loads(whole)["@graph"])]
    assert sorted(found) == sorted(graph.subjects(corpus.triples))


@functools.cache
def facts_elsewhere() -> list[dict[str, Any]]:
    """What guidelines and meta-analyses say, which stands in files of their own."""
    files = [file for folder in ("guidelines", "comparisons") for file in (resources.CURATED / folder).glob("*.yaml")]
    return [fact for file in files for fact in read_document(file, load_schema()).nodes]


def with_facts_from_elsewhere(file: Path) -> list[dict[str, Any]]:
    """Read a treatment's file, and put what other files say of it among its facts."""
    nodes = read_document(file, load_schema()).nodes
    facts = nodes[0].get("facts", [])
    facts = list(facts) if isinstance(facts, list) else [facts]
    for fact in facts_elsewhere():
        if fact["treatment"] == file.stem:
            facts.append({key: value for key, value in fact.items() if key != "treatment"})
    return [{**nodes[0], "facts": facts} if facts else nodes[0]]


@pytest.fixture(scope="module")
def documents(corpus: Corpus) -> dict[str, Any]:
    return jsonld.documents(corpus.triples)


@pytest.mark.parametrize("file", CURATED, ids=[file.stem for file in CURATED])
def test_jsonld_of_one_treatment_has_the_shape_of_its_file(file: Path, documents: dict[str, Any]) -> None:
    exported = json.loads(jsonld.write([documents[file.stem]], namespaces.context()))
    assert nesting([exported]) == nesting(with_facts_from_elsewhere(file))


def test_jsonld_of_one_subject_is_the_graph_of_its_file() -> None:
    nodes = with_facts_from_elsewhere(resources.CURATED / "treatments" / "dupilumab.yaml")
    written = json.dumps({"@context": namespaces.context(), "@graph": nodes}).encode()
    exported = jsonld.subject("dupilumab", Content())
    assert parsed(exported, ox.RdfFormat.JSON_LD) == parsed(written, ox.RdfFormat.JSON_LD)
    assert json.loads(exported)["id"] == "dupilumab"


@pytest.mark.parametrize(
    ("alias", "name"),
    [("ttl", "turtle"), ("NT", "ntriples"), ("n-triples", "ntriples"), ("Turtle", "turtle"), ("flat", "jsonld-flat")],
)
def test_formats_have_other_names(alias: str, name: str) -> None:
    assert publishing.single(alias) == publishing.single(name)


@pytest.mark.parametrize(
    ("name", "message"), [("turtel", 'did you mean "turtle"'), ("word", "turtle, ntriples, jsonld")]
)
def test_formats_that_there_are_not(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        publishing.single(name)


@pytest.mark.parametrize(
    ("name", "message"), [("dupilumb", 'did you mean "dupilumab"'), ("../../etc/passwd", "no curated file")]
)
def test_subjects_that_there_are_not(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        jsonld.subject(name, Content())


def test_a_failing_export_leaves_every_previous_file_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before", encoding="utf-8")

    def files() -> Iterator[tuple[str, bytes]]:
        yield "a.txt", b"after"
        yield "new/b.txt", b"after"
        yield "\0", b"cannot be a file"

    with pytest.raises((StorageError, ValueError)):
        graph.write_all_atomically(tmp_path, files())
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "before"


def test_two_files_of_one_name_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before", encoding="utf-8")
    with pytest.raises(StorageError, match="two files of this name"):
        graph.write_all_atomically(tmp_path, [("a.txt", b"one"), ("a.txt", b"two")])
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"before"]


def test_no_two_formats_have_one_name() -> None:
    names = [name for entry in publishing.FORMATS.values() for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))


def test_every_format_is_documented() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (resources.ROOT / "docs").glob("*.md"))
    assert [name for name in publishing.FORMATS if f"`{name}`" not in text] == []
