"""JSON-LD: one shape for every node, no value respelled, and no file that another overwrites."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from treatkg import graph, namespaces, publishing
from treatkg.errors import BadInputError
from treatkg.publishing import Content, compaction, jsonld

Small = Callable[[Iterable[ox.Triple]], Content]
SUBJECT = ox.NamedNode(namespaces.BASE + "thing")
LABEL = ox.NamedNode(namespaces.RDFS + "label")
DECIMAL = ox.NamedNode(namespaces.XSD + "decimal")


def pairs(node: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (JSON)
    """Yield every key of the terms and its value, at any depth."""
    if isinstance(node, list):
        for child in node:
            yield from pairs(child)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in ("@context", "@graph", "id", "@value", "@type", "@language"):
                yield key, value
            if key != "@context":
                yield from pairs(value)


@pytest.fixture(scope="module")
def whole(content: Content) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(publishing.single("jsonld", content))


@pytest.fixture(scope="module")
def flat(content: Content) -> bytes:
    return publishing.single("jsonld-flat", content)


def single() -> set[str]:
    return {compaction.key_of(prop)[0] for prop in compaction.single_valued()}


def test_a_term_is_a_list_by_the_shapes_and_not_by_the_number_of_values(whole: Any, flat: bytes) -> None:  # noqa: ANN401
    for key, value in pairs(whole):
        assert isinstance(value, list) != (key in single()), (key, value)
    for key, value in pairs(json.loads(flat)):
        several = isinstance(value, list) and len(value) > 1  # two vocabularies may label one term
        assert isinstance(value, list) != (key in single()) or several, (key, value)


def test_terms_are_single_and_lists_as_the_shapes_say() -> None:
    assert {"treatment", "label", "validFrom", "percent", "jurisdiction"} <= single()
    assert not {"type", "evidence", "population", "condition", "exactMatch", "facts", "altLabel"} & single()


def test_a_property_with_more_values_than_the_shapes_allow_keeps_them(small: Small) -> None:
    labels = ["one", "two"]
    content = small(ox.Triple(SUBJECT, LABEL, ox.Literal(value, language="en")) for value in labels)
    nodes = json.loads(publishing.single("jsonld-flat", content))["@graph"]
    assert next(node["label"] for node in nodes if node["id"] == "thing") == labels


@pytest.mark.parametrize(
    ("prop", "value", "written"),
    [
        ("rdfs:label", ox.Literal("Ekzem", language="de"), {"@value": "Ekzem", "@language": "de"}),
        ("rdfs:label", ox.Literal("eczema", language="en"), "eczema"),
        ("rdfs:label", ox.Literal("eczema"), {"@value": "eczema"}),
        ("tkg:percent", ox.Literal("1.10", datatype=DECIMAL), "1.10"),
        ("tkg:percent", ox.Literal("1"), {"@value": "1"}),
        ("tkg:percent", ox.Literal(1), {"@value": "1", "@type": "xsd:integer"}),
        ("tkg:validFrom", ox.Literal("2020", language="en"), {"@value": "2020", "@language": "en"}),
        ("tkg:jurisdiction", ox.NamedNode(namespaces.TKG + "US"), "US"),
        ("tkg:jurisdiction", ox.NamedNode(namespaces.TKG + "severity"), "tkg:severity"),
        ("tkg:jurisdiction", ox.NamedNode(namespaces.BASE + "US"), namespaces.BASE + "US"),
        ("tkg:jurisdiction", ox.Literal("US"), {"@value": "US"}),
        ("tkg:treatment", ox.NamedNode(namespaces.BASE + "a:b"), namespaces.BASE + "a:b"),
        ("tkg:treatment", ox.NamedNode(namespaces.BASE + "../b"), namespaces.BASE + "../b"),
        ("tkg:treatment", ox.Literal("dupilumab"), {"@value": "dupilumab"}),
    ],
)
def test_a_value_is_written_so_that_it_is_read_as_it_was(
    prop: str,
    value: ox.NamedNode | ox.Literal,
    written: Any,  # noqa: ANN401 (JSON)
    small: Small,
) -> None:
    triple = ox.Triple(SUBJECT, ox.NamedNode(namespaces.expand(prop)), value)
    flat = publishing.single("jsonld-flat", small([triple]))
    (node,) = [node for node in json.loads(flat)["@graph"] if node["id"] == "thing"]
    assert node[compaction.key_of(triple.predicate.value)[0]] == written
    framed = jsonld.write(list(jsonld.documents([triple]).values()), namespaces.context())
    assert [quad.triple for quad in ox.parse(framed, format=ox.RdfFormat.JSON_LD)] == [triple]


@pytest.mark.parametrize("iri", ["mesh:D003876", "tkg:Drug"])
def test_an_iri_that_would_be_read_as_another_is_refused(iri: str, small: Small) -> None:
    content = small([ox.Triple(SUBJECT, ox.NamedNode(namespaces.TKG + "treatment"), ox.NamedNode(iri))])
    with pytest.raises(BadInputError, match=f"cannot be written as JSON-LD.*<{iri}>"):
        publishing.single("jsonld-flat", content)


def test_flat_is_the_whole_graph_with_one_node_a_line(flat: bytes, content: Content) -> None:
    found = {quad.triple for quad in ox.parse(flat, format=ox.RdfFormat.JSON_LD)}
    assert found == set(content.complete)
    lines = flat.splitlines()[2:-1]
    assert len(lines) == len(graph.subjects(content.complete))
    assert all(json.loads(line.rstrip(b",")) for line in lines)
    assert isinstance(json.loads(flat)["@context"], dict)


@pytest.mark.slow
def test_flat_is_read_alike_by_rdflib(flat: bytes, content: Content) -> None:
    copy = rdflib.Graph().parse(data=flat, format="json-ld")
    text = copy.serialize(format="nt").encode()
    assert {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)} == set(content.complete)


@pytest.mark.slow
def test_files_are_what_is_curated_each_under_the_path_of_its_id(content: Content) -> None:
    found = {output.path: output.content for output in publishing.find("jsonld-files").outputs(content)}
    triples = {quad.triple for text in found.values() for quad in ox.parse(text, format=ox.RdfFormat.JSON_LD)}
    assert triples == content.curated
    assert found["dupilumab.jsonld"] == jsonld.subject("dupilumab", content)
    assert json.loads(found["MONDO/0004980.jsonld"])["id"] == "MONDO:0004980"
    assert len({path.lower() for path in found}) == len(found)
    for path, text in found.items():
        assert not set(path) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-")
        assert not path.startswith(("/", "."))
        assert ".." not in path
        assert json.loads(text)["@context"]["@base"] == namespaces.BASE


def test_two_ids_of_one_path_are_an_error(content: Content) -> None:
    label = ox.Literal("one", language="en")
    clashing = Content(content.path)
    names = ("thing:one".replace(":", "/"), "Thing/one")
    clashing.curated = frozenset(ox.Triple(ox.NamedNode(namespaces.BASE + name), LABEL, label) for name in names)
    with pytest.raises(BadInputError, match=r"thing/one"):
        list(publishing.find("jsonld-files").outputs(clashing))
