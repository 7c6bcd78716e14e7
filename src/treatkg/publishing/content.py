"""What is published: the built graph, what of it is asserted, and questions to it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from treatkg import curation, graph, resources
from treatkg.knowledge import Embedded, Knowledge
from treatkg.publishing.view import View


@dataclass(frozen=True)
class Exported:
    """A file of the same export, for the formats that describe the others: its path, size in bytes and checksum."""

    path: str
    format: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: str, name: str, content: bytes) -> Exported:
        """Describe the content of a file."""
        return cls(path, name, len(content), hashlib.sha256(content).hexdigest())


class Content:
    """The graph as every format sees it. Each view is made once, when a format first asks for it."""

    def __init__(self, path: Path = resources.TRIPLES) -> None:
        self.path = path
        self.exported: list[Exported] = []  # filled while every format is written

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
