"""What is published: the built graph, what of it is asserted, and questions to it."""

from __future__ import annotations

import functools
from pathlib import Path

import pyoxigraph as ox

from treatkg import curation, graph, resources
from treatkg.knowledge import Embedded, Knowledge
from treatkg.publishing.view import View


class Content:
    """The graph as every format sees it. Each view is made once, when a format first asks for it."""

    def __init__(self, path: Path = resources.TRIPLES) -> None:
        self.path = path

    @functools.cached_property
    def complete(self) -> tuple[ox.Triple, ...]:
        """What is asserted and what follows from it, in the order of the file."""
        return tuple(graph.parse_file(self.path))

    @functools.cached_property
    def curated(self) -> frozenset[ox.Triple]:
        """What the curated files say, without terms and entailments."""
        corpus, _ = curation.asserted_triples()
        return corpus.triples

    @functools.cached_property
    def knowledge(self) -> Knowledge:
        """The complete graph, open for stored queries and SPARQL."""
        return Knowledge(Embedded(self.path))

    @functools.cached_property
    def view(self) -> View:
        """The complete graph by subject."""
        return View(self.complete)
