"""RDF/XML: the graph, and the graph with its ontology as one file for Protégé."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.datasets import LICENCE, in_graph, issued
from treatkg.publishing.formats import Output

ONTOLOGY = "https://w3id.org/treatkg/owl"
_OWL, _RDF, _RDFS = namespaces.OWL, namespaces.RDF, namespaces.RDFS
_DATASET = ox.NamedNode(namespaces.DATASET)
_RELEASES = {_OWL + "versionIRI", _OWL + "priorVersion"}
_BUILT_IN = (_OWL, _RDF, _RDFS)
_DECLARING = {
    _OWL + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "OntologyProperty")
}
_NAME = (
    "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
)
_LOCAL_NAME = re.compile(f"[{_NAME}][{_NAME}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]*\\Z")
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
    ordered = sorted(set(triples), key=_order)
    previous = ""
    for triple in ordered:
        _check(triple, begins=str(triple.subject) != previous)
        previous = str(triple.subject)
    return serialise(ordered, ox.RdfFormat.RDF_XML, _prefixes_in_use(ordered), finish=_finish)


def _order(triple: ox.Triple) -> tuple[bool, str, int, str, str]:
    """Return the key of the order: the ontology's header, then by subject, a type that can name an element first."""
    subject, _, prop, value = graph.order(triple)
    rank = 1
    if triple.predicate == graph.RDF_TYPE:
        rank = 0 if _is_xml_name(triple.object) else 2
    return subject != f"<{ONTOLOGY}>", subject, rank, prop, value


def _check(triple: ox.Triple, *, begins: bool) -> None:
    names_element = begins and triple.predicate == graph.RDF_TYPE
    for kind, term in (("property", triple.predicate), *((("class", triple.object),) if names_element else ())):
        if not _is_xml_name(term):
            raise BadInputError(
                f"RDF/XML cannot write the {kind} {term}: it does not end in an XML name (letters, digits, . - _, "
                f"beginning with a letter); in: {triple}"
            )
    found = _NOT_XML.search(triple.object.value) if isinstance(triple.object, ox.Literal) else None
    if found:
        raise BadInputError(f"RDF/XML cannot write the character U+{ord(found.group()):04X}; in: {triple}")
    if isinstance(triple.object, ox.Triple):
        raise BadInputError(f"RDF/XML cannot write a statement about a statement: {triple}")


def _is_xml_name(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and bool(_LOCAL_NAME.search(term.value))


def _prefixes_in_use(triples: Iterable[ox.Triple]) -> dict[str, str]:
    used = {triple.predicate.value for triple in triples} | {
        graph.iri_of(triple.object) for triple in triples if triple.predicate == graph.RDF_TYPE
    }
    return {
        prefix: iri
        for prefix, iri in sorted(namespaces.prefixes().items())
        if any(name.startswith(iri) for name in used)
    }


def _finish(text: bytes) -> bytes:
    """Order the namespaces, and keep XML parsers from turning a carriage return into a line feed."""

    def ordered(match: re.Match[bytes]) -> bytes:
        names = {name: iri for name, iri in _NAMESPACE.findall(match[1]) if name != b"xmlns:its"}
        return b"<rdf:RDF" + b"".join(b'\n\t%s="%s"' % item for item in sorted(names.items())) + b">"

    return _ROOT.sub(ordered, text, count=1).replace(b"\r", b"&#13;")


def _one_ontology(content: Content) -> Iterator[ox.Triple]:
    """Yield the graph under one ontology header, with the axioms that need blank nodes, and everything declared.

    The headers of the ontology, the vocabulary and the extracts stay as annotations of their IRIs: an OWL file has one.
    The release that the dataset's header names is that of the ontology.
    """
    header = ox.NamedNode(ONTOLOGY)
    yield ox.Triple(header, graph.RDF_TYPE, ox.NamedNode(_OWL + "Ontology"))
    for triple in content.complete:
        if triple.subject == _DATASET and triple.predicate.value in _RELEASES:
            yield ox.Triple(header, triple.predicate, triple.object)
    yield ox.Triple(header, ox.NamedNode(_OWL + "versionInfo"), ox.Literal(issued(content).value))
    yield ox.Triple(header, ox.NamedNode(namespaces.DCTERMS + "license"), LICENCE)
    yield ox.Triple(header, ox.NamedNode(namespaces.DCTERMS + "source"), ox.NamedNode(namespaces.DATASET))
    files = [resources.ONTOLOGY / name for name in ("treatkg.ttl", "vocabulary.ttl")]
    axioms = [triple for file in files for triple in graph.parse_file(file)]
    kept = [triple for triple in {*content.complete, *_with_stable_labels(axioms)} if not _is_header(triple)]
    yield from kept
    yield from _declarations(kept)


def _declarations(triples: list[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield what OWL 2 wants declared: properties, classes of a hierarchy, and individuals."""
    types = [(t.subject, graph.iri_of(t.object)) for t in triples if t.predicate == graph.RDF_TYPE]
    declared = {graph.iri_of(subject) for subject, cls in types if cls in _DECLARING}
    wanted = {
        "AnnotationProperty": {triple.predicate.value for triple in triples},
        "Class": {
            graph.iri_of(term)
            for triple in triples
            if triple.predicate.value == _RDFS + "subClassOf"
            for term in (triple.subject, triple.object)
        },
        "NamedIndividual": {graph.iri_of(subject) for subject, cls in types if not cls.startswith(_BUILT_IN)},
    }
    for kind, iris in wanted.items():
        for iri in iris - (set() if kind == "NamedIndividual" else declared) - {""}:
            if not iri.startswith(_BUILT_IN):
                yield ox.Triple(ox.NamedNode(iri), graph.RDF_TYPE, ox.NamedNode(_OWL + kind))


def _is_header(triple: ox.Triple) -> bool:
    return graph.iri_of(triple.object) == _OWL + "Ontology" or triple.predicate.value in _RELEASES


def _with_stable_labels(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Label blank nodes canonically, since parsers label them at random."""
    dataset = ox.Dataset(in_graph(triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}
