"""Real servers on loopback that hold a slice of UniProt and Wikidata: our own endpoint, and Virtuoso."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest

import treatkg
from treatkg import mappings, resources
from treatkg.knowledge import Embedded

FILES = {name: Path(__file__).parent / f"{name}-slice.ttl" for name in ("uniprot", "wikidata")}


@pytest.fixture(scope="session")
def graph_with_mappings() -> treatkg.Knowledge:
    """Return the committed graph with the mappings of the checkout, which the next build brings in."""
    engine = Embedded(resources.TRIPLES, online=True)
    engine.store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in mappings.triples())
    return treatkg.Knowledge(engine)


@pytest.fixture(scope="session")
def own_endpoints(serve: Callable[[Path], str]) -> dict[str, str]:
    """Return name -> address of our own server over each slice."""
    return {name: serve(file) for name, file in FILES.items()}


@pytest.fixture(scope="session")
def virtuoso(start_virtuoso: Callable[[Mapping[str, Path]], str]) -> str:
    """Return the address of a Virtuoso that holds both slices."""
    return start_virtuoso(FILES)
