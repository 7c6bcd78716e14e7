"""The graph, open for questions: embedded (Oxigraph, in this process) or behind a SPARQL endpoint."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import html
import io
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError

import pyoxigraph as ox

from treatkg import graph, namespaces, queries, resources, results, sparql_text
from treatkg.dataset import Dataset
from treatkg.endpoints import is_web_address
from treatkg.errors import BadInputError, LimitError, StorageError, UsageError
from treatkg.terms import Terms

if TYPE_CHECKING:
    import rdflib

Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
_ENDPOINT_TIMEOUT = 60
GRAPH_FILE = "treatkg.ttl"  # in the folder of a release
_RELEASE_IRI = "SELECT ?release WHERE { <dataset> owl:versionIRI ?release }"


class Embedded:
    """Oxigraph in this process, over one RDF file."""

    has_loaded = False

    def __init__(self, path: Path, *, online: bool = False) -> None:
        self.name = str(path)
        self.online = online
        self.store = ox.Store()
        self._digests: list[str] = []
        self._load(path, ox.DefaultGraph())

    def add_release(self, path: Path) -> str:
        """Load another release as a named graph, and return the graph's IRI.

        Raises:
            BadInputError: it does not say which release it is.
            StorageError: the file cannot be read.
        """
        rows = Knowledge(Embedded(path)).select(_RELEASE_IRI).to_dicts()
        if len(rows) != 1:
            raise BadInputError(f"{path}: not a release of TreatKG: its header names no versionIRI")
        iri = str(rows[0]["release"])
        self._load(path, ox.NamedNode(iri))
        return iri

    def _load(self, path: Path, to: ox.NamedNode | ox.DefaultGraph) -> None:
        try:
            with path.open("rb") as file:
                self._digests.append(f"{to} {hashlib.file_digest(file, 'sha256').hexdigest()}")
            self.store.bulk_load(
                path=str(path),
                format=ox.RdfFormat.from_extension(path.suffix[1:]),
                base_iri=namespaces.BASE,
                to_graph=to,
            )
        except SyntaxError as error:
            raise BadInputError(f"{path}:{error.lineno or 1}: not valid RDF: {error.msg}") from error
        except (OSError, ValueError) as error:
            raise StorageError(f"{path}: the graph cannot be read ({error}); `treatkg build` makes it") from error

    def fingerprint(self) -> str:
        """Return a SHA-256 of what was loaded: another one, another graph."""
        return hashlib.sha256("\n".join(self._digests).encode()).hexdigest()

    def graphs(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(iri for name in self.store.named_graphs() if (iri := graph.iri_of(name)))

    def ask(self, query: str, dataset: Dataset | None = None) -> Answer:
        """Answer a query from memory; one that asks other endpoints (SERVICE) only where that is allowed.

        Args:
            query: SPARQL, to which the usual prefixes are known.
            dataset: what it is asked of, whatever its FROM says; the default graph and all named ones if not given.

        Raises:
            UsageError: the query is not valid, or asks other endpoints.
        """
        if not self.online and sparql_text.asks_elsewhere(query):
            raise UsageError(
                "the query asks another endpoint (SERVICE): add --online, in Python treatkg.open(online=True)"
            )
        try:
            with evaluating():
                return self.store.query(
                    query,
                    prefixes=namespaces.prefixes(),
                    base_iri=namespaces.BASE,
                    **(dataset.as_arguments() if dataset else {}),
                )
        except SyntaxError as error:
            raise sparql_text.syntax_error(query, str(error.msg)) from error
        except UnicodeEncodeError as error:
            raise UsageError(f"not valid SPARQL: it holds something that is not Unicode text ({error})") from error

    def as_rdflib(self) -> rdflib.Graph:
        """Return a copy of the graph."""
        import rdflib

        content = io.BytesIO()
        self.store.dump(content, format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
        copy = rdflib.Graph(base=namespaces.BASE)
        for prefix, namespace in namespaces.prefixes().items():
            copy.bind(prefix, namespace)
        return copy.parse(content.getvalue(), format="nt")


class Stored(Embedded):
    """Oxigraph in this process, over the index of a store: the graph, and loaded sources as named graphs."""

    has_loaded = True

    def __init__(self, folder: Path, *, online: bool = False) -> None:
        from treatkg.loading import index

        self.name = str(folder)
        self.online = online
        self.store = index.ready(folder)

    def fingerprint(self) -> str:
        """Return a SHA-256 of the curated graph and of the register, which names the files and what counts of them."""
        return self._fingerprint

    @functools.cached_property
    def _fingerprint(self) -> str:
        from treatkg.loading import index
        from treatkg.loading.store import graph_digest

        register = self.store.quads_for_pattern(None, None, None, ox.NamedNode(index.REGISTER))
        return hashlib.sha256("\n".join([graph_digest(), *sorted(map(str, register))]).encode()).hexdigest()


class Remote:
    """A SPARQL 1.1 endpoint, asked through SPARQLWrapper. Nothing but http and https; always with a timeout."""

    has_loaded = True  # it may mirror a store; only the endpoint knows

    def fingerprint(self) -> str:
        """Return nothing: only the endpoint knows when it changes."""
        return ""

    def __init__(self, url: str, timeout: int = _ENDPOINT_TIMEOUT, max_bytes: int | None = None) -> None:
        if not is_web_address(url):
            raise UsageError(f"{url} is not the address of an endpoint: it begins with http:// or https://")
        self.url = self.name = url
        self.timeout, self.max_bytes = timeout, max_bytes

    def graphs(self) -> list[str]:
        """Return no graph: only the endpoint knows its own."""
        return []

    def ask(self, query: str, dataset: Dataset | None = None) -> Answer:
        """Answer a query by the endpoint; results travel as SPARQL JSON or N-Triples."""
        from SPARQLWrapper import JSON, POST, TURTLE, URLENCODED, SPARQLWrapper
        from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

        client = SPARQLWrapper(self.url, agent="treatkg/0.1 (https://w3id.org/treatkg)")
        client.setQuery(_with_prefixes(sparql_text.without_comments(query)))
        client.setMethod(POST)
        client.setRequestMethod(URLENCODED)
        client.setTimeout(self.timeout)
        for name, iris in (
            (("default-graph-uri", dataset.default), ("named-graph-uri", dataset.named)) if dataset else ()
        ):
            for iri in iris:
                client.addParameter(name, iri)
        makes_graph = client.queryType in ("CONSTRUCT", "DESCRIBE")
        client.setReturnFormat(TURTLE if makes_graph else JSON)
        client.setOnlyConneg(True)
        if makes_graph:
            client.addCustomHttpHeader("Accept", "application/n-triples")
        try:
            with contextlib.closing(client.query().response) as response:
                body = response.read() if self.max_bytes is None else response.read(self.max_bytes + 1)
        except SPARQLWrapperException as error:
            raise UsageError(f"{self.url} refused the query: {str(error)[:500]}") from error
        except HTTPError as error:
            with error:
                reason = error.read(500).decode(errors="replace").strip()
            raise StorageError(f"{self.url} answered {error.code} {error.reason}: {reason}") from error
        except (URLError, OSError) as error:
            raise StorageError(f"{self.url} did not answer: {error}") from error
        if self.max_bytes is not None and len(body) > self.max_bytes:
            raise LimitError(f"the answer of {self.url} is longer than {self.max_bytes:,} bytes")
        return self._read(body, makes_graph=makes_graph)

    def as_rdflib(self) -> rdflib.Graph:
        """Return a view of the endpoint's default graph."""
        import rdflib
        from rdflib.plugins.stores.sparqlstore import SPARQLStore

        return rdflib.Graph(SPARQLStore(self.url, timeout=self.timeout))

    def _read(self, body: bytes, *, makes_graph: bool) -> Answer:
        try:
            if makes_graph:
                store = ox.Store()
                store.load(io.BytesIO(body), format=ox.RdfFormat.N_TRIPLES)
                return store.query("CONSTRUCT WHERE { ?s ?p ?o }")
            return ox.parse_query_results(io.BytesIO(body), format=ox.QueryResultsFormat.JSON)
        except (SyntaxError, ValueError) as error:
            raise StorageError(f"{self.url} answered something that is not a SPARQL result: {error}") from error


class Knowledge:
    """The graph. Use `treatkg.open()`."""

    def __init__(self, engine: Embedded | Remote, names_of: Knowledge | None = None) -> None:
        self.engine = engine
        self._names_of = names_of

    @functools.cached_property
    def terms(self) -> Terms:
        """Names of the things in the graph."""
        return self._names_of.terms if self._names_of else Terms(self.engine)

    @functools.cached_property
    def graph(self) -> rdflib.Graph:
        """The graph as an rdflib.Graph: a copy in memory, or a view of the endpoint that asks it at each use.

        The usual prefixes are bound. rdflib takes relative ids only after `BASE <https://w3id.org/treatkg/id/>`.
        """
        return self.engine.as_rdflib()

    def endpoint(self, url: str, timeout: int = _ENDPOINT_TIMEOUT) -> Knowledge:
        """Return the same interface to a SPARQL endpoint; names in parameters are still those of this graph.

        Args:
            url: the http(s) address of the endpoint.
            timeout: seconds to wait for an answer.

        Raises:
            UsageError: not an http(s) address.
        """
        return Knowledge(Remote(url, timeout), names_of=self)

    def query(self, name: str, **arguments: queries.Value) -> results.Result:
        """Run a stored query.

        Args:
            name: its name, such as "drugs-blocking-cytokine".
            arguments: its parameters; things may be named by IRI, CURIE, id or label.

        Raises:
            UsageError: unknown query or parameter, or a value that does not fit.

        Example:
            >>> import treatkg
            >>> kg = treatkg.open()
            >>> {row["drug"] for row in kg.query("drugs-blocking-cytokine", cytokine="IL-31").to_dicts()}
            {'nemolizumab'}
        """
        stored = queries.find(name)
        stored.check_local()
        stored.check_loaded(present=self.engine.has_loaded)
        return self.select(stored.bind(arguments, self.terms))

    def select(self, query: str) -> results.Result:
        """Run a SELECT query (the usual prefixes are known).

        Raises:
            UsageError: the query is not valid, or not a SELECT.
        """
        with evaluating():
            return results.from_solutions(graph.rows(self.engine.ask(query)))

    def header(self) -> dict[str, results.Cell]:
        """Return the title, version, day of issue, licence and note of the graph (empty if it has none)."""
        rows = self.select(_HEADER).to_dicts()
        return rows[0] if rows else {}

    def counts(self) -> dict[str, int]:
        """Return how many treatments, facts, sources ... and triples the graph has."""
        counts = {str(name): int(str(count)) for name, count in self.select(_COUNTS)}
        ((triples,),) = self.select("SELECT (COUNT(*) AS ?count) WHERE { ?s ?p ?o }")
        return {**counts, "triples": int(str(triples))}

    def __repr__(self) -> str:
        return f"<treatkg.Knowledge of {self.engine.name}>"

    def _repr_html_(self) -> str:
        cells = {**self.header(), **self.counts()}
        rows = (
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>" for name, value in cells.items()
        )
        return f"<table><caption>{html.escape(self.engine.name)}</caption><tbody>{''.join(rows)}</tbody></table>"

    def sparql(self, query: str) -> results.Result | bool | list[ox.Triple]:
        """Run a query of any form: rows of SELECT, truth of ASK, triples of CONSTRUCT and DESCRIBE."""
        with evaluating():
            return _whole(self.engine.ask(query))


def open(  # noqa: A001 (treatkg.open reads well)
    source: str | Path = resources.TRIPLES, releases: Iterable[Path] = (), *, online: bool = False
) -> Knowledge:
    """Open the graph.

    Args:
        source: an RDF file (the graph that comes with the package if not given), the folder of a store that
            `treatkg load` has made, or the http(s) address of a SPARQL endpoint.
        releases: graphs of other releases (Turtle files, or the folders of releases), each loaded as the named graph
            `https://w3id.org/treatkg/release/<version>`, so that `GRAPH` asks it.
        online: whether a query may ask other endpoints (SERVICE); their answers are waited for without a limit.

    Raises:
        UsageError: releases beside an endpoint.
        BadInputError: a file is not what it should be.
        StorageError: a file cannot be read.
    """
    if isinstance(source, str) and "://" in source:
        if list(releases):
            raise UsageError("other releases are loaded beside a file, not beside an endpoint")
        return Knowledge(Remote(source))
    path = Path(source)
    engine = Stored(path, online=online) if is_store(path) else Embedded(release_file(path), online=online)
    for release in releases:
        if isinstance(engine, Stored):
            raise UsageError("other releases are loaded beside a file, not beside a store")
        engine.add_release(release_file(release))
    return Knowledge(engine)


def is_store(path: Path) -> bool:
    """Return whether a path is the folder of a store of loaded sources."""
    return (path / "registry.sqlite").is_file()


def release_file(path: Path) -> Path:
    """Return the graph's file: of the folder of a release, or the path itself."""
    return path / GRAPH_FILE if path.is_dir() else path


_HEADER = """
SELECT ?title ?version ?issued ?license ?note WHERE {
  <dataset> dcterms:title ?title ; schema:version ?version ; dcterms:issued ?issued ; dcterms:license ?license ;
    skos:note ?note
}
"""
_COUNTS = """
SELECT ?class (COUNT(DISTINCT ?thing) AS ?count) WHERE {
  VALUES ?type { tkg:Treatment tkg:TreatmentGroup tkg:Fact tkg:Evidence tkg:Source tkg:Trial }
  ?thing a ?type . ?type rdfs:label ?class
} GROUP BY ?class ORDER BY ?class
"""


def _whole(answer: Answer) -> results.Result | bool | list[ox.Triple]:
    if isinstance(answer, ox.QuerySolutions):
        return results.from_solutions(answer)
    return bool(answer) if isinstance(answer, ox.QueryBoolean) else list(answer)


@contextlib.contextmanager
def evaluating() -> Iterator[None]:
    """Turn what an engine raises while it evaluates a query into an error that says what to do.

    The engine's answer must end in the thread that asked, so the error does not keep it.

    Raises:
        UsageError: the query uses something that the engine does not have, such as a function.
        StorageError: the query asks another endpoint (SERVICE), which did not answer.
    """
    try:
        yield
    except RuntimeError as error:
        traceback.clear_frames(error.__traceback__)
        raise UsageError(f"the query cannot be run: {error}") from error
    except OSError as error:
        traceback.clear_frames(error.__traceback__)
        raise StorageError(f"the query asks an endpoint that did not answer: {error}") from error


def _with_prefixes(query: str) -> str:
    declared = {t.text.lower() for t in sparql_text.tokens(query) if t.kind == "word" and t.text.endswith(":")}
    lines = [
        f"PREFIX {name}: <{iri}>" for name, iri in namespaces.prefixes().items() if f"{name}:".lower() not in declared
    ]
    return "\n".join([*lines, query])
