"""Stored queries that ask other endpoints (`queries/federated/`), run with --online only.

The files are plain SPARQL 1.1 with SERVICE, which any engine can run. Engines differ in what they send: some ask for
everything that the group matches, some ask once for every row, and none lets itself be stopped. So here the local part
is answered first, its values are put into the `VALUES` blocks of the SERVICE group, the group is asked in batches by
the polite client, and its rows stand in the place of the group when the whole query is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyoxigraph as ox

from treatkg import queries, results, sparql_text
from treatkg.endpoints import Endpoint
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.linking.client import Client, Row
from treatkg.sparql_text import Service

BATCH = 50
_Term = ox.NamedNode | ox.Literal


def run(
    knowledge: Knowledge,
    name: str,
    arguments: Mapping[str, queries.Value],
    client: Client,
    endpoints: Mapping[str, Endpoint],
) -> results.Result:
    """Run a stored query that asks other endpoints.

    Args:
        knowledge: the graph of the local part.
        name: the stored query.
        arguments: its parameters.
        client: asks the endpoints.
        endpoints: by name; an address that the user gave replaces the one in the query.

    Raises:
        UsageError: unknown query or parameter, or a query that asks nobody else.
        StorageError: an endpoint did not answer.
    """
    stored = queries.find(name)
    if not stored.online:
        raise UsageError(f"{name} asks no other endpoint: run it without --online")
    text = sparql_text.without_comments(stored.bind(arguments, knowledge.terms))
    by_address = {endpoint.url: endpoint for endpoint in _known(stored.online)}
    local = _local_rows(knowledge, text)
    for service in reversed(sparql_text.services(text)):
        endpoint = endpoints[by_address[service.address].name]
        rows = [row for query in _remote_queries(text, service, local) for row in client.select(endpoint, query)]
        text = text[: service.start] + _inline(rows) + text[service.end :]
    return knowledge.select(text)


def _known(names: Sequence[str]) -> list[Endpoint]:
    from treatkg.endpoints import load

    return [endpoint for name, endpoint in load().items() if name in names]


def _local_rows(knowledge: Knowledge, text: str) -> list[dict[str, _Term]]:
    for service in reversed(sparql_text.services(text)):
        text = text[: service.start] + text[service.end :]
    answer = knowledge.select(text)
    return [
        {name: term for name, term in zip(answer.columns, row, strict=True) if isinstance(term, _Term)}
        for row in answer.terms
    ]


def _remote_queries(text: str, service: Service, local: Sequence[Mapping[str, _Term]]) -> Iterator[str]:
    """Write one query a batch: the group with the values that the local part found."""
    prologue = text[: sparql_text.first_word(text, "SELECT")]
    query = f"{prologue}SELECT * WHERE {{{text[service.body_start : service.body_end]}}}"
    names = [name for name in sparql_text.parameter_blocks(query) if any(name in row for row in local)]
    if not names:
        if local:
            yield query
        return
    first = names[0]
    values = sorted({row[first] for row in local if first in row}, key=str)
    for start in range(0, len(values), BATCH):
        batch = values[start : start + BATCH]
        others = {
            name: sorted({row[name] for row in local if name in row and row.get(first) in batch}, key=str)
            for name in names[1:]
        }
        yield sparql_text.bind(query, {first: batch, **others})


def _inline(rows: Sequence[Row]) -> str:
    """Write rows as a VALUES block. A blank node names nothing outside its answer and is left unbound."""
    names = sorted({name for row in rows for name in row})
    if not names:
        return "FILTER(false)" if not rows else ""
    lines = [f"({' '.join(_cell(row.get(name)) for name in names)})" for row in rows]
    return f"VALUES ({' '.join(f'?{name}' for name in names)}) {{\n{chr(10).join(lines)}\n}}"


def _cell(term: object) -> str:
    return str(term) if isinstance(term, _Term) else "UNDEF"
