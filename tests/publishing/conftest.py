"""What the tests of the exports share: the content, made once, and small graphs with a header."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from treatkg import graph, namespaces, resources
from treatkg.publishing import Content

HEADER = ox.Triple(
    ox.NamedNode(namespaces.DATASET),
    ox.NamedNode(namespaces.DCTERMS + "issued"),
    ox.Literal("2026-11-21", datatype=ox.NamedNode(namespaces.XSD + "date")),
)
Small = Callable[[Iterable[ox.Triple]], Content]


@pytest.fixture(scope="session")
def content() -> Content:
    return Content()


@pytest.fixture
def small(tmp_path: Path, content: Content) -> Small:
    """Return a function that makes the content of a few triples and the header of a graph."""

    def make(triples: Iterable[ox.Triple]) -> Content:
        file = tmp_path / "small.nt"
        file.write_bytes(graph.canonical_ntriples([*triples, HEADER]))
        made = Content(file)
        made.curated = content.curated
        return made

    return make


@pytest.fixture(scope="session")
def w3c() -> Path:
    """Return the folder of the W3C test suites, which lies beside a checkout."""
    named = os.environ.get("TREATKG_W3C"), os.environ.get("TREATKG_SHARED")
    folder = Path(named[0]) if named[0] else Path(named[1] or resources.ROOT.parent / "shared") / "w3c"
    if not (folder / "rdf-canon").is_dir():
        pytest.skip(f"the W3C test suites are not at {folder}; TREATKG_W3C names their folder")
    return folder
