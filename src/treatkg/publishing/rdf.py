"""The whole graph as plain RDF."""

from __future__ import annotations

from collections.abc import Iterator

from treatkg import graph
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output


def turtle(content: Content) -> Iterator[Output]:
    """Write canonical Turtle."""
    yield Output("treatkg.ttl", graph.canonical_turtle(content.complete))


def ntriples(content: Content) -> Iterator[Output]:
    """Write sorted N-Triples."""
    yield Output("treatkg.nt", graph.canonical_ntriples(content.complete))
