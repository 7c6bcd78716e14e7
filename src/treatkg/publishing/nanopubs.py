"""Nanopublications: each fact with its evidence and who publishes it, under an IRI that holds its own hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

import treatkg
from treatkg import graph, namespaces
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.datasets import LICENCE, in_graph, issued
from treatkg.publishing.formats import Output
from treatkg.publishing.trusty import artifact_code

NANOPUBS = "https://w3id.org/treatkg/np/"
NP = "http://www.nanopub.org/nschema#"
_DRAFT = NANOPUBS + "draft"
_AUTHORS = ox.NamedNode("https://w3id.org/treatkg/authors")
_PAV, _FOAF = "http://purl.org/pav/", "http://xmlns.com/foaf/0.1/"
_TKG, _DCTERMS, _PROV, _RDFS = namespaces.TKG, namespaces.DCTERMS, namespaces.PROV, namespaces.RDFS
_PREFIXES = {"np": NP, "pav": _PAV, "foaf": _FOAF}
_EVIDENCE, _DERIVED = _TKG + "evidence", _PROV + "wasDerivedFrom"
# What a nanopublication says of a source, so that it can be found without the rest of the graph.
_OF_A_SOURCE = {
    _DCTERMS + "title",
    _DCTERMS + "publisher",
    _DCTERMS + "date",
    namespaces.prefixes()["schema"] + "url",
    _TKG + "doi",
    _TKG + "pmid",
}
_Statements = dict[str, list[ox.Triple]]


def trig(content: Content) -> Iterator[Output]:
    """Write every fact as a nanopublication into one TriG file, in the order of the facts."""
    quads = [quad for published in nanopubs(content).values() for quad in published]
    prefixes = namespaces.prefixes() | _PREFIXES
    yield Output("nanopubs.trig", serialise(quads, ox.RdfFormat.TRIG, prefixes, finish=graph.with_sorted_head))


def nanopubs(content: Content) -> dict[str, list[ox.Quad]]:
    """Return the IRI of each fact -> its nanopublication: head, assertion, provenance, publication info.

    Raises:
        BadInputError: the graph has no date of issue.
    """
    statements: _Statements = defaultdict(list)
    for triple in sorted(content.curated, key=graph.order):
        statements[graph.iri_of(triple.subject)].append(triple)
    is_fact = ox.NamedNode(_TKG + "Fact")
    facts = {graph.iri_of(t.subject) for t in content.complete if t.predicate == graph.RDF_TYPE and t.object == is_fact}
    about = list(_publication(content))
    return {fact: _nanopub(fact, statements, about) for fact in sorted(facts & statements.keys())}


def _nanopub(fact: str, statements: _Statements, about: list[tuple[str, ox.NamedNode | ox.Literal]]) -> list[ox.Quad]:
    own = [triple for triple in statements[fact] if triple.predicate.value != _EVIDENCE]
    nested = [triple for part in sorted(_parts(fact, own, statements)) for triple in statements[part]]
    graphs = {
        "head": list(_head()),
        "assertion": own + nested,
        "provenance": list(_provenance(fact, statements)),
        "pubinfo": list(_pubinfo(own, about)),
    }
    draft = [in_graph(triple, _part(name)) for name, triples in graphs.items() for triple in triples]
    return _renamed(draft, NANOPUBS + artifact_code(draft, _DRAFT))


def _parts(fact: str, own: Iterable[ox.Triple], statements: _Statements) -> set[str]:
    """Return the nodes that the fact is made of: populations, conditions, phases, and what those are made of."""
    found: set[str] = set()
    waiting = list(own)
    while waiting:
        iri = graph.iri_of(waiting.pop().object)
        if iri.startswith(fact + "/") and iri in statements and iri not in found:
            found.add(iri)
            waiting.extend(statements[iri])
    return found


def _head() -> Iterator[ox.Triple]:
    yield ox.Triple(ox.NamedNode(_DRAFT), graph.RDF_TYPE, ox.NamedNode(NP + "Nanopublication"))
    for prop, name in (
        ("hasAssertion", "assertion"),
        ("hasProvenance", "provenance"),
        ("hasPublicationInfo", "pubinfo"),
    ):
        yield ox.Triple(ox.NamedNode(_DRAFT), ox.NamedNode(NP + prop), _part(name))


def _provenance(fact: str, statements: _Statements) -> Iterator[ox.Triple]:
    evidence = [triple for triple in statements[fact] if triple.predicate.value == _EVIDENCE]
    yield from evidence
    sources: set[str] = set()
    for node in evidence:
        yield from statements[graph.iri_of(node.object)]
        sources |= {
            graph.iri_of(t.object) for t in statements[graph.iri_of(node.object)] if t.predicate.value == _DERIVED
        }
    for source in sorted(sources):
        yield ox.Triple(_part("assertion"), ox.NamedNode(_DERIVED), ox.NamedNode(source))
        yield from (triple for triple in statements[source] if triple.predicate.value in _OF_A_SOURCE)


def _publication(content: Content) -> Iterator[tuple[str, ox.NamedNode | ox.Literal]]:
    """Yield what is said of every nanopublication. Readers want a time: the first moment (UTC) of the day of issue."""
    created = f"{issued(content).value}T00:00:00Z"
    yield _DCTERMS + "created", ox.Literal(created, datatype=ox.NamedNode(namespaces.XSD + "dateTime"))
    yield _DCTERMS + "creator", _AUTHORS
    yield _DCTERMS + "license", LICENCE
    yield _DCTERMS + "isPartOf", ox.NamedNode(namespaces.DATASET)
    yield _PAV + "createdWith", ox.NamedNode(f"https://w3id.org/treatkg/software/{treatkg.__version__}")


def _pubinfo(own: Iterable[ox.Triple], about: Iterable[tuple[str, ox.NamedNode | ox.Literal]]) -> Iterator[ox.Triple]:
    for prop, value in about:
        yield ox.Triple(ox.NamedNode(_DRAFT), ox.NamedNode(prop), value)
    for triple in own:
        if triple.predicate.value == _RDFS + "label":
            yield ox.Triple(ox.NamedNode(_DRAFT), triple.predicate, triple.object)
    yield ox.Triple(_AUTHORS, ox.NamedNode(_FOAF + "name"), ox.Literal("The TreatKG authors"))


def _part(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{_DRAFT}#{name}")


def _renamed(quads: Iterable[ox.Quad], iri: str) -> list[ox.Quad]:
    names = {
        f"{_DRAFT}{end}": ox.NamedNode(f"{iri}{end}") for end in ("", "#head", "#assertion", "#provenance", "#pubinfo")
    }

    def renamed(term: ox.NamedNode) -> ox.NamedNode:
        return names.get(term.value, term)

    return [
        ox.Quad(
            renamed(quad.subject),
            quad.predicate,
            renamed(quad.object) if isinstance(quad.object, ox.NamedNode) else quad.object,
            renamed(quad.graph_name),
        )
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.graph_name, ox.NamedNode)
    ]
