"""What a query is asked of, in the sense of SPARQL: a default graph and named graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import UsageError


@dataclass(frozen=True)
class Dataset:
    """What a query is asked of: the graphs that together are its default graph, and those that GRAPH may name.

    An IRI of no graph stands for an empty one. `namespaces.DATASET` is the graph itself, which has no other name.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that each is an absolute IRI.

        Raises:
            UsageError: one is not.
        """
        for iri in (*self.default, *self.named):
            try:
                ox.NamedNode(iri)
            except ValueError as error:
                raise UsageError(f"{iri[:200]!r} is not an absolute IRI, which names a graph ({error})") from error

    def as_arguments(self) -> dict[str, Any]:
        """Return the arguments of Oxigraph's `query`."""
        whole = ox.DefaultGraph()
        default = [whole if iri == namespaces.DATASET else ox.NamedNode(iri) for iri in self.default]
        return {"default_graph": default, "named_graphs": [ox.NamedNode(iri) for iri in self.named]}
