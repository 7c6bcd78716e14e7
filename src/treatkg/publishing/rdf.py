"""The whole graph as plain RDF."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from treatkg import graph
from treatkg.publishing.checked import read_back
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output


def turtle(content: Content) -> Iterator[Output]:
    """Write canonical Turtle."""
    text = graph.canonical_turtle(content.complete)
    yield Output("treatkg.ttl", read_back(text, ox.RdfFormat.TURTLE, content.complete))


def ntriples(content: Content) -> Iterator[Output]:
    """Write sorted N-Triples."""
    text = graph.canonical_ntriples(content.complete)
    yield Output("treatkg.nt", read_back(text, ox.RdfFormat.N_TRIPLES, content.complete))
