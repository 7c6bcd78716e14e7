"""From a SPARQL endpoint to a file: the questions of a loader, asked in batches and pages, saved as one answer.

The file is then loaded as any other, so that a load can be repeated without the network, and what was loaded has a
digest. It is SPARQL 1.1 Query Results JSON, with a member `request` that says who was asked what, and when.

Answers are kept by the client for the day, so that what was interrupted goes on where it was; the file itself is
there when all of it is.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from treatkg import endpoints, graph, namespaces, resources, sparql_text
from treatkg.endpoints import Endpoint
from treatkg.errors import BadInputError, LimitError, StorageError, UsageError, did_you_mean
from treatkg.linking.client import Client, Row
from treatkg.loading.readers import reader
from treatkg.loading.readers.sparql import SparqlReader
from treatkg.loading.source import Format, Source

READER = "sparql"
MOST_ROWS = 5_000_000
_STRING = namespaces.XSD + "string"
_KEYS = {"ask", "about"}
Progress = Callable[[str], None]


def _silent(_message: str) -> None:
    pass


@dataclass(frozen=True)
class _Question:
    """A query with its variables; `values` go into the block of `parameter`, all of them or a batch at a time."""

    name: str
    text: str
    variables: tuple[str, ...]
    parameter: str = ""
    values: tuple[ox.NamedNode | ox.Literal, ...] = ()


def online_format(source: Source) -> Format:
    """Return the format of a source that an endpoint answers in.

    Raises:
        UsageError: it has none.
    """
    for layout in source.formats:
        if layout.reader == READER:
            return layout
    raise UsageError(f"{source.id} has no endpoint to ask: name files that you downloaded ({source.homepage})")


def endpoint_of(layout: Format, address: str = "") -> Endpoint:
    """Return the endpoint that a format names, at another address where the user gives one.

    Raises:
        UsageError: the address is none.
        BadInputError: `source.yaml` names an endpoint that `ontology/endpoints.yaml` lacks.
    """
    name, known = _options(layout).endpoint, endpoints.load()
    if name not in known:
        raise BadInputError(f'the format {layout.name}: no endpoint "{name}"{did_you_mean(name, known)}')
    if not address or address == known[name].url:
        return known[name]
    return endpoints.choose([f"{name}={address}"], known)[name]


def fetch(
    source: Source,
    layout: Format,
    client: Client,
    folder: Path,
    endpoint: Endpoint | None = None,
    progress: Progress = _silent,
) -> Path:
    """Ask the questions of a format, and return the file with all the answers.

    Args:
        source: whose folder holds the queries.
        layout: a format with the reader `sparql`.
        client: asks, online.
        folder: where the file goes.
        endpoint: whom to ask, where it is not the one that the format names.
        progress: is told of each batch.

    Raises:
        UsageError: the client is offline, or the endpoint refuses a query.
        StorageError: the endpoint does not answer, gives no row at all, or does not page; the file cannot be written.
        LimitError: too many rows.
        BadInputError: a query of the loader is not as it should be.
    """
    endpoint = endpoint or endpoint_of(layout)
    if not client.online:
        raise UsageError(f"{source.id} is asked of {endpoint.url}: add --online, or name a file of answers")
    questions = _questions(source, layout)
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    request = {"endpoint": endpoint.url, "day": day, "queries": [question.text for question in questions]}
    path = folder / f"{source.id}-{layout.name}-{day}.srj"
    with _replacing(path) as stream:
        head = {"request": request, "head": {"vars": questions[0].variables}}
        stream.write(json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}"))
        stream.write(',\n "results": {"bindings": [')
        count = 0
        for row in _rows(questions, _options(layout), client, endpoint, progress):
            stream.write((",\n" if count else "\n") + json.dumps(_binding(row), ensure_ascii=False))
            count += 1
        stream.write("\n]}}\n")
        if not count:
            raise StorageError(f"{endpoint.url} knows nothing of what it was asked: is it the right endpoint?")
    return path


def _options(layout: Format) -> SparqlReader:
    made = reader(layout.reader, layout.options)
    if not isinstance(made, SparqlReader):
        raise BadInputError(f"the format {layout.name} is not asked of an endpoint: its reader is {layout.reader}")
    return made


# --- what is asked


def _questions(source: Source, layout: Format) -> list[_Question]:
    options = _options(layout)
    made = [_question(source.folder, spec, options) for spec in options.questions]
    if not made:
        raise BadInputError(f'{source.folder}: the format {layout.name} has no "questions"')
    if len({question.variables for question in made}) > 1:
        raise BadInputError(f"{source.folder}: the questions of {layout.name} differ in their variables")
    return made


def _question(folder: Path, spec: Mapping[str, str], options: SparqlReader) -> _Question:
    if not isinstance(spec, Mapping) or not {"ask"} <= spec.keys() <= _KEYS:
        raise BadInputError(f'{folder}: a question has the keys "ask" and "about", files with a query')
    file = folder / spec["ask"]
    text, variables = _select(file, ox.Store())
    if sparql_text.asks_elsewhere(text):
        raise BadInputError(f"{file}: SERVICE is not asked for")
    if options.page and sparql_text.first_word(text, "ORDER") == len(text):
        raise BadInputError(f"{file}: pages need ORDER BY")
    if sparql_text.first_word(text, "LIMIT") < len(text) or sparql_text.first_word(text, "OFFSET") < len(text):
        raise BadInputError(f"{file}: LIMIT and OFFSET are added for each page")
    if "about" not in spec:
        return _Question(file.stem, text, variables)
    parameter, values = _values(folder / spec["about"])
    if parameter not in sparql_text.parameter_blocks(text):
        raise BadInputError(f"{file}: no `VALUES ?{parameter} {{ ... }}` for what {spec['about']} finds")
    return _Question(file.stem, text, variables, parameter, values)


def _values(file: Path) -> tuple[str, tuple[ox.NamedNode | ox.Literal, ...]]:
    """Return the only variable of a query over the curated graph, and what it finds, in a fixed order."""
    curated = _store(resources.TRIPLES)
    text, variables = _select(file, curated)
    if len(variables) != 1:
        raise BadInputError(f"{file}: one variable, whose values the endpoint is asked of")
    found = {row[0] for row in graph.rows(curated.query(text))}
    return variables[0], tuple(sorted((v for v in found if isinstance(v, (ox.NamedNode, ox.Literal))), key=str))


@functools.cache
def _store(file: Path) -> ox.Store:
    return graph.store_of(graph.parse_file(file))


def _select(file: Path, store: ox.Store) -> tuple[str, tuple[str, ...]]:
    try:
        text = sparql_text.without_comments(file.read_text(encoding="utf-8"))
        # On an empty store only the syntax counts.
        solutions = graph.rows(store.query(text))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: cannot be read ({error})") from error
    except SyntaxError as error:
        raise BadInputError(f"{file}: not valid SPARQL: {error.msg}") from error
    return text.strip(), tuple(variable.value for variable in solutions.variables)


# --- asking


def _rows(
    questions: Sequence[_Question], options: SparqlReader, client: Client, endpoint: Endpoint, progress: Progress
) -> Iterator[Row]:
    total = 0
    for question in questions:
        queries = list(_batches(question, options.batch))
        for number, query in enumerate(queries, start=1):
            for row in _pages(query, options.page, client, endpoint):
                total += 1
                if total > MOST_ROWS:
                    raise LimitError(f"{endpoint.url}: more than {MOST_ROWS:,} rows")
                yield row
            progress(f"{endpoint.name}: {question.name}, {number} of {len(queries)}: {total:,} rows")


def _batches(question: _Question, size: int) -> Iterator[str]:
    if not question.parameter:
        yield question.text
        return
    size = size or len(question.values) or 1
    for start in range(0, len(question.values), size):
        yield sparql_text.bind(question.text, {question.parameter: question.values[start : start + size]})


def _pages(query: str, page: int, client: Client, endpoint: Endpoint) -> Iterator[Row]:
    """Ask until a page is empty: endpoints have limits of their own, so a short page may not be the last."""
    if not page:
        yield from client.select(endpoint, query)
        return
    offset, before = 0, None
    while rows := client.select(endpoint, f"{query}\nLIMIT {page} OFFSET {offset}"):
        if rows == before:
            raise StorageError(f"{endpoint.url} gave the same page twice: it does not honour OFFSET")
        yield from rows
        offset, before = offset + len(rows), rows


# --- what is saved


def _binding(row: Row) -> dict[str, dict[str, str]]:
    return {name: _cell(term) for name, term in row.items()}


def _cell(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    cell = {"type": "literal", "value": term.value}
    if term.language:
        cell["xml:lang"] = term.language
    elif term.datatype.value != _STRING:
        cell["datatype"] = term.datatype.value
    return cell


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    """Give a stream into a new file that takes the place of the old one when all went well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror})") from error
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(_mode())
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        beside.unlink(missing_ok=True)


def _mode() -> int:
    """Return the mode that a new file gets."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
