"""RDF text that was read back before anybody else reads it: what a format cannot hold is an error, never a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import BadInputError

Statement = ox.Triple | ox.Quad


def read_back(content: bytes, rdf_format: ox.RdfFormat, statements: Iterable[Statement]) -> bytes:
    """Return the text if it says exactly what the statements say.

    Args:
        content: RDF in the format.
        rdf_format: one of Oxigraph's formats.
        statements: triples, or quads for a format with named graphs.

    Raises:
        BadInputError: the text cannot be read again, or says something else; names the first statement that is lost.
    """
    wanted = set(statements)
    as_triples = all(isinstance(statement, ox.Triple) for statement in wanted)
    try:
        found: set[Statement] = {
            quad.triple if as_triples else quad
            for quad in ox.parse(content, format=rdf_format, base_iri=namespaces.BASE)
        }
    except (SyntaxError, ValueError) as error:
        raise BadInputError(f"the graph cannot be written as {rdf_format.name}: {error}") from error
    lost = wanted - found
    if lost:
        first = min(map(str, lost))
        raise BadInputError(
            f"this statement cannot be written as {rdf_format.name}, others read it differently: {first}"
        )
    if found != wanted:
        raise BadInputError(f"{rdf_format.name} would say more than the graph: {min(map(str, found - wanted))}")
    return content


def serialise(
    statements: Iterable[Statement],
    rdf_format: ox.RdfFormat,
    prefixes: dict[str, str],
    base: str | None = None,
    finish: Callable[[bytes], bytes] = lambda content: content,
) -> bytes:
    """Write statements in the given order, finish the text, and read it back.

    Raises:
        BadInputError: the format cannot hold a statement.
    """
    ordered: Any = list(statements)  # triples or quads: Oxigraph takes either
    try:
        text = ox.serialize(ordered, format=rdf_format, prefixes=prefixes, base_iri=base) or b""
    except (ValueError, OSError) as error:
        raise BadInputError(f"the graph cannot be written as {rdf_format.name}: {error}") from error
    return read_back(finish(text), rdf_format, ordered)
