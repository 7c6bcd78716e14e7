"""A SPARQL endpoint that mirrors a store: the graphs are sent beside the old ones and take their place in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError

import pyoxigraph as ox

from treatkg.endpoints import is_web_address
from treatkg.errors import StorageError, UsageError

_BATCH = 2_000
_TIMEOUT = 120
Told = Callable[[str], None]


def mirror(folder: Path, url: str, told: Told = lambda _step: None) -> int:
    """Send every loaded graph of a store to a SPARQL 1.1 Update endpoint, and return the number of triples.

    Args:
        folder: the store.
        url: http(s) address that takes updates.
        told: is told of each graph.

    Raises:
        UsageError: not such an address, or the endpoint refuses the update.
        StorageError: it does not answer; what it had before is as it was.
    """
    if not is_web_address(url):
        raise UsageError(f"{url} is not the address of an endpoint: it begins with http:// or https://")
    index = ox.Store.read_only(str(folder / "index"))
    total = 0
    moves = []
    for name in sorted(index.named_graphs(), key=str):
        told(f"Sending {name.value}")
        beside = f"<{name.value}#sending>"
        moves.append(f"MOVE SILENT GRAPH {beside} TO GRAPH <{name.value}>")
        _update(url, f"DROP SILENT GRAPH {beside}")
        for batch in _batches(index, name):
            total += len(batch)
            _update(url, f"INSERT DATA {{ GRAPH {beside} {{\n{''.join(batch)}}} }}")
    if moves:
        _update(url, " ;\n".join(moves))
    return total


def _batches(index: ox.Store, name: ox.NamedNode | ox.BlankNode) -> Iterator[list[str]]:
    batch: list[str] = []
    for quad in index.quads_for_pattern(None, None, None, name):
        batch.append(f"{quad.triple} .\n")
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _update(url: str, text: str) -> None:
    from SPARQLWrapper import POST, SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

    client = SPARQLWrapper(url, agent="treatkg/0.1 (https://w3id.org/treatkg)")
    client.setQuery(text)
    client.setMethod(POST)
    client.setTimeout(_TIMEOUT)
    try:
        client.query().response.close()
    except SPARQLWrapperException as error:
        raise UsageError(f"{url} refused the update: {str(error)[:500]}") from error
    except HTTPError as error:
        raise StorageError(f"{url} answered {error.code} {error.reason}") from error
    except (URLError, OSError) as error:
        raise StorageError(f"{url} did not answer: {error}") from error
