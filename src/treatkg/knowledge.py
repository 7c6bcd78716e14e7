"""The graph, open for questions: embedded (Oxigraph, in this process) or behind a SPARQL endpoint."""

from __future__ import annotations

import contextlib
import functools
import io
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError

import pyoxigraph as ox

from treatkg import graph, namespaces, queries, resources, results, sparql_text
from treatkg.errors import BadInputError, StorageError, UsageError
from treatkg.linking.endpoints import is_web_address
from treatkg.terms import Engine, Terms

Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
_ENDPOINT_TIMEOUT = 60


class Embedded:
    """Oxigraph in this process, over one RDF file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = ox.Store()
        try:
            self.store.bulk_load(
                path=str(path), format=ox.RdfFormat.from_extension(path.suffix[1:]), base_iri=namespaces.BASE
            )
        except SyntaxError as error:
            raise BadInputError(f"{path}:{error.lineno or 1}: not valid RDF: {error.msg}") from error
        except (OSError, ValueError) as error:
            raise StorageError(f"{path}: the graph cannot be read ({error}); `treatkg build` makes it") from error

    def ask(self, query: str) -> Answer:
        """Answer a query from memory."""
        try:
            with evaluating():
                return self.store.query(query, prefixes=namespaces.prefixes(), base_iri=namespaces.BASE)
        except SyntaxError as error:
            raise UsageError(f"not valid SPARQL: {sparql_text.explain_syntax_error(query, str(error.msg))}") from error
        except UnicodeEncodeError as error:
            raise UsageError(f"not valid SPARQL: it holds something that is not Unicode text ({error})") from error


class Remote:
    """A SPARQL 1.1 endpoint, asked through SPARQLWrapper. Nothing but http and https; always with a timeout."""

    def __init__(self, url: str, timeout: int = _ENDPOINT_TIMEOUT) -> None:
        if not is_web_address(url):
            raise UsageError(f"{url} is not the address of an endpoint: it begins with http:// or https://")
        self.url = url
        self.timeout = timeout

    def ask(self, query: str) -> Answer:
        """Answer a query by the endpoint; results travel as SPARQL JSON or N-Triples."""
        from SPARQLWrapper import JSON, POST, TURTLE, URLENCODED, SPARQLWrapper
        from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

        client = SPARQLWrapper(self.url, agent="treatkg/0.1 (https://w3id.org/treatkg)")
        client.setQuery(_with_prefixes(sparql_text.without_comments(query)))
        client.setMethod(POST)
        client.setRequestMethod(URLENCODED)
        client.setTimeout(self.timeout)
        makes_graph = client.queryType in ("CONSTRUCT", "DESCRIBE")
        client.setReturnFormat(TURTLE if makes_graph else JSON)
        client.setOnlyConneg(True)
        if makes_graph:
            client.addCustomHttpHeader("Accept", "application/n-triples")
        try:
            with contextlib.closing(client.query().response) as response:
                body = response.read()
        except SPARQLWrapperException as error:
            raise UsageError(f"{self.url} refused the query: {str(error)[:500]}") from error
        except HTTPError as error:
            with error:
                reason = error.read(500).decode(errors="replace").strip()
            raise StorageError(f"{self.url} answered {error.code} {error.reason}: {reason}") from error
        except (URLError, OSError) as error:
            raise StorageError(f"{self.url} did not answer: {error}") from error
        return self._read(body, makes_graph=makes_graph)

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

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @functools.cached_property
    def terms(self) -> Terms:
        """Names of the things in the graph."""
        return Terms(self.engine)

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
        return self.select(stored.bind(arguments, self.terms))

    def select(self, query: str) -> results.Result:
        """Run a SELECT query (the usual prefixes are known).

        Raises:
            UsageError: the query is not valid, or not a SELECT.
        """
        with evaluating():
            return results.from_solutions(graph.rows(self.engine.ask(query)))

    def sparql(self, query: str) -> results.Result | bool | list[ox.Triple]:
        """Run a query of any form: rows of SELECT, truth of ASK, triples of CONSTRUCT and DESCRIBE."""
        with evaluating():
            return _whole(self.engine.ask(query))


def open(source: str | Path = resources.TRIPLES) -> Knowledge:  # noqa: A001 (treatkg.open reads well)
    """Open the graph.

    Args:
        source: an RDF file (the graph that comes with the package if not given), or the http(s) address of a SPARQL
            endpoint.

    Raises:
        StorageError: the file cannot be read.
    """
    if isinstance(source, str) and "://" in source:
        return Knowledge(Remote(source))
    return Knowledge(Embedded(Path(source)))


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
