"""The service described: SPARQL 1.1 Service Description, VoID, and the stored queries with their prefixes.

Editors that complete classes, properties and prefixes and that list examples read these from the endpoint's address.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treatkg import graph, namespaces, queries
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.namespaces import BASE, DATASET, DCTERMS, RDF, RDFS, SHACL, XSD
from treatkg.publishing import questions
from treatkg.publishing.description import FOAF, LICENCE, VOID
from treatkg.server.answering import as_document, graph_as
from treatkg.server.keeping import kept
from treatkg.server.negotiation import (
    CSV,
    GRAPHS,
    JSON,
    JSONLD,
    NQUADS,
    NTRIPLES,
    RDFXML,
    TRIG,
    TSV,
    TURTLE,
    XML,
    Offer,
    require,
)
from treatkg.server.statistics import VOID_EXT, statistics, triple

SD = "http://www.w3.org/ns/sparql-service-description#"
SERVICE = questions.ENDPOINT.value
_FORMATS = "http://www.w3.org/ns/formats/"
# The names that W3C gives to formats.
FORMAT_NAMES = {
    JSON: "SPARQL_Results_JSON",
    XML: "SPARQL_Results_XML",
    CSV: "SPARQL_Results_CSV",
    TSV: "SPARQL_Results_TSV",
    TURTLE: "Turtle",
    NTRIPLES: "N-Triples",
    JSONLD: "JSON-LD",
    RDFXML: "RDF_XML",
    NQUADS: "N-Quads",
    TRIG: "TriG",
}
_PREFIXES = {"sd": SD, "void": VOID, "void-ext": VOID_EXT, "foaf": FOAF, "formats": _FORMATS, "spex": questions.SPEX}
_HEADER = "CONSTRUCT WHERE { <dataset> ?property ?value }"
_LICENCES = {"CC BY 4.0": LICENCE}
_SIZE = "SELECT (COUNT(*) AS ?triples) WHERE { GRAPH <%s> { ?s ?p ?o } }"


class Description:
    """What is said of a graph that is served; counted when it is first asked for."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    @functools.cached_property
    def dataset(self) -> list[ox.Triple]:
        """The graph: what it says of itself, and its statistics."""
        said = self.knowledge.sparql(_HEADER)
        header = said if isinstance(said, list) else []
        licences = [
            triple(DATASET, DCTERMS + "license", _LICENCES[said.object.value])
            for said in header
            if isinstance(said.object, ox.Literal) and said.object.value in _LICENCES
        ]
        return [*header, *licences, *statistics(self.knowledge)]

    @functools.cached_property
    def service(self) -> list[ox.Triple]:
        """The service, but for its address."""
        return [*_abilities(), *self._graphs(), *self.dataset, *self._questions()]

    def _graphs(self) -> Iterator[ox.Triple]:
        data = SERVICE + "#dataset"
        yield triple(SERVICE, SD + "defaultDataset", data)
        yield triple(data, RDF + "type", SD + "Dataset")
        yield triple(data, SD + "defaultGraph", DATASET)
        yield triple(DATASET, RDF + "type", SD + "Graph")
        for number, iri in enumerate(self.knowledge.engine.graphs(), 1):
            named, content = f"{SERVICE}#named-graph-{number}", f"{SERVICE}#graph-{number}"
            yield triple(data, SD + "namedGraph", named)
            yield triple(named, RDF + "type", SD + "NamedGraph")
            yield triple(named, SD + "name", iri)
            yield triple(named, SD + "graph", content)
            yield triple(content, RDF + "type", SD + "Graph")
            ((size,),) = self.knowledge.select(_SIZE % iri)
            yield triple(content, VOID + "triples", int(str(size)))

    def _questions(self) -> Iterator[ox.Triple]:
        """Yield the stored queries that this service answers: not those that ask others, or what is not loaded."""
        for query in queries.catalogue().values():
            if not query.online and (self.knowledge.engine.has_loaded or not query.loaded):
                yield from questions.describe(query)
        for prefix, iri in namespaces.prefixes().items():
            declaration = f"{questions.QUERIES}prefix/{prefix}"
            yield triple(SERVICE, SHACL + "declare", declaration)
            yield triple(declaration, RDF + "type", SHACL + "PrefixDeclaration")
            yield triple(declaration, SHACL + "prefix", ox.Literal(prefix))
            yield triple(declaration, SHACL + "namespace", ox.Literal(iri, datatype=ox.NamedNode(XSD + "anyURI")))


def service(request: Request, offer: Offer) -> Response:
    """Answer with the description of the service in a format."""
    address = str(request.url.replace(query=""))
    try:
        own = [triple(SERVICE, SD + "endpoint", address), triple(DATASET, VOID + "sparqlEndpoint", address)]
    except ValueError as error:
        raise UsageError(f"the address that you ask is no IRI: {error}") from error
    return _written(request, [*own, *of(request).service], offer)


async def dataset(request: Request) -> Response:
    """Answer with the VoID description of the graph."""
    return await run_in_threadpool(_dataset, request, require(request, list(GRAPHS)))


def _dataset(request: Request, offer: Offer) -> Response:
    document = BASE + "void"
    title = ox.Literal("Description of the TreatKG dataset", language="en")
    about = [
        triple(document, RDF + "type", VOID + "DatasetDescription"),
        triple(document, DCTERMS + "title", title),
        triple(document, FOAF + "primaryTopic", DATASET),
        triple(DATASET, VOID + "sparqlEndpoint", SERVICE),
    ]
    return _written(request, [*about, *of(request).dataset], offer)


def of(request: Request) -> Description:
    """Return the description of the graph that is served."""
    return kept(request, "description", lambda: Description(request.app.state.knowledge))


def _written(request: Request, triples: list[ox.Triple], offer: Offer) -> Response:
    return as_document(request, graph_as(sorted(set(triples), key=graph.order), offer, _PREFIXES), offer)


def _abilities() -> Iterator[ox.Triple]:
    yield triple(SERVICE, RDF + "type", SD + "Service")
    yield triple(SERVICE, RDFS + "label", ox.Literal("SPARQL endpoint of TreatKG, read-only", language="en"))
    yield triple(SERVICE, SD + "supportedLanguage", SD + "SPARQL11Query")
    # What the reasoner derives stands in the graph; a query derives nothing.
    yield triple(SERVICE, SD + "defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    for name in FORMAT_NAMES.values():
        yield triple(SERVICE, SD + "resultFormat", _FORMATS + name)
