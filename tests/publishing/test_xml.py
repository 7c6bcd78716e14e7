"""RDF/XML for any XML reader, and one OWL ontology for Protégé."""

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import owlready2
import pyoxigraph as ox
import pytest
import rdflib

from treatkg import graph, namespaces, publishing, resources
from treatkg.errors import BadInputError, ReasonerError
from treatkg.java import find_java
from treatkg.publishing import Content, xml

Small = Callable[[Iterable[ox.Triple]], Content]
SUBJECT = ox.NamedNode("http://example.org/thing")
LABEL = ox.NamedNode(namespaces.RDFS + "label")
TYPE = ox.NamedNode(namespaces.RDF + "type")


@pytest.fixture(scope="module")
def owl(content: Content) -> bytes:
    return publishing.single("owl", content)


def declared(text: bytes) -> dict[str, set[str]]:
    """Return the end of each OWL kind -> the IRIs of it."""
    found: dict[str, set[str]] = {}
    for quad in ox.parse(text, format=ox.RdfFormat.RDF_XML):
        kind = graph.iri_of(quad.object)
        if quad.predicate == TYPE and kind.startswith(namespaces.OWL) and isinstance(quad.subject, ox.NamedNode):
            found.setdefault(kind.removeprefix(namespaces.OWL), set()).add(quad.subject.value)
    return found


def test_rdfxml_is_the_graph(content: Content) -> None:
    text = publishing.single("rdfxml", content)
    assert {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.RDF_XML)} == set(content.complete)
    assert b"<tkg:Evidence rdf:about=" in text
    assert b"oxprefix" not in text
    ET.fromstring(text)  # noqa: S314 (our own text)


def test_text_comes_through_an_xml_parser_as_it_was(small: Small) -> None:
    values = ["a\r\nb", "\r", " two  spaces ", "<&>]]>\"'", "tab\tline\nend", "é日\U0001f48a\u0085\u2028", ""]
    content = small(ox.Triple(SUBJECT, LABEL, ox.Literal(value)) for value in values)
    copy = rdflib.Graph().parse(data=publishing.single("rdfxml", content), format="xml")
    assert {str(value) for value in copy.objects(rdflib.URIRef(SUBJECT.value), None)} == set(values)


@pytest.mark.parametrize(
    ("triple", "said"),
    [
        (ox.Triple(SUBJECT, ox.NamedNode("http://example.org/p/123"), SUBJECT), "<http://example.org/p/123>"),
        (ox.Triple(SUBJECT, ox.NamedNode("http://example.org/p/"), SUBJECT), "<http://example.org/p/>"),
        (ox.Triple(SUBJECT, TYPE, ox.NamedNode("http://example.org/c/1")), "the class <http://example.org/c/1>"),
        (ox.Triple(SUBJECT, LABEL, ox.Literal("a\x01b")), r"U\+0001"),
        (ox.Triple(SUBJECT, LABEL, ox.Literal("a\ufffe")), r"U\+FFFE"),
    ],
)
def test_what_rdfxml_cannot_hold_is_named(triple: ox.Triple, said: str, small: Small, tmp_path: Path) -> None:
    out = tmp_path / "treatkg.rdf"
    out.write_text("before", encoding="utf-8")
    with pytest.raises(BadInputError, match=said):
        publishing.export("rdfxml", out, small([triple]))
    assert out.read_text(encoding="utf-8") == "before"
    assert not list(tmp_path.glob(".*"))


def test_a_class_that_is_no_xml_name_stands_beside_one_that_is(small: Small) -> None:
    odd = ox.NamedNode("http://example.org/c/1")
    content = small([ox.Triple(SUBJECT, TYPE, odd), ox.Triple(SUBJECT, TYPE, ox.NamedNode("http://example.org/Thing"))])
    copy = rdflib.Graph().parse(data=publishing.single("rdfxml", content), format="xml")
    assert (rdflib.URIRef(SUBJECT.value), rdflib.RDF.type, rdflib.URIRef(odd.value)) in copy


# --- the OWL ontology ----------------------------------------------------------------------------------------------


def test_owl_has_one_header_and_every_axiom_and_statement(owl: bytes, content: Content) -> None:
    triples = {quad.triple for quad in ox.parse(owl, format=ox.RdfFormat.RDF_XML)}
    kinds = declared(owl)
    assert kinds["Ontology"] == {xml.ONTOLOGY}
    assert owl.index(b"<owl:Ontology rdf:about=") < owl.index(b'rdf:about="http://purl.obolibrary.org')
    lost = set(content.complete) - triples
    headers = {t for t in lost if graph.iri_of(t.object) == namespaces.OWL + "Ontology"}
    versions = {t for t in lost if t.predicate.value == namespaces.OWL + "versionIRI"}
    assert lost == headers | versions
    dataset = ox.NamedNode(namespaces.DATASET)
    assert {t.subject for t in versions} <= {t.subject for t in headers} | {dataset}
    (release,) = (t for t in versions if t.subject == dataset)
    assert ox.Triple(ox.NamedNode(xml.ONTOLOGY), release.predicate, release.object) in triples
    restrictions = f"SELECT ?r WHERE {{ ?r a <{namespaces.OWL}Restriction> }}"
    source = graph.store_of(graph.parse_file(resources.ONTOLOGY / "treatkg.ttl"))
    expected = len(list(graph.rows(source.query(restrictions))))
    assert len(list(graph.rows(graph.store_of(triples).query(restrictions)))) == expected > 10


def test_owl_declares_every_property_class_and_individual(owl: bytes) -> None:
    kinds = declared(owl)
    triples = [quad.triple for quad in ox.parse(owl, format=ox.RdfFormat.RDF_XML)]
    properties = kinds["ObjectProperty"] | kinds["DatatypeProperty"] | kinds["AnnotationProperty"]
    built_in = (namespaces.OWL, namespaces.RDF, namespaces.RDFS)
    used = {triple.predicate.value for triple in triples}
    assert {prop for prop in used if not prop.startswith(built_in)} <= properties
    typed = {triple.subject for triple in triples if triple.predicate == TYPE}
    assert namespaces.BASE + "dupilumab" in kinds["NamedIndividual"]
    assert ox.NamedNode(namespaces.BASE + "dupilumab") in typed


@pytest.mark.slow
def test_owl_is_read_by_owlready2(owl: bytes, tmp_path: Path) -> None:
    file = tmp_path / "treatkg.owl"
    file.write_bytes(owl)
    world = owlready2.World()
    with file.open("rb") as handle:
        ontology = world.get_ontology(xml.ONTOLOGY).load(fileobj=handle, only_local=True)
    kinds = declared(owl)
    assert {cls.iri for cls in ontology.classes()} == kinds["Class"]
    both = kinds["Class"] & kinds["NamedIndividual"]  # a disease is a class of MONDO and a value of tkg:disease
    assert {thing.iri for thing in ontology.individuals()} == kinds["NamedIndividual"] - both
    assert len(kinds["NamedIndividual"]) > 10_000
    assert {prop.iri for prop in ontology.object_properties()} == kinds["ObjectProperty"]
    dupilumab = world[namespaces.BASE + "dupilumab"]
    assert "Treatment" in {cls.name for cls in dupilumab.is_a}
    world.close()


@pytest.mark.slow
def test_owl_is_read_by_the_owl_api(owl: bytes, tmp_path: Path) -> None:
    """Protégé reads with the OWL API; a version of it comes with owlready2."""
    try:
        java = find_java()
    except ReasonerError as error:
        pytest.skip(str(error))
    file = tmp_path / "treatkg.owl"
    file.write_bytes(owl)
    jars = ":".join(map(str, sorted((Path(owlready2.__file__).parent / "pellet").glob("*.jar"))))
    command = [java, "-Xmx2000M", "-cp", jars, "pellet.Pellet", "info", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = dict(re.findall(r"^([A-Z][\w ]+) = (.+)$", done.stdout, re.MULTILINE))
    if not said and "UnsupportedClassVersionError" in done.stderr:
        pytest.skip("this OWL API needs a newer Java")
    kinds = declared(owl)
    assert f"(<{xml.ONTOLOGY}>)" in done.stdout
    assert said["OWL Profile"] == "OWL 2 DL"
    assert int(said["Classes"]) == len(kinds["Class"])
    assert int(said["Object Properties"]) == len(kinds["ObjectProperty"])
    assert int(said["Data Properties"]) == len(kinds["DatatypeProperty"])
    assert int(said["Individuals"]) >= len(kinds["NamedIndividual"]) > 10_000
