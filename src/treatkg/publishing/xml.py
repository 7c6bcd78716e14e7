"""RDF/XML: the graph, and the graph with its ontology as one file for Protégé."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.datasets import LICENCE, issued
from treatkg.publishing.formats import Output

ONTOLOGY = "https://w3id.org/treatkg/owl"
_OWL, _RDF, _RDFS = namespaces.OWL, namespaces.RDF, namespaces.RDFS
_DECLARING = {
    _OWL + kind
    for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty", "OntologyProperty", "FunctionalProperty")
}
_NAME = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
_LOCAL_NAME = re.compile(f"[{_NAME}][{_NAME}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]*$")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ROOT = re.compile(rb"<rdf:RDF([^>]*)>")
_NAMESPACE = re.compile(rb' (xmlns:[^=]+)="([^"]*)"')


def rdfxml(content: Content) -> Iterator[Output]:
    """Write the graph as RDF/XML."""
    yield Output("treatkg.rdf", write(content.complete))


def owl(content: Content) -> Iterator[Output]:
    """Write the ontology with its axioms, the vocabulary and the graph as one OWL ontology."""
    yield Output("treatkg.owl", write(_one_ontology(content)))


def write(triples: Iterable[ox.Triple]) -> bytes:
    """Write triples as RDF/XML in one canonical order, and read them back.

    Raises:
        BadInputError: a property that is no XML name, or a character that XML cannot hold; names the statement.
    """
    ordered = sorted(set(triples), key=graph.order)
    for triple in ordered:
        _check(triple)
    return serialise(ordered, ox.RdfFormat.RDF_XML, _prefixes_in_use(ordered), finish=_finish)


def _check(triple: ox.Triple) -> None:
    if not _LOCAL_NAME.search(triple.predicate.value):
        raise BadInputError(
            f"RDF/XML cannot write the property {triple.predicate}: it does not end in an XML name (letters, digits, "
            f". - _, beginning with a letter); in: {triple}"
        )
    found = _NOT_XML.search(triple.object.value) if isinstance(triple.object, ox.Literal) else None
    if found:
        raise BadInputError(f"RDF/XML cannot write the character U+{ord(found.group()):04X}; in: {triple}")


def _prefixes_in_use(triples: Iterable[ox.Triple]) -> dict[str, str]:
    used = {triple.predicate.value for triple in triples} | {
        graph.iri_of(triple.object) for triple in triples if triple.predicate == graph.RDF_TYPE
    }
    return {
        prefix: iri for prefix, iri in sorted(namespaces.prefixes().items()) if any(name.startswith(iri) for name in used)
    }


def _finish(text: bytes) -> bytes:
    """Order the namespaces, and keep XML parsers from turning a carriage return into a line feed."""

    def ordered(match: re.Match[bytes]) -> bytes:
        names = {name: iri for name, iri in _NAMESPACE.findall(match[1]) if name != b"xmlns:its"}
        return b"<rdf:RDF" + b"".join(b'\n\t%s="%s"' % item for item in sorted(names.items())) + b">"

    return _ROOT.sub(ordered, text, count=1).replace(b"\r", b"&#13;")


def _one_ontology(content: Content) -> Iterator[ox.Triple]:
    """Yield the graph under one ontology header, with the axioms that need blank nodes, and every property declared.

    The headers of the ontology, the vocabulary and the extracts stay as annotations of their IRIs: an OWL file has one.
    """
    header, version = ox.NamedNode(ONTOLOGY), issued(content).value
    yield ox.Triple(header, graph.RDF_TYPE, ox.NamedNode(_OWL + "Ontology"))
    yield ox.Triple(header, ox.NamedNode(_OWL + "versionIRI"), ox.NamedNode(f"{ONTOLOGY}/{version}"))
    yield ox.Triple(header, ox.NamedNode(_OWL + "versionInfo"), ox.Literal(version))
    yield ox.Triple(header, ox.NamedNode(namespaces.DCTERMS + "license"), LICENCE)
    yield ox.Triple(header, ox.NamedNode(namespaces.DCTERMS + "source"), ox.NamedNode(namespaces.DATASET))
    axioms = [triple for name in ("treatkg.ttl", "vocabulary.ttl") for triple in graph.parse_file(resources.ONTOLOGY / name)]
    kept = [triple for triple in _named_blanks({*content.complete, *axioms}) if not _is_header(triple)]
    yield from kept
    declared = {graph.iri_of(t.subject) for t in kept if t.predicate == graph.RDF_TYPE and graph.iri_of(t.object) in _DECLARING}
    for prop in sorted({triple.predicate.value for triple in kept} - declared):
        if not prop.startswith((_OWL, _RDF, _RDFS)):
            yield ox.Triple(ox.NamedNode(prop), graph.RDF_TYPE, ox.NamedNode(_OWL + "AnnotationProperty"))


def _is_header(triple: ox.Triple) -> bool:
    return graph.iri_of(triple.object) == _OWL + "Ontology" or triple.predicate.value == _OWL + "versionIRI"


def _named_blanks(triples: set[ox.Triple]) -> set[ox.Triple]:
    """Label blank nodes canonically, since parsers label them at random."""
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}
