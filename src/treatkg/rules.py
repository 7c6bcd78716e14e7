"""Stored CONSTRUCT rules (`ontology/rules/*.rq`): one-hop edges, membership, and how group facts reach members."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from treatkg import graph, resources
from treatkg.errors import BadInputError

RULES = resources.ONTOLOGY / "rules"
_MAX_ROUNDS = 20


def entail(triples: frozenset[ox.Triple], folder: Path = RULES) -> frozenset[ox.Triple]:
    """Apply every rule until nothing new follows, and return what is new.

    Raises:
        BadInputError: a rule is not a valid CONSTRUCT query, or the rules never settle.
    """
    store = graph.store_of(triples)
    rules = {file: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.rq"))}
    derived: set[ox.Triple] = set()
    for _ in range(_MAX_ROUNDS):
        found = {triple for file, text in rules.items() for triple in _apply(store, file, text)}
        new = found - derived - triples
        if not new:
            return frozenset(derived)
        derived |= new
        store.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in new)
    raise BadInputError(f"{folder}: the rules do not settle after {_MAX_ROUNDS} rounds")


def _apply(store: ox.Store, file: Path, text: str) -> list[ox.Triple]:
    try:
        result = store.query(text)
    except SyntaxError as error:
        raise BadInputError(f"{file}: not valid SPARQL: {error.msg}") from error
    if not isinstance(result, ox.QueryTriples):
        raise BadInputError(f"{file}: a rule is a CONSTRUCT query")
    return list(result)
